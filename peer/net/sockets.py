"""The UDP sockets of one driver, and the addresses they are bound to."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from math import inf

from peer.ice import (
    BaseReleased,
    IceAgent,
    IceStatistics,
    NetworkType,
    PathInvalidated,
    PathValidated,
    SelectedPairChanged,
    SelectedPairLost,
    TcpType,
    TransportAddress,
    TransportProtocol,
)
from peer.records import replace

from .address_rules import outside
from .calls import Calls
from .component import Component
from .config import NetConfig
from .datagrams import DatagramSocket
from .exhaustion import is_exhausted, is_taken, shortage
from .faults import Faults, fault_of
from .interfaces import AddressPolicy, InterfaceAddress, select
from .path import Path
from .port import AgentSide, Port
from .shared_ports import NONE_SHARED
from .system import Incoming, Listening
from .tap import receiving, sending

DISCARD_PORT = 9
"""The port of active TCP candidates, which have none (RFC 6544 §4.1)."""
MAX_CLOSING = 1024
"""Closed sockets whose end is waited for in the end: of those closed before, nothing is left."""
BACKLOG = 1024
"""Datagrams read from one socket before a late timer is handled."""
AVOIDING_INTERVAL = 5.0
"""Seconds from one attempt to have a port of our own beside a shared one to the next."""


PathEvent = PathValidated | PathInvalidated | SelectedPairChanged | SelectedPairLost
"""What the agent tells of where data comes from and goes to."""


class Sockets:
    """Opens and closes the agent's bases, and knows the paths that lead over them.

    `done` is called after each batch of datagrams. Datagrams for the agent go to `side`, incoming
    TCP connections to `accepted`, those of a shared port, which are open, to `adopted`, and to
    `failed` what the machine has not enough of. `changed` is called when the agent
    has heard of something else.
    """

    def __init__(
        self,
        agent: IceAgent,
        config: NetConfig,
        *,
        loopback: bool,
        side: AgentSide,
        done: Callable[[], object],
        accepted: Callable[[Incoming], object],
        adopted: Callable[[asyncio.Transport, bytes], object],
        failed: Callable[[str], object],
        changed: Callable[[], object],
    ) -> None:
        self._changed = changed
        self._failed = failed
        self._accepted = accepted
        self._adopted = adopted
        self._shared = config.shared or NONE_SHARED
        self._calls = Calls()
        self._agent = agent
        self._config = config
        self._loopback = loopback
        self._side = side
        self._done = done
        self._ports: dict[TransportAddress, Port] = {}
        self._listeners: dict[TransportAddress, Listening] = {}
        self._known: dict[str, InterfaceAddress] = {}
        self._fallback: dict[str, InterfaceAddress] = {}
        self._present: set[str] = set()
        self._closing: deque[DatagramSocket | Listening] = deque(maxlen=MAX_CLOSING)
        self._faults: Faults = Faults()

    # Addresses

    def addresses(self) -> list[InterfaceAddress]:
        """List the addresses the settings allow, as they are now.

        Those known last, where the machine cannot say.
        """
        try:
            return self._look()
        except (OSError, MemoryError) as error:
            self._failed(f"the addresses of this machine: {shortage(error)}")
            return list(self._known.values())

    def _look(self) -> list[InterfaceAddress]:
        config = self._config
        everything = (config.addresses or config.system.addresses)()
        self._present = {address.host for address in everything}
        found = select(everything, loopback=self._loopback, keep=config.keep)
        if config.policy is not AddressPolicy.ALL:
            found = config.system.default_route_addresses(found)
        if not found and config.loopback_fallback and not select(everything):
            # With no network at all, programs of this machine can still reach each other.
            found = select(everything, loopback=True, keep=config.keep)
            self._fallback = {address.host: address for address in found}
        self._known = self._fallback | {address.host: address for address in found}
        return found

    def look_again(self) -> tuple[list[InterfaceAddress], list[str]]:
        """Look at the addresses again; gives those that are new, and the hosts that are gone.

        What is not to be used any more for new connections stays while it is there: deprecated
        addresses, those of a default route that was, loopback used for want of a network.
        """
        before = self._known
        added = [address for address in self.addresses() if address.host not in before]
        gone = before.keys() - self._present
        self._known = {host: before[host] for host in before.keys() - gone} | self._known
        return added, sorted(gone)

    def replaced_by(self, host: str) -> str | None:
        """Give the external address that an address of ours is known by."""
        known = self._known.get(host)
        return None if known is None else outside(self._config.external, known)[0]

    def is_fallback(self, host: str) -> bool:
        """Tell whether an address is used only for want of a network."""
        return host in self._fallback

    def forget(self, host: str) -> None:
        """Tell the agent that an address is gone; sockets close when it says so."""
        for local in [local for local in self._ports if local.host == host]:
            self._agent.remove_base(local)
        listening = [local for local in self._listeners if local.host == host]
        for local in (*listening, TransportAddress(host, DISCARD_PORT)):
            self._agent.remove_base(local, transport=TransportProtocol.TCP)

    # Opening and closing

    def open_missing(self, components: Iterable[Component]) -> None:
        """Bind a socket for each component on each address (RFC 8445 §5.1.1.1) where it has none.

        After a while ICE has freed all but those in use; a restart opens them again.
        """
        addresses = self.addresses()
        for component in components:
            used = {p.address.host for p in self._ports.values() if component in p.components}
            self.open_on(component, [each for each in addresses if each.host not in used])

    def open_on(self, component: Component, addresses: Iterable[InterfaceAddress]) -> None:
        """Bind on some addresses, for UDP and for what else the settings want."""
        for address in addresses:
            self.open(component, address)
            self._open_tcp(component, address)

    def _open_tcp(self, component: Component, address: InterfaceAddress) -> None:
        """Offer TCP on an address, as far as the settings want it (RFC 6544 §5.1)."""
        if TcpType.ACTIVE in self._config.tcp_types:
            local = TransportAddress(address.host, DISCARD_PORT)
            self._add_base(component, local, address.network, TcpType.ACTIVE)
        passive = TcpType.PASSIVE in self._config.tcp_types or self._shared.tcp is not None
        if passive and not address.scope:
            try:
                listener = self._listen(address.host)
            except NotImplementedError:
                return
            except (OSError, MemoryError) as error:
                self._do_without(error, "TCP", self._shared.tcp)
                return
            local = TransportAddress(*listener.address)
            # Of the streams that share a port the first one takes the connections.
            free = local not in self._listeners
            if free and self._add_base(component, local, address.network, TcpType.PASSIVE):
                self._listeners[local] = listener
            else:
                self._end(listener)

    def _listen(self, host: str) -> Listening:
        system = self._config.system
        if self._shared.tcp is None:
            return system.listen(host, self._accepted)
        return self._calls.add(self._shared.share_tcp(system, host, self._adopted))

    def _add_base(
        self,
        component: Component,
        local: TransportAddress,
        network: NetworkType,
        tcp_type: TcpType | None = None,
        *,
        shared: bool = False,
    ) -> bool:
        plain = InterfaceAddress("", local.host, 0, network)
        _, beside = outside(self._config.external, self._known.get(local.host, plain))
        return self._agent.add_base(
            component.stream,
            component.number,
            local,
            network=network,
            transport=TransportProtocol.UDP if tcp_type is None else TransportProtocol.TCP,
            tcp_type=tcp_type,
            # Whether it is used was decided when the addresses were chosen.
            loopback=True,
            shared=shared,
            external=[(host, local.port) for host in beside],
        )

    def open(self, component: Component, address: InterfaceAddress, *, own: bool = False) -> bool:
        """Bind a socket and tell the agent; False when the address cannot be used.

        A component that is not the first has one of its own in any case: what comes to a shared
        port says which stream it is for, and not which component.
        """
        shared = self._shared.udp is not None and component.number == 1 and not own
        try:
            port = self._share(component, address) if shared else self._bind(component, address)
        except (OSError, MemoryError) as error:
            self._do_without(error, "UDP", self._shared.udp if shared else None)
            return False
        self._ports[port.address] = port
        used = False
        try:
            used = self._add_base(component, port.address, address.network, shared=shared)
        finally:
            if not used:
                self._leave(port, component)
        return used

    def _share(self, component: Component, address: InterfaceAddress) -> Port:
        """Let a component use a shared port, by the share there is already if there is one."""
        for known in self._ports.values():
            if known.share is not None and known.address.host == address.host:
                known.components.append(component)
                return known
        port = Port(self._side, component)
        port.share = self._calls.add(
            self._shared.share_udp(
                self._config.system,
                address.bindable,
                tos=self._config.tos,
                receive=receiving(port, self._config.tap),
                done=self._done,
                refused=partial(self._avoid, port),
            )
        )
        port.socket = sending(port.share, self._config.tap)
        port.address = TransportAddress(address.host, port.socket.address[1])
        return port

    def _avoid(self, port: Port, remote: tuple[str, int], now: float) -> None:
        """Check from ports of our own: over a shared one a peer cannot be reached who shares one as
        well, and has another connection to it."""
        own = [each for each in self._ports.values() if each.share is None]
        taken = {(using, each.address.host) for each in own for using in each.components}
        for component in port.components:
            # A base outlives its stream until its allocations are deleted.
            called = self._calls.is_called(component.stream)
            if called and (component, port.address.host) not in taken:
                self._open_beside(port, component, now)
        self._agent.transmit_failed(
            local=port.address,
            remote=remote,
            now=now,
            reason="another one has its peer there",
        )
        self._changed()

    def _open_beside(self, port: Port, component: Component, now: float) -> None:
        """Try for a port of a component's own, now and then: each check may ask for one."""
        if now >= port.avoided.get(component, -inf) + AVOIDING_INTERVAL:
            port.avoided[component] = now
            self.open_again(component, port.address.host)

    def _bind(self, component: Component, address: InterfaceAddress) -> Port:
        port = Port(self._side, component)
        socket = self._config.system.open_udp(
            address.bindable,
            ports=self._port_choice(),
            tos=self._config.tos,
            receive=receiving(port, self._config.tap),
            done=self._done,
        )
        port.socket = sending(socket, self._config.tap)
        port.address = TransportAddress(address.host, port.socket.address[1])
        return port

    def _do_without(self, error: OSError | MemoryError, kind: str, number: int | None) -> None:
        """Tell of a socket there is none of; an address that went meanwhile is nothing to tell."""
        self._faults[fault_of(error)] += 1
        if is_exhausted(error):
            self._failed(f"a socket: {shortage(error)}")
        elif number is not None and is_taken(error):
            self._failed(f"{kind} port {number}: {shortage(error)}")

    def open_again(self, component: Component, host: str) -> bool:
        """Bind another socket on an address that is in use already (RFC 8656 §7.4)."""
        plain = InterfaceAddress("", host, 0, NetworkType.UNKNOWN)
        return self.open(component, self._known.get(host, plain), own=True)

    def call(self, stream: str, fragment: str) -> None:
        """Take the checks for a username fragment of a stream on shared ports."""
        self._calls.call(stream, fragment)

    def call_no_more(self, stream: str) -> None:
        """Take no checks for a stream any more."""
        self._calls.call_no_more(stream)

    def _port_choice(self) -> Iterable[int]:
        ports = self._config.ports
        if ports is None:
            return (0,)
        # Beginning anywhere spares trying all the ports that others have taken.
        start = int.from_bytes(self._config.system.entropy(4), "big") % max(1, len(ports))
        return (*ports[start:], *ports[:start])

    def close(self, released: BaseReleased) -> None:
        """Close a socket the agent is done with, unless other streams use it."""
        if released.transport is TransportProtocol.TCP:
            listener = self._listeners.pop(released.local, None)
            if listener is not None:
                self._end(listener)
            return
        port = self._ports.get(released.local)
        whose = (released.stream, released.component)
        for component in list(port.components) if port is not None else ():
            if port is not None and (component.stream, component.number) == whose:
                self._leave(port, component)

    def _leave(self, port: Port, component: Component) -> None:
        port.leave(component)
        if not port.components:
            del self._ports[port.address]
            self._end(port.socket)
            if port.share is None:
                self._faults += port.socket.faults
            else:
                self._calls.remove(port.share)

    def _end(self, socket: DatagramSocket | Listening) -> None:
        self._calls.remove(socket)
        socket.close()
        self._closing.append(socket)

    def close_all(self) -> None:
        """Close all sockets."""
        for port in list(self._ports.values()):
            for component in list(port.components):
                self._leave(port, component)
        for listener in self._listeners.values():
            self._end(listener)
        self._listeners.clear()

    async def wait_closed(self) -> None:
        """Wait until nothing of the closed sockets is left in the loop."""
        for each in self._closing:
            await each.wait_closed()

    def statistics(self) -> IceStatistics:
        """Take the agent's figures, with what passed it by and what the system refused.

        On a shared port that counts for all who share it.
        """
        self.note_traffic()
        faults = sum((port.socket.faults for port in self._ports.values()), self._faults)
        named = {fault.value: count for fault, count in faults.items()}
        return replace(self._agent.stats(), faults=named)

    # Paths

    def follow(self, component: Component, event: PathEvent) -> None:
        """Take a component's data from where the agent says, and send it there."""
        match event:
            case PathValidated():
                port = self._ports.get(event.local)
                if port is not None:
                    port.accept(component, event.remote)
            case PathInvalidated():
                port = self._ports.get(event.local)
                path = None if port is None else port.reject(component, event.remote)
                if path is not None:
                    self._note(path)
            case SelectedPairLost():
                component.route = None
            case SelectedPairChanged():
                port = self._ports.get(event.base) if event.direct else None
                remote = event.remote.address
                component.route = None if port is None else port.path(component, remote)

    def note_traffic(self) -> None:
        """Tell the agent what passed it by since it was last told, what is held back included."""
        for port in self._ports.values():
            port.socket.outbox.flush()
            for path in port.paths.values():
                self._note(path)

    def _note(self, path: Path) -> None:
        traffic = path.take()
        if traffic is not None:
            self._agent.note_traffic(local=path.local, remote=path.remote, traffic=traffic)

    # Datagrams

    def send(self, data: bytes, local: TransportAddress, remote: TransportAddress) -> None:
        """Send a datagram of the agent's. Raises OSError when the way is closed."""
        port = self._ports.get(local)
        if port is not None:
            port.socket.send(data, remote)

    def drain(self) -> None:
        """Read what has arrived on every socket, within a bound."""
        for port in list(self._ports.values()):
            port.socket.read(BACKLOG)
