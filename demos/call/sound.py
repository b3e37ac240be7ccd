"""What the visitor hears: a short melody, and then their own voice a little later."""

import asyncio
import math
import time
from array import array
from collections import deque
from collections.abc import Iterable
from fractions import Fraction
from functools import cache

from av import AudioFrame, AudioResampler

from peer import MediaStreamError, MediaStreamTrack

SAMPLE_RATE = 48000
BLOCK = SAMPLE_RATE // 50
"""Samples of 20 ms, what an Opus packet holds."""

SILENCE = bytes(2 * BLOCK)
ECHO_BLOCKS = 40
"""The echo comes after 800 ms."""

SPARE_BLOCKS = 20
"""What a clock that runs fast may pile up beyond the echo's delay."""

MELODY = ((60, 0.0), (64, 0.16), (67, 0.32), (72, 0.48), (76, 0.72), (72, 0.96), (79, 1.2))
"""Notes as MIDI numbers, and when they are struck, in seconds."""

NOTE_SECONDS = 1.4
HARMONICS = ((1, 1.0), (2, 0.35), (3, 0.1))


@cache
def note(number: int) -> tuple[float, ...]:
    """Synthesize a struck note: a few harmonics that fade, the higher ones sooner."""
    pitch = 440 * 2 ** ((number - 69) / 12)
    samples = [0.0] * int(NOTE_SECONDS * SAMPLE_RATE)
    for multiple, loudness in HARMONICS:
        step = 2 * math.pi * pitch * multiple / SAMPLE_RATE
        fade = math.exp(-3.5 * multiple / SAMPLE_RATE)
        for index in range(len(samples)):
            samples[index] += loudness * math.sin(step * index)
            loudness *= fade
    return tuple(samples)


@cache
def melody() -> tuple[bytes, ...]:
    """Synthesize the greeting, as blocks of 16 bit samples; takes a moment at the first call."""
    length = int((MELODY[-1][1] + NOTE_SECONDS) * SAMPLE_RATE) // BLOCK * BLOCK
    mixed = [0.0] * length
    for number, struck in MELODY:
        start = int(struck * SAMPLE_RATE)
        for index, sample in enumerate(note(number)[: length - start], start):
            mixed[index] += sample
    attack = SAMPLE_RATE // 200
    for index in range(attack):
        mixed[index] *= index / attack
    peak = max(map(abs, mixed))
    data = array("h", (int(sample / peak * 9000) for sample in mixed)).tobytes()
    return tuple(data[at : at + len(SILENCE)] for at in range(0, len(data), len(SILENCE)))


class DelayLine:
    """Gives blocks back once `delay` of them have come in; silence when it has none.

    `delay` is also what has to come in again after it ran dry.
    """

    def __init__(self, delay: int = ECHO_BLOCKS) -> None:
        self._delay = delay
        self._blocks: deque[bytes] = deque(maxlen=delay + SPARE_BLOCKS)
        self._flowing = False

    def push(self, block: bytes) -> None:
        """Take a block; when far too many pile up, the oldest is dropped."""
        self._blocks.append(block)

    def pull(self) -> bytes:
        """Give the next block."""
        enough = 1 if self._flowing else self._delay
        self._flowing = len(self._blocks) >= enough
        return self._blocks.popleft() if self._flowing else SILENCE


class EchoTrack(MediaStreamTrack):
    """Plays a greeting, then what comes in from a microphone, delayed."""

    kind = "audio"

    def __init__(self, microphone: MediaStreamTrack, greeting: Iterable[bytes]) -> None:
        super().__init__()
        self._microphone = microphone
        self._greeting = deque(greeting)
        self._line = DelayLine()
        self._started: float | None = None
        self._blocks = 0
        self._listener = asyncio.create_task(self._listen())

    async def recv(self) -> AudioFrame:
        """Give the next 20 ms, when it is time for them."""
        if self.readyState != "live":
            raise MediaStreamError
        if self._started is None:
            self._started = time.monotonic()
        await asyncio.sleep(self._started + self._blocks / 50 - time.monotonic())
        frame = AudioFrame(format="s16", layout="mono", samples=BLOCK)
        frame.planes[0].update(self._greeting.popleft() if self._greeting else self._line.pull())
        frame.sample_rate = SAMPLE_RATE
        frame.time_base = Fraction(1, SAMPLE_RATE)
        frame.pts = self._blocks * BLOCK
        self._blocks += 1
        return frame

    def stop(self) -> None:
        """Stop playing and listening."""
        super().stop()
        self._listener.cancel()

    async def _listen(self) -> None:
        resampler = AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE, frame_size=BLOCK)
        while True:
            try:
                frame = await self._microphone.recv()
            except MediaStreamError:
                return
            assert isinstance(frame, AudioFrame)
            if self._greeting:
                continue
            for block in resampler.resample(frame):
                self._line.push(bytes(block.planes[0])[: len(SILENCE)])
