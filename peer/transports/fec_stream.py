"""The error correction of one incoming stream."""

from peer.rtp.fec import Recovery

from .statistics import FecFigures


class FecStream:
    """What rebuilds lost packets of a stream, and what came of it."""

    def __init__(self, recovery: Recovery) -> None:
        self.recovery = recovery
        self.labels: tuple[str | None, ...] = ()
        """What the latest packet of the stream said of whose it is (RFC 8843 §15, RFC 8852)."""
        self.ssrc: int | None = None
        """Where it comes from, if that is another stream."""
        self._received = self._octets = 0

    def count(self, octets: int) -> None:
        """Note a packet of error correction, by the bytes of its payload."""
        self._received += 1
        self._octets += octets

    def figures(self) -> FecFigures:
        """Return what came, and what it was good for."""
        discarded = self._received - self.recovery.used
        return FecFigures(self._received, self._octets, discarded, self.ssrc)
