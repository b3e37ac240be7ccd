"""Perfect negotiation as the W3C writes it (webrtc-pc §10.7), both sides acting at random."""

import asyncio
import random

import pytest

from peer import DOMException, RTCPeerConnection
from tests.api.calls import LIMIT, ColourTrack, two

ACTIONS = 4


class Side:
    """The example of the W3C, line for line; messages take a random time and keep their order."""

    def __init__(self, connection: RTCPeerConnection, *, polite: bool, seed: int) -> None:
        self.connection = connection
        self.polite = polite
        self.making_offer = self.ignore_offer = False
        self.inbox: asyncio.Queue[dict[str, object]] = asyncio.Queue()
        self.outbox: asyncio.Queue[dict[str, object]] = self.inbox
        self.pending = 0
        self.collisions = 0
        self._chance = random.Random(seed)
        connection.on("negotiationneeded", self._negotiate)
        connection.on("icecandidate", self._trickle)

    async def _negotiate(self) -> None:
        self.pending += 1
        try:
            self.making_offer = True
            await self.connection.setLocalDescription()
            self._send_description()
        finally:
            self.making_offer = False
            self.pending -= 1

    def _trickle(self, candidate: object) -> None:
        self.outbox.put_nowait({"candidate": candidate})

    def _send_description(self) -> None:
        description = self.connection.localDescription
        assert description is not None
        self.outbox.put_nowait({"description": description.toJSON()})

    async def listen(self) -> None:
        while True:
            message = await self.inbox.get()
            self.pending += 1
            await asyncio.sleep(self._chance.choice([0, 0, 0.001, 0.003]))
            if "description" in message:
                await self._take_description(message["description"])
            else:
                await self._take_candidate(message["candidate"])
            self.pending -= 1

    async def _take_description(self, description: object) -> None:
        assert isinstance(description, dict)
        is_offer = description["type"] == "offer"
        collision = is_offer and (self.making_offer or self.connection.signalingState != "stable")
        self.collisions += collision
        self.ignore_offer = not self.polite and collision
        if self.ignore_offer:
            return
        await self.connection.setRemoteDescription(description)
        if is_offer:
            await self.connection.setLocalDescription()
            self._send_description()

    async def _take_candidate(self, candidate: object) -> None:
        try:
            await self.connection.addIceCandidate(candidate)
        except DOMException:
            if not self.ignore_offer:
                raise

    async def act(self) -> None:
        """Do what needs negotiation, a few times."""
        for number in range(ACTIONS):
            await asyncio.sleep(self._chance.choice([0, 0.001, 0.004]))
            match self._chance.randrange(6):
                case 0:
                    self.connection.createDataChannel(f"channel {number}")
                case 1:
                    self.connection.restartIce()
                case 2:
                    self.connection.addTransceiver("audio")
                case 3:
                    self.connection.addTrack(ColourTrack(100))
                case 4:
                    for one in self.connection.getTransceivers()[1:2]:
                        _ = one.stop()
                case _:
                    senders = [one for one in self.connection.getSenders() if one.track]
                    for sender in senders[:1]:
                        self.connection.removeTrack(sender)

    @property
    def is_settled(self) -> bool:
        return (
            self.pending == 0
            and self.inbox.empty()
            and self.connection.signalingState == "stable"
            and self.connection.connectionState in ("connected", "new")
        )


async def settle(first: Side, second: Side) -> None:
    """Wait until both sides have nothing more to say, for some rounds of the loop."""
    quiet = 0
    async with asyncio.timeout(LIMIT):
        while quiet < 20:
            await asyncio.sleep(0.001)
            quiet = quiet + 1 if first.is_settled and second.is_settled else 0


async def negotiate_at_random(seed: int) -> int:
    """Let both sides act at once; gives how many offers collided."""
    async with two() as (ours, theirs):
        polite, impolite = (
            Side(ours, polite=True, seed=2 * seed),
            Side(theirs, polite=False, seed=2 * seed + 1),
        )
        polite.outbox, impolite.outbox = impolite.inbox, polite.inbox
        listeners = [asyncio.create_task(side.listen()) for side in (polite, impolite)]
        try:
            await asyncio.gather(polite.act(), impolite.act())
            await settle(polite, impolite)
            assert {one.mid for one in ours.getTransceivers()} == {
                one.mid for one in theirs.getTransceivers()
            }
            assert None not in {one.mid for one in ours.getTransceivers()}
            for one in ours.getTransceivers():
                (other,) = [each for each in theirs.getTransceivers() if each.mid == one.mid]
                sends = one.currentDirection in ("sendrecv", "sendonly")
                assert sends == (other.currentDirection in ("sendrecv", "recvonly"))
            for listener in listeners:
                assert not listener.done()
        finally:
            for listener in listeners:
                listener.cancel()
            await asyncio.gather(*listeners, return_exceptions=True)
        return polite.collisions + impolite.collisions


@pytest.mark.parametrize(
    "first", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(10, 100, 10))]
)
def test_both_sides_end_up_agreed(first: int) -> None:
    async def main() -> int:
        return sum([await negotiate_at_random(seed) for seed in range(first, first + 10)])

    # Runs in which nothing collides would show nothing.
    assert asyncio.run(main()) > 0
