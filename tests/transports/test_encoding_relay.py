"""One encoding of a track for many connections."""

import asyncio
import contextlib
from itertools import pairwise
from typing import Any

import pytest
from aiortc.mediastreams import MediaStreamError
from av import VideoFrame

from peer.testing import run
from peer.transports import RTCEncodedAudioFrame, RTCEncodedVideoFrame
from peer.transports.encoded_queue import MAX_FRAMES
from peer.transports.encoded_track import EncodedTrack
from peer.transports.encoding_relay import EncodingRelay
from peer.transports.paces import MAX_PACES
from peer.transports.picture_encoder import PictureEncoder
from peer.transports.sender import RtpSender
from tests.transports.media import OPUS, VP8, PushedTrack, Recorder, send_parameters
from tests.transports.test_picture_encoder import H264


def subscribed(relay: EncodingRelay, codec: object = VP8) -> EncodedTrack:
    track = relay.subscribe()
    track.choose_format([codec])  # type: ignore[list-item]
    return track


async def push(source: PushedTrack, count: int = 1) -> None:
    """Let pictures be encoded one after the other."""
    for _ in range(count):
        source.push()
        await asyncio.sleep(0.033)


def test_a_track_is_read_and_encoded_once_for_all() -> None:
    async def program() -> None:
        source = PushedTrack("video")
        relay = EncodingRelay(source)
        tracks = [subscribed(relay) for _ in range(3)]
        await push(source, 3)
        found = [[await track.recv() for _ in range(3)] for track in tracks]
        assert found[0] == found[1] == found[2]
        assert all(isinstance(frame, RTCEncodedVideoFrame) for frame in found[0])
        assert [frame.type for frame in found[0]] == ["key", "delta", "delta"]
        assert (source.read, relay.encodings) == (3, 1)
        await relay.close()
        await relay.close()
        assert len(asyncio.all_tasks()) == 1

    run(program())


def test_each_format_is_encoded_by_itself() -> None:
    async def program() -> None:
        source = PushedTrack("video")
        relay = EncodingRelay(source)
        tracks = [subscribed(relay, codec) for codec in (VP8, H264)]
        await push(source)
        names = [(await track.recv()).getMetadata().mimeType for track in tracks]
        assert (names, relay.encodings, source.read) == (["video/VP8", "video/H264"], 2, 1)
        tracks[0].choose_format([H264])
        await push(source, 12)
        assert (await tracks[0].recv()).getMetadata().mimeType == "video/H264"
        assert relay.encodings == 1
        await relay.close()

    run(program())


def test_requests_for_key_frames_come_together() -> None:
    """One is made for all that ask, and not more often than every 0.3 s."""

    async def program() -> None:
        source = PushedTrack("video")
        relay = EncodingRelay(source)
        tracks = [subscribed(relay) for _ in range(3)]
        await push(source, 15)
        for track in tracks:
            track.request_key_frame()
        await push(source, 5)
        for track in tracks:
            track.request_key_frame()
        await push(source, 10)
        kinds = [(await tracks[0].recv()).type for _ in range(30)]
        keys = [number for number, kind in enumerate(kinds) if kind == "key"]
        assert keys[:2] == [0, 15]
        assert len(keys) == 3
        assert 23 <= keys[2] <= 25
        # Who comes late begins with one.
        late = subscribed(relay)
        await push(source, 11)
        assert (await late.recv()).type == "key"
        await relay.close()

    run(program())


def test_the_lowest_bitrate_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    async def program() -> None:
        limits: list[int | None] = []

        class Noting(PictureEncoder):
            def limit(self, bitrate: int | None, now: float) -> None:
                limits.append(bitrate)
                super().limit(bitrate, now)

        monkeypatch.setattr("peer.transports.encoding.PictureEncoder", Noting)
        source = PushedTrack("video")
        relay = EncodingRelay(source)
        first, second = subscribed(relay), subscribed(relay)
        await push(source)
        first.limit(500_000)
        second.limit(300_000)
        await push(source)
        second.stop()
        await push(source)
        assert limits == [None, 300_000, 500_000]
        await relay.close()

    run(program())


async def collect(track: EncodedTrack, frames: list[Any]) -> None:
    with contextlib.suppress(MediaStreamError):
        while True:
            frames.append(await track.recv())


def test_a_slow_line_slows_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """It shares an encoding with those that are as slow, until it takes what others do."""

    async def program() -> None:
        limits: dict[PictureEncoder, int | None] = {}

        class Noting(PictureEncoder):
            def limit(self, bitrate: int | None, now: float) -> None:
                limits[self] = bitrate
                super().limit(bitrate, now)

        monkeypatch.setattr("peer.transports.encoding.PictureEncoder", Noting)
        source = PushedTrack("video")
        relay = EncodingRelay(source)
        *others, slow = tracks = [subscribed(relay) for _ in range(4)]
        shown: list[list[RTCEncodedVideoFrame]] = [[] for _ in tracks]
        readers = [asyncio.create_task(collect(*each)) for each in zip(tracks, shown, strict=True)]
        for one in others:
            one.limit(2_000_000)
        slow.limit(150_000)
        await push(source, 20)
        assert (relay.encodings, set(limits.values())) == (1, {2_000_000})
        await push(source, 70)
        assert (relay.encodings, set(limits.values())) == (2, {2_000_000, 150_000})
        assert shown[0] == shown[1] == shown[2] != shown[3]
        keys = [[frame.type for frame in frames].count("key") for frames in shown]
        assert keys == [1, 1, 1, 2]
        times = [[frame.getMetadata().rtpTimestamp for frame in frames] for frames in shown]
        assert times[3] == times[0]
        # A line that is better again has to be so for longer.
        slow.limit(2_500_000)
        await push(source, 120)
        assert relay.encodings == 2
        await push(source, 70)
        assert relay.encodings == 1
        await relay.close()
        await asyncio.gather(*readers)
        assert len(asyncio.all_tasks()) == 1

    run(program())


def test_sound_has_one_encoding_whatever_lines_take() -> None:
    """Its time goes on evenly: another encoder would begin it anew."""

    async def program() -> None:
        source = PushedTrack("audio")
        relay = EncodingRelay(source)
        *others, slow = [subscribed(relay, OPUS) for _ in range(3)]
        frames: list[Any] = []
        for one in others:
            one.limit(64_000)
        slow.limit(16_000)
        reading = asyncio.create_task(collect(slow, frames))
        for number in range(600):
            source.push()
            await asyncio.sleep(0.02)
            if number == 150:
                slow.limit(64_000)
        times = [frame.getMetadata().rtpTimestamp for frame in frames]
        assert {after - before for before, after in pairwise(times)} == {960}
        assert (relay.encodings, len(times)) == (1, 600)
        await relay.close()
        await reading

    run(program())


def test_the_slowest_lines_share_one_encoding() -> None:
    """However different they are: there are three at most."""

    async def program() -> None:
        source = PushedTrack("video")
        relay = EncodingRelay(source)
        tracks = [subscribed(relay) for _ in range(6)]
        for one, bitrate in zip(tracks, (2000, 2000, 300, 300, 40, 10), strict=True):
            one.limit(bitrate * 1000)
        await push(source, 300)
        assert relay.encodings == MAX_PACES
        # Those who share the fastest have left.
        for one in tracks[:2]:
            one.stop()
        await push(source, 10)
        assert relay.encodings == MAX_PACES - 1
        await relay.close()

    run(program())


def test_who_reads_slowly_goes_on_at_a_key_frame() -> None:
    async def program() -> None:
        source = PushedTrack("video")
        relay = EncodingRelay(source)
        slow = subscribed(relay)
        await push(source, MAX_FRAMES + 5)
        assert (await slow.recv()).type == "key"
        await relay.close()

    run(program())


def test_nothing_is_read_for_nobody_and_the_end_is_told() -> None:
    async def program() -> None:
        source = PushedTrack("video")
        relay = EncodingRelay(source)
        track = relay.subscribe()
        await push(source)
        assert source.read == 0
        track.choose_format([VP8])
        await asyncio.sleep(0.1)
        track.stop()
        track.stop()
        await asyncio.sleep(0)
        await push(source, 2)
        assert (source.read, relay.encodings, len(asyncio.all_tasks())) == (1, 0, 1)
        again = subscribed(relay)
        source.end()
        with pytest.raises(MediaStreamError):
            await again.recv()
        assert relay.subscribe().readyState == "ended"
        await relay.close()

    run(program())


def test_what_fails_costs_a_frame_and_is_told() -> None:
    async def program() -> None:
        told: list[dict[str, object]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
        source = PushedTrack("video")
        relay = EncodingRelay(source)
        track = subscribed(relay)
        source.waiting.put_nowait(VideoFrame(16, 16))
        await asyncio.sleep(0.033)
        await push(source, 2)
        assert (await track.recv()).type == "key"
        assert [context["message"] for context in told] == ["a frame could not be encoded"]
        await relay.close()

    run(program())


def test_sound_is_relayed_with_its_level() -> None:
    async def program() -> None:
        source = PushedTrack("audio")
        relay = EncodingRelay(source)
        track = subscribed(relay, OPUS)
        source.push(2)
        frame = await track.recv()
        assert isinstance(frame, RTCEncodedAudioFrame)
        assert frame.getMetadata().audioLevel == 0.0
        await relay.close()

    run(program())


def test_what_was_not_sent_yet_ends_too_and_begins_nothing() -> None:
    async def program() -> None:
        source = PushedTrack("video")
        relay = EncodingRelay(source)
        track, stopped = relay.subscribe(), relay.subscribe()
        stopped.stop()
        stopped.choose_format([VP8])
        assert relay.encodings == 0
        await relay.close()
        assert (track.readyState, source.readyState) == ("ended", "live")
        track.choose_format([VP8])
        assert (relay.encodings, len(asyncio.all_tasks())) == (0, 1)

    run(program())


def test_nothing_is_encoded_for_a_track_that_is_not_sent() -> None:
    """It is taken off its sender, the transport is gone, or the sender stops; and it comes back."""

    async def program() -> None:
        source = PushedTrack("video")
        relay = EncodingRelay(source)
        track, transport = relay.subscribe(), Recorder()
        sender, other = RtpSender("video", track), RtpSender("video")

        async def sent() -> int:
            await push(source, 12)
            return relay.encodings

        sender.send(transport, send_parameters("v0", 7))
        assert await sent() == 1
        sender.replace_track(None)
        assert await sent() == 0
        read = source.read
        assert await sent() == 0
        assert source.read == read
        count = len(transport.rtp)
        sender.replace_track(track)
        assert await sent() == 1
        assert len(transport.rtp) > count
        for up in (False, True):
            transport.up = up
            sender.transport_changed()
            assert await sent() == up
        # It goes on where another sender has it already.
        other.send(transport, send_parameters("v1", 8))
        other.replace_track(track)
        sender.replace_track(None)
        assert await sent() == 1
        await other.stop()
        assert await sent() == 0
        assert track.readyState == "live"
        await sender.stop()
        await relay.close()
        assert len(asyncio.all_tasks()) == 1

    run(program())


def test_closing_waits_for_what_ended_just_before() -> None:
    async def program() -> None:
        relay = EncodingRelay(PushedTrack("video"))
        track = subscribed(relay)
        await asyncio.sleep(0)
        track.stop()
        await relay.close()
        assert len(asyncio.all_tasks()) == 1

    run(program())


def test_a_relay_that_is_closed_begins_nothing() -> None:
    async def program() -> None:
        source = PushedTrack("video")
        relay = EncodingRelay(source)
        await relay.close()
        track = subscribed(relay)
        assert (track.readyState, source.readyState, relay.encodings) == ("ended", "live", 0)
        with pytest.raises(MediaStreamError):
            await track.recv()
        assert len(asyncio.all_tasks()) == 1

    run(program())
