"""Runs an ICE agent on a simulated host: sockets, one timer, and a record of everything."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from peer.ice import (
    BaseReleased,
    BaseRequested,
    Budget,
    Candidate,
    CandidateGathered,
    ConnectionReleased,
    ConnectionRequested,
    DataReceived,
    Event,
    IceAgent,
    IceConfig,
    IceParameters,
    IceRole,
    IceState,
    NetworkType,
    Record,
    RemoteParameters,
    SelectedPairChanged,
    StateChanged,
    StunServer,
    TcpType,
    Transmit,
    TransportAddress,
    TransportProtocol,
)
from peer.ice.transaction import PairRequest, Purpose
from peer.ice.turn import TurnServer
from peer.testing.internet import Endpoint, Host, Kernel, SimSocket, Timer
from peer.testing.system import NETWORK_TYPES

from .agent_connections import AgentConnections
from .datagram_log import DatagramLog

E = TypeVar("E")

MAX_IDLE_TIMERS = 20
"""Timers in one moment, one after the other, that may bring neither a packet nor an event."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A datagram, or a message on a stream, that reached the host before the agent saw it."""

    time: float
    local: TransportAddress
    source: TransportAddress
    data: bytes


class AgentHost:
    """An `IceAgent` with its driver, on a simulated host.

    The agent's clock runs `clock_offset` ahead of the simulation's, as clocks of real computers
    differ; all records here are in the simulation's time. Its entropy comes from the
    simulation's seed and the host's name.
    """

    def __init__(
        self,
        host: Host,
        *,
        role: IceRole = IceRole.CONTROLLING,
        config: IceConfig | None = None,
        budget: Budget | None = None,
        clock_offset: float = 1000.0,
        embedded: Callable[[str, int, bytes], Sequence[bytes]] | None = None,
        trace: Callable[[Record], object] | None = None,
    ) -> None:
        self.host = host
        self.sim: Kernel = host.kernel
        self.config = config or IceConfig()
        self.budget = budget
        self.clock_offset = clock_offset
        random = Random(f"{self.sim.seed} {host.name}")
        self.agent = IceAgent(
            self.config,
            role=role,
            entropy=random.randbytes,
            budget=budget,
            embedded=embedded,
            trace=trace,
        )
        self.sockets: dict[TransportAddress, SimSocket] = {}
        self.addresses: set[str] = set()
        """Addresses of the host that sockets were bound to, gone ones included."""
        self.connections = AgentConnections(self)
        self.turn_servers: set[TransportAddress] = set()
        self.log = DatagramLog()
        self.arrivals: list[Arrival] = []
        self.purposes: dict[bytes, Purpose] = {}
        """Why each request was sent to a peer's candidate, which no message tells."""
        self.events: list[tuple[float, Event]] = []
        self.passwords: dict[str, str] = {}
        """Our password for each of our username fragments, old ones included."""
        self.remotes: list[RemoteParameters] = []
        """What peers signalled, restarts included."""
        self.listeners: list[Callable[[Event], object]] = []
        self.closed_at: float | None = None
        self.is_stalled = False
        self._timer: Timer | None = None
        self._rang_at = -1.0
        self._idle_timers = 0

    def __repr__(self) -> str:
        return f"<AgentHost {self.host.name}>"

    # -- the application's side ---------------------------------------------------------------

    def add_stream(self, stream: str = "0", components: Iterable[int] = (1,)) -> IceParameters:
        """Add a data stream, without bases yet."""
        parameters = self.agent.add_stream(stream, components)
        self.passwords[parameters.username_fragment] = parameters.password
        return parameters

    def bind(self, address: str, stream: str = "0", component: int = 1, port: int = 0) -> bool:
        """Open a socket and tell the agent about it; False when the address may not be used."""
        socket = self.host.bind(address, port)
        local = socket.address
        interface = self.host.interface_of(address)
        network = NetworkType.UNKNOWN if interface is None else NETWORK_TYPES[interface.kind]
        if not self.agent.add_base(stream, component, local, network=network):
            socket.close()
            return False
        socket.on_datagram = lambda data, source: self._receive(local, data, source)
        self.sockets[local] = socket
        self.addresses.add(local.host)
        return True

    def rebind(self, request: BaseRequested) -> None:
        """Open another socket for the agent."""
        self.bind(request.host, request.stream, request.component)

    def bind_tcp(
        self, address: str, tcp_type: TcpType, stream: str = "0", component: int = 1, port: int = 9
    ) -> bool:
        """Tell the agent about a TCP base; a passive one listens on `port`."""
        local = TransportAddress(address, port)
        self.addresses.add(address)
        if tcp_type is TcpType.PASSIVE:
            self.connections.listen(local)
        else:
            self.connections.active[address] = local
        return self.agent.add_base(
            stream, component, local, transport=TransportProtocol.TCP, tcp_type=tcp_type
        )

    def open(
        self,
        stream: str = "0",
        components: Iterable[int] = (1,),
        *,
        addresses: Iterable[str] | None = None,
        stun: Iterable[Endpoint] = (),
        turn: Iterable[TurnServer] = (),
        end: bool = True,
    ) -> IceParameters:
        """Add a stream with a socket for each component on each address of the host.

        What follows from that happens before time passes, but not inside of this call.
        """
        components = tuple(components)
        for server in stun:
            address = TransportAddress(*server)
            self.agent.add_stun_server(StunServer(address, f"stun:{address}"))
        for each in turn:
            self.agent.add_turn_server(each)
            self.turn_servers.add(each.address)
        parameters = self.add_stream(stream, components)
        for component in components:
            for address_of_host in self.host.addresses if addresses is None else addresses:
                self.bind(address_of_host, stream, component)
        if end:
            self.agent.end_of_bases(stream)
        self.sim.call_later(0.0, self.pump)
        return parameters

    def meet(
        self,
        parameters: RemoteParameters,
        candidates: Iterable[Candidate] = (),
        *,
        stream: str = "0",
        end: bool = False,
    ) -> None:
        """Take the peer's description, at once."""
        self.learn(parameters, stream)
        for candidate in candidates:
            self.agent.add_remote_candidate(stream, candidate)
        if end:
            self.agent.end_of_remote_candidates(stream)
        self.pump()

    def learn(self, parameters: RemoteParameters, stream: str = "0") -> None:
        """Take the peer's credentials."""
        self.remotes.append(parameters)
        self.agent.set_remote_parameters(stream, parameters)

    def restart(self, stream: str = "0") -> IceParameters:
        """Restart ICE for a stream."""
        parameters = self.agent.restart(stream)
        self.passwords[parameters.username_fragment] = parameters.password
        self.pump()
        return parameters

    def send(self, data: bytes, stream: str = "0", component: int = 1) -> bool:
        """Send application data."""
        was_sent = self.agent.send(stream, component, data, now=self.now)
        self.pump()
        return was_sent

    def send_every(self, interval: float, until: float, stream: str = "0") -> None:
        """Send numbered data at a steady pace: b"0", b"1" and so on."""

        def tick(number: int = 0) -> None:
            if self.sim.now <= until and self.closed_at is None:
                self.send(b"\x80%d" % number, stream)
                self.sim.call_later(interval, lambda: tick(number + 1))

        tick()

    def close(self) -> None:
        """Close the agent and send its farewell.

        Its sockets stay open, to show that it has nothing more to say.
        """
        for transmit in self.agent.close():
            self._send(transmit)
        self.closed_at = self.sim.now
        self.pump()
        self.connections.close()

    # -- the driver ---------------------------------------------------------------------------

    def pump(self) -> None:
        """Do what follows every input: send, hand out events, arm the timer."""
        self._note_purposes()
        for transmit in self.agent.transmits():
            self._send(transmit)
        while (event := self.agent.next_event()) is not None:
            self.events.append((self.sim.now, event))
            self._obey(event)
            for listener in list(self.listeners):
                listener(event)
        self._arm()

    def _note_purposes(self) -> None:
        for request in self.agent._session.transactions.all():
            if isinstance(request, PairRequest):
                self.purposes.setdefault(request.tid, request.purpose)

    def _obey(self, event: Event) -> None:
        """Do what an event asks of the driver."""
        if isinstance(event, BaseReleased):
            if event.local in self.sockets:
                self.sockets.pop(event.local).close()
            self.connections.stop_listening(event.local)
        elif isinstance(event, BaseRequested):
            self.rebind(event)
        elif isinstance(event, ConnectionRequested):
            self.connections.connect(event)
        elif isinstance(event, ConnectionReleased):
            self.connections.release(event.handle)

    def _send(self, transmit: Transmit) -> None:
        self.log.note(
            self.sim.now,
            transmit.local,
            transmit.remote,
            transmit.data,
            transmit.connection,
        )
        if transmit.connection is None:
            self.sockets[transmit.local].send(transmit.data, transmit.remote)
        else:
            self.connections.send(transmit.connection, transmit.data)

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        when = self.agent.get_timer()
        if when is not None and not self.is_stalled:
            self._timer = self.sim.call_at(when - self.clock_offset, lambda: self._fire(when))

    def _fire(self, when: float) -> None:
        # Subtracting the offset may have rounded down; a timer never rings early.
        before = self._outputs()
        self.agent.handle_timer(now=max(when, self.now))
        self.pump()
        is_idle = self._rang_at == self.sim.now and before == self._outputs()
        self._rang_at = self.sim.now
        self._idle_timers = self._idle_timers + 1 if is_idle else 0
        assert self._idle_timers < MAX_IDLE_TIMERS, f"the timer of {self} spins"

    def _outputs(self) -> tuple[int, int]:
        return len(self.log.sent), len(self.events)

    def _receive(self, local: TransportAddress, data: bytes, source: TransportAddress) -> None:
        self.note_arrival(local, source, data)
        if not self.is_stalled:
            self.agent.receive_datagram(data, local=local, source=source, now=self.now)
            self.pump()

    def note_arrival(self, local: TransportAddress, source: TransportAddress, data: bytes) -> None:
        """Write down what arrived."""
        self.arrivals.append(Arrival(self.sim.now, local, source, data))

    @property
    def now(self) -> float:
        """The time on the agent's clock."""
        return self.sim.now + self.clock_offset

    def stall(self, duration: float) -> None:
        """Block the event loop: the timer and the sockets wait until it is over.

        Then the timer rings first, as in an event loop that runs late, and the datagrams that
        arrived meanwhile are read after it.
        """
        missed = len(self.arrivals)
        self.is_stalled = True
        if self._timer is not None:
            self._timer.cancel()

        def resume() -> None:
            self.is_stalled = False
            when = self.agent.get_timer()
            if when is not None and when <= self.now:
                self._fire(when)
            for arrival in self.arrivals[missed:]:
                self.agent.receive_datagram(
                    arrival.data, local=arrival.local, source=arrival.source, now=self.now
                )
            self.pump()

        self.sim.call_later(duration, resume)

    # -- records ------------------------------------------------------------------------------

    def of_type(self, kind: type[E]) -> list[E]:
        """The events of one type so far."""
        return [event for _, event in self.events if isinstance(event, kind)]

    def times_of(self, kind: type[object]) -> list[float]:
        """When events of one type came."""
        return [time for time, event in self.events if isinstance(event, kind)]

    def states(self, stream: str = "0", component: int = 1) -> list[tuple[float, IceState]]:
        """The states a component went through, with times."""
        return [
            (time, event.state)
            for time, event in self.events
            if isinstance(event, StateChanged)
            and (event.stream, event.component) == (stream, component)
        ]

    def state(self, stream: str = "0", component: int = 1) -> IceState:
        """The present state of a component."""
        return self.agent.state(stream, component)

    @property
    def candidates(self) -> list[Candidate]:
        """The candidates gathered so far, of all streams and generations."""
        return [event.candidate for event in self.of_type(CandidateGathered)]

    def selections(self, stream: str = "0") -> list[tuple[float, SelectedPairChanged]]:
        """The changes of the pair in use, with times."""
        return [
            (time, event)
            for time, event in self.events
            if isinstance(event, SelectedPairChanged) and event.stream == stream
        ]

    def nominated(self, stream: str = "0") -> list[tuple[float, SelectedPairChanged]]:
        """The selections of nominated pairs, with times."""
        return [item for item in self.selections(stream) if item[1].nominated]

    def selected(self, stream: str = "0", component: int = 1) -> SelectedPairChanged:
        """The pair in use. Raises IndexError when there never was one."""
        chosen = [e for _, e in self.selections(stream) if e.component == component]
        return chosen[-1]

    def data(self, stream: str = "0") -> list[tuple[float, bytes]]:
        """The application data that arrived, with times."""
        return [
            (time, event.data)
            for time, event in self.events
            if isinstance(event, DataReceived) and event.stream == stream
        ]
