"""Direction of a media stream and its offer/answer algebra (RFC 3264 §6.1)."""

import enum


class Direction(enum.Enum):
    """Direction attribute of a media description (RFC 8866 §6.7)."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"

    @classmethod
    def of(cls, *, sends: bool, receives: bool) -> "Direction":
        """Build a direction from its two halves."""
        return _BY_HALVES[sends, receives]

    @property
    def sends(self) -> bool:
        """Tell whether the describer sends."""
        return self is Direction.SENDRECV or self is Direction.SENDONLY

    @property
    def receives(self) -> bool:
        """Tell whether the describer receives."""
        return self is Direction.SENDRECV or self is Direction.RECVONLY

    def reverse(self) -> "Direction":
        """Return the same direction seen from the other side."""
        return Direction.of(sends=self.receives, receives=self.sends)

    def intersect(self, other: "Direction") -> "Direction":
        """Return what both directions allow, seen from the same side."""
        return Direction.of(
            sends=self.sends and other.sends, receives=self.receives and other.receives
        )

    def answer(self, wanted: "Direction") -> "Direction":
        """Return the answer to this offered direction by a side that wants `wanted`."""
        return self.reverse().intersect(wanted)

    def allows_answer(self, answered: "Direction") -> bool:
        """Tell whether `answered` is a legal answer to this offered direction."""
        return self.answer(answered) is answered


_BY_HALVES = {
    (True, True): Direction.SENDRECV,
    (True, False): Direction.SENDONLY,
    (False, True): Direction.RECVONLY,
    (False, False): Direction.INACTIVE,
}
