"""Records tracks into a file, as aiortc's MediaRecorder does, without losing a late picture."""

import asyncio
import math
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any, TypeAlias

import av
from av.audio.stream import AudioStream
from av.frame import Frame
from av.packet import Packet
from av.video.stream import VideoStream

from peer.transports import MediaStreamError, MediaStreamTrack

from .errors import InvalidStateError

PICTURE_RATE = 30
"""Pictures a second that encoders plan for."""
PICTURE_CLOCK = Fraction(1, 90000)
"""The unit of their times, as in RTP: in thirtieths of a second two could be the same."""
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

    def is_late(self, time: float | None) -> bool:
        """Tell whether a frame of this time, in seconds, does not come after the last one."""
        if time is None:
            return False
        late = time <= self.last
        self.last = max(self.last, time)
        return late


class MediaRecorder:
    """Writes audio and video tracks to a file, in the format its name or `format` says.

    A name with a number such as ``picture-%3d.png`` makes a file of each picture. Pictures have
    the size of the first one. Frames whose time is not after that of the one before are left out.
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
        self._stopped = False

    def addTrack(self, track: MediaStreamTrack) -> None:
        """Add a track, before anything is recorded. Raises InvalidStateError once stopped."""
        if self._stopped:
            raise InvalidStateError("the recorder was stopped")
        self._recordings[track] = Recording(self._add_stream(track.kind))

    async def start(self) -> None:
        """Begin to record the tracks there are."""
        for track, recording in self._recordings.items():
            if recording.task is None:
                recording.task = asyncio.create_task(self._record(track, recording))

    async def stop(self) -> None:
        """Finish the file; raises what kept a track from being recorded. Safe to repeat."""
        if self._stopped:
            return
        self._stopped = True
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
            await self._encode(partial(self._add, recording, frame))

    async def _encode(self, work: Callable[[], None]) -> None:
        await asyncio.get_running_loop().run_in_executor(self._encoder, work)

    def _add(self, recording: Recording, frame: object) -> None:
        stream = recording.stream
        if isinstance(frame, Frame) and recording.is_late(frame.time):
            return
        if isinstance(stream, VideoStream) and isinstance(frame, av.VideoFrame):
            if not stream.codec_context.is_open:
                stream.width, stream.height = frame.width, frame.height
            packets = stream.encode(frame)
        elif isinstance(stream, AudioStream) and isinstance(frame, av.AudioFrame):
            packets = stream.encode(frame)
        else:
            raise TypeError(f"{frame!r} is no frame for a recording of {stream.type}")
        recording.begun = True
        self._write(packets)

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


def _is_sized(recording: Recording) -> bool:
    return recording.begun or isinstance(recording.stream, AudioStream)
