"""Sending one track in several encodings."""

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator
from typing import Any

import pytest
from av.frame import Frame

from peer import MediaStreamError
from peer.rtp import PictureLoss
from peer.testing import run
from peer.transports import RTCEncodedVideoFrame, RtpSendParameters, TrackSender
from peer.transports.encoded import MediaEncoder
from peer.transports.encoded_track import EncodedTrack
from peer.transports.encoding import make_encoder
from peer.transports.sender import RtpSender
from tests.transports.media import PushedTrack, Recorder, send_parameters
from tests.transports.test_encoded_media import picture
from tests.transports.wire import until


def layers(*names: str, **changes: object) -> dict[str | None, RtpSendParameters]:
    """How to send so many encodings, each half as large as the one before."""
    return {
        name: send_parameters("v0", 10 + index, rid=name, scale_down_by=float(2**index), **changes)
        for index, name in enumerate(names)
    }


async def settled(transport: Recorder, count: int) -> None:
    """Wait until so many packets were sent."""
    await until(lambda: len(transport.rtp) == count)


def test_one_track_is_read_once_and_sent_in_each_encoding() -> None:
    async def program() -> None:
        track, transport = PushedTrack("video"), Recorder()
        sender = TrackSender("video", track)
        sender.send(transport, layers("h", "l"))
        assert set(transport.senders) == {"v0/h", "v0/l"}
        for count in (1, 2, 3):
            track.push()
            await settled(transport, 2 * count)
        assert track.read == 3
        sources = {(p.ssrc, p.extensions.mid, p.extensions.rid) for p in transport.rtp}
        assert sources == {(10, "v0", "h"), (11, "v0", "l")}
        figures = {one.rid: one.video for one in sender.statistics()}
        assert {rid: (one.width, one.height) for rid, one in figures.items()} == {
            "h": (64, 48),
            "l": (32, 24),
        }
        assert sender.source_statistics() is not None
        await sender.stop()
        await sender.stop()
        assert transport.senders == {}
        assert len(asyncio.all_tasks()) == 1

    run(program())


def test_a_key_frame_is_made_for_the_encoding_that_it_is_asked_of() -> None:
    """LW makes them for all."""

    async def program() -> None:
        track, transport = PushedTrack("video"), Recorder()
        sender = TrackSender("video", track)
        asked: list[str | None] = []

        def allow(name: str | None) -> bool:
            asked.append(name)
            return True

        sender.allows_key_frame = allow
        sender.send(transport, layers("h", "l"))
        track.push()
        await settled(transport, 2)
        await asyncio.sleep(1)
        sender.layers["l"].receive_rtcp(PictureLoss(99, 11))
        track.push()
        await settled(transport, 4)
        keys = {one.rid: one.video.keyframes for one in sender.statistics()}
        assert (keys, asked) == ({"h": 1, "l": 2}, ["l"])
        made = asyncio.ensure_future(sender.make_key_frame("h"))
        await asyncio.sleep(0)
        track.push()
        await made
        (high, _) = sender.statistics()
        assert (high.rid, high.video.keyframes) == ("h", 2)
        await sender.stop()

    run(program())


@pytest.mark.parametrize("end", ["track", "replaced", "stopped"])
def test_nobody_waits_for_a_key_frame_when_no_picture_comes_any_more(end: str) -> None:
    async def program() -> None:
        track, transport = PushedTrack("video"), Recorder()
        sender = TrackSender("video", track)
        sender.send(transport, layers("h", "l"))
        made = asyncio.ensure_future(sender.make_key_frame())
        await asyncio.sleep(0)
        assert not made.done()
        if end == "track":
            track.end()
        elif end == "replaced":
            sender.replace_track(None)
        else:
            await sender.stop()
        async with asyncio.timeout(10):
            await made
        await sender.stop()

    run(program())


def test_encodings_come_and_go() -> None:
    async def program() -> None:
        track, transport = PushedTrack("video"), Recorder()
        sender = TrackSender("video", track)
        sender.send(transport, layers("h", "m", "l"))
        sender.send(transport, layers("h"))
        await asyncio.sleep(0.1)
        assert set(transport.senders) == {"v0/h"}
        assert sender.layers["h"].track is track
        sender.send(transport, layers("h", "l"))
        track.push()
        await settled(transport, 2)
        sender.send(transport, layers("h", "l", active=False))
        track.push()
        await asyncio.sleep(0.1)
        assert (len(transport.rtp), track.read) == (2, 2)
        await sender.stop()

    run(program())


def test_another_track_and_none() -> None:
    async def program() -> None:
        track, other, transport = PushedTrack("video"), PushedTrack("video"), Recorder()
        sender = TrackSender("video")
        sender.send(transport, layers("h", "l"))
        assert sender.track is None
        sender.replace_track(track)
        track.push()
        await settled(transport, 2)
        sender.replace_track(other)
        other.push()
        await settled(transport, 4)
        assert (track.read, other.read, sender.track is other) == (1, 1, True)
        sender.replace_track(None)
        assert sender.source_statistics() is None
        with pytest.raises(TypeError):
            sender.replace_track(PushedTrack("audio"))
        await sender.stop()

    run(program())


def test_what_is_encoded_already_is_sent_as_the_first_encoding() -> None:
    async def program() -> None:
        async def frames() -> AsyncIterator[RTCEncodedVideoFrame]:
            await asyncio.Event().wait()
            yield picture()

        sender = TrackSender("video", EncodedTrack("video", frames()))
        sender.send(Recorder(), layers("h", "l"))
        assert [layer.track is sender.track for layer in sender.layers.values()] == [True, False]
        await sender.stop()

    run(program())


def test_no_encoder_outlives_sending(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of large pictures hold much memory, and threads of their own."""
    made: list[weakref.ref[object]] = []

    def make(*args: Any, **kwargs: Any) -> MediaEncoder:
        encoder = make_encoder(*args, **kwargs)
        made.append(weakref.ref(encoder))
        return encoder

    monkeypatch.setattr("peer.transports.sender.make_encoder", make)

    async def program() -> None:
        track, transport = PushedTrack("video"), Recorder()
        sender = TrackSender("video", track)
        sender.send(transport, layers("h", "l"))
        track.push()
        await settled(transport, 2)
        sender.replace_track(None)
        await sender.stop()
        # What has just ended is held until then.
        await asyncio.sleep(0)
        gc.collect()
        assert [encoder() for encoder in made] == [None, None]

    run(program())


class Hasty(PushedTrack):
    """Gives a frame at once, as a track does that cannot keep up; ends when it is told."""

    stopped = False

    async def recv(self) -> Frame:
        if self.stopped:
            raise MediaStreamError
        self.push()
        return await super().recv()


def test_a_track_that_never_waits_leaves_the_loop_to_others() -> None:
    """Where nothing of it is sent, nothing else is waited for."""

    async def program() -> None:
        track, turns = Hasty("video"), 0
        sender = RtpSender("video", track)
        sender.send(Recorder(), send_parameters("v0", 7, active=False))
        while turns < 5:
            await asyncio.sleep(0)
            turns += 1
        track.stopped = True
        await sender.stop()

    run(program())
