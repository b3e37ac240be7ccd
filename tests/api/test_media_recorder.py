"""Recording tracks into files."""

import asyncio
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from av.frame import Frame

from peer import InvalidStateError, MediaRecorder, MediaStreamError, MediaStreamTrack
from peer.testing import run as run_virtually

RATE = 48000


def picture(number: int, width: int = 64, height: int = 48) -> av.VideoFrame:
    frame = av.VideoFrame(width, height, "yuv420p")
    for plane in frame.planes:
        plane.update(bytes([100 + number]) * plane.buffer_size)
    frame.pts, frame.time_base = number * 3000, Fraction(1, 90000)
    return frame


def sound(number: int) -> av.AudioFrame:
    frame = av.AudioFrame(format="s16", layout="mono", samples=960)
    frame.planes[0].update(bytes(frame.planes[0].buffer_size))
    frame.sample_rate, frame.pts, frame.time_base = RATE, number * 960, Fraction(1, RATE)
    return frame


class Frames(MediaStreamTrack):
    """Gives frames until there are none, after it was allowed to begin."""

    def __init__(self, kind: str, frames: list[Frame]) -> None:
        super().__init__()
        self.kind = kind
        self.begin = asyncio.Event()
        self.given = asyncio.Event()
        self._frames = iter(frames)

    async def recv(self) -> Frame:
        await self.begin.wait()
        frame = next(self._frames, None)
        if frame is None:
            self.given.set()
            raise MediaStreamError
        return frame


def record(
    path: Path, sounds: list[Frame], pictures: list[Frame], *, first: str = "audio"
) -> MediaRecorder:
    """Record tracks one after the other: all of the `first`, then the rest."""

    async def run() -> MediaRecorder:
        recorder = MediaRecorder(str(path))
        tracks = [Frames("audio", sounds), Frames("video", pictures)]
        for track in tracks:
            recorder.addTrack(track)
        await recorder.start()
        for track in sorted(tracks, key=lambda track: track.kind != first):
            track.begin.set()
            await asyncio.wait_for(track.given.wait(), 10)
        await recorder.stop()
        await recorder.stop()
        return recorder

    return asyncio.run(run())


def frames(path: Path) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {"audio": [], "video": []}
    with av.open(str(path)) as container:
        for frame in container.decode():
            found["video" if isinstance(frame, av.VideoFrame) else "audio"].append(frame)
    return found


@pytest.mark.parametrize("first", ["audio", "video"])
@pytest.mark.parametrize("suffix", ["mp4", "mkv", "webm"])
def test_both_tracks_are_in_the_file_whichever_begins(
    tmp_path: Path, suffix: str, first: str
) -> None:
    path = tmp_path / f"call.{suffix}"
    record(path, [sound(n) for n in range(100)], [picture(n) for n in range(30)], first=first)
    found = frames(path)
    assert len(found["video"]) == 30
    samples = sum(frame.samples for frame in found["audio"])
    assert samples >= 100 * 960
    assert {(frame.width, frame.height) for frame in found["video"]} == {(64, 48)}


def test_pictures_come_when_they_come(tmp_path: Path) -> None:
    """Two in a thirtieth of a second, a pause, one that comes too late."""
    path = tmp_path / "call.mp4"
    times = [0, 1000, 2000, 90000, 45000, 91000]
    pictures = [picture(number) for number in range(len(times))]
    for frame, time in zip(pictures, times, strict=True):
        frame.pts = time
    record(path, [], [*pictures])
    found = [round(frame.time * 90000) for frame in frames(path)["video"]]
    assert found == [0, 1000, 2000, 90000, 91000]


def test_a_track_that_never_begins_does_not_keep_the_other_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "call.mp4"
    record(path, [sound(n) for n in range(50)], [])
    found = frames(path)
    assert len(found["audio"]) >= 45
    assert found["video"] == []


def test_pictures_of_another_size_are_fitted_to_the_first(tmp_path: Path) -> None:
    path = tmp_path / "call.mp4"
    record(path, [], [picture(0), picture(1, 128, 96), picture(2)])
    sizes = [(frame.width, frame.height) for frame in frames(path)["video"]]
    assert sizes == [(64, 48)] * 3


def test_pictures_of_an_odd_size_lose_a_row_or_a_column(tmp_path: Path) -> None:
    path = tmp_path / "call.mp4"
    record(path, [], [picture(n, 65, 47) for n in range(3)])
    assert [(frame.width, frame.height) for frame in frames(path)["video"]] == [(64, 46)] * 3


def test_pictures_go_on_when_their_clock_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "call.mp4"
    pictures = [picture(30), picture(31), picture(0), picture(1), picture(1), picture(3)]
    given = [frame.pts for frame in pictures]
    record(path, [], [*pictures])
    found = [round(frame.time * 30) for frame in frames(path)["video"]]
    assert found == [30, 31, 32, 33, 35]
    assert [frame.pts for frame in pictures] == given


def shaped_sound(number: int, rate: int, channels: int, position: int) -> av.AudioFrame:
    layout = "mono" if channels == 1 else "stereo"
    frame = av.AudioFrame(format="s16", layout=layout, samples=rate // 50)
    frame.planes[0].update(bytes([number % 7 + 1]) * frame.planes[0].buffer_size)
    frame.sample_rate, frame.pts, frame.time_base = rate, position, Fraction(1, rate)
    return frame


def test_sound_may_change_its_shape(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    shapes = [(48000, 1), (16000, 1), (44100, 2), (48000, 2)]
    sounds = [
        shaped_sound(n, rate, channels, (25 * i + n) * (rate // 50))
        for i, (rate, channels) in enumerate(shapes)
        for n in range(25)
    ]
    record_sound(path, [*sounds])
    found = frames(path)["audio"]
    assert sum(frame.samples for frame in found) == pytest.approx(2 * RATE, abs=1920)


class Call(MediaStreamTrack):
    """Gives frames when it is time for them; None is a pause of a minute."""

    def __init__(self, kind: str, frames: Iterable[Frame | None]) -> None:
        super().__init__()
        self.kind = kind
        self._frames = iter(frames)
        self._interval = 0.02 if kind == "audio" else 1 / 30

    async def recv(self) -> Frame:
        for frame in self._frames:
            await asyncio.sleep(60 if frame is None else self._interval)
            if frame is not None:
                return frame
        raise MediaStreamError


def record_call(path: Path, *tracks: Call) -> dict[str, list[Any]]:
    """Record what is given in two minutes."""

    async def story() -> None:
        recorder = MediaRecorder(str(path))
        for track in tracks:
            recorder.addTrack(track)
        await recorder.start()
        await asyncio.sleep(120)
        await recorder.stop()

    run_virtually(story())
    return frames(path)


def later(frame: av.VideoFrame, ticks: int) -> av.VideoFrame:
    assert frame.pts is not None
    frame.pts += ticks
    return frame


def test_sound_and_pictures_stay_together_through_a_pause(tmp_path: Path) -> None:
    """As when a call is held: what comes after it is as long after what was before."""
    sounds = [*map(sound, range(50)), None, *(sound(3050 + n) for n in range(50))]
    pictures = [picture(n) for n in range(30)]
    more = [later(picture(30 + n), 60 * 90000) for n in range(30)]
    found = record_call(
        tmp_path / "call.mkv", Call("audio", sounds), Call("video", [*pictures, None, *more])
    )
    assert found["video"][-1].time == pytest.approx(61 + 29 / 30, abs=0.05)
    assert found["audio"][-1].time == pytest.approx(62, abs=0.1)
    assert sum(one.samples for one in found["audio"]) == pytest.approx(62 * RATE, rel=0.01)


def test_a_clock_that_jumps_ahead_of_the_time_that_passes_begins_anew(tmp_path: Path) -> None:
    """Nobody wants a film of hours for a second of pictures."""
    pictures = [later(picture(n), 0 if n < 10 else 1 << 31) for n in range(20)]
    found = record_call(tmp_path / "call.mp4", Call("video", pictures))
    assert len(found["video"]) == 20
    assert found["video"][-1].time == pytest.approx(19 / 30, abs=0.05)


def test_silence_is_recorded_where_there_is_no_sound(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    record_sound(path, [sound(0), sound(1), sound(100), sound(101)])
    assert sum(frame.samples for frame in frames(path)["audio"]) == 102 * 960


def record_sound(path: Path, sounds: list[Frame]) -> None:
    async def run() -> None:
        recorder = MediaRecorder(str(path))
        track = Frames("audio", sounds)
        recorder.addTrack(track)
        track.begin.set()
        await recorder.start()
        await asyncio.wait_for(track.given.wait(), 10)
        await recorder.stop()

    asyncio.run(run())


def test_whoever_stops_it_too_waits_for_the_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "call.mp4"

    async def run() -> None:
        recorder = MediaRecorder(str(path))
        track = Frames("video", [picture(n) for n in range(30)])
        recorder.addTrack(track)
        track.begin.set()
        await recorder.start()
        await asyncio.wait_for(track.given.wait(), 10)
        first = asyncio.ensure_future(recorder.stop())
        await asyncio.sleep(0)
        await recorder.stop()
        assert len(frames(path)["video"]) == 30
        await first

    asyncio.run(run())


@pytest.mark.parametrize("suffix", ["wav", "mp3", "ogg"])
def test_sound_alone(tmp_path: Path, suffix: str) -> None:
    record_sound(tmp_path / f"sound.{suffix}", [sound(n) for n in range(50)])
    found = frames(tmp_path / f"sound.{suffix}")["audio"]
    assert sum(frame.samples for frame in found) >= 47 * 960


def test_pictures_as_files(tmp_path: Path) -> None:
    async def run() -> None:
        recorder = MediaRecorder(str(tmp_path / "picture-%3d.png"))
        track = Frames("video", [picture(n) for n in range(3)])
        recorder.addTrack(track)
        track.begin.set()
        await recorder.start()
        await asyncio.wait_for(track.given.wait(), 10)
        await recorder.stop()

    asyncio.run(run())
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"picture-{number:03}.png" for number in (1, 2, 3)
    ]


def test_what_cannot_be_encoded_is_told_at_the_end(tmp_path: Path) -> None:
    async def run() -> None:
        recorder = MediaRecorder(str(tmp_path / "call.mp4"))
        track = Frames("audio", [picture(0)])
        recorder.addTrack(track)
        track.begin.set()
        await recorder.start()
        (task,) = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.wait([task])
        with pytest.raises(TypeError, match="audio"):
            await recorder.stop()

    asyncio.run(run())


def test_no_track_comes_after_the_end(tmp_path: Path) -> None:
    async def run() -> None:
        recorder = MediaRecorder(str(tmp_path / "call.mp4"))
        await recorder.stop()
        with pytest.raises(InvalidStateError):
            recorder.addTrack(Frames("audio", []))

    asyncio.run(run())
