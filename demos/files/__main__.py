"""Takes files from a page or from `demos.files.send` into a folder, and gives one back.

python -m demos.files FOLDER [FILE], then open http://localhost:8080; FILE can be fetched there.
"""

import asyncio
import sys
from pathlib import Path

from aiohttp import web

from peer import RTCDataChannel, RTCPeerConnection
from peer.files import FileChannel, TransferError
from peer.signaling import HttpEndpoint

PAGES = Path(__file__).parent


async def take(files: FileChannel, folder: str) -> None:
    """Receive files until the channel closes; what is refused is said, and the next one taken."""
    while True:
        try:
            print("received", await files.receive(folder), flush=True)
        except ConnectionError:
            return
        except (TransferError, OSError) as error:
            print("not received:", error, flush=True)


async def give(files: FileChannel, path: str) -> None:
    """Send the file that somebody asks for, if there is one."""
    try:
        await files.send(path)
        print("sent", path, flush=True)
    except (TransferError, OSError) as error:
        print("not sent:", error, flush=True)


async def main(folder: str, path: str = "", *, port: int = 8080) -> None:
    """Serve until interrupted."""

    def welcome(pc: RTCPeerConnection, request: web.Request) -> None:
        @pc.on("datachannel")
        async def begin(channel: RTCDataChannel) -> None:
            files = FileChannel(channel)
            await (give(files, path) if channel.label == "fetch" else take(files, folder))
            # Who waits for a file that does not come hears of it.
            channel.close()

    async def page(request: web.Request) -> web.FileResponse:
        return web.FileResponse(PAGES / "page.html")

    app = web.Application()
    app.router.add_get("/", page)
    app.router.add_static("/static", PAGES / "static")
    HttpEndpoint(welcome).add_to(app, "/files")
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "localhost", port).start()
    print(f"Open http://localhost:{port}; files go to {folder}", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:3]))
