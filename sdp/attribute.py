"""Attributes in general (RFC 8866 §5.13): the form of those this package does not interpret."""

from peer.records import dataclass


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute kept as written: ``a=<name>`` alone when `value` is None."""

    name: str
    value: str | None = None

    def __str__(self) -> str:
        return self.name if self.value is None else f"{self.name}:{self.value}"
