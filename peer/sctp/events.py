"""What an association tells whoever runs it."""

from typing import TypeAlias

from peer.records import dataclass

from .ordering import Message


@dataclass(frozen=True, slots=True)
class Established:
    """The association is up; data that waits is on its way."""


@dataclass(frozen=True, slots=True)
class Restarted:
    """The peer has lost its state and begun again (RFC 9260 §5.2.4 A): all streams are at zero."""


@dataclass(frozen=True, slots=True)
class MessageRefused:
    """A message on a stream was longer than was announced that one may be."""

    stream: int


@dataclass(frozen=True, slots=True)
class AmountLow:
    """What waits on a stream has fallen to its threshold."""

    stream: int


@dataclass(frozen=True, slots=True)
class IncomingReset:
    """The peer has reset its direction of streams; None for all."""

    streams: frozenset[int] | None


@dataclass(frozen=True, slots=True)
class OutgoingReset:
    """Our direction of streams is reset; not `done` when the peer refused."""

    streams: tuple[int, ...]
    done: bool


@dataclass(frozen=True, slots=True)
class Ended:
    """The association is over, and nothing follows.

    `reason` is empty for an end of our own or a graceful one; `cause` the code of the peer's ABORT
    (RFC 9260 §3.3.10).
    """

    reason: str = ""
    cause: int | None = None


Event: TypeAlias = (
    Established
    | Restarted
    | Message
    | MessageRefused
    | AmountLow
    | IncomingReset
    | OutgoingReset
    | Ended
)
