"""What the agent hands to its driver: datagrams to send, and events."""

import enum
from dataclasses import field

from peer.records import dataclass

from .address import TransportAddress
from .candidate import Candidate, TransportProtocol
from .embedding import EmbeddingProfile


@dataclass(frozen=True, slots=True)
class Transmit:
    """Bytes to send at once, from a base's socket or, when `connection` is set, on that one.

    On a connection the bytes are already framed; `local` and `remote` are then informative.
    """

    data: bytes
    local: TransportAddress
    remote: TransportAddress
    connection: int | None = None


@dataclass(frozen=True, slots=True)
class IceParameters:
    """Credentials of one stream and generation (RFC 8839 §5.4)."""

    username_fragment: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class RemoteParameters:
    """What the peer signalled for a stream.

    `lite` is a=ice-lite, `pacing` a=ice-pacing in seconds (None when absent), `renomination` the
    ice-option of that name, `embedding` the way in which it embeds DTLS (None when it does not).
    `nominates_once` says that it keeps to RFC 8445 §8.1.1 (the ice-option ice2): else it may move
    from one nominated pair to a better one, and follow who does.
    """

    username_fragment: str
    password: str = field(repr=False)
    lite: bool = False
    pacing: float | None = None
    renomination: bool = False
    embedding: EmbeddingProfile | None = None
    nominates_once: bool = True


class IceState(enum.Enum):
    """State of one component's transport (the W3C RTCIceTransportState)."""

    NEW = "new"
    CHECKING = "checking"
    CONNECTED = "connected"
    COMPLETED = "completed"
    DISCONNECTED = "disconnected"
    FAILED = "failed"
    CLOSED = "closed"


class IceRole(enum.Enum):
    """Who nominates (RFC 8445 §6.1.1)."""

    CONTROLLING = "controlling"
    CONTROLLED = "controlled"


class ConnectionTransport(enum.Enum):
    """What a requested connection must speak below STUN."""

    TCP = "tcp"
    TLS = "tls"


@dataclass(frozen=True, slots=True)
class CandidateGathered:
    """A local candidate to signal to the peer, with the generation's username fragment."""

    stream: str
    candidate: Candidate
    username_fragment: str


@dataclass(frozen=True, slots=True)
class GatheringCompleted:
    """No more local candidates for this stream and generation (RFC 8838 §13)."""

    stream: str
    username_fragment: str


@dataclass(frozen=True, slots=True)
class GatheringFailed:
    """A STUN or TURN server gave nothing; the W3C `icecandidateerror`.

    `code` is the STUN error code, or 701 when the server could not be reached. `url` is "" when
    it is this machine that lacks something: files, memory.
    """

    stream: str
    local: TransportAddress
    url: str
    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class CandidateRemoved:
    """A local candidate is gone: its interface vanished or its allocation was lost."""

    stream: str
    candidate: Candidate


@dataclass(frozen=True, slots=True)
class StateChanged:
    """The state of a stream's component changed; `reason` says why when it failed."""

    stream: str
    component: int
    state: IceState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RoleChanged:
    """A role conflict switched our role (RFC 8445 §7.3.1.1)."""

    role: IceRole


@dataclass(frozen=True, slots=True)
class PathValidated:
    """An authenticated check came from `remote` to `local`: accept data from there.

    `local` is the relayed address when the path leads through a TURN server.
    """

    stream: str
    component: int
    local: TransportAddress
    remote: TransportAddress


@dataclass(frozen=True, slots=True)
class PathInvalidated:
    """Data from `remote` to `local` is not acceptable any more."""

    stream: str
    component: int
    local: TransportAddress
    remote: TransportAddress


@dataclass(frozen=True, slots=True)
class SelectedPairChanged:
    """Data of this component is sent on this pair from now on.

    `local.address` may be a reflexive one; `base` is the socket to send from. `nominated` is
    False for a valid pair used before nomination (RFC 8445 §12.1). `direct` tells whether data
    may bypass the agent: plain UDP, no relay and no TCP. `state` is the component's with this
    pair; a `StateChanged` follows when it was another.
    """

    stream: str
    component: int
    local: Candidate
    remote: Candidate
    base: TransportAddress
    nominated: bool
    direct: bool
    state: IceState


@dataclass(frozen=True, slots=True)
class SelectedPairLost:
    """Nothing may be sent for this component: consent expired or was revoked (RFC 7675 §5)."""

    stream: str
    component: int
    reason: str


@dataclass(frozen=True, slots=True)
class DataReceived:
    """Application data from a validated source."""

    stream: str
    component: int
    data: bytes
    local: TransportAddress
    remote: TransportAddress


@dataclass(frozen=True, slots=True)
class BaseReleased:
    """The agent is done with a base: the driver closes its socket (RFC 8445 §8.3.1)."""

    stream: str
    component: int
    local: TransportAddress
    transport: TransportProtocol = TransportProtocol.UDP


@dataclass(frozen=True, slots=True)
class BaseRequested:
    """Bind another socket on `host` and add it as a base, which is not shared.

    A TURN server refuses the port of the one there is (RFC 8656 §7.4: 437), three times at most
    for each server; or that one is shared, and a server tells allocations apart by the port they
    are asked for from (RFC 8656 §2). Gathering waits for it, for `Timings.gathering` at most; a
    driver that cannot bind tells `base_unavailable`.
    """

    stream: str
    component: int
    host: str


@dataclass(frozen=True, slots=True)
class ConnectionRequested:
    """Open a TCP or TLS connection; tell ``connection_opened``, or ``connection_closed``.

    `server_name` is the name a TLS certificate must carry (RFC 8489 §6.2.3); `to_server` tells
    connections to TURN servers from those between candidates.
    """

    handle: int
    transport: ConnectionTransport
    local: TransportAddress
    remote: TransportAddress
    server_name: str | None = None
    to_server: bool = False


@dataclass(frozen=True, slots=True)
class ConnectionReleased:
    """The agent is done with a connection: the driver closes it."""

    handle: int


@dataclass(frozen=True, slots=True)
class EventLoopStalled:
    """A timer was handled `duration` seconds late; consent was extended by as much."""

    duration: float


Event = (
    CandidateGathered
    | CandidateRemoved
    | GatheringCompleted
    | GatheringFailed
    | StateChanged
    | RoleChanged
    | PathValidated
    | PathInvalidated
    | SelectedPairChanged
    | SelectedPairLost
    | DataReceived
    | BaseReleased
    | BaseRequested
    | ConnectionRequested
    | ConnectionReleased
    | EventLoopStalled
)
