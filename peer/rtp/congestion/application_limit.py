"""Whether the application sends much less than it could: the estimate then rests on nothing."""

SHARE = 0.8
"""The part of the target that counts as all of it."""
WINDOW = 0.5
ENTER, LEAVE = 0.4, -0.6
"""Where the budget must be to begin and to end, as parts of what the window holds."""


class ApplicationLimit:
    """A budget that time fills and packets use up."""

    __slots__ = ("_budget", "_updated", "since")

    def __init__(self) -> None:
        self.since: float | None = None
        """Since when too little is sent, None when enough is."""
        self._budget = 0.0
        self._updated: float | None = None

    def add(self, size: int, target: float, now: float) -> None:
        """Note a packet of so many bytes; `target` is in bits per second."""
        rate = SHARE * target / 8
        most = rate * WINDOW
        passed = 0.0 if self._updated is None else now - self._updated
        self._updated = now
        filled = min(most, self._budget + passed * rate)
        self._budget = max(-most, filled - size)
        if self.since is None and self._budget > ENTER * most:
            self.since = now
        elif self.since is not None and self._budget < LEAVE * most:
            self.since = None
