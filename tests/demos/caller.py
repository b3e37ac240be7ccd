"""Runs the programs that serve a page, and plays the page to them."""

import asyncio
import json
import socket
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import av
from websockets.asyncio.client import connect

from peer import RTCConfiguration, RTCPeerConnection

SECONDS = 20.0


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@asynccontextmanager
async def running(main: Callable[[str, int], Awaitable[None]], path: str) -> AsyncIterator[int]:
    """Run the `main(path, port)` of a program; gives its port once it serves."""
    port = free_port()
    program = asyncio.ensure_future(main(path, port))
    for _ in range(int(SECONDS / 0.01)):
        if await is_open(port):
            break
        await asyncio.sleep(0.01)
    try:
        yield port
    finally:
        program.cancel()
        with suppress(asyncio.CancelledError):
            await program


async def is_open(port: int) -> bool:
    """Say whether somebody listens on a port."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


@asynccontextmanager
async def calling(connection: RTCPeerConnection, port: int) -> AsyncIterator[None]:
    """Exchange one offer for one answer as the page does; leave at the end."""
    sock = socket.create_connection(("127.0.0.1", port))
    async with connect(f"ws://127.0.0.1:{port}/", sock=sock) as websocket:
        await connection.setLocalDescription()
        assert connection.localDescription is not None
        await websocket.send(json.dumps(connection.localDescription.toJSON()))
        answer = json.loads(await asyncio.wait_for(websocket.recv(), SECONDS))
        await connection.setRemoteDescription(answer)
        yield
    await connection.close()


def local_connection() -> RTCPeerConnection:
    """Make a connection that asks no server."""
    return RTCPeerConnection(RTCConfiguration(iceServers=[]))


async def read_page(port: int) -> tuple[str, str]:
    """Give the type and the text of the page of a program."""

    def read() -> tuple[str, str]:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://127.0.0.1:{port}/", timeout=SECONDS) as response:
            return response.headers["Content-Type"], response.read().decode()

    return await asyncio.to_thread(read)


def count_frames(path: str) -> dict[str, int]:
    """Decode a file; gives the number of frames of each kind."""
    with av.open(path) as container:
        frames = list(container.decode())
    pictures = sum(isinstance(frame, av.VideoFrame) for frame in frames)
    return {"video": pictures, "audio": len(frames) - pictures}
