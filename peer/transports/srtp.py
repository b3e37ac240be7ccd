"""Reading SRTP and SRTCP with a bounded number of streams (RFC 3711 §3.2.3)."""

from pylibsrtp import Session

MAX_PACKET = 1500
"""Bytes of a packet that pylibsrtp has room for."""
MAX_SSRCS = 64
"""Streams remembered beside those a description announces; the one silent longest makes room.

What is lost with it is the rollover counter: a stream that comes back after its numbers wrapped
cannot be read any more.
"""


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

    def read(self, data: bytes, *, control: bool) -> bytes:
        """Return a packet of MAX_PACKET bytes at most; pylibsrtp.Error when it proves nothing."""
        session = self._session
        packet = session.unprotect_rtcp(data) if control else session.unprotect(data)
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
