"""Agents in every stage of their lives, for others to be hostile to."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from peer.ice import (
    DropReason,
    Event,
    IceAgent,
    IceConfig,
    IceState,
    Timings,
    Transmit,
    TransportAddress,
    stun,
)
from peer.testing.internet import FULL_CONE, SYMMETRIC, NatBehavior
from tests.sim import behind_nats
from tests.sim.agent_host import AgentHost

from .calls import TopologyCall

PRIORITY = 0x6E7FFFFF
PEER_FRAGMENT = "peer"
STRANGER = TransportAddress("203.0.113.66", 6666)


@dataclass(frozen=True, slots=True)
class Reaction:
    """What an agent does about one input."""

    transmits: tuple[Transmit, ...]
    events: tuple[Event, ...]
    drops: int


class Victim:
    """An agent at one moment: time does not go on by itself, and nothing it sends arrives."""

    def __init__(self, host: AgentHost) -> None:
        self.host = host
        self.agent: IceAgent = host.agent
        self.now = host.now
        self.random = Random(1)
        self.local = next(iter(host.sockets))
        self.seen = [(each.local, each.source, each.data) for each in host.arrivals]
        """What has arrived so far: sockets, sources and data."""
        if host.closed_at is None:
            self.agent.handle_timer(now=self.now)
        self.drain()

    @property
    def peer(self) -> TransportAddress:
        """Where the peer's data comes from, or would."""
        chosen = self.host.selections()
        return chosen[-1][1].remote.address if chosen else STRANGER

    def feed(
        self,
        data: bytes,
        source: TransportAddress = STRANGER,
        local: TransportAddress | None = None,
    ) -> Reaction:
        """Let a datagram arrive."""
        before = self.drops()
        self.agent.receive_datagram(data, local=local or self.local, source=source, now=self.now)
        transmits, events = self.drain()
        return Reaction(transmits, events, self.drops() - before)

    def drain(self) -> tuple[tuple[Transmit, ...], tuple[Event, ...]]:
        """Take what the agent wants to send and to tell."""
        events = []
        while (event := self.agent.next_event()) is not None:
            events.append(event)
        return tuple(self.agent.transmits()), tuple(events)

    def wait(self, duration: float) -> list[Transmit]:
        """Let time pass, with nothing arriving; what was sent meanwhile."""
        sent: list[Transmit] = []
        end = self.now + duration
        while (when := self.agent.get_timer()) is not None and when <= end:
            self.now = max(self.now, when)
            self.agent.handle_timer(now=self.now)
            sent += self.drain()[0]
        self.now = end
        return sent

    def drops(self) -> int:
        """How many inputs were dropped so far."""
        return sum(self.agent._session.drops.values())

    def dropped(self, reason: DropReason) -> int:
        """How many inputs were dropped for one reason."""
        return self.agent.stats().drops.get(reason.value, 0)

    def state(self) -> object:
        """What nobody without credentials may change."""
        stats = self.agent.stats()
        return (
            self.agent.role,
            [(each.ice_state, each.selected_candidate_pair_id) for each in stats.transports],
            [(each.id, each.state, each.nominated, each.discarded) for each in stats.pairs],
            [(each.id, each.candidate_type, each.priority) for each in stats.candidates],
            self.agent.get_timer(),
        )

    # -- messages -----------------------------------------------------------------------------

    def check(
        self,
        *attributes: tuple[stun.Attribute[Any], Any],
        username: str | None = None,
        key: bytes | None = None,
        controlling: bool | None = None,
        tie_breaker: int = 1,
        priority: int = PRIORITY,
    ) -> bytes:
        """A check with our own credentials, which a hostile peer has."""
        fragment, password = list(self.host.passwords.items())[-1]
        is_controlled = self.agent.role.value == "controlled"
        controls = is_controlled if controlling is None else controlling
        role = stun.ICE_CONTROLLING if controls else stun.ICE_CONTROLLED
        remotes = self.host.remotes
        theirs = remotes[-1].username_fragment if remotes else PEER_FRAGMENT
        return stun.build(
            stun.Method.BINDING,
            stun.MessageClass.REQUEST,
            self.random.randbytes(12),
            [
                (stun.USERNAME, username or f"{fragment}:{theirs}"),
                (stun.PRIORITY, priority),
                (role, tie_breaker),
                *attributes,
            ],
            key=password.encode() if key is None else key,
        )

    def is_authentic(self, data: bytes) -> bool:
        """Whether any credentials of the session protect a datagram, or what is relayed in it."""
        if data[:1] and 0x40 <= data[0] <= 0x4F:
            return self.is_authentic(data[4:])
        try:
            message = stun.parse(data)
            payload = message.get(stun.DATA)
        except stun.StunError:
            return False
        if payload is not None and self.is_authentic(payload):
            return True
        secrets = [*self.host.passwords.values(), *(each.password for each in self.host.remotes)]
        return any(stun.verify_integrity(message, each.encode()) for each in secrets)


# -- stages -----------------------------------------------------------------------------------


SURE = IceConfig(timings=Timings(silence=None))
"""No pair is doubted: else a check of the peer's, a replayed one too, may cost one probe."""


def _call(nat: NatBehavior, *, turn: bool, delay: float = 0.02) -> TopologyCall:
    return TopologyCall(behind_nats(nat, nat, turn=turn), delay=delay, config=SURE)


def _after(
    duration: float, nat: NatBehavior = FULL_CONE, *, turn: bool = True, delay: float = 0.02
) -> Victim:
    made = _call(nat, turn=turn, delay=delay)
    made.call.start()
    made.sim.run_for(duration)
    return Victim(made.a)


def _restarted() -> Victim:
    made = _call(FULL_CONE, turn=True)
    made.connect()
    made.call.restart(made.b)
    made.sim.run_for(0.05)
    return Victim(made.a)


def _closed() -> Victim:
    made = _call(FULL_CONE, turn=True)
    made.connect()
    made.a.close()
    return Victim(made.a)


STAGES: dict[str, Callable[[], Victim]] = {
    "gathering": lambda: _after(0.02, delay=1e6),
    "without a description": lambda: _after(2.0, delay=1e6),
    "checking": lambda: _after(0.3, SYMMETRIC),
    "checking in vain": lambda: _after(5.0, SYMMETRIC, turn=False),
    "connected": lambda: _after(0.3),
    "completed": lambda: _after(2.0),
    "freed": lambda: _after(8.0),
    "relayed": lambda: _after(8.0, SYMMETRIC),
    "restarted": _restarted,
    "failed": lambda: _after(60.0, SYMMETRIC, turn=False),
    "closed": _closed,
}
"""How to get an agent into each stage; every call makes a fresh one, the same every time."""


def completed() -> Victim:
    """An agent with a selected pair and nothing outstanding."""
    victim = STAGES["completed"]()
    assert victim.agent.state("0", 1) is IceState.COMPLETED
    return victim
