"""Where scenarios take place: a network with a known delay, agents, and their invariants."""

from collections.abc import Iterable
from typing import Any

import pytest

from peer.ice import Budget, FreePolicy, IceConfig, IceRole, TransportAddress
from peer.ice.turn import TurnServer as TurnSettings
from peer.ice.turn import TurnTransport
from peer.testing.internet import (
    PORT_RESTRICTED_CONE,
    Host,
    NatBehavior,
    Network,
    Simulation,
    StunServer,
    TurnServer,
)
from tests.sim.agent_host import AgentHost
from tests.sim.call import Call
from tests.sim.invariants import check_invariants

from .scripted_peer import ScriptedPeer

DELAY = 0.010
"""Seconds from any host of the lab's network to any other."""
ROUND_TRIP = 2 * DELAY


def at(time: float) -> Any:
    """Equal to a time, but for the rounding of sums of floats."""
    return pytest.approx(time, rel=0, abs=1e-9)


CONTROLLING = IceRole.CONTROLLING
CONTROLLED = IceRole.CONTROLLED
FREE = IceConfig(free_policy=FreePolicy.FREE)
"""Settings of an agent that keeps no spare pairs."""


class Lab:
    """A simulation with one network, and everything that runs in it."""

    def __init__(self, seed: int = 1) -> None:
        self.sim = Simulation(seed)
        self.lan = self.sim.network("lan", "192.168.1.0/24", delay=DELAY)
        self.agents: list[AgentHost] = []

    def host(self, name: str, *addresses: str, network: Network | None = None) -> Host:
        """A host with one interface, by default on the lab's network."""
        return self.sim.host(name, network or self.lan, addresses or None)

    def home(self, name: str, nat: NatBehavior = PORT_RESTRICTED_CONE) -> Host:
        """A host in a network of its own behind a NAT; the internet takes 20 ms to cross."""
        number = len(self.sim.networks)
        network = self.sim.network(f"{name}'s home", f"192.168.{number}.0/24")
        self.sim.router(f"{name}'s router", inside=network, nat=nat)
        return self.sim.host(name, network)

    def public(self, name: str) -> Host:
        """A host on the internet, with an IPv4 address."""
        return self.sim.host(name, self.sim.internet, [self.sim.internet.allocate_ipv4()])

    def stun_server(self, name: str = "stun") -> StunServer:
        """A STUN server on the internet."""
        return StunServer(self.public(name))

    def turn_server(self, name: str = "turn") -> TurnServer:
        """A TURN server on the internet, over UDP and TCP."""
        return TurnServer(self.public(name))

    def agent(
        self,
        name: str = "alice",
        *,
        role: IceRole = CONTROLLING,
        config: IceConfig | None = None,
        host: Host | None = None,
        budget: Budget | None = None,
    ) -> AgentHost:
        """An agent on a host of its own."""
        agent = AgentHost(host or self.host(name), role=role, config=config, budget=budget)
        self.agents.append(agent)
        return agent

    def peer(
        self,
        name: str = "peer",
        *,
        controlling: bool = False,
        tie_breaker: int = 1,
        host: Host | None = None,
    ) -> ScriptedPeer:
        """A scripted peer on a host of its own."""
        return ScriptedPeer(
            host or self.host(name), controlling=controlling, tie_breaker=tie_breaker
        )

    def call(
        self,
        *,
        offerer: IceConfig | None = None,
        answerer: IceConfig | None = None,
        delay: float = 0.0,
        answer_delay: float = 0.0,
        trickle: bool = True,
        streams: Iterable[str] = ("0",),
        components: Iterable[int] = (1,),
        roles: tuple[IceRole, IceRole] = (IceRole.CONTROLLING, IceRole.CONTROLLED),
    ) -> Call:
        """Two agents, alice who offers and bob who answers, and the signalling between them."""
        alice = self.agent("alice", role=roles[0], config=offerer)
        bob = self.agent("bob", role=roles[1], config=answerer)
        return Call(
            alice,
            bob,
            delay=delay,
            answer_delay=answer_delay,
            trickle=trickle,
            streams=streams,
            components=components,
        )

    def run(self, duration: float) -> None:
        """Let time pass."""
        self.sim.run_for(duration)

    def run_until(self, time: float) -> None:
        """Let time pass until the clock shows `time`."""
        self.sim.run(time)

    def check_invariants(self) -> None:
        """Check what must hold in every run."""
        check_invariants(*self.agents)


def base_of(agent: AgentHost) -> TransportAddress:
    """The one socket of an agent."""
    (address,) = agent.sockets
    return address


def settings(
    server: TurnServer,
    transport: TurnTransport = TurnTransport.UDP,
    *,
    username: str = "user",
    credential: str = "password",
) -> TurnSettings:
    """What an agent is told about a TURN server."""
    url = f"turn:{server.host.name}?transport={transport.value}"
    return TurnSettings(server.address(), url, username, credential, transport=transport)
