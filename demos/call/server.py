"""Serves the page, and carries the signalling between each visitor and a bot of their own."""

import asyncio
import json
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from demos.call.bot import Bot, Message

STATIC = Path(__file__).parent / "static"
CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
SIGNALING_PATH = "/signaling"
MAX_ROOMS = 16
MAX_MESSAGE = 256 * 1024


def respond(connection: ServerConnection, request: Request) -> Response | None:
    """Answer a request for a file; None lets the websocket handshake go on."""
    path = urlsplit(request.path).path
    if path == SIGNALING_PATH:
        return None if is_same_origin(request) else connection.respond(HTTPStatus.FORBIDDEN, "")
    files = {f"/{file.name}": file for file in STATIC.iterdir()}
    files["/"] = files["/page.html"]
    if path not in files:
        return connection.respond(HTTPStatus.NOT_FOUND, "There is no such page.\n")
    body = files[path].read_bytes()
    headers = Headers(
        {
            "Content-Type": CONTENT_TYPES[files[path].suffix],
            "Content-Length": str(len(body)),
            "Content-Security-Policy": "default-src 'self'",
            "Cache-Control": "no-store",
            "Connection": "close",
        }
    )
    return Response(HTTPStatus.OK, "OK", headers, body)


def is_same_origin(request: Request) -> bool:
    """Say whether our own page asks: other pages must not learn this machine's addresses."""
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("Host")


@dataclass(slots=True)
class Reception:
    """Gives every visitor a room with a bot in it."""

    rooms: set[Bot] = field(default_factory=set)

    async def welcome(self, visitor: ServerConnection) -> None:
        """Stay with one visitor until they leave."""
        if len(self.rooms) >= MAX_ROOMS:
            await visitor.close(1013, "all rooms are taken")
            return
        outbox: asyncio.Queue[Message] = asyncio.Queue()
        bot = Bot(outbox.put_nowait)
        self.rooms.add(bot)
        postman = asyncio.create_task(deliver(outbox, visitor))
        try:
            async for text in visitor:
                await bot.receive(json.loads(text))
        except ConnectionClosed:
            pass
        finally:
            self.rooms.discard(bot)
            postman.cancel()
            await bot.close()


async def deliver(outbox: asyncio.Queue[Message], visitor: ServerConnection) -> None:
    """Send what the bot has to say; a goodbye ends the connection."""
    while True:
        message = await outbox.get()
        try:
            await visitor.send(json.dumps(message))
        except ConnectionClosed:
            return
        if "bye" in message:
            await visitor.close()


async def serve_page(reception: Reception, host: str, port: int) -> Server:
    """Serve the page and its signalling; raises OSError when the port is taken."""
    return await serve(reception.welcome, host, port, process_request=respond, max_size=MAX_MESSAGE)
