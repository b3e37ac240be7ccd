"""Opus packets (RFC 6716 §3): how long they are, and whether they repeat the frame before."""

from typing import NamedTuple

MAX_DURATION = 5760
"""Ticks of 48 kHz: a packet is 120 ms at most (RFC 6716 §3.2.5, R5)."""
_MAX_FRAME = 1275
_DTX_SIZE = 2

# Ticks of one frame, by the configuration number (RFC 6716 §3.1, table 2).
_FRAME_TICKS = (
    *(480, 960, 1920, 2880) * 3,
    *(480, 960) * 2,
    *(120, 240, 480, 960) * 4,
)
_FIRST_CELT = 16


class OpusPacket(NamedTuple):
    """What the packet tells without being decoded; ticks are those of 48 kHz."""

    frames: int
    frame_ticks: int
    has_fec: bool
    """The first frame carries a coarse copy (LBRR) of the frame before this packet."""
    is_dtx: bool
    """The encoder had nothing to say: no sound is in it."""

    @property
    def ticks(self) -> int:
        """The duration of all its frames."""
        return self.frames * self.frame_ticks


def read_opus(payload: bytes) -> OpusPacket | None:
    """Read the framing of a packet; None when it breaks one of the rules R1 to R7 of RFC 6716."""
    size = len(payload)
    if not size:
        return None
    toc = payload[0]
    ticks = _FRAME_TICKS[toc >> 3]
    code = toc & 3
    if code == 0:
        frames, first, begin = 1, size - 1, 1
    elif code == 1:
        frames, first, begin = 2, (size - 1) // 2, 1
        if not size & 1:
            return None
    elif code == 2:
        frames = 2
        first, begin = _frame_size(payload, 1, size)
        if first > size - begin:
            return None
    else:
        frames, first, begin = _many_frames(payload, ticks)
    if frames == 0 or first < 0 or first > _MAX_FRAME:
        return None
    has_fec = first > 1 and toc >> 3 < _FIRST_CELT and _has_lbrr(toc, ticks, payload[begin])
    return OpusPacket(frames, ticks, has_fec, size <= _DTX_SIZE)


def _frame_size(payload: bytes, at: int, end: int) -> tuple[int, int]:
    """Return a frame's size and where the next thing begins (§3.2.1); -1 when it is cut off."""
    if at >= end:
        return -1, at
    size = payload[at]
    if size < 252:
        return size, at + 1
    if at + 1 >= end:
        return -1, at
    return size + 4 * payload[at + 1], at + 2


def _many_frames(payload: bytes, ticks: int) -> tuple[int, int, int]:
    """Return frames, the size of the first and its beginning (§3.2.5); 0 frames when malformed."""
    nothing = 0, -1, 0
    if len(payload) < 2:
        return nothing
    head = payload[1]
    frames = head & 0x3F
    if not 0 < frames * ticks <= MAX_DURATION:
        return nothing
    begin, end = 2, len(payload)
    if head & 0x40:
        while True:
            if begin >= end:
                return nothing
            padding = payload[begin]
            begin += 1
            end -= min(padding, 254)
            if padding < 255:
                break
    if begin > end:
        return nothing
    if not head & 0x80:
        first, left = divmod(end - begin, frames)
        return nothing if left else (frames, first, begin)
    sizes = []
    for _ in range(frames - 1):
        size, begin = _frame_size(payload, begin, end)
        if size < 0:
            return nothing
        sizes.append(size)
    last = end - begin - sum(sizes)
    if not 0 <= last <= _MAX_FRAME:
        return nothing
    return frames, sizes[0] if sizes else last, begin


def has_voice(payload: bytes) -> bool:
    """Tell whether the encoder took what is in a packet for a voice, or does not tell.

    SILK has a bit for each 20 ms of each channel (RFC 6716 §4.2.3); CELT has none. Of packets with
    several frames, which our encoders make of music only, this asks no more.
    """
    if len(payload) <= _DTX_SIZE:
        return False
    if payload[0] >> 3 >= _FIRST_CELT or payload[0] & 3:
        return True
    bits = max(1, _FRAME_TICKS[payload[0] >> 3] // 960)
    flags = payload[1] >> (8 - bits)
    if payload[0] & 4:
        flags |= payload[1] >> (7 - 2 * bits) & ((1 << bits) - 1)
    return flags != 0


def _has_lbrr(toc: int, ticks: int, first: int) -> bool:
    """Tell whether an LBRR flag of SILK's header bits is set (RFC 6716 §4.2.3).

    For each channel there is a voice activity bit for each 20 ms, then the flag.
    """
    bits = max(1, ticks // 960) + 1
    flags = 0x80 >> (bits - 1)
    if toc & 4:
        flags |= flags >> bits
    return bool(first & flags)
