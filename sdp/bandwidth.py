"""Bandwidth lines (RFC 8866 §5.8, RFC 3890, RFC 3556)."""

from collections.abc import Iterable

from peer.records import dataclass
from sdp.errors import MalformedError
from sdp.tokens import parse_integer


@dataclass(frozen=True, slots=True)
class Bandwidth:
    """One ``b=`` line: kilobits per second for AS and CT, bits per second for TIAS, RS and RR."""

    type: str
    value: int

    def __str__(self) -> str:
        return f"{self.type}:{self.value}"


def parse_bandwidth(value: str) -> Bandwidth:
    """Parse the value of a ``b=`` line. Raises MalformedError."""
    name, colon, number = value.strip().partition(":")
    if not name or not colon:
        raise MalformedError("b= needs a type and a value")
    return Bandwidth(name, parse_integer(number.strip(), maximum=2**63 - 1))


def transport_independent_bandwidth(bandwidths: Iterable[Bandwidth]) -> int | None:
    """Return TIAS in bits per second, computed from AS when only that is there (RFC 9429 §5.10)."""
    by_type = {bandwidth.type: bandwidth.value for bandwidth in bandwidths}
    if "TIAS" in by_type:
        return by_type["TIAS"]
    if "AS" in by_type:
        return max(0, by_type["AS"] * 950 - 16000)
    return None
