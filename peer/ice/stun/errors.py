"""The one error a STUN parser may raise."""


class StunError(ValueError):
    """A message that is not STUN, or an attribute whose value is malformed.

    ``reason`` is a short kebab-case name, fit for counting.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
