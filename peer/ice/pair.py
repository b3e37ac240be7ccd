"""Candidate pairs and their states (RFC 8445 §6.1.2)."""

import enum

from .address import is_link_local
from .base import LocalCandidate
from .candidate import Candidate, TcpType, TransportProtocol
from .consent import Consent
from .events import IceRole


class PairState(enum.Enum):
    """State of a candidate pair (RFC 8445 §6.1.2.6); values as in W3C statistics."""

    FROZEN = "frozen"
    WAITING = "waiting"
    IN_PROGRESS = "in-progress"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


_REMOTE_TCP_TYPE = {
    TcpType.ACTIVE: TcpType.PASSIVE,
    TcpType.PASSIVE: TcpType.ACTIVE,
    TcpType.SIMULTANEOUS_OPEN: TcpType.SIMULTANEOUS_OPEN,
}


def may_pair(local: LocalCandidate, remote: Candidate) -> bool:
    """Tell whether two candidates form a pair (RFC 8445 §6.1.2.2, RFC 6544 §6.2)."""
    base = local.base
    if base.component != remote.component or base.transport is not remote.transport:
        return False
    host = remote.address.host
    if base.ipv6 != (":" in host):
        return False
    if base.ipv6 and base.link_local != is_link_local(host):
        return False
    if base.relay is not None and remote.hidden:
        return False
    if base.transport is TransportProtocol.TCP:
        offered = remote.tcp_type or TcpType.PASSIVE
        return base.tcp_type is not None and _REMOTE_TCP_TYPE[base.tcp_type] is offered
    return True


class PairStatistics:
    """Counters of one pair, named as in the W3C RTCIceCandidatePairStats."""

    __slots__ = (
        "bytes_discarded_on_send",
        "bytes_received",
        "bytes_sent",
        "consent_requests_sent",
        "current_round_trip_time",
        "last_packet_received",
        "last_packet_sent",
        "packets_discarded_on_send",
        "packets_received",
        "packets_sent",
        "requests_received",
        "requests_sent",
        "responses_received",
        "responses_sent",
        "retransmissions_sent",
        "total_round_trip_time",
    )

    def __init__(self) -> None:
        self.packets_sent = self.packets_received = 0
        self.bytes_sent = self.bytes_received = 0
        self.packets_discarded_on_send = self.bytes_discarded_on_send = 0
        self.requests_sent = self.requests_received = 0
        self.responses_sent = self.responses_received = 0
        self.consent_requests_sent = self.retransmissions_sent = 0
        self.total_round_trip_time = 0.0
        self.current_round_trip_time: float | None = None
        self.last_packet_sent: float | None = None
        self.last_packet_received: float | None = None


class CandidatePair:
    """A pair on a checklist or a valid list.

    `heard` is the time of the last authenticated message, `kept_alive` that of the last keepalive,
    `valid` is the pair its successful check produced (RFC 8445 §7.2.5.3.2), often itself;
    `generator` the pair whose check produced this one. `reason` says why it failed.
    """

    __slots__ = (
        "component",
        "consent",
        "foundation",
        "generator",
        "heard",
        "kept_alive",
        "local",
        "nominated",
        "nominating",
        "nomination_value",
        "priority",
        "reason",
        "remote",
        "state",
        "stats",
        "stream",
        "triggered_username",
        "use_candidate_received",
        "valid",
        "valid_since",
    )

    def __init__(self, stream: str, local: LocalCandidate, remote: Candidate) -> None:
        self.stream = stream
        self.local = local
        self.remote = remote
        self.component = remote.component
        self.foundation = (local.candidate.foundation, remote.foundation)
        self.priority = 0
        self.state = PairState.FROZEN
        self.valid: CandidatePair | None = None
        self.generator: CandidatePair | None = None
        self.heard = 0.0
        self.kept_alive = 0.0
        self.valid_since: float | None = None
        self.nominated = False
        self.nominating = False
        self.nomination_value = 0
        self.use_candidate_received = False
        self.triggered_username: str | None = None
        self.consent: Consent | None = None
        self.reason = ""
        self.stats = PairStatistics()

    def set_priority(self, role: IceRole) -> None:
        """Compute the priority for our role (RFC 8445 §6.1.2.3)."""
        self.priority = self.local.pair_priority(self.remote, role)

    @property
    def relayed(self) -> bool:
        """Tell whether either end is a relayed candidate."""
        kind = self.local.candidate.type.value, self.remote.type.value
        return "relay" in kind

    def __repr__(self) -> str:
        return (
            f"<pair {self.stream}/{self.component} {self.local.candidate.address}"
            f" {self.remote.address} {self.state.value}>"
        )
