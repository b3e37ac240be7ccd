"""Session-level fields of RFC 8866: origin (§5.2) and time description (§5.9, §5.10)."""

from peer.records import dataclass
from sdp.errors import MalformedError
from sdp.tokens import parse_integer

# Larger than any 64-bit or NTP value in use; int() of unbounded digits is quadratic.
_MAX_DIGITS = 40


@dataclass(frozen=True, slots=True)
class Origin:
    """Originator and identity of a session; `session_id` may exceed 64 bits."""

    username: str
    session_id: int
    session_version: int
    nettype: str
    addrtype: str
    address: str

    def __str__(self) -> str:
        return (
            f"{self.username} {self.session_id} {self.session_version} "
            f"{self.nettype} {self.addrtype} {self.address}"
        )


@dataclass(frozen=True, slots=True)
class Timing:
    """Start and stop in NTP seconds, 0 for unbounded, with its repeat lines as written."""

    start: int = 0
    stop: int = 0
    repeats: tuple[str, ...] = ()


UNBOUNDED = Timing()
UNKNOWN_ORIGIN = Origin("-", 0, 0, "IN", "IP4", "0.0.0.0")
"""Stands for an o= line that is missing or malformed."""


def parse_origin(value: str) -> Origin:
    """Parse the value of an ``o=`` line. Raises MalformedError."""
    fields = value.split()
    if len(fields) != 6:
        raise MalformedError("o= needs six fields")
    username, session_id, version, nettype, addrtype, address = fields
    return Origin(
        username, _parse_number(session_id), _parse_number(version), nettype, addrtype, address
    )


def parse_timing(value: str) -> Timing:
    """Parse the value of a ``t=`` line. Raises MalformedError."""
    fields = value.split()
    if len(fields) != 2:
        raise MalformedError("t= needs a start and a stop time")
    return Timing(_parse_number(fields[0]), _parse_number(fields[1]))


def _parse_number(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        raise MalformedError("number with too many digits")
    return parse_integer(text)
