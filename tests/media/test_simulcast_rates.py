"""Simulcast over lines that are narrow now and then, with encoders that do what they are told.

The receiver is as an SFU is: it takes all encodings, and reports what comes packet by packet.
"""

import asyncio

import pytest

from peer import RTCPeerConnection
from peer.testing import Conditions, Network, PictureTrack, ToneTrack, connect, run
from peer.transports import MediaConfig
from tests.media.test_congestion import pretend

LAYERS = [
    {"rid": "l", "scaleResolutionDownBy": 4.0},
    {"rid": "m", "scaleResolutionDownBy": 2.0},
    {"rid": "h"},
]
WIDE = 2_000_000


class Sent:
    """What is sent of each encoding."""

    def __init__(self, connection: RTCPeerConnection) -> None:
        self._senders = connection.getSenders()

    def _figures(self) -> dict[str | None, tuple[int, int]]:
        streams = [one for sender in self._senders for one in sender.below.statistics()]
        return {one.rid: (one.bytes_sent, one.video.keyframes) for one in streams}

    async def rates(self, seconds: float) -> dict[str | None, float]:
        """Let time pass; returns the bits per second of each encoding, None is the sound."""
        before = self._figures()
        await asyncio.sleep(seconds)
        return {rid: 8 * (self._figures()[rid][0] - before[rid][0]) / seconds for rid in before}

    def keyframes(self, rid: str) -> int:
        """Return how many key frames there were of an encoding."""
        return self._figures()[rid][1]


def test_encodings_are_left_out_from_the_largest_down_and_come_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pretend(monkeypatch)

    async def story() -> None:
        net = Network(seed=3)
        link = Conditions(delay=0.02, rate=WIDE, queue=0.25)
        alice, bob = net.host("alice", link=link), net.host("bob")
        a = alice.connection()
        b = bob.connection(media=MediaConfig(receive_simulcast=True))
        a.addTrack(ToneTrack())
        a.addTransceiver(
            PictureTrack(640, 352, rate=30), {"direction": "sendonly", "sendEncodings": LAYERS}
        )
        await connect(a, b)
        sent = Sent(a)
        await asyncio.sleep(10)
        wide = await sent.rates(2)
        assert 100_000 < wide["l"] < 160_000
        assert 100_000 < wide["m"] < 160_000
        assert 450_000 < wide["h"] < 750_000

        alice.line.change(rate=350_000)
        await asyncio.sleep(6)
        keys = sent.keyframes("h")
        narrow = await sent.rates(4)
        assert narrow["h"] == 0
        assert 100_000 < narrow["l"] < 160_000
        assert narrow["m"] > 30_000
        assert narrow[None] > 0.9 * wide[None]
        alice.line.change(rate=200_000)
        await asyncio.sleep(6)
        least = await sent.rates(4)
        assert (least["h"], least["m"]) == (0, 0)
        assert least["l"] > 20_000
        assert least[None] > 0.5 * wide[None]

        alice.line.change(rate=WIDE)
        await asyncio.sleep(20)
        again = await sent.rates(2)
        assert again["h"] > 450_000
        assert sent.keyframes("h") > keys
        # All of it over streams that live on: the receiver knows no others.
        assert set(b.getReceivers()[1].encodings) == {"l", "m", "h"}
        await asyncio.gather(a.close(), b.close())

    run(story())
