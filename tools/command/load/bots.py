"""A bot: a call whose sound has marks, and what it has noticed of them when they come back."""

import array
import asyncio
import fractions
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import av
from av import AudioFrame

from peer import (
    EncodedTrack,
    MediaStreamError,
    MediaStreamTrack,
    RTCInboundRtpStreamStats,
    RTCPeerConnection,
)

RATE, FRAME_TIME = 48000, 0.02
_SAMPLES = round(RATE * FRAME_TIME)
PERIOD = 25
"""Frames from one mark to the next: a mark that takes longer than that is taken for a later one."""
FREEZE = 0.15
"""Seconds without a frame that count as a freeze."""
_LOUD = 12000
_HEARD = 3000
"""What is loud, of sound that came back."""

Join = Callable[[RTCPeerConnection], Awaitable[object]]
"""Exchanges descriptions with whatever is called. Raises when that fails."""


@dataclass
class Call:
    """What became of a bot's call; times in seconds."""

    number: int
    set_up: float | None = None
    """From the first step to the first sound that came back."""
    delays: list[tuple[float, float]] = field(default_factory=list)
    """When marks came back, and how long they took."""
    frames: list[float] = field(default_factory=list)
    """When frames came."""
    lost: int = 0
    received: int = 0
    failure: str | None = None


def now() -> float:
    """The time of the running loop."""
    return asyncio.get_running_loop().time()


def freezes(frames: list[float]) -> int:
    """Count the gaps in the times of frames."""
    return sum(later - earlier > FREEZE for earlier, later in itertools.pairwise(frames))


class Marks:
    """When marks left, and how long they took."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._left: float | None = None
        self._loud = False
        self.heard = asyncio.Event()
        """Set with the first frame."""

    def leave(self) -> None:
        """Note that one leaves now."""
        self._left = now()

    def hear(self, *, loud: bool) -> None:
        """Note a frame that came back; a mark is the first loud one of several."""
        self.heard.set()
        self._call.frames.append(now())
        if loud and not self._loud and self._left is not None:
            self._call.delays.append((now(), now() - self._left))
        self._loud = loud


async def _turns() -> AsyncIterator[int]:
    """Count frames by the clock of the loop."""
    start, number = now(), 0
    while True:
        await asyncio.sleep(max(0.0, start + number * FRAME_TIME - now()))
        yield number
        number += 1


def sound(number: int) -> AudioFrame:
    """Return 20 ms: loud for a mark, else silence."""
    level = 0 if number % PERIOD else _LOUD
    frame = AudioFrame(format="s16", layout="mono", samples=_SAMPLES)
    frame.planes[0].update(array.array("h", [level] * 60 + [-level] * 60).tobytes() * 8)
    frame.sample_rate, frame.pts = RATE, number * _SAMPLES
    frame.time_base = fractions.Fraction(1, RATE)
    return frame


class LiveSound(MediaStreamTrack):
    """Sound that the connection encodes."""

    kind = "audio"

    def __init__(self, marks: Marks) -> None:
        super().__init__()
        self._marks = marks
        self._turns = _turns()

    async def recv(self) -> AudioFrame:
        """Return the next frame when it is time for it."""
        if self.readyState != "live":
            raise MediaStreamError
        number = await anext(self._turns)
        if number % PERIOD == 0:
            self._marks.leave()
        return sound(number)


class EncodedSound:
    """The same sound, encoded once for all bots."""

    def __init__(self) -> None:
        encoder = av.CodecContext.create("libopus", "w")
        assert isinstance(encoder, av.AudioCodecContext)
        encoder.format, encoder.layout, encoder.sample_rate = "s16", "mono", RATE
        self.payloads = [bytes(p) for n in range(PERIOD) for p in encoder.encode(sound(n))]

    def track(self, marks: Marks) -> EncodedTrack:
        """Make a track for a bot."""
        return EncodedTrack("audio", self._packets(marks))

    async def _packets(self, marks: Marks) -> AsyncIterator["av.Packet[Any]"]:
        async for number in _turns():
            packet = av.Packet(self.payloads[number % len(self.payloads)])
            packet.pts, packet.time_base = number * _SAMPLES, fractions.Fraction(1, RATE)
            if number % len(self.payloads) == 0:
                marks.leave()
            yield packet


async def _listen(track: MediaStreamTrack, marks: Marks) -> None:
    """Hear frames of live sound."""
    while True:
        frame = await track.recv()
        assert isinstance(frame, AudioFrame)
        marks.hear(loud=max(array.array("h", bytes(frame.planes[0]))) > _HEARD)


async def _look(pc: RTCPeerConnection, mark: bytes, marks: Marks) -> None:
    """Hear frames of encoded sound."""
    async for frame in pc.getReceivers()[0].encoded_frames():
        marks.hear(loud=frame.data == mark)


class Bot:
    """A call from its beginning to its end."""

    def __init__(self, pc: RTCPeerConnection, number: int, encoded: EncodedSound | None) -> None:
        self.call = Call(number)
        self._pc = pc
        self._encoded = encoded
        self._marks = Marks(self.call)
        self._reading: asyncio.Future[None] | None = None

    async def begin(self, join: Join) -> None:
        """Call, and wait until something is heard. Raises what `join` does."""
        begin = now()
        encoded = self._encoded
        self._pc.addTrack(encoded.track(self._marks) if encoded else LiveSound(self._marks))
        self._pc.on("track", self._read)
        await join(self._pc)
        await self._marks.heard.wait()
        self.call.set_up = self.call.frames[0] - begin

    def _read(self, track: MediaStreamTrack) -> None:
        if self._encoded is None:
            reading = _listen(track, self._marks)
        else:
            reading = _look(self._pc, self._encoded.payloads[0], self._marks)
        self._reading = asyncio.ensure_future(reading)
        self._reading.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def end(self) -> None:
        """Take the figures, and hang up."""
        for stats in (await self._pc.getStats()).values():
            if isinstance(stats, RTCInboundRtpStreamStats):
                self.call.lost = max(0, stats.packetsLost or 0)
                self.call.received = stats.packetsReceived or 0
        if self._reading is not None:
            self._reading.cancel()
        await self._pc.close()
