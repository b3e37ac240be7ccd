"""How much may be under way (RFC 9260 §7.2).

A loss halves the window if packets queue on the path, which their round trips tell. If none do, it
was not too much that was under way, and a fifth less is enough (TCP Veno: Fu and Liew, 2003): on
radio links most losses are of that kind. When the window is searched for, a queue that grows ends
the search (`slow_start`), so that there is little to lose.
"""

from .slow_start import SlowStart

INITIAL_PACKETS = 10
LEAST_PACKETS = 4
MAX_GROWTH = 64
"""Packets by which one SACK opens the window at most while it is searched for: those it covers."""
QUEUED_PACKETS, QUEUED_SHARE = 3, 1 / 8
"""From so many packets, or so much of the window, on they count as a queue."""
_KEPT = 0.8
_UNKNOWN = 1 << 30


class Congestion:
    """The congestion window in bytes of whole chunks. `flight` is what is under way of them.

    `is_full` says that it was the window that ended the last sending.
    """

    __slots__ = (
        "_before",
        "_partial",
        "_recovery",
        "_search",
        "_threshold",
        "flight",
        "is_full",
        "packet",
        "window",
    )

    def __init__(self, packet: int) -> None:
        self.packet = packet
        self.flight = 0
        self.is_full = False
        self._recovery: int | None = None
        self.reset()

    @property
    def recovering(self) -> bool:
        """Tell whether what was lost in a window has not all arrived yet."""
        return self._recovery is not None

    def reset(self) -> None:
        """Begin anew: the path is another one (RFC 8261 §6.1)."""
        self.window = INITIAL_PACKETS * self.packet
        self._threshold = _UNKNOWN
        self._search = SlowStart()
        self._partial = 0
        self._recovery = None
        # The window and the threshold that the last loss has shrunk.
        self._before: tuple[int, int] | None = None

    def on_acknowledged(self, size: int) -> None:
        """Open the window for bytes that arrived while it was made use of (§7.2.1, §7.2.2)."""
        if self._recovery is not None:
            return
        if self.window <= self._threshold:
            if self.is_full:
                share = self._search.share if self._threshold == _UNKNOWN else 1.0
                self.window += int(share * min(size, MAX_GROWTH * self.packet))
            return
        self._partial += size
        if self._partial >= self.window:
            if self.is_full:
                self._partial -= self.window
                self.window += self.packet
            else:
                self._partial = self.window
        if not self.flight:
            self._partial = 0

    def on_round_trip(self, sample: float, tsn: int, next_tsn: int) -> None:
        """End the first search when the round trip of a TSN tells of a queue (RFC 9406)."""
        if self._threshold == _UNKNOWN and self._search.measure(sample, tsn, next_tsn):
            self._threshold = self.window

    def on_cumulative(self, tsn: int) -> None:
        """Leave fast recovery once all that was under way when it began has arrived (§7.2.4)."""
        if self._recovery is not None and tsn >= self._recovery:
            self._recovery = None

    def on_loss(self, highest: int, queued: float) -> None:
        """Shrink the window for what is lost, until a TSN and all before it have arrived.

        `queued` is the share of the round trip that packets spend in queues.
        """
        self._recovery = highest
        self._before = self.window, self._threshold
        much = max(QUEUED_PACKETS * self.packet, QUEUED_SHARE * self.window)
        self._shrink(0.5 if queued * self.window > much else _KEPT)
        self.window = self._threshold

    def undo(self) -> None:
        """Take the last loss back: it was none."""
        if self._before is not None:
            window, threshold = self._before
            self.window = max(self.window, window)
            self._threshold = max(self._threshold, threshold)
            self._recovery = self._before = None

    def on_timeout(self) -> None:
        """Begin with one packet (§7.2.3)."""
        self._shrink(0.5)
        self.window = self.packet
        self._recovery = self._before = None

    def on_idle(self) -> None:
        """Trust less what was learnt before nothing was sent for a while (§7.2.1)."""
        least = INITIAL_PACKETS * self.packet
        if self.window > least:
            self._threshold = self.window
            self.window = max(self.window // 2, least)

    def _shrink(self, share: float) -> None:
        self._threshold = max(int(share * self.window), LEAST_PACKETS * self.packet)
        self._partial = 0
