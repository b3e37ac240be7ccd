"""Sockets that the agent asks for after a TURN server has refused one's port (RFC 8656 §7.4)."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import pytest

from peer.ice import (
    BaseRequested,
    CandidateGathered,
    CandidateType,
    GatheringCompleted,
    IceConfig,
    IceRole,
    TransportAddress,
)
from peer.ice.stun import Method
from peer.net import IceServer
from tests.ice.turn.server import FakeServer

from .support import Side, net, run


class RefusingServer(asyncio.DatagramProtocol):
    """A TURN server that answers the first allocation with 437."""

    def __init__(self) -> None:
        self.answers = FakeServer()
        self.answers.relayed = [TransportAddress("127.0.0.1", 50000)]
        self.answers.fail(Method.ALLOCATE, 437)
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # asyncio's own is no subclass.
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        assert self._transport is not None
        self._transport.sendto(self.answers.answer(data), addr)


@asynccontextmanager
async def server() -> AsyncIterator[IceServer]:
    """A refusing server, as the driver is told of it."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(RefusingServer, local_addr=("127.0.0.1", 0))
    try:
        port = transport.get_extra_info("sockname")[1]
        yield IceServer((f"turn:127.0.0.1:{port}",), "user", "secret")
    finally:
        transport.close()


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@pytest.mark.parametrize("another", [True, False])
def test_another_port_is_bound_or_its_lack_is_told(another: bool) -> None:
    """Either way gathering ends as soon as it can."""
    config = net() if another else net(ports=(free_port(),))

    async def main() -> None:
        side = Side(IceRole.CONTROLLING, ice=IceConfig(allow_loopback=True), config=config)
        async with server() as turn:
            side.driver.gather([turn])
            await asyncio.wait_for(side.event(GatheringCompleted), 5.0)
            await side.close()
        assert len(side.of(BaseRequested)) == 1
        kinds = [event.candidate.type for event in side.of(CandidateGathered)]
        assert (CandidateType.RELAYED in kinds) is another
        assert kinds.count(CandidateType.HOST) == (2 if another else 1)

    run(main())
