"""Bounds on the bitrate of a source that its receivers ask for (TMMBR, RFC 5104 §3.5.4).

A bound includes what a packet costs below RTP, so that those of several receivers are lines over
the rate of packets. Those that are the lowest somewhere are the bounding set, which is notified.
"""

from .feedback import BitrateLimit

VALIDITY = 25.0
"""Seconds for which a request counts that is not repeated, as in libwebrtc."""
MAX_REQUESTERS = 50
"""Receivers whose bounds are known; the one that asked longest ago makes room."""


class BitrateRequests:
    """The bounds that are asked for one source."""

    __slots__ = ("_requests",)

    def __init__(self) -> None:
        # Those who asked longest ago in front.
        self._requests: dict[int, tuple[BitrateLimit, float]] = {}

    def note(self, requester: int, limit: BitrateLimit, now: float) -> None:
        """Note the bound of a receiver, in place of the one before; 0 is no bound."""
        self._requests.pop(requester, None)
        if limit.bitrate:
            self._requests[requester] = limit._replace(ssrc=requester), now
        if len(self._requests) > MAX_REQUESTERS:
            del self._requests[next(iter(self._requests))]

    def bitrate(self, now: float) -> int | None:
        """Return the lowest bound in bits per second, None without any."""
        if not self._requests:
            return None
        return min((limit.bitrate for limit in self._live(now)), default=None)

    def bounding_set(self, now: float) -> tuple[BitrateLimit, ...]:
        """Return the bounds that are the lowest at some rate of packets, each with the receiver
        that asked for it (RFC 5104 §3.5.4.2)."""
        # Without packets the lowest bitrate bounds, and of equal ones that of the most overhead.
        limits = sorted(self._live(now), key=lambda limit: (limit.bitrate, -limit.overhead))
        found: list[tuple[BitrateLimit, float]] = []
        for limit in limits:
            if found and limit.overhead <= found[-1][0].overhead:
                continue
            while found and _crossing(found[-1][0], limit) <= found[-1][1]:
                found.pop()
            begin = _crossing(found[-1][0], limit) if found else 0.0
            if not found or limit.bitrate > begin * limit.overhead:
                found.append((limit, begin))
        return tuple(limit for limit, _ in found)

    def _live(self, now: float) -> list[BitrateLimit]:
        return [limit for limit, since in self._requests.values() if now - since <= VALIDITY]


def _crossing(before: BitrateLimit, after: BitrateLimit) -> float:
    """Return the rate, in overheads of a bit, from which on the second is the lower one."""
    return (after.bitrate - before.bitrate) / (after.overhead - before.overhead)
