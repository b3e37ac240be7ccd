"""Reading SRTP and SRTCP: with a bounded number of streams (RFC 3711 §3.2.3), and once there are
keys."""

from collections import deque

from pylibsrtp import Error, Session

from .records import DtlsDrop

MAX_PACKET = 1500
"""Bytes of a packet that pylibsrtp has room for."""
MAX_SSRCS = 64
"""Streams remembered beside those a description announces; the one silent longest makes room.

What is lost with it is the rollover counter: a stream that comes back after its numbers wrapped
cannot be read any more.
"""
MAX_EARLY_AGE = 2.0
"""Seconds that media waits for keys: a peer that has them sends, while the last flight of its
handshake may have to be sent again (RFC 6347 §4.2.4.1)."""
MAX_EARLY_BYTES = 1 << 18
MAX_EARLY_PACKETS = 1024
"""Bytes and packets that wait; the oldest make room."""


class SrtpReader:
    """Takes the protection off packets; libsrtp alone would keep every SSRC it ever met.

    `announced` is how many SSRCs the descriptions know of.
    """

    def __init__(self, session: Session, announced: int) -> None:
        self.announced = announced
        self._session = session
        # Those heard of latest at the end; for libsrtp RTP and RTCP of an SSRC are one stream.
        self._ssrcs: dict[bytes, None] = {}
        self._latest = b""

    def read(self, data: bytes, *, control: bool) -> bytes | DtlsDrop:
        """Return a packet, or why there is none."""
        if len(data) > MAX_PACKET:
            return DtlsDrop.TOO_LONG
        session = self._session
        try:
            packet: bytes = session.unprotect_rtcp(data) if control else session.unprotect(data)
        except Error:
            return DtlsDrop.SRTP_REFUSED
        ssrc = data[4:8] if control else data[8:12]
        if ssrc != self._latest:
            self._note(ssrc)
        return packet

    def _note(self, ssrc: bytes) -> None:
        self._latest = ssrc
        self._ssrcs.pop(ssrc, None)
        self._ssrcs[ssrc] = None
        while len(self._ssrcs) > MAX_SSRCS + self.announced:
            silent = next(iter(self._ssrcs))
            del self._ssrcs[silent]
            self._session.remove_stream(int.from_bytes(silent, "big"))


class EarlyMedia:
    """Packets that came before their keys, with the times of their arrival."""

    def __init__(self) -> None:
        self._packets: deque[tuple[bytes, float]] = deque()
        self._size = 0

    def hold(self, data: bytes, now: float) -> int:
        """Keep a packet for a while; returns how many others are dropped."""
        self._packets.append((data, now))
        self._size += len(data)
        return self._drop(now)

    def release(self, now: float) -> tuple[list[tuple[bytes, float]], int]:
        """Return all that waits, in order, and how many have waited for too long."""
        dropped = self._drop(now)
        packets, self._packets, self._size = list(self._packets), deque(), 0
        return packets, dropped

    def _drop(self, now: float) -> int:
        """Drop the oldest, as many as are too many or too old; returns their number."""
        dropped = 0
        while self._packets and (
            self._size > MAX_EARLY_BYTES
            or len(self._packets) > MAX_EARLY_PACKETS
            or self._packets[0][1] < now - MAX_EARLY_AGE
        ):
            self._size -= len(self._packets.popleft()[0])
            dropped += 1
        return dropped
