"""Whatever the application, the network and the peer do in any order: no exception, no timer that
spins, nothing sent from a socket that was given back, and nothing left behind."""

from collections.abc import Callable
from random import Random

import pytest

from peer.ice import (
    FreePolicy,
    IceConfig,
    IceRole,
    TcpType,
)
from peer.ice.turn import TurnTransport
from tests.sim import Conditions
from tests.sim.agent_host import AgentHost
from tests.sim.call import Call

from .lab import Lab, settings

class Chaos:
    """A call, and everything that can befall it."""

    def __init__(self, seed: int) -> None:
        self.random = random = Random(seed)
        self.lab = lab = Lab(seed)
        self.server = lab.turn_server()
        config = IceConfig(
            renomination=random.random() < 0.3,
            free_policy=random.choice(list(FreePolicy)),
            consent=random.random() < 0.9,
            lite=False,
        )
        roles = random.choice([(r, q) for r in IceRole for q in IceRole])
        homes = [lab.home("alice"), lab.home("bob")]
        for host in homes:
            if random.random() < 0.5:
                host.add_address if False else None
        self.hosts = [
            AgentHost(host, role=role, config=config) for host, role in zip(homes, roles, strict=True)
        ]
        transports = random.choices([TurnTransport.UDP, TurnTransport.TCP], k=random.randint(0, 2))
        self.call = Call(
            *self.hosts,
            delay=random.choice([0, 0.05, 1.0]),
            streams=("0", "1")[: random.randint(1, 2)],
            components=(1, 2)[: random.randint(1, 2)],
            stun=[lab.stun_server().address()],
            turn=[settings(self.server, each) for each in set(transports)],
        )

    def run(self, steps: int) -> None:
        """Go through `steps` random things at random times, then close and look."""
        acts: list[Callable[[AgentHost], object]] = [
            self.restart,
            self.remove_stream,
            self.remove_component,
            self.remove_base,
            self.add_base,
            self.cut,
            self.lose,
            self.forget,
            self.reset,
            self.stall,
            self.fail,
            self.send,
            self.send,
            self.tcp,
            self.fault,
        ]
        self.call.start()
        for _ in range(steps):
            self.lab.run(self.random.choice([0, 0.02, 0.1, 0.7, 3, 8, 40]))
            if self.call.is_open:
                self.random.choice(acts)(self.random.choice(self.hosts))
                for host in self.hosts:
                    host.pump()
        self.lab.run(120)
        for host in self.hosts:
            host.close()
        self.lab.run(5)
        self.lab.check_invariants()

    def _stream(self, host: AgentHost) -> str | None:
        known = [s for s in self.call.streams if s in host.agent._session.streams]
        return self.random.choice(known) if known else None

    restarted_at = -10.0

    def restart(self, host: AgentHost) -> None:
        if self.lab.sim.now < self.restarted_at + 5:
            return
        stream = self._stream(host)
        if stream is not None and stream in self.call.other(host).agent._session.streams:
            self.restarted_at = self.lab.sim.now
            if self.random.random() < 0.3:
                host.restart(stream)
            self.call.restart(host, stream)

    def remove_stream(self, host: AgentHost) -> None:
        if self.random.random() < 0.3 and self.lab.sim.now > self.restarted_at + 5:
            stream = self._stream(host)
            if stream is not None and len(host.agent._session.streams) > 1:
                self.call.streams = tuple(s for s in self.call.streams if s != stream)
                for each in self.hosts:
                    if stream in each.agent._session.streams:
                        each.agent.remove_stream(stream)

    def remove_component(self, host: AgentHost) -> None:
        stream = self._stream(host)
        if stream is not None and len(host.agent._session.streams[stream].components) > 1:
            host.agent.remove_component(stream, 2)

    def remove_base(self, host: AgentHost) -> None:
        if host.sockets:
            address = self.random.choice(list(host.sockets))
            host.agent.remove_base(address)

    def add_base(self, host: AgentHost) -> None:
        stream = self._stream(host)
        if stream is not None:
            component = self.random.choice(host.agent._session.streams[stream].components)
            host.bind(host.host.addresses[0], stream, component)

    def cut(self, host: AgentHost) -> None:
        link = host.host.interfaces[0].link
        link.restore() if link.is_cut else link.cut()

    def lose(self, host: AgentHost) -> None:
        loss = self.random.choice([0, 0, 0.3])
        host.host.interfaces[0].link.set_conditions(Conditions(delay=0.01, loss=loss))

    def forget(self, host: AgentHost) -> None:
        self.server.forget_allocations()

    def reset(self, host: AgentHost) -> None:
        self.server.reset_streams()

    def stall(self, host: AgentHost) -> None:
        host.stall(self.random.choice([0.5, 2, 40]))

    def fail(self, host: AgentHost) -> None:
        sent = self.random.choice(host.log.sent) if host.log.sent else None
        if sent is not None:
            host.agent.transmit_failed(
                local=sent.local, remote=sent.remote, now=host.now, reason="no route"
            )

    def send(self, host: AgentHost) -> None:
        stream = self._stream(host)
        if stream is not None:
            host.send(b"\x80data", stream)

    def tcp(self, host: AgentHost) -> None:
        stream = self._stream(host)
        if stream is None:
            return
        other = self.call.other(host)
        if stream not in other.agent._session.streams:
            return
        port = self.random.randint(10000, 20000)
        for each, kind in ((host, TcpType.ACTIVE), (other, TcpType.PASSIVE)):
            each.bind_tcp(each.host.addresses[0], kind, stream, 1, port)

    def fault(self, host: AgentHost) -> None:
        from peer.ice.stun import Method

        if self.random.random() < 0.5:
            self.server.faults.heal()
        else:
            self.server.faults.fail(
                self.random.choice(
                    [Method.ALLOCATE, Method.REFRESH, Method.CREATE_PERMISSION, Method.CHANNEL_BIND]
                ),
                self.random.choice([400, 401, 403, 437, 438, 486, 500, 508]),
                self.random.choice([1, 3, None]),
            )


@pytest.mark.parametrize("seed", range(20))
def test_nothing_escapes_and_nothing_spins(seed: int) -> None:
    """Random inputs in random order."""
    Chaos(seed).run(12)
