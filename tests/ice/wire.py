"""Agents on a wire in virtual time: latency, loss, and mapped addresses when asked for."""

import heapq
import itertools
from collections.abc import Callable
from random import Random

from peer.ice import (
    CandidateGathered,
    Event,
    GatheringCompleted,
    IceAgent,
    IceParameters,
    RemoteParameters,
    Transmit,
    TransportAddress,
)

Filter = Callable[[Transmit], bool]


class Wire:
    """Joins agents by their addresses and drives all of them.

    `mapped` gives the address an agent is seen from outside, like a 1:1 NAT. Candidates are
    signalled at once between the two agents that were introduced to each other.
    """

    def __init__(self, *, latency: float = 0.01, loss: float = 0.0, seed: int = 0) -> None:
        self.now = 0.0
        self.latency = latency
        self.events: dict[IceAgent, list[Event]] = {}
        self.mapped: dict[TransportAddress, TransportAddress] = {}
        self.passes: Filter = lambda transmit: True
        self.peers: dict[tuple[IceAgent, str], IceAgent] = {}
        self._loss = loss
        self._random = Random(seed)
        self._owners: dict[TransportAddress, IceAgent] = {}
        self._parameters: dict[tuple[IceAgent, str], IceParameters] = {}
        self._flying: list[tuple[float, int, Transmit]] = []
        self._order = itertools.count()

    def add(self, agent: IceAgent, stream: str, host: str, port: int = 5000) -> None:
        """Give an agent a stream with one base."""
        self.events.setdefault(agent, [])
        self._parameters[agent, stream] = agent.add_stream(stream)
        self.add_base(agent, stream, host, port)

    def add_base(self, agent: IceAgent, stream: str, host: str, port: int = 5000) -> None:
        """Bind an address of an agent's."""
        address = TransportAddress(host, port)
        self._owners[address] = agent
        agent.add_base(stream, 1, address)

    def introduce(self, one: IceAgent, other: IceAgent, stream: str = "0") -> None:
        """Signal the credentials both ways, and everything that is gathered from now on."""
        for agent, peer in ((one, other), (other, one)):
            self.peers[agent, stream] = peer
            self.signal(agent, peer, stream)
        for agent in (one, other):
            agent.end_of_bases(stream)

    def signal(self, agent: IceAgent, peer: IceAgent, stream: str = "0") -> None:
        """Tell the peer the agent's credentials."""
        mine = self._parameters[agent, stream]
        peer.set_remote_parameters(stream, RemoteParameters(mine.username_fragment, mine.password))

    def restart(self, one: IceAgent, other: IceAgent, stream: str = "0") -> None:
        """Restart ICE on both sides."""
        for agent in (one, other):
            self._parameters[agent, stream] = agent.restart(stream)
        self.signal(one, other, stream)
        self.signal(other, one, stream)

    def run(self, duration: float) -> None:
        """Let everything happen that happens within a time."""
        end = self.now + duration
        self._collect()
        while (time := self._next()) is not None and time <= end:
            self.now = max(self.now, time)
            while self._flying and self._flying[0][0] <= self.now:
                self._deliver(heapq.heappop(self._flying)[2])
                self._collect()
            for agent in self.events:
                timer = agent.get_timer()
                if timer is not None and timer <= self.now:
                    agent.handle_timer(now=self.now)
                    self._collect()
        self.now = end

    def _next(self) -> float | None:
        times = [agent.get_timer() for agent in self.events]
        times.append(self._flying[0][0] if self._flying else None)
        return min((time for time in times if time is not None), default=None)

    def _collect(self) -> None:
        for agent, events in self.events.items():
            for transmit in agent.transmits():
                if self.passes(transmit) and self._random.random() >= self._loss:
                    item = (self.now + self.latency, next(self._order), transmit)
                    heapq.heappush(self._flying, item)
            while (event := agent.next_event()) is not None:
                events.append(event)
                self._signal_event(agent, event)

    def _signal_event(self, agent: IceAgent, event: Event) -> None:
        if isinstance(event, CandidateGathered):
            peer = self.peers.get((agent, event.stream))
            if peer is not None:
                peer.add_remote_candidate(
                    event.stream, event.candidate, username_fragment=event.username_fragment
                )
        elif isinstance(event, GatheringCompleted):
            peer = self.peers.get((agent, event.stream))
            if peer is not None:
                peer.end_of_remote_candidates(
                    event.stream, username_fragment=event.username_fragment
                )

    def _deliver(self, transmit: Transmit) -> None:
        source = self.mapped.get(transmit.local, transmit.local)
        inner = {outer: local for local, outer in self.mapped.items()}
        target = inner.get(transmit.remote, transmit.remote)
        owner = self._owners.get(target)
        if owner is not None:
            owner.receive_datagram(transmit.data, local=target, source=source, now=self.now)
