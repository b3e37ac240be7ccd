"""Hosts: computers and telephones with interfaces, addresses, UDP sockets and TCP connections."""

import errno
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import TypeAlias

from peer.ice.address import TransportAddress, is_ipv6

from .kernel import Kernel
from .link import IDEAL, Conditions, Link
from .network import Attachment, Network, Node
from .packet import DropReason, Endpoint, Packet, Protocol, TcpHeader
from .tcp import SimConnection, SimListener, TcpStack

OnDatagram: TypeAlias = Callable[[bytes, TransportAddress], object]
"""Called with the payload and its source, as the host sees it."""

_FIRST_EPHEMERAL_PORT = 49152


class InterfaceType(StrEnum):
    """What kind of network adapter an interface is."""

    ETHERNET = "ethernet"
    WIFI = "wifi"
    CELLULAR = "cellular"
    VPN = "vpn"
    CONTAINER = "container"
    LOOPBACK = "loopback"


class Interface:
    """A network adapter of a host: up or down, with addresses that may come and go."""

    def __init__(
        self, host: "Host", name: str, kind: InterfaceType, attachment: Attachment
    ) -> None:
        self.host = host
        self.name = name
        self.kind = kind
        self.attachment = attachment
        self.is_up = True
        self._addresses: list[str] = []

    def __repr__(self) -> str:
        return f"<Interface {self.name} of {self.host.name} {self._addresses}>"

    @property
    def network(self) -> Network:
        """The network that the interface is attached to."""
        return self.attachment.network

    @property
    def link(self) -> Link:
        """The link to the network: set conditions, cut or restore it there."""
        return self.attachment.link

    @property
    def addresses(self) -> list[str]:
        """The addresses, in the order they were added; also while the interface is down."""
        return list(self._addresses)

    def add_address(self, address: str) -> None:
        """Let a new address appear."""
        self._addresses.append(address)
        if self.is_up:
            self.network.add_route(address, self.attachment)
        self.host.interfaces_changed()

    def remove_address(self, address: str) -> None:
        """Let an address vanish; its sockets stay open, but nothing leaves or arrives."""
        self._addresses.remove(address)
        self.network.remove_route(address)
        self.host.interfaces_changed()

    def go_down(self) -> None:
        """Switch the interface off."""
        if self.is_up:
            self.is_up = False
            for address in self._addresses:
                self.network.remove_route(address)
            self.host.interfaces_changed()

    def go_up(self) -> None:
        """Switch the interface on again, with its addresses."""
        if not self.is_up:
            self.is_up = True
            for address in self._addresses:
                self.network.add_route(address, self.attachment)
            self.host.interfaces_changed()


class SimSocket:
    """A UDP socket on one address of a host."""

    __slots__ = ("_host", "address", "is_closed", "on_datagram")

    def __init__(self, host: "Host", address: TransportAddress, on_datagram: OnDatagram) -> None:
        self._host = host
        self.address = address
        self.on_datagram = on_datagram
        self.is_closed = False

    def send(self, data: bytes, destination: Endpoint) -> None:
        """Send a datagram. Raises ValueError for the wrong family or when closed.

        Nothing tells the sender that a datagram is lost; watch with a `Tap`.
        """
        if self.is_closed:
            raise ValueError("the socket is closed")
        if is_ipv6(destination[0]) != is_ipv6(self.address[0]):
            raise ValueError(f"{self.address} cannot send to {destination}")
        self._host.send(Protocol.UDP, self.address, destination, data)

    def close(self) -> None:
        """Free the port. Harmless when closed already."""
        if not self.is_closed:
            self.is_closed = True
            self._host.release(self)


class Host(Node):
    """A computer on one or several networks."""

    def __init__(self, kernel: Kernel, name: str) -> None:
        super().__init__(kernel, name)
        self.on_interfaces_changed: list[Callable[[], object]] = []
        self._interfaces: dict[str, Interface] = {}
        self._by_address: dict[str, Interface] = {}
        self._sockets: dict[Endpoint, SimSocket] = {}
        self._members: dict[Endpoint, SimSocket] = {}
        self._tcp = TcpStack(kernel, self._send_segment)
        self._next_port = _FIRST_EPHEMERAL_PORT

    def __repr__(self) -> str:
        return f"<Host {self.name}>"

    # -- interfaces ---------------------------------------------------------------------------

    @property
    def interfaces(self) -> list[Interface]:
        """All interfaces, those that are down included."""
        return list(self._interfaces.values())

    @property
    def addresses(self) -> list[str]:
        """All addresses of the interfaces that are up."""
        return list(self._by_address)

    def interface(self, name: str) -> Interface:
        """The interface called `name`. Raises KeyError when there is none."""
        return self._interfaces[name]

    def add_interface(
        self,
        network: Network,
        addresses: Iterable[str] | None = None,
        *,
        name: str | None = None,
        kind: InterfaceType = InterfaceType.ETHERNET,
        conditions: Conditions = IDEAL,
    ) -> Interface:
        """Attach to `network`, by default with a fresh address of each of its prefixes."""
        name = name or f"{kind.value}{len(self._interfaces)}"
        if name in self._interfaces:
            raise ValueError(f"{self.name} has an interface {name} already")
        interface = Interface(self, name, kind, network.attach(self, conditions))
        self._interfaces[name] = interface
        for address in network.allocate() if addresses is None else addresses:
            interface.add_address(address)
        return interface

    def remove_interface(self, name: str) -> None:
        """Take an interface out of the host, with its addresses."""
        interface = self._interfaces.pop(name)
        for address in interface.addresses:
            interface.network.remove_route(address)
        self.interfaces_changed()

    def interfaces_changed(self) -> None:
        """Take note of interfaces and addresses; tell everyone in `on_interfaces_changed`."""
        self._by_address = {
            address: interface
            for interface in self._interfaces.values()
            if interface.is_up
            for address in interface.addresses
        }
        for listener in list(self.on_interfaces_changed):
            listener()

    def interface_of(self, address: str) -> Interface | None:
        """The interface that has `address` and is up."""
        return self._by_address.get(address)

    # -- sockets ------------------------------------------------------------------------------

    def bind(self, address: str, port: int = 0, on_datagram: OnDatagram | None = None) -> SimSocket:
        """Open a UDP socket; port 0 takes the next ephemeral port, counting from 49152.

        Raises OSError when the host has no such address, or the port is taken.
        """
        local = self._local(address, port)
        if local in self._sockets:
            raise OSError(errno.EADDRINUSE, f"{local} is in use on {self.name}")
        socket = SimSocket(self, local, on_datagram or _ignore)
        self._sockets[local] = socket
        return socket

    def join(
        self, group: Endpoint, interface: Interface, on_datagram: OnDatagram | None = None
    ) -> SimSocket:
        """Open a UDP socket for what goes to a multicast group, or to the interface at its port.

        Raises OSError when the interface has no address of the group's family, or the port or the
        group is taken.
        """
        local = next((a for a in interface.addresses if is_ipv6(a) is is_ipv6(group[0])), "")
        if group in self._members:
            raise OSError(errno.EADDRINUSE, f"{group} is in use on {self.name}")
        socket = self.bind(local, group[1], on_datagram)
        self._members[group] = socket
        interface.network.join(group[0], interface.attachment)
        return socket

    def listen(
        self, address: str, port: int, on_connection: Callable[[SimConnection], object]
    ) -> SimListener:
        """Accept TCP connections; `on_connection` gets each one when it is open.

        Raises OSError when the host has no such address, or the port is taken.
        """
        local = self._local(address, port)
        if local in self._tcp.listeners:
            raise OSError(errno.EADDRINUSE, f"{local} is in use on {self.name}")
        listener = SimListener(self._tcp, local, on_connection)
        self._tcp.listeners[local] = listener
        return listener

    def connect(self, address: str, destination: Endpoint, port: int = 0) -> SimConnection:
        """Begin a TCP connection from a local address; set its callbacks next.

        Raises OSError when the host has no such address, or the port is taken.
        """
        local = self._local(address, port)
        if port and self._tcp.uses(local):
            raise OSError(errno.EADDRINUSE, f"{local} is in use on {self.name}")
        return self._tcp.connect(local, TransportAddress(*destination))

    def _local(self, address: str, port: int) -> TransportAddress:
        if address not in self._by_address:
            raise OSError(errno.EADDRNOTAVAIL, f"{self.name} has no address {address}")
        return TransportAddress(address, port or self._ephemeral_port(address))

    def _ephemeral_port(self, address: str) -> int:
        while True:
            local = TransportAddress(address, self._next_port)
            self._next_port += 1
            if self._next_port > 65535:
                self._next_port = _FIRST_EPHEMERAL_PORT
            if local not in self._sockets and not self._tcp.uses(local):
                return local.port

    def release(self, socket: SimSocket) -> None:
        """Forget a socket that closes."""
        self._sockets.pop(socket.address, None)
        for group in [group for group, member in self._members.items() if member is socket]:
            del self._members[group]
            interface = self._by_address.get(socket.address[0])
            if interface is not None:
                interface.network.leave(group[0], interface.attachment)

    # -- packets ------------------------------------------------------------------------------

    def _send_segment(
        self, local: TransportAddress, remote: TransportAddress, data: bytes, header: TcpHeader
    ) -> None:
        self.send(Protocol.TCP, local, remote, data, header)

    def send(
        self,
        protocol: Protocol,
        source: TransportAddress,
        destination: Endpoint,
        data: bytes,
        tcp: TcpHeader | None = None,
    ) -> None:
        """Send a packet out of the interface that has the source address."""
        kernel = self.kernel
        remote = TransportAddress(*destination)
        packet = Packet(kernel.next_packet_id(), protocol, source, remote, data, tcp)
        kernel.note_sent(packet, self.name)
        interface = self._by_address.get(source[0])
        if interface is None:
            kernel.drop(packet, DropReason.INTERFACE, self.name)
        elif destination[0] in self._by_address:
            kernel.schedule(kernel.now, self._deliver, packet)
        else:
            interface.network.send(packet, interface.attachment)

    def receive(self, packet: Packet, attachment: Attachment) -> None:
        """Take a packet from a network, if the interface is still there."""
        if packet.destination in self._members:
            self._hand_over(packet, self._members[packet.destination])
            return
        interface = self._by_address.get(packet.destination[0])
        if interface is None or interface.attachment is not attachment:
            self.kernel.drop(packet, DropReason.INTERFACE, self.name)
        else:
            self._deliver(packet)

    def _deliver(self, packet: Packet) -> None:
        if packet.tcp is not None:
            if self._tcp.expects(packet):
                self.kernel.note_delivered(packet, self.name)
            else:
                self.kernel.drop(packet, DropReason.PORT, self.name)
            self._tcp.receive(packet, packet.tcp)
            return
        socket = self._sockets.get(packet.destination)
        if socket is None:
            self.kernel.drop(packet, DropReason.PORT, self.name)
        else:
            self._hand_over(packet, socket)

    def _hand_over(self, packet: Packet, socket: SimSocket) -> None:
        self.kernel.note_delivered(packet, self.name)
        socket.on_datagram(packet.payload, packet.source)


def _ignore(_data: bytes, _source: TransportAddress) -> None:
    """Take a datagram nobody asked for."""
