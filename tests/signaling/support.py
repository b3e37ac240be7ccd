"""An endpoint on loopback, and connections that need nobody else."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from peer import RTCConfiguration, RTCPeerConnection
from peer.signaling import HttpEndpoint
from peer.testing import ToneTrack

SECONDS = 20.0
ALONE = RTCConfiguration(iceServers=[])


@asynccontextmanager
async def serving(app: web.Application) -> AsyncIterator[str]:
    """Serve an application on loopback; gives its URL."""
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def endpoint_at(endpoint: HttpEndpoint, path: str = "/whip") -> AsyncIterator[str]:
    """Serve an endpoint; gives its URL."""
    app = web.Application()
    endpoint.add_to(app, path)
    async with serving(app) as url:
        yield url + path


@asynccontextmanager
async def speaking() -> AsyncIterator[RTCPeerConnection]:
    """Give a connection that sends a tone."""
    pc = RTCPeerConnection(ALONE)
    pc.addTrack(ToneTrack())
    try:
        yield pc
    finally:
        await pc.close()


async def state_of(pc: RTCPeerConnection, *wanted: str) -> None:
    """Wait for one of these connection states."""
    reached = asyncio.Event()

    def look() -> None:
        if pc.connectionState in wanted:
            reached.set()

    pc.on("connectionstatechange", look)
    look()
    async with asyncio.timeout(SECONDS):
        await reached.wait()


def nothing(pc: RTCPeerConnection, request: web.Request) -> None:
    """Prepare nothing."""


Handler = Callable[[web.Request], web.Response]
