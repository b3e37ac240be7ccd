"""Runs an ICE agent on an asyncio event loop: sockets, connections, names and one timer."""

import asyncio
import os
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial

from peer.ice import (
    BaseReleased,
    BaseRequested,
    Budget,
    Candidate,
    ConnectionReleased,
    ConnectionRequested,
    DataReceived,
    GatheringFailed,
    GatherPolicy,
    IceAgent,
    IceConfig,
    IceParameters,
    IceRole,
    IceState,
    IceStatistics,
    InvalidParameterError,
    PathInvalidated,
    PathValidated,
    Record,
    RemoteParameters,
    SelectedPairChanged,
    SelectedPairLost,
    StunServer,
    Transmit,
    TransportAddress,
)

from .address_watch import AddressWatch
from .component import Component, Sink
from .config import DEFAULTS, IceServer, NetConfig
from .connections import Connections
from .disguise import Disguise
from .events import DriverEvent, InterfacesChanged, Listener, ignore
from .handshakes import Handshakes
from .mdns import Mdns, acquire_shared
from .path import Path
from .remote_side import RemoteSide
from .servers import NamedServer, Server, Servers, parse_servers
from .sockets import Sockets

UNREACHABLE = 701
"""The W3C's error code for a server that could not be reached."""
NO_ADDRESS = TransportAddress("0.0.0.0", 0)
"""In `GatheringFailed`: the failure concerns no single local address."""
LATE = 0.050
"""Seconds; a timer this late reads the sockets first: what arrived counts before what did not."""


class IceDriver:
    """An ICE agent with everything it needs of the operating system.

    To be made and used inside a running event loop. Calls take effect soon, not at once: events
    are handed to `on_event` from the loop, never from inside a call. Application data goes to
    the component's sink, in order, and to nobody else. `close` is to be awaited in the end.
    """

    def __init__(
        self,
        ice: IceConfig | None = None,
        *,
        role: IceRole,
        on_event: Listener,
        net: NetConfig | None = None,
        budget: Budget | None = None,
        entropy: Callable[[int], bytes] = os.urandom,
        trace: Callable[[Record], object] | None = None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._ice = ice or IceConfig()
        self._net = net or DEFAULTS
        self._components: dict[tuple[str, int], Component] = {}
        self._handshakes = Handshakes(self._loop, self._components, self._flush)
        take = self._handshakes.take
        self._agent = IceAgent(
            self._ice, role=role, entropy=entropy, budget=budget, embedded=take, trace=trace
        )
        self._handshakes.serve(self._agent)
        self._on_event = on_event
        self._ungathered: list[str] = []
        self._open_ended: list[str] = []
        self._queued: deque[DriverEvent] = deque()
        self._mdns: Mdns | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._deadline = 0.0
        self._soon: asyncio.Handle | None = None
        self._closed = self._touched = False
        self._make_parts()

    def _make_parts(self) -> None:
        loop = self._loop
        self._connections = Connections(loop, self._agent, self._net, done=self._pump)
        self._sockets = Sockets(
            self._agent,
            self._net,
            loopback=self._ice.allow_loopback,
            side=self,
            done=self._batch_read,
            accepted=self._connections.accept,
            adopted=self._connections.adopt,
            failed=partial(self._fail_server, ""),
            changed=self._pump_soon,
        )
        self._servers = Servers(
            loop,
            use=self._use_server,
            fail=self._fail_server,
            idle=self._end_bases,
            resolve=self._net.system.resolve,
            within=self._net.resolve_timeout,
        )
        self._watch = AddressWatch(loop, self._net, self._look_at_interfaces)
        self._disguise = Disguise(
            self._net,
            self._ice.gather_policy,
            publish=lambda host: self._get_mdns().publish(host),
            is_fallback=self._sockets.is_fallback,
            replaced_by=self._sockets.replaced_by,
        )
        resolves = self._net.resolve_names and self._ice.gather_policy is not GatherPolicy.RELAY
        self._remote = RemoteSide(
            loop, self._agent, self._get_mdns if resolves else None, self._arm
        )

    # Streams

    def add_stream(
        self,
        stream: str,
        components: Iterable[int] = (1,),
        *,
        parameters: IceParameters | None = None,
    ) -> IceParameters:
        """Add a data stream; returns the credentials to signal. See `IceAgent.add_stream`."""
        components = tuple(components)
        local = self._agent.add_stream(stream, components, parameters=parameters)
        self._sockets.call(stream, local.username_fragment)
        for number in components:
            known = Component(self, self._handshakes, self._loop, stream, number)
            self._components[stream, number] = known
        self._remote.add_stream(stream)
        self._ungathered.append(stream)
        return local

    def remove_stream(self, stream: str) -> None:
        """Take a stream out with its sockets."""
        self._sockets.note_traffic()
        self._agent.remove_stream(stream)
        for key in [key for key in self._components if key[0] == stream]:
            del self._components[key]
        self._remote.remove_stream(stream)
        self._sockets.call_no_more(stream)
        for waiting in (self._ungathered, self._open_ended):
            waiting[:] = [each for each in waiting if each != stream]
        self._arm()

    def remove_component(self, stream: str, component: int) -> None:
        """Take one component out of a stream, because the answer multiplexes RTCP."""
        self._sockets.note_traffic()
        self._agent.remove_component(stream, component)
        del self._components[stream, component]
        self._arm()

    def component(self, stream: str, component: int = 1) -> Component:
        """Give what sends and receives the data of a component.

        Raises InvalidParameterError when there is none of that name.
        """
        known = self._components.get((stream, component))
        if known is None:
            raise InvalidParameterError(f"stream {stream!r} has no component {component}")
        return known

    def set_sink(self, stream: str, component: int, sink: Sink | None) -> None:
        """Hand a component's data to `sink(data, time of arrival)`."""
        self.component(stream, component).set_sink(sink)

    def send(self, stream: str, component: int, data: bytes) -> bool:
        """Send application data; False when it was dropped at once. See `Component.send`."""
        return self.component(stream, component).send(data)

    # Gathering

    def gather(self, servers: Iterable[IceServer] = ()) -> None:
        """Open sockets for the streams that have none, and ask these servers from them.

        Servers given before are used as well. Host candidates do not wait for servers' names.
        Raises InvalidParameterError for URLs that are malformed or lack credentials.
        """
        named = parse_servers(servers)
        streams, self._ungathered = self._ungathered, []
        self._open_sockets(streams)
        self._add_servers(named)
        self._watch.start()
        self._arm()

    def _open_sockets(self, streams: list[str]) -> None:
        self._open_ended += [stream for stream in streams if stream not in self._open_ended]
        self._sockets.open_missing(
            component for (stream, _), component in self._components.items() if stream in streams
        )

    def _add_servers(self, servers: list[NamedServer]) -> None:
        for known in self._servers.add(servers):
            if known.uri.relays:
                given = known.given
                self._agent.update_turn_credentials(known.url, given.username, given.credential)
        if not self._servers.resolving:
            self._end_bases()

    def _use_server(self, server: Server) -> None:
        if isinstance(server, StunServer):
            self._agent.add_stun_server(server)
        else:
            self._agent.add_turn_server(server)
        self._arm()

    def _fail_server(self, url: str, reason: str) -> None:
        for stream in self._open_ended:
            self._tell(GatheringFailed(stream, NO_ADDRESS, url, UNREACHABLE, reason))

    def _end_bases(self) -> None:
        """All servers are known or given up."""
        streams, self._open_ended = self._open_ended, []
        for stream in streams if not self._closed else ():
            self._agent.end_of_bases(stream)
        self._arm()

    def _look_at_interfaces(self) -> None:
        added, removed = self._sockets.look_again()
        for host in removed:
            self._sockets.forget(host)
        for component in self._components.values():
            if component.stream not in self._ungathered:
                self._sockets.open_on(component, added)
        if added or removed:
            hosts = tuple(address.host for address in added)
            self._tell(InterfacesChanged(hosts, tuple(removed)))
            self._arm()

    # The peer

    def set_remote_parameters(self, stream: str, parameters: RemoteParameters) -> None:
        """Set the peer's credentials. See `IceAgent.set_remote_parameters`."""
        self._remote.set_parameters(stream, parameters)
        self._arm()

    def add_remote_candidate(
        self, stream: str, candidate: Candidate, *, username_fragment: str | None = None
    ) -> None:
        """Add a candidate of the peer's, whose address may be a ``.local`` name.

        Names are resolved in the background; those nobody knows are ignored, as are all of them
        when only relays are used (mdns draft §3.2.1).
        """
        self._remote.add_candidate(stream, candidate, username_fragment)
        self._arm()

    def end_of_remote_candidates(
        self, stream: str, *, username_fragment: str | None = None
    ) -> None:
        """Tell that the peer has no more candidates; names still to be resolved are waited for."""
        self._remote.end_candidates(stream, username_fragment)
        self._arm()

    def restart(
        self,
        stream: str,
        servers: Iterable[IceServer] = (),
        *,
        parameters: IceParameters | None = None,
    ) -> IceParameters:
        """Restart ICE for a stream (RFC 8445 §9). Data goes on over the old pair meanwhile.

        Sockets are opened where they were freed. `servers` are asked beside those given before,
        whose credentials they may renew. Raises as `gather` and `IceAgent.restart` do.
        """
        named = parse_servers(servers)
        self._sockets.note_traffic()
        local = self._agent.restart(stream, parameters=parameters, more_bases=True)
        self._remote.restart(stream)
        self._sockets.call(stream, local.username_fragment)
        if stream not in self._ungathered:
            self._open_sockets([stream])
            self._add_servers(named)
        self._arm()
        return local

    def cancel_restart(self, stream: str, parameters: IceParameters) -> bool:
        """Take a restart back whose offer was rolled back. See `IceAgent.cancel_restart`."""
        self._sockets.note_traffic()
        going_on = self._agent.cancel_restart(stream, parameters)
        self._sockets.call(stream, parameters.username_fragment)
        self._remote.restart(stream)
        self._arm()
        return going_on

    def _get_mdns(self) -> Mdns:
        if self._mdns is None:
            self._mdns = self._net.mdns or acquire_shared(self._net.system)
            if self._net.mdns is not None:
                self._mdns.acquire()
        return self._mdns

    # Read-only

    @property
    def role(self) -> IceRole:
        """Our role; it may change with a role conflict (RFC 8445 §7.3.1.1)."""
        return self._agent.role

    def state(self, stream: str, component: int = 1) -> IceState:
        """Give the state of a component's transport."""
        return self._agent.state(stream, component)

    def stats(self) -> IceStatistics:
        """Take statistics, also after `close`."""
        return self._disguise.statistics(self._sockets.statistics())

    # The pump: what follows every input

    def _pump(self) -> None:
        """Send what is to be sent, hand out events, arm the timer."""
        agent = self._agent
        self._touched = False
        while True:
            for transmit in agent.transmits():
                self._transmit(transmit)
            event = self._queued.popleft() if self._queued else agent.next_event()
            if event is None:
                break
            self._handle(event)
        self._arm()

    def _flush(self) -> None:
        for transmit in self._agent.transmits():
            self._transmit(transmit)
        self._arm()

    def _batch_read(self) -> None:
        # Media that went to the sinks alone has changed nothing.
        if self._touched:
            self._pump()

    def _pump_soon(self) -> None:
        if self._soon is None and not self._closed:
            self._soon = self._loop.call_soon(self._pump_now)

    def _pump_now(self) -> None:
        self._soon = None
        self._pump()

    def _arm(self) -> None:
        """Set the one timer to what the agent asks for, unless it is due already."""
        if self._timer is not None and self._deadline <= self._loop.time():
            return
        deadline = self._agent.get_timer()
        if self._timer is not None:
            if deadline == self._deadline:
                return
            self._timer.cancel()
            self._timer = None
        if deadline is not None:
            self._deadline = deadline
            self._timer = self._loop.call_at(max(deadline, self._loop.time()), self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        # The loop may wake a clock tick early; the deadline has come nevertheless.
        now = max(self._deadline, self._loop.time())
        if now - self._deadline > LATE:
            self._sockets.drain()
        self._sockets.note_traffic()
        self._agent.handle_timer(now=now)
        self._pump()

    def _transmit(self, transmit: Transmit) -> None:
        if transmit.connection is not None:
            self._connections.write(transmit.connection, transmit.data)
            return
        try:
            self._sockets.send(transmit.data, transmit.local, transmit.remote)
        except OSError as error:
            self._agent.transmit_failed(
                local=transmit.local,
                remote=transmit.remote,
                now=self._loop.time(),
                reason=str(error),
            )

    # Events

    def _tell(self, event: DriverEvent) -> None:
        """Hand out an event of our own, in line with the agent's."""
        self._queued.append(event)
        self._pump_soon()

    def _handle(self, event: DriverEvent) -> None:
        if isinstance(event, DataReceived):
            if (component := self._components.get((event.stream, event.component))) is not None:
                component.deliver(event.data, self._loop.time())
            return
        told = self._obey(event)
        if told is None:
            return
        try:
            self._on_event(told)
        except Exception as error:
            self._loop.call_exception_handler(
                {"message": "a listener of ICE events failed", "exception": error}
            )

    def _obey(self, event: DriverEvent) -> DriverEvent | None:
        """Do what an event asks for; returns what the application is to see of it."""
        match event:
            case PathValidated() | PathInvalidated() | SelectedPairChanged() | SelectedPairLost():
                if (component := self._components.get((event.stream, event.component))) is not None:
                    self._sockets.follow(component, event)
            case BaseReleased():
                self._sockets.close(event)
            case BaseRequested():
                component = self._components.get((event.stream, event.component))
                if component is not None and not self._sockets.open_again(component, event.host):
                    self._agent.base_unavailable(event.stream, event.component, event.host)
            case ConnectionRequested():
                self._connections.open(event)
            case ConnectionReleased():
                self._connections.close(event.handle)
        return self._disguise.event(event)

    # What sockets and components call

    def receive(
        self, data: bytes, local: TransportAddress, source: tuple[str, int], now: float
    ) -> None:
        """Take a datagram for the agent from one of the sockets."""
        self._touched = True
        self._agent.receive_datagram(data, local=local, source=source, now=now)

    def send_through_agent(self, stream: str, component: int, data: bytes) -> bool:
        """Send what cannot go directly; called by components."""
        if self._closed:
            return False
        sent = self._agent.send(stream, component, data, now=self._loop.time())
        self._flush()
        return sent

    def path_failed(self, path: Path, error: OSError) -> None:
        """Take note of a path that cannot be sent on; called by components."""
        self._agent.transmit_failed(
            local=path.local, remote=path.remote, now=self._loop.time(), reason=str(error)
        )
        self._pump_soon()

    # The end

    async def close(self) -> None:
        """Say farewell to TURN servers, close everything and wait until it is gone.

        It takes no longer than a second, and returns in any case; calling it again does nothing
        more. No event and no data is handed out from the moment it is called.
        """
        tasks = self._servers.tasks | self._remote.tasks
        if not self._closed:
            self._finish()
        if tasks:
            await asyncio.wait(tasks)
        await self._connections.wait_closed()
        await self._sockets.wait_closed()

    def _finish(self) -> None:
        self._sockets.note_traffic()
        self._closed = True
        self._handshakes.serve(None)
        for transmit in self._agent.close():
            self._transmit(transmit)
        for handle in (self._timer, self._soon):
            if handle is not None:
                handle.cancel()
        self._timer = self._soon = None
        self._watch.close()
        self._queued.clear()
        self._servers.close()
        self._remote.close()
        self._sockets.close_all()
        self._connections.close_all()
        for component in self._components.values():
            component.close()
        if self._mdns is not None:
            self._mdns.release()
            self._mdns = None
        self._on_event = ignore
