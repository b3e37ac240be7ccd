"""Records tracks into a file, as aiortc's MediaRecorder does, without losing a late picture."""

import asyncio
import math
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field
from fractions import Fraction
from functools import partial
from typing import Any, TypeAlias

import av
from av.audio.stream import AudioStream
from av.packet import Packet
from av.video.stream import VideoStream

from peer.media import MAX_STEP, Shaper
from peer.records import dataclass
from peer.transports import MediaStreamError, MediaStreamTrack

from .errors import InvalidStateError

PICTURE_RATE = 30
"""Pictures a second that encoders plan for."""
PICTURE_CLOCK = Fraction(1, 90000)
"""The unit of their times, as in RTP: in thirtieths of a second two could be the same."""
SOUND_RATE, SOUND_CHANNELS, SOUND_SAMPLES = 48000, 2, 960
"""The one shape that sound of any has in the file."""
MAX_STEP_BACK = 0.5
"""Seconds a picture may be before the one before: it is late. Beyond, a clock has begun anew."""
MAX_HELD = 3000
"""Packets kept until all pictures have begun: a minute of sound."""

AUDIO_CODECS = {
    **dict.fromkeys(("wav", "alsa", "pulse"), "pcm_s16le"),
    "mp3": "mp3",
    **dict.fromkeys(("ogg", "opus", "webm"), "libopus"),
}
"""By the format of the file; AAC in all others."""

VIDEO_CODECS = {"image2": ("png", "rgb24"), "webm": ("libvpx", "yuv420p")}
"""Codec and format of the pictures, by the format of the file; H.264 in all others."""

Stream: TypeAlias = AudioStream | VideoStream


@dataclass(slots=True)
class Recording:
    """A track on its way into the file."""

    stream: Stream
    task: asyncio.Task[None] | None = None
    begun: bool = False
    last: float = -math.inf
    shift: float = 0.0
    shaper: Shaper = field(
        default_factory=lambda: Shaper(SOUND_RATE, SOUND_CHANNELS, SOUND_SAMPLES)
    )
    lead: int | None = None
    written: int = 0
    seen: float | None = None

    def note(self, now: float) -> None:
        """Note when a frame comes: a pause is as long as its track says, if so much has passed."""
        passed = 0.0 if self.seen is None else now - self.seen
        self.seen, self.shaper.max_step = now, MAX_STEP + passed

    def place(self, time: float) -> float | None:
        """Return where a picture of this time, in seconds, belongs; None when it is late."""
        placed = time + self.shift
        if -MAX_STEP_BACK <= placed - self.last <= 0:
            return None
        if self.last > -math.inf and not 0 < placed - self.last <= self.shaper.max_step:
            placed = self.last + 1 / PICTURE_RATE
            self.shift = placed - time
        self.last = placed
        return placed


class MediaRecorder:
    """Writes audio and video tracks to a file, in the format its name or `format` says.

    A name with a number such as ``picture-%3d.png`` makes a file of each picture. Pictures have
    the size of the first one, and late ones are left out. Sound may change its shape on the way;
    where there is none, silence is recorded, so that it stays with the pictures.
    """

    def __init__(
        self,
        file: Any,
        format: str | None = None,  # noqa: A002 - aiortc's name
        options: dict[str, str] | None = None,
    ) -> None:
        self._container = av.open(file, "w", format=format, options=options or {})
        self._recordings: dict[MediaStreamTrack, Recording] = {}
        self._held: list[Packet[Any]] | None = []
        # Encoding takes milliseconds, which the event loop has not; one thread keeps the order.
        self._encoder = ThreadPoolExecutor(1, thread_name_prefix="media-recorder")
        self._stopping: asyncio.Task[None] | None = None

    def addTrack(self, track: MediaStreamTrack) -> None:
        """Add a track, before anything is recorded. Raises InvalidStateError once stopped."""
        if self._stopping is not None:
            raise InvalidStateError("the recorder was stopped")
        self._recordings[track] = Recording(self._add_stream(track.kind))

    async def start(self) -> None:
        """Begin to record the tracks there are."""
        for track, recording in self._recordings.items():
            if recording.task is None:
                recording.task = asyncio.create_task(self._record(track, recording))

    async def stop(self) -> None:
        """Finish the file; raises what kept a track from being recorded.

        It is whole when this returns, however often it is called.
        """
        if self._stopping is None:
            self._stopping = asyncio.create_task(self._stop())
        await asyncio.shield(self._stopping)

    async def _stop(self) -> None:
        tasks = [one.task for one in self._recordings.values() if one.task is not None]
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        await self._encode(self._finish)
        self._encoder.shutdown(wait=False)
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome

    def _add_stream(self, kind: str) -> Stream:
        name = self._container.format.name
        if kind == "audio":
            sound = self._container.add_stream(AUDIO_CODECS.get(name, "aac"))
            assert isinstance(sound, AudioStream)
            return sound
        codec, pixels = VIDEO_CODECS.get(name, ("libx264", "yuv420p"))
        pictures = self._container.add_stream(codec, rate=PICTURE_RATE)
        assert isinstance(pictures, VideoStream)
        pictures.pix_fmt = pixels
        pictures.codec_context.time_base = PICTURE_CLOCK
        return pictures

    async def _record(self, track: MediaStreamTrack, recording: Recording) -> None:
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            recording.note(asyncio.get_running_loop().time())
            await self._encode(partial(self._add, recording, frame))

    async def _encode(self, work: Callable[[], None]) -> None:
        await asyncio.get_running_loop().run_in_executor(self._encoder, work)

    def _add(self, recording: Recording, frame: object) -> None:
        stream = recording.stream
        if isinstance(stream, VideoStream) and isinstance(frame, av.VideoFrame):
            self._add_picture(recording, stream, frame)
        elif isinstance(stream, AudioStream) and isinstance(frame, av.AudioFrame):
            for sound in _shaped(recording, frame):
                self._write(stream.encode(sound))
        else:
            raise TypeError(f"{frame!r} is no frame for a recording of {stream.type}")
        recording.begun = True

    def _add_picture(self, recording: Recording, stream: VideoStream, frame: av.VideoFrame) -> None:
        if not stream.codec_context.is_open:
            # H.264 and VP8 store colours for squares of four.
            odd = 1 if stream.pix_fmt == "yuv420p" else 0
            stream.width, stream.height = frame.width & ~odd, frame.height & ~odd
        if frame.time is not None:
            placed = recording.place(frame.time)
            if placed is None:
                return
            if recording.shift:
                frame = _copy_at(frame, placed)
        self._write(stream.encode(frame))

    def _write(self, packets: "Iterable[Packet[Any]]") -> None:
        """Write packets once all pictures have begun: the file's head tells their size."""
        if self._held is None:
            self._container.mux(list(packets))
            return
        self._held.extend(packets)
        if len(self._held) > MAX_HELD or all(map(_is_sized, self._recordings.values())):
            self._release()

    def _release(self) -> None:
        held, self._held = self._held, None
        self._container.mux(held or [])

    def _finish(self) -> None:
        try:
            for recording in self._recordings.values():
                if recording.begun:
                    self._write(recording.stream.encode(None))
            if self._held is not None:
                self._release()
        finally:
            self._container.close()


def _shaped(recording: Recording, frame: av.AudioFrame) -> Iterator[av.AudioFrame]:
    """Yield the sound of a frame in the one shape, with silence where it left a gap."""
    if recording.lead is None:
        recording.lead = max(0, round((frame.time or 0.0) * SOUND_RATE))
    for chunk in recording.shaper.add(frame):
        while recording.written < chunk.position:
            yield _sound(recording, bytes(len(chunk.pcm)))
        yield _sound(recording, chunk.pcm)


def _sound(recording: Recording, pcm: bytes) -> av.AudioFrame:
    frame = av.AudioFrame(format="s16", layout="stereo", samples=SOUND_SAMPLES)
    frame.planes[0].update(pcm)
    frame.sample_rate = SOUND_RATE
    frame.pts = (recording.lead or 0) + recording.written
    frame.time_base = Fraction(1, SOUND_RATE)
    recording.written += SOUND_SAMPLES
    return frame


def _copy_at(frame: av.VideoFrame, time: float) -> av.VideoFrame:
    """Return a picture with another time; the one given belongs to others as well."""
    copy = av.VideoFrame(frame.width, frame.height, frame.format.name)
    for source, target in zip(frame.planes, copy.planes, strict=True):
        target.update(bytes(source))
    copy.pts, copy.time_base = round(time / PICTURE_CLOCK), PICTURE_CLOCK
    return copy


def _is_sized(recording: Recording) -> bool:
    return recording.begun or isinstance(recording.stream, AudioStream)
