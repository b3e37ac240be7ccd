"""The UDP sockets of one driver, and the addresses they are bound to."""

from collections.abc import Callable, Iterable

from peer.ice import (
    IceAgent,
    NetworkType,
    SelectedPairChanged,
    SelectedPairLost,
    TcpType,
    TransportAddress,
    TransportProtocol,
)

from .component import Component
from .config import NetConfig
from .datagrams import DatagramSocket
from .exhaustion import is_exhausted, shortage
from .interfaces import AddressPolicy, InterfaceAddress, select
from .path import Path
from .port import AgentSide, Port
from .system import Incoming, Listening

DISCARD_PORT = 9
"""The port of active TCP candidates, which have none (RFC 6544 §4.1)."""
BACKLOG = 1024
"""Datagrams read from one socket before a late timer is handled."""


class Sockets:
    """Opens and closes the agent's bases, and knows the paths that lead over them.

    `done` is called after each batch of datagrams. Datagrams for the agent go to `side`, incoming
    TCP connections to `accepted`, and to `failed` what the machine has not enough of.
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
        failed: Callable[[str], object],
    ) -> None:
        self._failed = failed
        self._accepted = accepted
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
        self._closing: list[DatagramSocket] = []

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
            used = {p.address.host for p in self._ports.values() if p.component is component}
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
        if TcpType.PASSIVE in self._config.tcp_types and not address.scope:
            try:
                listener = self._config.system.listen(address.host, self._accepted)
            except NotImplementedError:
                return
            except (OSError, MemoryError) as error:
                self._do_without(error)
                return
            local = TransportAddress(*listener.address)
            # The agent names a base by its address alone.
            free = local not in self._ports
            if free and self._add_base(component, local, address.network, TcpType.PASSIVE):
                self._listeners[local] = listener
            else:
                listener.close()

    def _add_base(
        self,
        component: Component,
        local: TransportAddress,
        network: NetworkType,
        tcp_type: TcpType | None = None,
    ) -> bool:
        return self._agent.add_base(
            component.stream,
            component.number,
            local,
            network=network,
            transport=TransportProtocol.UDP if tcp_type is None else TransportProtocol.TCP,
            tcp_type=tcp_type,
            # Whether it is used was decided when the addresses were chosen.
            loopback=True,
        )

    def open(self, component: Component, address: InterfaceAddress) -> bool:
        """Bind a socket and tell the agent; False when the address cannot be used."""
        try:
            port = self._bind(component, address)
        except (OSError, MemoryError) as error:
            self._do_without(error)
            return False
        used = False
        try:
            used = self._add_base(component, port.address, address.network)
        finally:
            if not used:
                self._end(port)
        if used:
            self._ports[port.address] = port
        return used

    def _bind(self, component: Component, address: InterfaceAddress) -> Port:
        port = Port(self._side, component)
        port.socket = self._config.system.open_udp(
            address.bindable,
            ports=self._port_choice(),
            tos=self._config.tos,
            receive=port.receive,
            done=self._done,
        )
        port.address = TransportAddress(address.host, port.socket.address[1])
        return port

    def _do_without(self, error: OSError | MemoryError) -> None:
        """Tell of a socket there is none of; an address that went meanwhile is nothing to tell."""
        if is_exhausted(error):
            self._failed(f"a socket: {shortage(error)}")

    def open_again(self, component: Component, host: str) -> bool:
        """Bind another socket on an address that is in use already (RFC 8656 §7.4)."""
        plain = InterfaceAddress("", host, 0, NetworkType.UNKNOWN)
        return self.open(component, self._known.get(host, plain))

    def _port_choice(self) -> Iterable[int]:
        ports = self._config.ports
        if ports is None:
            return (0,)
        # Beginning anywhere spares trying all the ports that others have taken.
        start = int.from_bytes(self._config.system.entropy(4), "big") % max(1, len(ports))
        return (*ports[start:], *ports[:start])

    def close(self, local: TransportAddress) -> None:
        """Close a socket the agent is done with."""
        port = self._ports.pop(local, None)
        if port is not None:
            self._end(port)
        listener = self._listeners.pop(local, None)
        if listener is not None:
            listener.close()

    def _end(self, port: Port) -> None:
        if port.component.route is not None and port.component.route.socket is port.socket:
            port.component.route = None
        port.socket.close()
        self._closing.append(port.socket)

    def close_all(self) -> None:
        """Close all sockets."""
        for port in self._ports.values():
            self._end(port)
        self._ports.clear()
        for listener in self._listeners.values():
            listener.close()
        self._listeners.clear()

    async def wait_closed(self) -> None:
        """Wait until nothing of the closed sockets is left in the loop."""
        for each in self._closing:
            await each.wait_closed()

    # Paths

    def accept(self, local: TransportAddress, remote: TransportAddress) -> None:
        """Take data from `remote` from now on."""
        port = self._ports.get(local)
        if port is not None:
            port.accepted[remote] = port.path(remote)

    def reject(self, local: TransportAddress, remote: TransportAddress) -> None:
        """Take no data from `remote` any more."""
        port = self._ports.get(local)
        if port is None:
            return
        path = port.accepted.pop(remote, None)
        if path is not None and path is not port.component.route:
            self._note(path)
            del port.paths[remote]

    def route(self, component: Component, event: SelectedPairChanged | SelectedPairLost) -> None:
        """Send a component's data past the agent, if the selected pair is direct."""
        component.route = None
        if isinstance(event, SelectedPairChanged) and event.direct:
            port = self._ports.get(event.base)
            if port is not None:
                component.route = port.path(event.remote.address)

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
