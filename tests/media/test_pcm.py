"""Plain samples into a call and out of it, in virtual time."""

import array
import asyncio
from collections.abc import Iterable

import pytest
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import AudioFrame

from peer.media import Flushed, PcmTrack, pcm_frames
from peer.testing import run
from tests.media.tones import crossings, frame_of, loudness, tone


def pcm_of(frame: AudioFrame) -> bytes:
    size = 2 * frame.layout.nb_channels * frame.samples
    return bytes(frame.planes[0])[:size]


async def receive(track: PcmTrack, count: int) -> list[tuple[float, bytes]]:
    loop, received = asyncio.get_running_loop(), []
    for _ in range(count):
        frame = await track.recv()
        received.append((round(loop.time(), 6), pcm_of(frame)))
    return received


def test_samples_leave_on_a_clock_and_silence_follows() -> None:
    async def program() -> None:
        track = PcmTrack(16000)
        track.write(tone(500, 16000))
        received = await receive(track, 4)
        assert [time for time, _ in received] == [0.0, 0.02, 0.04, 0.06]
        assert b"".join(pcm for _, pcm in received) == tone(500, 16000).tobytes() + bytes(
            2 * (4 * 320 - 500)
        )

    run(program())


def test_the_time_line_counts_samples() -> None:
    async def program() -> None:
        track = PcmTrack(24000, 2)
        frames = [await track.recv() for _ in range(3)]
        assert [frame.pts for frame in frames] == [0, 480, 960]
        assert {(f.sample_rate, f.layout.name, f.samples) for f in frames} == {
            (24000, "stereo", 480)
        }

    run(program())


def test_a_reader_that_was_late_catches_up_within_a_second_only() -> None:
    async def program() -> None:
        track = PcmTrack()
        await track.recv()
        await asyncio.sleep(0.1)
        late = await receive(track, 7)
        assert [time for time, _ in late] == [0.1] * 5 + [0.12, 0.14]
        await asyncio.sleep(5)
        assert [time for time, _ in await receive(track, 2)] == [5.14, 5.16]

    run(program())


def test_flush_stops_within_a_frame_and_says_what_was_heard() -> None:
    async def program() -> None:
        track = PcmTrack(16000)
        track.write(tone(16000, 16000))
        await receive(track, 10)
        flushed = track.flush()
        assert flushed.sent == pytest.approx(0.2)
        assert flushed.dropped == pytest.approx(0.8)
        ((_, pcm),) = await receive(track, 1)
        assert loudness(pcm) == 0
        assert track.flush() == Flushed(0.0, 0.0)

    run(program())


def test_drained_waits_until_it_has_left() -> None:
    async def program() -> None:
        track, loop = PcmTrack(16000), asyncio.get_running_loop()
        track.write(tone(3200, 16000))
        reading = asyncio.ensure_future(receive(track, 20))
        await track.drained(0.1)
        assert loop.time() == pytest.approx(0.08)
        await track.drained()
        assert loop.time() == pytest.approx(0.18)
        await track.drained()
        await reading

    run(program())


@pytest.mark.parametrize("how", ["stop", "flush"])
def test_drained_ends_with_what_it_waits_for(how: str) -> None:
    async def program() -> None:
        track = PcmTrack(16000)
        track.write(tone(3200, 16000))
        waiting = asyncio.ensure_future(track.drained())
        await asyncio.sleep(0)
        getattr(track, how)()
        await waiting

    run(program())


def test_too_much_is_refused_and_changes_nothing() -> None:
    async def program() -> None:
        track = PcmTrack(8000, max_buffered=1.0)
        track.write(bytes(2 * 8000))
        with pytest.raises(BufferError):
            track.write(bytes(2))
        assert track.buffered == 1.0

    run(program())


def test_half_a_sample_is_refused() -> None:
    async def program() -> None:
        with pytest.raises(ValueError, match="whole samples"):
            PcmTrack(8000, 2).write(bytes(6))
        with pytest.raises(ValueError, match="channel"):
            PcmTrack(8000, 3)

    run(program())


def test_the_end_of_the_track_is_an_error_for_its_reader() -> None:
    async def program() -> None:
        track = PcmTrack()
        await track.recv()
        reading = asyncio.ensure_future(track.recv())
        await asyncio.sleep(0.001)
        track.stop()
        with pytest.raises(MediaStreamError):
            await reading
        with pytest.raises(MediaStreamError):
            await track.recv()

    run(program())


class Recorded(MediaStreamTrack):
    """Gives these frames and ends."""

    kind = "audio"

    def __init__(self, frames: Iterable[AudioFrame]) -> None:
        super().__init__()
        self._frames = iter(frames)

    async def recv(self) -> AudioFrame:
        for frame in self._frames:
            return frame
        raise MediaStreamError


def test_any_track_is_heard_as_mono_of_the_wanted_rate() -> None:
    """Also when its rate and channels change on the way; the last piece is what is left."""
    frames = [frame_of(tone(960, start=n * 960), pts=n * 960) for n in range(25)]
    stereo = array.array("h", [s for s in tone(441, 44100) for _ in range(2)])
    frames += [frame_of(stereo, rate=44100, channels=2) for _ in range(50)]

    async def program() -> list[bytes]:
        return [piece async for piece in pcm_frames(Recorded(frames), sample_rate=16000)]

    pieces = run(program())
    assert {len(piece) for piece in pieces[:-1]} == {2 * 320}
    assert sum(map(len, pieces)) / 2 == pytest.approx(16000, abs=64)
    assert crossings(b"".join(pieces[:20])) == pytest.approx(440 * 0.4, abs=3)


@pytest.mark.parametrize("gap", [0.02, 0.31, 9.0])
@pytest.mark.parametrize("rate", [48000, 44100])
def test_where_time_steps_ahead_there_is_silence(gap: float, rate: int) -> None:
    """Samples count the sender's time, whatever was lost of it or not sent."""
    samples = rate // 50
    frames = [frame_of(tone(samples, rate), rate=rate, pts=n * samples) for n in range(10)]
    for frame in frames[5:]:
        assert frame.pts is not None
        frame.pts += round(gap * rate)

    async def program() -> bytes:
        pieces = [piece async for piece in pcm_frames(Recorded(frames), sample_rate=16000)]
        assert {len(piece) for piece in pieces[:-1]} == {2 * 320}
        return b"".join(pieces)

    pcm = run(program())
    assert len(pcm) / 2 == pytest.approx(16000 * (0.2 + gap), abs=40)
    begin = 2 * 1632
    assert not any(pcm[begin : begin + round(gap * 32000) - 128])
    assert loudness(pcm[:3200]) == pytest.approx(loudness(pcm[-3200:]), rel=0.05)


def test_sound_that_is_played_evenly_has_no_holes() -> None:
    """Frames are longer and shorter than what they are of; in the end that evens out."""
    lengths = [960 + change for change in (0, 480, 0, -240, 240, 0, -480, 0, 0, 0)]
    frames = [frame_of(tone(length), pts=n * 960) for n, length in enumerate(lengths)]

    async def program() -> bytes:
        return b"".join([piece async for piece in pcm_frames(Recorded(frames), sample_rate=48000)])

    pcm = run(program())
    assert pcm == b"".join(tone(length).tobytes() for length in lengths)


def test_times_that_are_read_from_a_clock_have_no_holes() -> None:
    frames = [frame_of(tone(960), pts=n * 960 + n % 3 * 200) for n in range(30)]

    async def program() -> int:
        return sum([len(piece) async for piece in pcm_frames(Recorded(frames), sample_rate=48000)])

    assert run(program()) == 2 * 30 * 960


@pytest.mark.parametrize("step", [3600.0, -3.0])
def test_a_step_that_is_no_pause_of_a_conversation_is_none(step: float) -> None:
    """Nobody waits for the silence of an hour."""
    frames = [frame_of(tone(960), pts=n * 960) for n in range(10)]
    for frame in frames[5:]:
        assert frame.pts is not None
        frame.pts += round(step * 48000)

    async def program() -> int:
        return sum([len(piece) async for piece in pcm_frames(Recorded(frames))])

    assert run(program()) / 2 == pytest.approx(3200, abs=40)


def test_a_track_without_a_frame_gives_nothing() -> None:
    async def program() -> list[bytes]:
        return [piece async for piece in pcm_frames(Recorded([]))]

    assert run(program()) == []


def test_a_frame_without_a_sample_is_refused() -> None:
    async def program() -> None:
        with pytest.raises(ValueError, match="sample"):
            await anext(pcm_frames(Recorded([]), frame_time=0))

    run(program())


def test_pictures_have_no_samples() -> None:
    async def program() -> None:
        track = Recorded([])
        track.kind = "video"
        with pytest.raises(TypeError, match="video"):
            await anext(pcm_frames(track))

    run(program())
