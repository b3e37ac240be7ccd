"""RTP header extensions (RFC 8285): which ones we know, and their bytes to values and back."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

ONE_BYTE = 0xBEDE
TWO_BYTE = 0x1000
"""What the header says of the form of its extension; the last four bits of the latter are free."""

AUDIO_LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
RTP_STREAM_ID = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
REPAIRED_RTP_STREAM_ID = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
ABS_SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
TRANSMISSION_OFFSET = "urn:ietf:params:rtp-hdrext:toffset"
TRANSPORT_WIDE_CC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
VIDEO_ORIENTATION = "urn:3gpp:video-orientation"
PLAYOUT_DELAY = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"
ABS_CAPTURE_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time"

WRITTEN_LATE = frozenset((ABS_SEND_TIME, TRANSMISSION_OFFSET, TRANSPORT_WIDE_CC))
"""What is written into packets as they leave, when the sums of error correction are made."""

_RESERVED_ID = 15
"""In the one-byte form reading ends there (RFC 8285 §4.2)."""
_MAX_ONE_BYTE_ID = 14
_MAX_ONE_BYTE_SIZE = 16
_MAX_NAME = 16


class AudioLevel(NamedTuple):
    """How loud a packet is, in -dBov (0 loudest, 127 silence), and whether it is speech."""

    level: int
    voice: bool


MAX_PLAYOUT_DELAY = 40.95
"""Seconds: twelve bits of hundredths."""


class PlayoutDelay(NamedTuple):
    """Bounds of the receiver's delay, in seconds up to `MAX_PLAYOUT_DELAY`."""

    least: float
    most: float


class CaptureTime(NamedTuple):
    """When a packet's first sample was captured: NTP 32.32, and the offset of that clock to the
    sender's, 32.32 signed, when known."""

    ntp_time: int
    offset: int | None


class HeaderExtensions:
    """What the header extensions of one packet say; None for what it does not carry.

    `abs_send_time` is 6.18 seconds, `transmission_offset` in units of the codec's clock. The last
    two bits of `orientation` are the quarters of a turn, clockwise, that make a picture upright
    (3GPP TS 26.114 §7.4.5).
    """

    # What a packet does not say is said here for all: each says two or three things of ten.
    mid: str | None = None
    rid: str | None = None
    repaired_rid: str | None = None
    audio_level: AudioLevel | None = None
    abs_send_time: int | None = None
    transmission_offset: int | None = None
    transport_sequence_number: int | None = None
    orientation: int | None = None
    playout_delay: PlayoutDelay | None = None
    capture_time: CaptureTime | None = None


def _read_name(value: bytes) -> str | None:
    return value.decode("ascii", "replace") if 0 < len(value) <= _MAX_NAME else None


def _write_name(name: str) -> bytes:
    return name.encode("ascii")


def _read_number(size: int, *, signed: bool = False) -> Callable[[bytes], int | None]:
    def read(value: bytes) -> int | None:
        return int.from_bytes(value, "big", signed=signed) if len(value) == size else None

    return read


def _write_number(size: int, *, signed: bool = False) -> Callable[[int], bytes]:
    return lambda number: number.to_bytes(size, "big", signed=signed)


def _read_audio_level(value: bytes) -> AudioLevel | None:
    return AudioLevel(value[0] & 0x7F, value[0] >= 0x80) if len(value) == 1 else None


def _write_audio_level(level: AudioLevel) -> bytes:
    return bytes((level.voice << 7 | level.level,))


def _read_playout_delay(value: bytes) -> PlayoutDelay | None:
    if len(value) != 3:
        return None
    both = int.from_bytes(value, "big")
    least, most = both >> 12, both & 0xFFF
    return PlayoutDelay(least / 100, most / 100) if least <= most else None


def _write_playout_delay(delay: PlayoutDelay) -> bytes:
    least, most = (min(0xFFF, max(0, round(bound * 100))) for bound in delay)
    return (least << 12 | most).to_bytes(3, "big")


def _read_capture_time(value: bytes) -> CaptureTime | None:
    if len(value) not in (8, 16):
        return None
    offset = int.from_bytes(value[8:], "big", signed=True) if len(value) == 16 else None
    return CaptureTime(int.from_bytes(value[:8], "big"), offset)


def _write_capture_time(time: CaptureTime) -> bytes:
    offset = b"" if time.offset is None else time.offset.to_bytes(8, "big", signed=True)
    return time.ntp_time.to_bytes(8, "big") + offset


class _Kind(NamedTuple):
    attribute: str
    read: Callable[[bytes], object]
    write: Callable[[Any], bytes]


_KINDS = {
    MID: _Kind("mid", _read_name, _write_name),
    RTP_STREAM_ID: _Kind("rid", _read_name, _write_name),
    REPAIRED_RTP_STREAM_ID: _Kind("repaired_rid", _read_name, _write_name),
    AUDIO_LEVEL: _Kind("audio_level", _read_audio_level, _write_audio_level),
    ABS_SEND_TIME: _Kind("abs_send_time", _read_number(3), _write_number(3)),
    TRANSMISSION_OFFSET: _Kind(
        "transmission_offset", _read_number(3, signed=True), _write_number(3, signed=True)
    ),
    TRANSPORT_WIDE_CC: _Kind("transport_sequence_number", _read_number(2), _write_number(2)),
    VIDEO_ORIENTATION: _Kind("orientation", _read_number(1), _write_number(1)),
    PLAYOUT_DELAY: _Kind("playout_delay", _read_playout_delay, _write_playout_delay),
    ABS_CAPTURE_TIME: _Kind("capture_time", _read_capture_time, _write_capture_time),
}


class ExtensionMap:
    """Reads and writes header extensions by the identifiers that a description agreed.

    With `mixed` (`a=extmap-allow-mixed`) packets that need it are written in the two-byte form;
    both forms are read whatever was agreed (RFC 8285 §4.1.2). Unknown URIs are ignored.
    """

    __slots__ = ("_by_id", "_ids", "_late", "_mixed")

    def __init__(self, ids: Mapping[str, int], *, mixed: bool = False) -> None:
        self._ids = {uri: number for uri, number in ids.items() if uri in _KINDS}
        self._by_id = {number: _KINDS[uri] for uri, number in self._ids.items()}
        self._late = {number for uri, number in self._ids.items() if uri in WRITTEN_LATE}
        self._mixed = mixed

    def __contains__(self, uri: str) -> bool:
        return uri in self._ids

    def read(self, profile: int, body: bytes) -> HeaderExtensions:
        """Read what a packet's extension says.

        An element that runs past the end is dropped with all behind it; of two with one
        identifier the last counts; one of a wrong size is ignored.
        """
        found = HeaderExtensions()
        if profile == ONE_BYTE or profile & 0xFFF0 == TWO_BYTE:
            for number, begin, after in _elements(profile, body):
                kind = self._by_id.get(number)
                if kind is not None:
                    read = kind.read(body[begin:after])
                    if read is not None:
                        setattr(found, kind.attribute, read)
        return found

    def write(self, extensions: HeaderExtensions) -> tuple[int, bytes]:
        """Return the profile and the body, (0, b"") when there is nothing to say.

        What was not agreed is left out, and so is what the one-byte form cannot hold where the
        two-byte form was not agreed.
        """
        values = []
        for uri, number in self._ids.items():
            kind = _KINDS[uri]
            value = getattr(extensions, kind.attribute)
            if value is not None:
                values.append((number, kind.write(value)))
        small = [item for item in values if _fits_one_byte(*item)]
        if len(small) < len(values) and self._mixed:
            body = b"".join(bytes((number, len(value))) + value for number, value in values)
            return TWO_BYTE, body + bytes(-len(body) % 4)
        if not small:
            return 0, b""
        body = b"".join(bytes((number << 4 | len(value) - 1,)) + value for number, value in small)
        return ONE_BYTE, body + bytes(-len(body) % 4)

    def find(self, uri: str, profile: int, body: bytes) -> int | None:
        """Return where the value of an extension begins in what `write` wrote; None without it."""
        wanted = self._ids.get(uri)
        return next(
            (begin for number, begin, _ in _elements(profile, body) if number == wanted), None
        )

    def blank(self, packet: bytes) -> bytes:
        """Return a packet with zeros where it is written to as it leaves (`WRITTEN_LATE`)."""
        begin = 12 + 4 * (packet[0] & 0x0F)
        if not packet[0] & 0x10 or len(packet) < begin + 4:
            return packet
        profile, words = (int.from_bytes(packet[at : at + 2], "big") for at in (begin, begin + 2))
        begin += 4
        body = packet[begin : begin + 4 * words]
        blank = bytearray(packet)
        for number, first, after in _elements(profile, body):
            if number in self._late:
                blank[begin + first : begin + after] = bytes(after - first)
        return bytes(blank)


def _elements(profile: int, body: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield the identifier of each element, and where its value begins and ends.

    What runs past the end is left out with all behind it.
    """
    position, end = 0, len(body)
    while position < end:
        first = body[position]
        position += 1
        if first == 0:
            continue
        if profile == ONE_BYTE:
            number, size = first >> 4, (first & 0x0F) + 1
            if number in (0, _RESERVED_ID):
                return
        elif position < end:
            number, size = first, body[position]
            position += 1
        else:
            return
        if position + size > end:
            return
        yield number, position, position + size
        position += size


def _fits_one_byte(number: int, value: bytes) -> bool:
    return number <= _MAX_ONE_BYTE_ID and 0 < len(value) <= _MAX_ONE_BYTE_SIZE
