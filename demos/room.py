"""A room for browsers and bots: everybody sees and hears everybody else.

python -m demos.room [CERTIFICATE KEY HOST]

Open http://localhost:8080/?name=Ada#lobby in several windows; `python -m demos.room_bot` joins too.
With a certificate (PEM), its key and HOST, the name or address that it is for, the room is there
for other machines: by https, without which their browsers give no camera.
"""

import asyncio
import ssl
import sys
from pathlib import Path

from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from peer.signaling import RoomServer

PAGE = Path(__file__).with_name("room.html")


def respond(visitor: ServerConnection, request: Request) -> Response | None:
    """Give a browser the page; let its websocket in."""
    if "Upgrade" in request.headers:
        return None
    headers = Headers({"Content-Type": "text/html; charset=utf-8"})
    return Response(200, "OK", headers, PAGE.read_bytes())


async def main(
    certificate: str = "", key: str = "", host: str = "localhost", *, port: int = 8080
) -> None:
    """Serve until interrupted."""
    context, scheme = None, "http"
    if certificate:
        context, scheme = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), "https"
        context.load_cert_chain(certificate, key)
    own = f"{scheme}://{host}:{port}"
    rooms = RoomServer()
    # Programs say no origin; of pages there is ours alone.
    async with await rooms.serve(
        host, port, ssl=context, process_request=respond, origins=[own, None]
    ) as server:
        print(f"Open {own}/?name=Ada#lobby", flush=True)
        await server.wait_closed()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
