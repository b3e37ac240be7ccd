"""The frames of a receiver as they came."""

import asyncio
import gc
from collections.abc import Callable

from peer.testing import run
from peer.transports import RemoteTrack, RTCEncodedAudioFrame, RTCEncodedVideoFrame
from peer.transports.encoded_frames import EncodedFrames, EncodedReaders
from peer.transports.encoded_queue import MAX_FRAMES
from peer.transports.track import UNREAD
from tests.transports.media import now
from tests.transports.test_encoded_media import picture
from tests.transports.test_hearing import make as make_hearing
from tests.transports.test_hearing import packets
from tests.transports.test_seeing import INTERVAL, Film, Viewer


def readers(kind: str = "video") -> tuple[RemoteTrack, EncodedReaders]:
    track = RemoteTrack(kind)
    return track, EncodedReaders(track)


async def collect(frames: EncodedFrames, found: list[RTCEncodedVideoFrame]) -> None:
    async for frame in frames:
        assert isinstance(frame, RTCEncodedVideoFrame)
        found.append(frame)


def test_pictures_begin_with_a_key_frame_that_is_asked_for() -> None:
    async def program() -> None:
        asked: list[float] = []
        _, all_readers = readers()
        frames = all_readers.open(None, lambda: asked.append(now()))
        reading = asyncio.ensure_future(anext(frames))
        await asyncio.sleep(1)
        assert asked == [0.0]
        frames.put(picture("delta", 1), now())
        key = picture("key", 2)
        frames.put(key, now())
        assert await reading is key
        assert frames.frames_dropped == 1

    run(program())


def test_what_a_slow_reader_misses_ends_with_a_key_frame() -> None:
    async def program() -> None:
        _, all_readers = readers()
        frames = all_readers.open(None, lambda: None)
        for number in range(MAX_FRAMES + 1):
            frames.put(picture("delta" if number else "key", number), now())
        assert (frames.frames_dropped, frames.needs_key) == (MAX_FRAMES + 1, True)
        frames.put(picture("key", 100), now())
        assert (await anext(frames)).getMetadata().rtpTimestamp == 300000

    run(program())


def test_they_end_with_the_track_or_by_themselves_for_who_waits_as_well() -> None:
    async def program() -> None:
        track, all_readers = readers()
        for end in (lambda frames: frames.close(), lambda _: track.stop()):
            frames = all_readers.open(None, lambda: None)
            found: list[RTCEncodedVideoFrame] = []
            reading = asyncio.ensure_future(collect(frames, found))
            await asyncio.sleep(0)
            end(frames)
            await reading
            assert found == []
            assert all_readers.of(None, now(), shown=True) == []
        late = all_readers.open(None, lambda: None)
        await collect(late, [])
        await late.aclose()

    run(program())


def test_who_is_forgotten_or_reads_no_more_costs_nothing() -> None:
    async def program() -> None:
        _, all_readers = readers()
        frames = all_readers.open(None, lambda: None)
        frames.put(picture("key"), now())
        assert all_readers.of(None, now() + UNREAD, shown=True) == [frames]
        assert all_readers.of(None, now() + UNREAD + 0.1, shown=True) == []
        assert frames.frames_dropped == 1
        other = all_readers.open(None, lambda: None)
        del frames, other
        gc.collect()
        assert all_readers.of(None, now(), shown=True) == []

    run(program())


def test_an_encoding_is_read_by_its_name_or_as_the_one_that_is_shown() -> None:
    async def program() -> None:
        _, all_readers = readers()
        named, shown = (all_readers.open(rid, lambda: None) for rid in ("lo", None))
        cases: list[tuple[str, bool, list[EncodedFrames]]] = [
            ("lo", False, [named]),
            ("hi", True, [shown]),
            ("hi", False, []),
        ]
        for rid, is_shown, expected in cases:
            assert all_readers.of(rid, now(), shown=is_shown) == expected

    run(program())


def watched(viewer: Viewer) -> Callable[[], int]:
    viewer.pause()
    return lambda: viewer.seeing.frames_decoded


def test_pictures_that_are_only_read_as_they_come_are_not_decoded() -> None:
    """From the first one on; who reads the track as well begins with a key frame."""

    async def program() -> None:
        viewer, film = Viewer(), Film()
        decoded = watched(viewer)
        found: list[RTCEncodedVideoFrame] = []
        reading = asyncio.ensure_future(collect(viewer.seeing.read(None), found))
        for _ in range(30):
            viewer.receive(*film.picture())
            await asyncio.sleep(INTERVAL)
        assert (len(found), decoded(), viewer.seeing.drops.total()) == (30, 0, 0)
        assert [frame.type for frame in found] == ["key"] + ["delta"] * 29
        assert viewer.asked.keys == []
        viewer.watch()
        await asyncio.sleep(INTERVAL)
        viewer.receive(*film.picture())
        assert len(viewer.asked.keys) == 1
        viewer.receive(*film.picture(key=True))
        await asyncio.sleep(INTERVAL)
        assert (len(found), decoded(), len(viewer.asked.keys)) == (32, 1, 1)
        viewer.track.stop()
        await reading
        await viewer.close()

    run(program())


def test_several_encodings_can_be_read_at_once() -> None:
    async def program() -> None:
        viewer, films = Viewer(), {"hi": Film(7), "lo": Film(8, 10, 5)}
        decoded = watched(viewer)
        for rid, film in films.items():
            viewer.receive(*film.picture(), rid=rid)
        found: dict[str | None, list[RTCEncodedVideoFrame]] = {
            rid: [] for rid in ("hi", "lo", None)
        }
        tasks = [
            asyncio.ensure_future(collect(viewer.seeing.read(rid), f)) for rid, f in found.items()
        ]
        await asyncio.sleep(0.25)
        before = decoded()
        assert {ssrc for _, ssrc in viewer.asked.keys} == {7, 8}
        for number in range(10):
            for rid, film in films.items():
                viewer.receive(*film.picture(key=number == 0), rid=rid)
            await asyncio.sleep(INTERVAL)
        sources = {
            rid: {frame.getMetadata().synchronizationSource for frame in frames}
            for rid, frames in found.items()
        }
        assert sources == {"hi": {7}, "lo": {8}, None: {7}}
        assert [len(frames) for frames in found.values()] == [10, 10, 10]
        viewer.seeing.select("lo")
        viewer.receive(*films["lo"].picture(key=True), rid="lo")
        await asyncio.sleep(INTERVAL)
        assert found[None][-1].getMetadata().synchronizationSource == 8
        assert found[None][-1].type == "key"
        assert decoded() == before
        viewer.track.stop()
        await asyncio.gather(*tasks)
        await viewer.close()

    run(program())


def test_sound_that_is_only_read_as_it_comes_is_not_decoded() -> None:
    async def program() -> None:
        hearing, track = make_hearing(even=False)
        frames = hearing.read()
        sent = packets(20)
        # One is late, one comes twice.
        order = [*sent[:5], sent[6], sent[5], sent[7], sent[7], *sent[8:]]
        found: list[RTCEncodedAudioFrame] = []

        async def collect_sound() -> None:
            async for frame in frames:
                assert isinstance(frame, RTCEncodedAudioFrame)
                found.append(frame)

        reading = asyncio.ensure_future(collect_sound())
        for packet in order:
            hearing.receive(packet, now())
            await asyncio.sleep(0.02)
        track.stop()
        await reading
        assert [frame.data for frame in found] == [packet.payload for packet in sent]
        assert [frame.getMetadata().sequenceNumber for frame in found] == list(range(20))
        assert hearing.frames_decoded == 0
        hearing.close()

    run(program())
