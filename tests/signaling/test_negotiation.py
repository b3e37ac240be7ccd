"""Perfect negotiation as a helper: connections that change on both sides, in virtual time."""

import asyncio
import itertools
from typing import Any

import pytest

from peer import RTCPeerConnection
from peer.signaling import PerfectNegotiation
from peer.testing import Network, ToneTrack, connected, run


class Pair:
    """Two connections whose messages take a while."""

    def __init__(self, a: RTCPeerConnection, b: RTCPeerConnection, delay: float) -> None:
        self.delay = delay
        self.connections = [a, b]
        self.inboxes: list[asyncio.Queue[dict[str, Any]]] = [asyncio.Queue(), asyncio.Queue()]
        self.sides = [self._side(0), self._side(1)]
        self.reading = [asyncio.ensure_future(self._read(number)) for number in (0, 1)]

    def _side(self, number: int) -> PerfectNegotiation:
        send = self.inboxes[1 - number].put_nowait
        return PerfectNegotiation(self.connections[number], send, polite=number == 0)

    async def _read(self, number: int) -> None:
        while True:
            message = await self.inboxes[number].get()
            await asyncio.sleep(self.delay)
            await self.sides[number].receive(message)

    async def connected(self) -> None:
        for pc in self.connections:
            await connected(pc)

    async def close(self) -> None:
        for task in self.reading:
            task.cancel()
        for pc in self.connections:
            await pc.close()


def pair_of(net: Network, delay: float) -> Pair:
    """Give a pair on two hosts."""
    return Pair(net.host("alice").connection(), net.host("bob").connection(), delay)


@pytest.mark.parametrize("delay", [0.0, 0.01, 0.2])
def test_offers_that_cross_are_settled(delay: float) -> None:
    async def cross() -> list[int]:
        pair = pair_of(Network(), delay)
        for pc in pair.connections:
            pc.addTrack(ToneTrack())
            pc.createDataChannel("both sides")
        await pair.connected()
        for pc in pair.connections:
            pc.addTrack(ToneTrack())
        await asyncio.sleep(5)
        receivers = [pc.getReceivers() for pc in pair.connections]
        for receiver in itertools.chain(*receivers):
            await receiver.track.recv()
        await pair.close()
        return [len(each) for each in receivers]

    assert run(cross(), seed=1) == [2, 2]


def test_what_makes_no_sense_costs_itself() -> None:
    async def say() -> str:
        pair = pair_of(Network(), 0.01)
        pair.connections[0].createDataChannel("chat")
        nonsense: tuple[dict[str, Any], ...] = (
            {},
            {"description": None},
            {"description": {}},
            {"description": {"type": "offer", "sdp": "nonsense"}},
            {"description": {"type": "answer", "sdp": ""}},
            {"candidate": 7},
            {"candidate": {"candidate": "nonsense"}},
        )
        for message in nonsense:
            await pair.sides[1].receive(message)
        await pair.connected()
        state = pair.connections[0].connectionState
        await pair.close()
        return state

    assert run(say(), seed=1) == "connected"


def test_a_connection_that_has_failed_comes_back() -> None:
    async def fail() -> list[str]:
        net = Network()
        alice = net.host("alice")
        pair = Pair(alice.connection(), net.host("bob").connection(), 0.01)
        pc = pair.connections[0]
        pc.createDataChannel("chat")
        await pair.connected()
        states: list[str] = []
        pc.on("connectionstatechange", lambda: states.append(pc.connectionState))
        await alice.line.outage(120)
        await connected(pc)
        found = [*states]
        await pair.close()
        return found

    states = run(fail(), seed=1)
    assert "failed" in states
    assert states[-1] == "connected"
