"""Simulcast in whole calls, in virtual time."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from peer import JsepTypeError, RTCEncodedVideoFrame, RTCPeerConnection
from peer.testing import Conditions, Network, PictureTrack, connect, run
from peer.transports import MediaConfig
from tests.testing.support import Seen, closing

LAYERS = [
    {"rid": "l", "scaleResolutionDownBy": 4.0, "maxBitrate": 150_000},
    {"rid": "m", "scaleResolutionDownBy": 2.0, "maxFramerate": 5},
    {"rid": "h"},
]
SIZES = {"l": (80, 60), "m": (160, 120), "h": (320, 240)}


@asynccontextmanager
async def calling(
    layers: Sequence[object] = LAYERS, *, takes: bool = True
) -> AsyncIterator[Sequence[RTCPeerConnection]]:
    """Have a call in which one side sends in several encodings."""
    net = Network(seed=4)
    alice, bob = (net.host(name, link=Conditions(delay=0.02)) for name in ("alice", "bob"))
    media = MediaConfig(receive_simulcast=takes)
    async with closing(alice.connection(), bob.connection(media=media)) as (a, b):
        a.addTransceiver(PictureTrack(), {"direction": "sendonly", "sendEncodings": layers})
        yield a, b


class Readings:
    """What comes of encodings of the first track of a connection, from now on, until it ends."""

    def __init__(self, connection: RTCPeerConnection, *rids: str) -> None:
        self._receiver = connection.getReceivers()[0]
        self.frames: dict[str, list[RTCEncodedVideoFrame]] = {rid: [] for rid in rids}
        self._tasks = [asyncio.ensure_future(self._read(rid)) for rid in rids]

    async def _read(self, rid: str) -> None:
        async for frame in self._receiver.encoded_frames(rid):
            assert isinstance(frame, RTCEncodedVideoFrame)
            self.frames[rid].append(frame)


def test_each_encoding_arrives_in_its_size_and_all_can_be_read_at_once() -> None:
    async def story() -> None:
        async with calling() as (a, b):
            await connect(a, b)
            readings = Readings(b, "l", "m", "h")
            found = readings.frames
            await asyncio.sleep(4)
            (receiver,) = b.getReceivers()
            assert set(receiver.encodings) == {"l", "m", "h"}
            for rid, frames in found.items():
                told = frames[-1].getMetadata()
                assert (told.width, told.height) == SIZES[rid]
                assert frames[0].type == "key"
            assert len(found["h"]) > 3 * 15
            assert 10 < len(found["m"]) < 25
            sent = {one.rid: one for one in a.getSenders()[0].below.statistics()}
            assert sent["l"].bytes_sent * 8 / 4 < 200_000
            report = await a.getStats()
            streams = [one for one in report.values() if one.type == "outbound-rtp"]
            assert sorted(one.rid for one in streams) == ["h", "l", "m"]  # type: ignore[attr-defined]
            assert len({one.ssrc for one in streams}) == 3  # type: ignore[attr-defined]
            assert len([one for one in report.values() if one.type == "media-source"]) == 1

    run(story(), seed=4)


def test_one_encoding_is_decoded_and_another_when_it_is_selected() -> None:
    async def story() -> None:
        layers = [{"rid": rid, "scaleResolutionDownBy": 2} for rid in "mn"] + [{"rid": "h"}]
        async with calling(layers) as (a, b):
            seen = Seen(b)
            await connect(a, b)
            await asyncio.sleep(2)
            (receiver,) = b.getReceivers()
            for rid in ("h", "m"):
                receiver.select_encoding(rid)
                await asyncio.sleep(2)
                frame = await receiver.track.recv()
                assert (frame.width, frame.height) == SIZES[rid]  # type: ignore[attr-defined]
            assert seen.numbers == sorted(seen.numbers)
            # A key frame was asked for where it is needed, and made of that encoding alone.
            keys = {one.rid: one.video.keyframes for one in a.getSenders()[0].below.statistics()}
            assert keys["n"] == 1
            with pytest.raises(JsepTypeError):
                receiver.select_encoding("no rid")

    run(story(), seed=4)


def test_encodings_are_switched_off_and_on() -> None:
    async def story() -> None:
        async with calling() as (a, b):
            await connect(a, b)
            readings = Readings(b, "l", "h")
            found = readings.frames
            (sender,) = a.getSenders()
            counts: list[list[int]] = []
            for active in (True, False, True):
                parameters = sender.getParameters()
                parameters.encodings[2].active = active
                await sender.setParameters(parameters)
                before = {rid: len(frames) for rid, frames in found.items()}
                await asyncio.sleep(2)
                counts.append([len(found[rid]) - before[rid] for rid in ("l", "h")])
            low, high = zip(*counts, strict=True)
            assert min(low) > 20
            assert high[1] <= 2
            assert min(high[0], high[2]) > 20
            # What comes after the pause needs nothing from before.
            kinds = [frame.type for frame in found["h"][-high[2] - 1 :]]
            assert "key" in kinds[:3]

    run(story(), seed=4)


def test_a_peer_that_takes_no_simulcast_gets_one_encoding() -> None:
    async def story() -> None:
        async with calling(takes=False) as (a, b):
            seen = Seen(b)
            await connect(a, b)
            await asyncio.sleep(3)
            (sent,) = a.getSenders()[0].below.statistics()
            assert (sent.rid, b.getReceivers()[0].encodings) == (None, ())
            assert len(seen.numbers) > 2 * 15

    run(story(), seed=4)


def test_encodings_that_are_on_from_the_first_or_not() -> None:
    async def story() -> None:
        layers = [{"rid": "l", "scaleResolutionDownBy": 4.0}, {"rid": "h", "active": False}]
        async with calling(layers) as (a, b):
            await connect(a, b)
            await asyncio.sleep(2)
            assert b.getReceivers()[0].encodings == ("l",)

    run(story(), seed=4)
