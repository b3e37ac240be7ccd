"""Candidate pairs and their states (RFC 8445 §6.1.2)."""

from collections import deque
from typing import NamedTuple, Protocol

from .address import is_link_local
from .base import LocalCandidate
from .candidate import Candidate, CandidateType, TcpType, TransportProtocol
from .consent import Consent
from .events import IceRole
from .pair_state import TRANSITIONS, PairState, PairStep

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


class PairChange(NamedTuple):
    """A step in a pair's life: its state from `time` on, and why when it ended there."""

    time: float
    state: PairState
    reason: str


class Clock(Protocol):
    """What knows the time of the input being handled."""

    now: float


MAX_CHANGES = 32
"""Changes a pair remembers; a peer can make it go through its states again and again."""


class PairStatistics:
    """Counters of one path, named as in the W3C RTCIceCandidatePairStats.

    A pair and the valid pair its check produced share one set: what leaves and arrives is the
    same, only the local candidate's name for it differs. `requests_sent` are checks and
    `consent_requests_sent` those for consent or liveness; retransmissions count separately.
    `requests_received` are all authenticated requests, `responses_sent` what they were answered
    with. Every response in `responses_received` adds to `total_round_trip_time`.
    """

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

    def add_traffic(self, other: "PairStatistics") -> None:
        """Add the application data another path carried."""
        self.packets_sent += other.packets_sent
        self.bytes_sent += other.bytes_sent
        self.packets_received += other.packets_received
        self.bytes_received += other.bytes_received


class CandidatePair:
    """A pair on a checklist or a valid list.

    `formed` is when it was made, `checked` when a check of it last left, `heard` the time of the
    last authenticated message, `silent_since` when it was last found silent while in use,
    `kept_alive` when the last keepalive left, `last_request` the transaction id of the peer's last
    check. `valid` is the pair its successful check produced (RFC 8445 §7.2.5.3.2), often itself;
    `generator` the pair whose check produced this one. `reason` says why it failed, `changes` are
    the last states it went through.
    """

    __slots__ = (
        "_clock",
        "_state",
        "changes",
        "check_deadline",
        "checked",
        "component",
        "consent",
        "formed",
        "foundation",
        "generator",
        "heard",
        "kept_alive",
        "last_request",
        "local",
        "nominated",
        "nominating",
        "nomination_value",
        "priority",
        "reason",
        "remote",
        "silent_since",
        "stats",
        "stream",
        "triggered_username",
        "use_candidate_received",
        "valid",
        "valid_since",
    )

    def __init__(
        self,
        stream: str,
        local: LocalCandidate,
        remote: Candidate,
        *,
        clock: Clock | None = None,
    ) -> None:
        self.stream = stream
        self.local = local
        self.remote = remote
        self.component = remote.component
        self.foundation = (local.candidate.foundation, remote.foundation)
        self.priority = 0
        self.reason = ""
        self.changes: deque[PairChange] = deque(maxlen=MAX_CHANGES)
        self._clock = clock
        self.formed = 0.0 if clock is None else clock.now
        self._state = PairState.FROZEN
        self._note("")
        self.valid: CandidatePair | None = None
        self.generator: CandidatePair | None = None
        self.heard = 0.0
        self.checked: float | None = None
        self.silent_since: float | None = None
        self.kept_alive = 0.0
        self.last_request = b""
        self.valid_since: float | None = None
        self.nominated = False
        self.nominating = False
        self.check_deadline: float | None = None
        self.nomination_value = 0
        self.use_candidate_received = False
        self.triggered_username: str | None = None
        self.consent: Consent | None = None
        self.stats = PairStatistics()

    @property
    def state(self) -> PairState:
        """The state in the checklist."""
        return self._state

    def move(self, step: PairStep, reason: str = "") -> bool:
        """Go on to the state a step leads to; False when it changes nothing in this state.

        `reason` says why a step leads to Failed. Who checks the pair hears of it through
        `ChecklistSet.move`.
        """
        state = TRANSITIONS.get((self._state, step))
        if state is None:
            return False
        if state is PairState.SUCCEEDED:
            self.reason = ""
        elif state is PairState.FAILED:
            self.reason = reason or self.reason
        if state is not self._state:
            self._state = state
            self._note(self.reason if state is PairState.FAILED else "")
        return True

    def retire(self, reason: str) -> None:
        """Remember why the pair was given up in the state it is in."""
        self.reason = self.reason or reason
        self._note(self.reason)

    def _note(self, reason: str) -> None:
        now = 0.0 if self._clock is None else self._clock.now
        self.changes.append(PairChange(now, self._state, reason))

    def set_priority(self, role: IceRole) -> None:
        """Compute the priority for our role (RFC 8445 §6.1.2.3)."""
        self.priority = self.local.pair_priority(self.remote, role)

    @property
    def last_heard(self) -> float:
        """When anything last came in over it, or it became valid."""
        # Asked for several times in each turn of an idle connection.
        heard, since = self.heard, self.valid_since
        received = self.stats.last_packet_received
        if received is not None and received > heard:
            heard = received
        return heard if since is None or since < heard else since

    @property
    def silent(self) -> bool:
        """Tell whether it was found silent while in use and nothing was heard since."""
        return self.silent_since is not None and self.last_heard <= self.silent_since

    @property
    def carried_data(self) -> bool:
        """Tell whether application data went over it."""
        return bool(self.stats.packets_sent or self.stats.packets_received)

    @property
    def relayed(self) -> bool:
        """Tell whether either end is a relayed candidate."""
        relayed = CandidateType.RELAYED
        return self.local.candidate.type is relayed or self.remote.type is relayed

    @property
    def detour(self) -> int:
        """Rank how direct the path is: 0 host to host, 1 through NATs, 2 through a relay."""
        if self.relayed:
            return 2
        kinds = (self.local.candidate.type, self.remote.type)
        return 0 if kinds == (CandidateType.HOST, CandidateType.HOST) else 1

    def __repr__(self) -> str:
        return (
            f"<pair {self.stream}/{self.component} {self.local.candidate.address}"
            f" {self.remote.address} {self.state.value}>"
        )
