"""Pictures in packets, in virtual time."""

from dataclasses import dataclass, replace

from peer.rtp.frame_buffer import FrameBuffer, VideoFrame
from peer.rtp.payloads.piece import Depayloader
from peer.rtp.payloads.vp8 import Vp8Depayloader

RATE = 90000
FRAME = 3000
START = 1000.0
KEY = bytes.fromhex("10 02 00 9d 01 2a 40 01 f0 00")
DELTA = b"\x01"


@dataclass(frozen=True)
class Sent:
    """A packet; `index` is that of its picture."""

    number: int
    index: int
    payload: bytes
    marker: bool
    arrival: float
    repaired: bool = False

    def later(self, seconds: float) -> "Sent":
        """The same, some time after."""
        return replace(self, arrival=self.arrival + seconds)

    def again(self, seconds: float) -> "Sent":
        """The same, sent again."""
        return replace(self, arrival=self.arrival + seconds, repaired=True)


def picture(
    index: int, number: int, *, packets: int = 3, is_key: bool = False, fields: bytes = b""
) -> list[Sent]:
    """A VP8 picture; `fields` are those behind the first byte of its descriptors."""
    sent = []
    for part in range(packets):
        first = (0x80 if fields else 0) | (0x10 if part == 0 else 0)
        header = (KEY if is_key else DELTA) if part == 0 else b""
        body = header + f"{index}.{part};".encode()
        sent.append(
            Sent(
                number + part,
                index,
                bytes((first,)) + fields + body,
                part == packets - 1,
                START + index / 30,
            )
        )
    return sent


def pictures(count: int, *, packets: int = 3, keys: tuple[int, ...] = (0,)) -> list[list[Sent]]:
    """Pictures one after the other, without layers."""
    return [
        picture(index, 1000 + index * packets, packets=packets, is_key=index in keys)
        for index in range(count)
    ]


class Line:
    """A buffer that is given packets as they arrive, and pulled."""

    def __init__(self, buffer: FrameBuffer[Sent], depayloader: Depayloader | None = None) -> None:
        self.buffer = buffer
        self.depayloader = depayloader or Vp8Depayloader()
        self.frames: list[tuple[float, VideoFrame[Sent]]] = []

    @property
    def left(self) -> list[int]:
        """The indexes of the pictures that left."""
        return [frame.time // FRAME for _, frame in self.frames]

    def insert(self, sent: Sent) -> list[VideoFrame[Sent]]:
        """Let one packet arrive; returns what leaves."""
        now = sent.arrival
        self.buffer.insert(
            sent.number,
            sent.index * FRAME,
            sent.payload,
            sent,
            self.depayloader,
            now,
            marker=sent.marker,
            repaired=sent.repaired,
        )
        return self.pull(now)

    def pull(self, now: float) -> list[VideoFrame[Sent]]:
        """Pull at a time."""
        frames = self.buffer.pull(now)
        self.frames += [(now, frame) for frame in frames]
        return frames

    def run(self, packets: list[Sent], *, until: float = 0.0) -> "Line":
        """Let packets arrive in the order of their times, and pull at every deadline."""
        waiting = sorted(packets, key=lambda sent: sent.arrival)
        while True:
            deadline = self.buffer.deadline()
            arrival = waiting[0].arrival if waiting else None
            now = min((when for when in (deadline, arrival) if when is not None), default=None)
            if now is None or (arrival is None and now > START + until):
                return self
            if arrival == now:
                self.insert(waiting.pop(0))
            else:
                self.pull(now)


def flat(frames: list[list[Sent]]) -> list[Sent]:
    """All packets of pictures."""
    return [sent for frame in frames for sent in frame]
