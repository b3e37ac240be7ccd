"""Plays files and devices into a call, as aiortc's MediaPlayer does, on one time line.

A task reads ahead of whoever receives, in a thread of its own; the tracks of one player share a
clock, so that sound and pictures stay together, and time goes on when a film begins anew.
"""

import asyncio
import errno
import fractions
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

import av
from aiortc.contrib.media import REAL_TIME_FORMATS
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import AudioFrame, VideoFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.frame import Frame
from av.packet import Packet
from av.video.stream import VideoStream

from peer.rtp import sound_reader

from .sound import Chunk, Shaper
from .threads import Threads

AHEAD = 1.0
"""Seconds that are read before they are wanted."""
MAX_HELD = 2.0
"""Seconds that wait for a reader that does not come; the oldest are dropped."""
BATCH = 8
"""Frames that are read at a time."""
RETRY = 0.01
"""Seconds until a device that had nothing is asked again."""

RATE, CHANNELS, SAMPLES = 48000, 2, 960
_PASSED_ON = ("opus", "pcm_alaw", "pcm_mulaw", "h264", "vp8")
"""Codecs that are sent as they are, without decoding."""

Item: TypeAlias = "Frame | Packet[Any]"


class PlayerStreamTrack(MediaStreamTrack):
    """The sound or the pictures of a player."""

    def __init__(self, player: "MediaPlayer", kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.started = False
        self._player: MediaPlayer | None = player
        self._items: deque[Item] = deque()
        self._more = asyncio.Event()
        self._ended = False

    @property
    def ahead(self) -> float:
        """Seconds of media that wait to be received."""
        if len(self._items) < 2:
            return 0.0
        return _time_of(self._items[-1]) - _time_of(self._items[0])

    async def recv(self) -> Item:
        """Return what is next, when it is time for it; MediaStreamError at the end."""
        player = self._player
        if self.readyState != "live" or player is None:
            raise MediaStreamError
        if not self.started:
            self.started = True
            self._skip(player.position)
        player.wake()
        while not self._items:
            if self._ended:
                self.stop()
                raise MediaStreamError
            self._more.clear()
            await self._more.wait()
        item = self._items.popleft()
        player.wake()
        await player.wait_until(_time_of(item))
        if self.readyState != "live":
            raise MediaStreamError
        return item

    def put(self, item: Item) -> None:
        """Add what was read."""
        if self.readyState == "live":
            self._items.append(item)
            self._skip(_time_of(item) - MAX_HELD)
            self._more.set()

    def _skip(self, time: float) -> None:
        """Drop what is before a time, but for the last of it."""
        while len(self._items) > 1 and _time_of(self._items[1]) < time:
            self._items.popleft()

    def end(self) -> None:
        """There is no more; what waits is received still."""
        self._ended = True
        self._more.set()

    def stop(self) -> None:
        """End the track; the file is closed with the last one."""
        if self.readyState == "live":
            super().stop()
            self._items.clear()
            self.end()
            player, self._player = self._player, None
            if player is not None:
                player.track_stopped()


class MediaPlayer:
    """Reads a file, a URL or a device; `audio` and `video` are its tracks, None without.

    Sound comes as 20 ms of 16 bits at 48 kHz in two channels. With `loop` the film begins anew at
    its end, and time goes on; ValueError when it has no end. Without `decode` packets come as they
    are in the file, of codecs that can be sent so. `format`, `options` and `timeout` are FFmpeg's.
    """

    def __init__(
        self,
        file: Any,
        format: str | None = None,  # noqa: A002 - aiortc's name
        options: dict[str, str] | None = None,
        timeout: int | None = None,
        loop: bool = False,
        decode: bool = True,
    ) -> None:
        self._container = av.open(file, "r", format=format, options=options or {}, timeout=timeout)
        if loop and self._container.duration is None:
            self._container.close()
            raise ValueError("`loop` wants a file with an end")
        self._source = _Source(self._container, loop=loop, decode=decode)
        kinds = {stream.type for stream in self._source.streams}
        self.audio = PlayerStreamTrack(self, "audio") if "audio" in kinds else None
        self.video = PlayerStreamTrack(self, "video") if "video" in kinds else None
        self._tracks = {one.kind: one for one in (self.audio, self.video) if one is not None}
        live = not set(self._container.format.name.split(",")).isdisjoint(REAL_TIME_FORMATS)
        self._throttle_playback = not live
        self._start: float | None = None
        self._wanted = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None
        self._thread: Threads | None = None

    def wake(self) -> None:
        """Read on: somebody has taken something, or begun to."""
        self._wanted.set()
        if self._reading is None:
            self._thread = Threads(1, "media-player")
            self._reading = asyncio.get_running_loop().create_task(self._read(self._thread))

    @property
    def position(self) -> float:
        """The time of the film that it is now, in seconds."""
        return 0.0 if self._start is None else asyncio.get_running_loop().time() - self._start

    async def wait_until(self, time: float) -> None:
        """Wait until it is time for what is at `time`, in seconds of the film."""
        if not self._throttle_playback:
            return
        now = asyncio.get_running_loop().time()
        if self._start is None:
            self._start = now - time
        elif (wait := self._start + time - now) > 0:
            await asyncio.sleep(wait)

    async def _read(self, thread: Threads) -> None:
        loop = asyncio.get_running_loop()
        try:
            while True:
                await self._room()
                items = await loop.run_in_executor(thread, self._source.read, BATCH)
                if items is None:
                    return
                if not items:
                    await asyncio.sleep(RETRY)
                for kind, item in items:
                    self._tracks[kind].put(item)
        finally:
            for track in self._tracks.values():
                track.end()

    async def _room(self) -> None:
        """Wait until one of those who receive has less than enough."""
        while self._throttle_playback and not any(
            track.ahead < AHEAD for track in self._tracks.values() if track.started
        ):
            self._wanted.clear()
            await self._wanted.wait()

    def track_stopped(self) -> None:
        """Close the file once no track is left: behind the back of a read that still waits."""
        if any(track.readyState == "live" and track.started for track in self._tracks.values()):
            self._wanted.set()
            return
        reading, thread = self._reading, self._thread
        self._reading = self._thread = None
        if reading is None or thread is None:
            self._source.close()
            return
        reading.cancel()
        thread.submit(self._source.close)
        thread.shutdown(wait=False)


class _Source:
    """What is read of a container, on a time line that begins at 0 and goes on through loops.

    Used by one thread at a time.
    """

    def __init__(self, container: InputContainer, *, loop: bool, decode: bool) -> None:
        self._container = container
        self._loop = loop
        self._decode = decode
        self.streams = self._choose()
        starts = [
            stream.start_time * stream.time_base
            for stream in self.streams
            if stream.start_time is not None and stream.time_base is not None
        ]
        self._origin = self._first = min(starts, default=fractions.Fraction(0))
        """Where the time line begins, and the first time there is in the file: Opus has some that
        is before."""
        self._offset = self._end = fractions.Fraction(0)
        self._shaper = Shaper(RATE, CHANNELS, SAMPLES)
        self._lead: int | None = None
        self._items = self._generate()
        self._closed = False

    def _choose(self) -> list[AudioStream | VideoStream]:
        chosen: dict[str, AudioStream | VideoStream] = {}
        for stream in self._container.streams:
            if not isinstance(stream, AudioStream | VideoStream):
                continue
            if self._decode or stream.codec_context.name in _PASSED_ON:
                chosen.setdefault(stream.type, stream)
        return list(chosen.values())

    def read(self, count: int) -> list[tuple[str, Item]] | None:
        """Return what comes next, [] when a device has nothing at present, None at the end."""
        found: list[tuple[str, Item]] = []
        while len(found) < count and not self._closed:
            try:
                found.append(next(self._items))
            except StopIteration:
                return found or None
            except av.FFmpegError as error:
                if error.errno != errno.EAGAIN:
                    return found or None
                self._items = self._generate()
                return found
        return found

    def close(self) -> None:
        """Close the file."""
        if not self._closed:
            self._closed = True
            self._container.close()

    def _generate(self) -> Iterator[tuple[str, Item]]:
        while True:
            before = self._end
            yield from self._once()
            if not self._loop or self._end <= before:
                yield from self._cuts(self._shaper.finish())
                return
            self._container.seek(0)
            self._origin, self._offset = self._first, self._end

    def _once(self) -> Iterator[tuple[str, Item]]:
        if not self._decode:
            for packet in self._container.demux(*self.streams):
                if packet.size and packet.pts is not None and self._place(packet, _length(packet)):
                    yield packet.stream.type, packet
            return
        for frame in self._decoded():
            if isinstance(frame, AudioFrame):
                self._place(frame, frame.samples)
                yield from self._cut(frame)
            elif isinstance(frame, VideoFrame) and frame.pts is not None:
                self._place(frame, frame.duration)
                yield "video", frame

    def _decoded(self) -> Iterator[Any]:
        """Yield the frames of the file; what of it cannot be decoded is left out."""
        for packet in self._container.demux(*self.streams):
            try:
                yield from packet.decode()
            except av.FFmpegError as error:
                if error.errno == errno.EAGAIN:
                    raise

    def _place(self, item: Item, length: int | None) -> bool:
        """Put an item on the time line; False when it has no time."""
        if item.pts is None or item.time_base is None:
            return False
        self._first = min(self._first, item.pts * item.time_base)
        shift = self._offset - self._origin
        item.pts += round(shift / item.time_base)
        if isinstance(item, Packet) and item.dts is not None:
            item.dts += round(shift / item.time_base)
        end = item.pts * item.time_base
        if isinstance(item, AudioFrame):
            end += fractions.Fraction(item.samples, item.sample_rate)
        else:
            end += (length or 0) * item.time_base
        self._end = max(self._end, end)
        return True

    def _cut(self, frame: AudioFrame) -> Iterator[tuple[str, Item]]:
        if self._lead is None:
            begin = 0.0 if frame.time is None else frame.time
            self._lead = max(0, round(begin * RATE))
        yield from self._cuts(self._shaper.add(frame))

    def _cuts(self, chunks: Iterable[Chunk]) -> Iterator[tuple[str, Item]]:
        for chunk in chunks:
            cut = AudioFrame(format="s16", layout="stereo", samples=SAMPLES)
            cut.planes[0].update(chunk.pcm)
            cut.sample_rate = RATE
            cut.pts = (self._lead or 0) + chunk.position
            cut.time_base = fractions.Fraction(1, RATE)
            yield "audio", cut


def _length(packet: "Packet[Any]") -> int | None:
    """Return how long a packet is, in its time base.

    Files say of the last one of Opus how much of it is to be heard: the receiver hears all.
    """
    read, base = sound_reader(packet.stream.codec_context.name, RATE), packet.time_base
    sound = None if read is None else read(bytes(packet))
    if sound is not None and base is not None:
        return round(fractions.Fraction(sound.ticks, RATE) / base)
    return packet.duration


def _time_of(item: Item) -> float:
    assert item.pts is not None
    assert item.time_base is not None
    return float(item.pts * item.time_base)
