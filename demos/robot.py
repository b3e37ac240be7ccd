"""A robot to drive from a web page: its camera as it comes, and commands that are never old.

python -m demos.robot /dev/video0 (a camera that gives H.264) or film.mp4

Open http://localhost:8080 and drive with the arrow keys. Nothing is decoded or encoded here. When
no command comes for 0.3 s, as when the line breaks or the page is closed, it stops.
"""

import asyncio
import sys
from pathlib import Path

from aiohttp import web

from peer import MediaPlayer, RTCConfiguration, RTCPeerConnection
from peer.commands import CommandReceiver
from peer.signaling import HttpEndpoint
from peer.transports import MediaConfig

AT_ONCE = RTCConfiguration(media=MediaConfig(playout_delay=(0, 0)))
"""Pictures are shown as they come: a smooth film is no help to who drives."""
PAGE = Path(__file__).with_name("robot.html")


def drive(command: dict[str, float]) -> None:
    """Fill in: move as the command says, -1 to 1 each."""
    print("forward", command.get("forward"), "turn", command.get("turn"), flush=True)


def stop() -> None:
    """Fill in: stand still."""
    print("stop", flush=True)


def open_camera(path: str) -> MediaPlayer:
    """Open a camera that encodes by itself, or a film in place of one."""
    if path.startswith("/dev/"):
        options = {"input_format": "h264", "framerate": "30"}
        return MediaPlayer(path, format="v4l2", options=options, decode=False)
    return MediaPlayer(path, loop=True, decode=False)


async def main(path: str, host: str = "localhost", port: int = 8080) -> None:
    """Serve until interrupted."""

    def welcome(pc: RTCPeerConnection, request: web.Request) -> None:
        camera = open_camera(path).video
        if camera is None:
            raise web.HTTPInternalServerError(
                text=f"{path} gives nothing that can be sent as it is"
            )
        pc.addTrack(camera)
        pc.on("datachannel", lambda channel: CommandReceiver(channel, drive, stop))

        @pc.on("connectionstatechange")
        def look() -> None:
            if pc.connectionState == "closed":
                camera.stop()

    async def page(request: web.Request) -> web.Response:
        return web.Response(text=PAGE.read_text("utf-8"), content_type="text/html")

    app = web.Application()
    app.router.add_get("/", page)
    # One operator at a time: whoever comes second is told that there is no place.
    HttpEndpoint(welcome, max_sessions=1, configuration=AT_ONCE).add_to(app, "/drive")
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    print(f"Open http://{host}:{port} and drive", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
