"""Settings of the ICE agent: every timer and every bound, each with the rule it comes from."""

import enum

from peer.records import dataclass

from .address import TransportAddress
from .errors import InvalidParameterError
from .pacer import GLOBAL_INTERVAL

DEFAULT_TA = 0.050
"""Ta where nothing else is said (RFC 8445 §14.2)."""
MAX_TA = 1.0
"""The largest Ta: with slower checks neither side could keep consent (RFC 7675 §5.1)."""


class NetworkType(enum.Enum):
    """What kind of network an interface leads to, as far as the driver can tell."""

    # Enum hashes the name in Python code.
    __hash__ = object.__hash__

    WIRED = "ethernet"
    WIFI = "wifi"
    UNKNOWN = "unknown"
    CELLULAR = "cellular"
    VPN = "vpn"
    CONTAINER = "container"
    LOOPBACK = "loopback"


class GatherPolicy(enum.Enum):
    """Which candidates are gathered and used (the W3C `iceTransportPolicy`)."""

    ALL = "all"
    RELAY = "relay"


class FreePolicy(enum.Enum):
    """What happens to unselected candidates after completion (RFC 8445 §8.3).

    `KEEP` has their pairs as spares (see `peer.ice.sparing`).
    """

    FREE = "free"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class StunServer:
    """A STUN server, already resolved to an address; `url` names it in events and statistics.

    `others` are more addresses of the same family: each is asked when the one before is silent.
    """

    address: TransportAddress
    url: str
    others: tuple[TransportAddress, ...] = ()


@dataclass(frozen=True, slots=True)
class Timings:
    """Every timer of the agent, in seconds."""

    ta: float | None = None
    """Pacing of new transactions, 5 ms to 1 s; any but 50 ms is to be signalled (RFC 8445 §14.2).
    None leaves it to who makes the agent: connections take 20 ms, an agent alone 50."""
    rto: float = 0.500
    """Lowest initial retransmission timeout (RFC 8445 §14.3)."""
    rto_ceiling: float = 1.000
    """Highest initial retransmission timeout; RFC 8445 §14.3 leaves the formula to the agent."""
    requests: int = 7
    """Rc: transmissions of one request (RFC 8489 §6.2.1)."""
    last_wait: float = 16.0
    """Rm: wait after the last transmission, in multiples of the RTO (RFC 8489 §6.2.1)."""
    gathering: float = 9.5
    """A server that has not answered by then is reported and given up for this gathering."""
    tcp_transaction: float = 39.5
    """Ti: a transaction over TCP or TLS fails after this (RFC 8489 §6.2.2)."""
    patience: float = 39.5
    """The PAC timer (RFC 8863 §4): no checklist fails before it has expired."""
    keepalive: float = 15.0
    """Tr (RFC 8445 §11): never less than 15 s."""
    consent_interval: float = 5.0
    """Mean of the consent interval, spread by 0.8..1.2 (RFC 7675 §5.1)."""
    consent_expiry: float = 30.0
    """Consent expires this long after the last valid response (RFC 7675 §5.1)."""
    disconnected_checks: int = 3
    """Consent checks without an answer before the pair counts as disconnected."""
    liveness: float | None = None
    """After this much silence on the selected pair an extra check is sent, a fifth later by who
    asked last; None: never."""
    liveness_timeout: float = 2.5
    """An unanswered liveness check makes the pair count as disconnected after this."""
    silence: float | None = 0.6
    """Nothing coming back for this long after something was sent, the pair in use is doubted; None:
    never (see `peer.ice.doubt`)."""
    probe_interval: float = 0.250
    """Between the first checks of a pair in doubt, where 1.5 round trips are not more."""
    free_after: float = 3.0
    """Grace period before unselected candidates are freed (RFC 8445 §8.3.1), or the first spare
    pairs are checked."""
    spare: float = 15.0
    """Between the checks of a spare pair that works, so that consent for it lasts."""
    spare_retry: float = 4.0
    """Between the checks of one that would be better than the pair in use, or worked lately."""
    spare_retry_ceiling: float = 60.0
    """Between the checks of one that has not worked for long."""
    stall: float = 1.0
    """A timer handled later than this counts as a stall of the caller's event loop."""
    tcp_idle: float = 10.0
    """An incoming TCP connection must authenticate within this time (RFC 6544 §7.2)."""

    @property
    def pace(self) -> float:
        """Ta as it is used."""
        return DEFAULT_TA if self.ta is None else self.ta


@dataclass(frozen=True, slots=True)
class Nomination:
    """How long a controlling agent waits for a better pair, in seconds (RFC 8445 §8.1.1).

    See `peer.ice.nomination` for the rule. Data flows on the best valid pair meanwhile.
    """

    direct: float = 0.500
    """Longest wait while the best valid pair is direct and a better one may come."""
    relayed: float = 2.000
    """Wait while the best valid pair is relayed and a direct one is outstanding."""
    lossy: float = 8.000
    """Like `relayed`, when retransmissions were needed so far: lost checks need more time."""
    repeat: float = 1.000
    """When retransmissions were needed so far, what is waited for is checked this often."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what a peer can make the agent hold or send (RFC 8445 §19.5.1)."""

    pairs: int = 100
    """Candidate pairs in the checklist set (RFC 8445 §6.1.2.5)."""
    spares: int = 8
    """Spare pairs of a component that are checked now and then."""
    remote_candidates: int = 64
    """Signalled remote candidates per stream and generation."""
    peer_reflexive: int = 32
    """Remote peer-reflexive candidates per base and generation."""
    early_checks: int = 32
    """Checks remembered per stream until the remote description is known."""
    early_candidates: int = 64
    """Candidates remembered per stream for a generation that is not known yet."""
    connections: int = 64
    """Incoming TCP connections on which nobody has authenticated yet (RFC 6544 §7.2)."""
    connections_per_source: int = 8
    """Those from one IPv4 address, or from the network of one IPv6 address."""
    peer_connections: int = 64
    """Incoming TCP connections on which the peer has authenticated."""
    stranger_bytes: int = 16_384
    """Bytes such a connection may bring before somebody authenticates on it."""
    stranger_frames: int = 32
    """Frames it may bring until then: checks, and the beginning of DTLS."""
    events: int = 10_000
    """Events waiting to be collected before data events are dropped."""


@dataclass(frozen=True, slots=True)
class IceConfig:
    """Settings of one agent. Everything has a default that suits WebRTC."""

    lite: bool = False
    """Be an ICE-lite agent (RFC 8445 §2.5): answer checks, send none."""
    gather_policy: GatherPolicy = GatherPolicy.ALL
    free_policy: FreePolicy = FreePolicy.KEEP
    renomination: bool = True
    """Offer renomination (draft-thatcher-ice-renomination); used when both sides do."""
    consent: bool = True
    """Run consent checks (RFC 7675); without them keepalive indications are sent."""
    embed_handshake: bool = True
    """Carry DTLS handshakes in checks (draft-hancke-webrtc-sped), where the peer does so too."""
    strict_fingerprint: bool = False
    """Drop checks without FINGERPRINT even when they authenticate (RFC 8445 §7.2.4)."""
    allow_loopback: bool = False
    """Take loopback addresses as host candidates, which RFC 8445 §5.1.1.1 forbids."""
    any_remote_address: bool = False
    """Check whatever address and port the peer names, as test rigs may need; else
    `peer.ice.destination` judges them."""
    allow_mapped: bool = False
    """Take IPv4-mapped IPv6 addresses as host candidates (RFC 8445 §5.1.1.1)."""
    software: str | None = None
    """SOFTWARE attribute of requests to servers; never sent in checks."""
    ufrag_bytes: int = 6
    password_bytes: int = 18
    """Entropy of the credentials; at least 3 and 16 bytes (RFC 8445 §5.3)."""
    timings: Timings = Timings()
    nomination: Nomination = Nomination()
    limits: Limits = Limits()

    def __post_init__(self) -> None:
        if self.ufrag_bytes < 3 or self.password_bytes < 16:
            raise InvalidParameterError("credentials need 3 and 16 bytes of entropy")
        if not GLOBAL_INTERVAL <= self.timings.pace <= MAX_TA:
            raise InvalidParameterError(f"Ta is {GLOBAL_INTERVAL} to {MAX_TA} s")
