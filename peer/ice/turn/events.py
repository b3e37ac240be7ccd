"""What an allocation reports."""

import enum
from dataclasses import field

from peer.records import dataclass

from ..address import TransportAddress

UNREACHABLE = 701
"""The W3C's code for a server that gave no answer (`icecandidateerror`)."""


class Remedy(enum.Enum):
    """What may help after a failed allocation (RFC 8656 §7.4)."""

    NONE = "none"
    """Nothing, until somebody mends the server or its configuration."""
    LATER = "later"
    """The same again, not before `retry_at`."""
    NEW_PORT = "new-port"
    """The same at once from another local port, `local_port_attempt` counted up."""
    OTHER_TRANSPORT = "other-transport"
    """The same server over another transport: UDP, then TCP, then TLS."""


@dataclass(frozen=True, slots=True)
class FamilyRefused:
    """One half of a dual allocation was refused; `retry_at` None: never ask for it again."""

    family: int
    code: int
    reason: str
    retry_at: float | None


@dataclass(frozen=True, slots=True)
class Allocated:
    """The allocation exists. `mapped` is our server-reflexive address."""

    relayed: tuple[TransportAddress, ...]
    mapped: TransportAddress | None
    lifetime: float
    refused: tuple[FamilyRefused, ...] = ()
    reservation_token: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class AllocationFailed:
    """There will be no allocation from this object.

    `code` is the STUN error code, or 701 when no (credible) answer came.
    """

    code: int
    reason: str
    url: str
    remedy: Remedy
    retry_at: float | None = None


@dataclass(frozen=True, slots=True)
class AllocationLost:
    """The allocation is gone; start afresh with a new one."""

    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class ServerRedirected:
    """300 Try Alternate: the next Allocate request goes to `address`, over the same transport.

    `domain` is the name its certificate must have, None for the original name (RFC 8489 §10).
    """

    address: TransportAddress
    domain: str | None


@dataclass(frozen=True, slots=True)
class PermissionGranted:
    """Peers at this IP address may be sent to and heard from."""

    host: str


@dataclass(frozen=True, slots=True)
class PermissionDenied:
    """Peers at this IP address cannot be reached through this allocation."""

    host: str
    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class ChannelBound:
    """Data to the peer goes by channel from now on."""

    peer: TransportAddress
    number: int


@dataclass(frozen=True, slots=True)
class ChannelDenied:
    """The peer gets no channel; Send indications go on working."""

    peer: TransportAddress
    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Released:
    """The deletion of the allocation has ended, confirmed or timed out."""


@dataclass(frozen=True, slots=True)
class PeerUnreachable:
    """The relay got an ICMP error from the peer's side (RFC 8656 §11.6).

    `data` is the MTU for "packet too big"; the family of `peer` tells ICMPv4 from ICMPv6.
    The port of `peer` is 0 when the server could not tell it.
    """

    peer: TransportAddress
    type: int
    code: int
    data: int


AllocationEvent = (
    Allocated
    | AllocationFailed
    | AllocationLost
    | ServerRedirected
    | PermissionGranted
    | PermissionDenied
    | ChannelBound
    | ChannelDenied
    | Released
)


class DropReason(enum.Enum):
    """Why something that came from the server was dropped; the name it is counted under."""

    NO_ALLOCATION = "turn-no-allocation"
    MALFORMED = "turn-malformed"
    UNKNOWN_ATTRIBUTES = "turn-unknown-attributes"
    NOT_DATA = "turn-not-data"
    NO_PEER = "turn-no-peer"
    NO_DATA = "turn-no-data"
    NO_PERMISSION = "turn-no-permission"
    UNBOUND_CHANNEL = "turn-unbound-channel"
    TRUNCATED_CHANNEL_DATA = "turn-truncated-channel-data"
