"""A bot of Pipecat: its request handler and connection, which send back sound and messages.

    python -m tests.interop.pipecat_bot FOLDER

FOLDER is where Pipecat is installed; the program says its port in a line.
"""

import asyncio
import importlib
import sys
from types import ModuleType
from typing import Any

from aiohttp import web


def handlers(module: ModuleType) -> web.Application:
    """Serve offers and candidates as Pipecat's runner does."""
    handler = module.SmallWebRTCRequestHandler()

    async def offer(request: web.Request) -> web.Response:
        asked = module.SmallWebRTCRequest.from_dict(await request.json())

        async def begin(connection: Any) -> None:
            async def echo(_: Any, message: dict[str, Any]) -> None:
                if message.get("type") == "renegotiate, please":
                    connection.ask_to_renegotiate()
                connection.send_app_message({"echo": message, "data": asked.request_data})

            async def note(_: Any, index: int, enabled: bool) -> None:
                connection.send_app_message({"index": index, "enabled": enabled})

            connection.add_event_handler("app-message", echo)
            connection.add_event_handler("track-status", note)
            connection.replace_audio_track(connection.audio_input_track())
            await connection.connect()

        return web.json_response(await handler.handle_web_request(asked, begin))

    async def candidates(request: web.Request) -> web.Response:
        said = await request.json()
        found = [module.IceCandidate(**each) for each in said["candidates"]]
        await handler.handle_patch_request(module.SmallWebRTCPatchRequest(said["pc_id"], found))
        return web.json_response({"status": "success"})

    app = web.Application()
    app.router.add_post("/api/offer", offer)
    app.router.add_patch("/api/offer", candidates)
    return app


async def main(folder: str) -> None:
    """Serve until the input ends."""
    sys.path.append(folder)
    module = importlib.import_module("pipecat.transports.smallwebrtc.request_handler")
    runner = web.AppRunner(handlers(module))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)  # noqa: T201
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
