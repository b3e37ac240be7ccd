"""Whatever the application, the network and the servers do, in any order: no exception, no timer
that spins (the driver would notice), nothing sent from a socket that was given back."""

from collections.abc import Callable, Iterator
from random import Random

import pytest

from peer.ice import (
    Candidate,
    CandidateGathered,
    Event,
    FreePolicy,
    GatheringCompleted,
    IceConfig,
    IceRole,
    RemoteParameters,
    TcpType,
)
from peer.ice.stun import Method
from peer.ice.turn import TurnTransport
from peer.testing.internet import Conditions
from tests.sim.agent_host import AgentHost

from .lab import Lab, settings

ERRORS = (400, 401, 403, 437, 438, 486, 500, 508)
METHODS = (Method.ALLOCATE, Method.REFRESH, Method.CREATE_PERMISSION, Method.CHANNEL_BIND)
PAUSES = (0.0, 0.02, 0.1, 0.7, 3.0, 8.0, 40.0)
SIGNALLING = 0.05


class Chaos:
    """Two agents that are signalled to each other, and everything that can befall them."""

    def __init__(self, seed: int) -> None:
        self.random = random = Random(seed)
        self.lab = lab = Lab(seed)
        self.server = lab.turn_server()
        config = IceConfig(
            renomination=random.random() < 0.3,
            free_policy=random.choice(list(FreePolicy)),
            consent=random.random() < 0.9,
        )
        roles = random.choice([(one, other) for one in IceRole for other in IceRole])
        self.alice, self.bob = (
            lab.agent(name, role=role, config=config, host=lab.home(name))
            for name, role in zip(("alice", "bob"), roles, strict=True)
        )
        components = (1, 2)[: random.randint(1, 2)]
        self.streams = {stream: list(components) for stream in ("0", "1")[: random.randint(1, 2)]}
        transports = random.choices([TurnTransport.UDP, TurnTransport.TCP], k=random.randint(0, 2))
        turn = [settings(self.server, transport) for transport in set(transports)]
        for host in (self.alice, self.bob):
            host.listeners.append(self._listener(host))
            for number, stream in enumerate(self.streams):
                servers = (([lab.stun_server().address()], turn), ((), ()))[number > 0]
                host.open(stream, components, stun=servers[0], turn=servers[1])
        self.restart_both()

    def run(self, steps: int) -> None:
        """Go through random things at random times, then close."""
        for _ in range(steps):
            self.lab.run(self.random.choice(PAUSES))
            self.random.choice(list(self._acts()))()
            for host in (self.alice, self.bob):
                host.pump()
        self.lab.run(120)
        for host in (self.alice, self.bob):
            host.close()
        self.lab.run(5)
        self.lab.check_invariants()

    def _acts(self) -> Iterator[Callable[[], object]]:
        host = self.random.choice([self.alice, self.bob])
        stream = self.random.choice(list(self.streams))
        yield from (
            self.restart_both,
            self.server.forget_allocations,
            self.server.reset_connections,
        )
        yield from (self.fault, self.server.faults.heal)
        yield lambda: host.restart(stream)
        yield lambda: self.remove(stream)
        yield lambda: self.remove_base(host)
        yield lambda: host.bind(host.host.addresses[0], stream, 1)
        yield lambda: self.change_link(host)
        yield lambda: host.stall(self.random.choice([0.5, 2.0, 40.0]))
        yield lambda: self.fail_to_send(host)
        yield lambda: host.send(b"\x80data", stream)
        yield lambda: self.add_tcp(stream)

    # -- signalling, which loses nothing and keeps the order ------------------------------------

    def _listener(self, host: AgentHost) -> Callable[[Event], None]:
        def listen(event: Event) -> None:
            if isinstance(event, CandidateGathered):
                self._signal(host, event.stream, event.username_fragment, event.candidate)
            elif isinstance(event, GatheringCompleted):
                self._signal(host, event.stream, event.username_fragment, None)

        return listen

    def _signal(
        self, host: AgentHost, stream: str, fragment: str, candidate: Candidate | None
    ) -> None:
        other = self.bob if host is self.alice else self.alice

        def arrive() -> None:
            if stream not in self.streams or other.closed_at is not None:
                return
            if candidate is None:
                other.agent.end_of_remote_candidates(stream, username_fragment=fragment)
            else:
                other.agent.add_remote_candidate(stream, candidate, username_fragment=fragment)
            other.pump()

        self.lab.sim.call_later(SIGNALLING, arrive)

    def restart_both(self) -> None:
        """New credentials on both sides, which learn of each other's at once."""
        for stream in self.streams:
            hosts = (self.alice, self.bob)
            ours, theirs = (host.restart(stream) for host in hosts)
            for host, remote in zip(hosts, (theirs, ours), strict=True):
                host.learn(RemoteParameters(remote.username_fragment, remote.password), stream)

    # -- what befalls them ----------------------------------------------------------------------

    def remove(self, stream: str) -> None:
        """Take out the second component, or else the stream if it is not the last."""
        components = self.streams[stream]
        if len(components) == 1 and len(self.streams) == 1:
            return
        if len(components) == 1:
            del self.streams[stream]
        for host in (self.alice, self.bob):
            if len(components) == 1:
                host.agent.remove_stream(stream)
            else:
                host.agent.remove_component(stream, 2)
        components[:] = [1]

    def remove_base(self, host: AgentHost) -> None:
        """An interface vanishes under a socket."""
        if host.sockets:
            host.agent.remove_base(self.random.choice(list(host.sockets)))

    def change_link(self, host: AgentHost) -> None:
        """Cut or restore the host's access, or make it lossy."""
        link = host.host.interfaces[0].link
        if self.random.random() < 0.5:
            link.set_conditions(Conditions(delay=0.01, loss=self.random.choice([0, 0, 0.3])))
        elif link.is_cut:
            link.restore()
        else:
            link.cut()

    def fail_to_send(self, host: AgentHost) -> None:
        """The system refuses to send where something was sent before."""
        sent = self.random.choice(host.log.sent) if host.log.sent else None
        if sent is not None:
            host.agent.transmit_failed(
                local=sent.local, remote=sent.remote, now=host.now, reason="no route"
            )

    def add_tcp(self, stream: str) -> None:
        """One side connects over TCP, the other one listens."""
        port = self.random.randint(10000, 20000)
        hosts = [self.alice, self.bob]
        self.random.shuffle(hosts)
        for host, tcp_type in zip(hosts, (TcpType.ACTIVE, TcpType.PASSIVE), strict=True):
            host.bind_tcp(host.host.addresses[0], tcp_type, stream, 1, port)

    def fault(self) -> None:
        """The TURN server begins to refuse something."""
        method, code = self.random.choice(METHODS), self.random.choice(ERRORS)
        self.server.faults.fail(method, code, self.random.choice([1, 3, None]))


@pytest.mark.parametrize("seed", range(16))
def test_nothing_escapes_and_nothing_spins(seed: int) -> None:
    """Random inputs in random order."""
    Chaos(seed).run(12)
