"""The DTLS handshakes of one driver's components: what they ask of its agent, and it of them."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from peer.ice import EmbeddingState, HandshakeStage, IceAgent

from .component import Component


class Handshakes:
    """Joins handshakes and agent. `flush` sends what the agent has to send, and arms the timer.

    A component that is gone, with its stream or with the driver, asks in vain.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        components: Mapping[tuple[str, int], Component],
        flush: Callable[[], object],
    ) -> None:
        self._loop = loop
        self._components = components
        self._flush = flush
        self._agent: IceAgent | None = None

    def serve(self, agent: IceAgent | None) -> None:
        """Join them with this agent from now on, None in the end."""
        self._agent = agent

    def take(self, stream: str, number: int, datagram: bytes) -> Sequence[bytes]:
        """Hand a datagram that came in a check to its handshake; returns the next flight."""
        component = self._components.get((stream, number))
        if component is None:
            return ()
        return component.deliver_embedded(datagram, self._loop.time())

    def send_flight(self, component: Component, datagrams: Sequence[bytes]) -> None:
        """Send a flight. See `IceAgent.send_flight`."""
        agent = self._agent_of(component)
        if agent is not None:
            now = self._loop.time()
            agent.send_flight(component.stream, component.number, datagrams, now=now)
            self._flush()

    def note(self, component: Component, stage: HandshakeStage, datagram: bytes) -> None:
        """Tell how far a handshake is. See `IceAgent.note_handshake`."""
        agent = self._agent_of(component)
        if agent is not None:
            agent.note_handshake(component.stream, component.number, stage, datagram=datagram)

    def state(self, component: Component) -> EmbeddingState:
        """Give how far the embedding of a handshake is."""
        agent = self._agent_of(component)
        if agent is None:
            return EmbeddingState.OFF
        return agent.embedding(component.stream, component.number)

    def _agent_of(self, component: Component) -> IceAgent | None:
        known = self._components.get((component.stream, component.number))
        return self._agent if known is component else None
