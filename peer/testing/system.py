"""A simulated host in the place of the machine that a driver runs on."""

import asyncio
import contextlib
import errno
import ssl
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from ipaddress import ip_address, ip_network
from typing import Any

from peer.ice import NetworkType, TransportAddress
from peer.net import (
    Destination,
    Fault,
    Faults,
    InterfaceAddress,
    MdnsLink,
    MdnsSettings,
    Proxy,
    Receiver,
    ResolutionError,
)

from .internet import (
    Dns,
    Host,
    Interface,
    InterfaceType,
    OnDatagram,
    SimConnection,
    SimListener,
    SimSocket,
)
from .stream import StreamTransport, opened

LOOKUP_TIME = 0.02
"""Seconds until a name is resolved."""

NETWORK_TYPES = {
    InterfaceType.ETHERNET: NetworkType.WIRED,
    InterfaceType.WIFI: NetworkType.WIFI,
    InterfaceType.CELLULAR: NetworkType.CELLULAR,
    InterfaceType.VPN: NetworkType.VPN,
    InterfaceType.CONTAINER: NetworkType.CONTAINER,
    InterfaceType.LOOPBACK: NetworkType.LOOPBACK,
}


class HostSystem:
    """What a driver has of a simulated host (`peer.net.System`).

    TLS is not simulated: a TURN server that is asked over TLS is asked over TCP.
    """

    def __init__(self, host: Host, dns: Dns) -> None:
        self._host = host
        self._dns = dns

    def addresses(self) -> list[InterfaceAddress]:
        """List the addresses of the interfaces that are up."""
        return [
            InterfaceAddress(
                interface.name,
                address,
                _prefix_length(interface, address),
                NETWORK_TYPES[interface.kind],
            )
            for interface in self._host.interfaces
            if interface.is_up
            for address in interface.addresses
        ]

    def default_route_addresses(self, addresses: list[InterfaceAddress]) -> list[InterfaceAddress]:
        """Keep the first address of each family."""
        first = {ip_address(address.host).version: address for address in reversed(addresses)}
        return [address for address in addresses if address in first.values()]

    def open_udp(
        self,
        host: str,
        *,
        ports: Iterable[int],
        tos: int,
        receive: Receiver,
        done: Callable[[], object],
    ) -> "HostSocket":
        """Bind a UDP socket on the first free one of these ports."""
        del tos
        last = OSError(errno.EADDRINUSE, f"no free port on {host}")
        for port in ports:
            try:
                return HostSocket(self._host, partial(self._host.bind, host, port), receive, done)
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
                last = error
        raise last

    def listen(
        self, host: str, accepted: Callable[[Any], object], *, port: int = 0
    ) -> "HostListener":
        """Accept TCP connections."""
        listener = self._host.listen(host, port, lambda connection: accepted(_Incoming(connection)))
        return HostListener(listener)

    async def adopt(self, protocol: asyncio.Protocol, incoming: "_Incoming") -> None:
        """Give a connection that came in to a protocol."""
        loop = asyncio.get_running_loop()
        transport = StreamTransport(loop, incoming.connection, protocol)
        for data in incoming.early:
            transport.feed(data)

    async def connect(
        self,
        protocol: asyncio.Protocol,
        remote: TransportAddress,
        *,
        host: str,
        server_name: str | None,
        context: ssl.SSLContext | None,
        shutdown_timeout: float,
        proxy: Proxy | None,
    ) -> None:
        """Open a TCP connection; proxies are not simulated."""
        if proxy is not None:
            raise OSError(errno.EOPNOTSUPP, "no proxies in a simulation")
        del server_name, context, shutdown_timeout
        connection = self._host.connect(host, remote)
        await opened(connection)
        StreamTransport(asyncio.get_running_loop(), connection, protocol)

    def watch(self, changed: Callable[[], object]) -> "HostWatch":
        """Have `changed` called soon after the host's interfaces have changed."""
        return HostWatch(self._host, changed)

    async def resolve(self, host: str, port: int, *, within: float) -> list[TransportAddress]:
        """Look a name up."""
        await asyncio.sleep(min(LOOKUP_TIME, within))
        found = [TransportAddress(address, port) for address in self._dns.resolve(host)]
        if not found:
            raise ResolutionError(f"{host} has no address")
        return found

    def mdns_links(
        self,
        settings: MdnsSettings,
        receive: Callable[[MdnsLink, bytes, tuple[str, int]], None],
    ) -> list[MdnsLink]:
        """Join the group of IPv4 on every interface that is up."""
        group = (settings.group, settings.port)
        links = []
        for interface in self._host.interfaces:
            near = {
                ip_network(f"{address}/{_prefix_length(interface, address)}", strict=False)
                for address in interface.addresses
            }
            opened_on = partial(HostSocket, self._host, partial(self._host.join, group, interface))
            with contextlib.suppress(OSError):
                links.append(MdnsLink(opened_on, group, tuple(near), receive))
        return links

    def entropy(self, length: int) -> bytes:
        """Return bytes drawn from the simulation's randomness."""
        return self._host.kernel.entropy(length)


class HostWatch:
    """Somebody who is told of a host's interfaces."""

    def __init__(self, host: Host, changed: Callable[[], object]) -> None:
        self._host = host
        self._loop = asyncio.get_running_loop()
        self._changed = changed
        self._soon: asyncio.Handle | None = None
        host.on_interfaces_changed.append(self._notice)

    def _notice(self) -> None:
        if self._soon is None:
            self._soon = self._loop.call_soon(self._tell)

    def _tell(self) -> None:
        self._soon = None
        self._changed()

    def close(self) -> None:
        """Tell no more."""
        if self._notice in self._host.on_interfaces_changed:
            self._host.on_interfaces_changed.remove(self._notice)
        if self._soon is not None:
            self._soon.cancel()


def ignore() -> None:
    """Do nothing after a datagram."""


class HostSocket:
    """A UDP socket of a simulated host (`peer.net.DatagramSocket`)."""

    __slots__ = ("_done", "_host", "_receive", "_socket", "address", "faults", "outbox")

    def __init__(
        self,
        host: Host,
        opened_on: Callable[[OnDatagram], SimSocket],
        receive: Receiver,
        done: Callable[[], object] = ignore,
    ) -> None:
        self._host = host
        self._receive = receive
        self._done = done
        self._socket: SimSocket = opened_on(self._take)
        self.address: tuple[str, int] = self._socket.address
        self.outbox = self
        self.faults: Faults = Faults()

    def post_all(self, datagrams: Sequence[bytes], to: Destination) -> bool:
        """Send datagrams of media."""
        sent = [self._post(data, to) for data in datagrams]
        return all(sent)

    def _post(self, data: bytes, to: Destination) -> bool:
        try:
            self.send(data, to.remote)
        except OSError as error:
            to.fail(error)
            to.note_discarded(len(data))
            return False
        to.note_sent(1, len(data), self._host.kernel.now)
        return True

    def flush(self) -> None:
        """Do nothing: nothing is held back."""

    def another_outbox(self) -> "HostSocket":
        """Give the one there is."""
        return self

    def send(self, data: bytes, remote: tuple[str, int]) -> bool:
        """Send a datagram; raises OSError when the address is gone."""
        if self._socket.is_closed:
            return False
        if self._host.interface_of(self.address[0]) is None:
            self.faults[Fault.UNREACHABLE] += 1
            raise OSError(errno.ENETUNREACH, "Network is unreachable")
        self._socket.send(data, remote)
        return True

    def read(self, limit: int) -> int:
        """Read nothing: what arrives is handed on at once."""
        del limit
        return 0

    def close(self) -> None:
        """Free the port."""
        self._socket.close()

    async def wait_closed(self) -> None:
        """Return: nothing of it is in the loop."""

    def _take(self, data: bytes, source: TransportAddress) -> None:
        self._receive(data, source, self._host.kernel.now)
        self._done()


class HostListener:
    """A TCP port of a simulated host (`peer.net.System.listen`)."""

    def __init__(self, listener: SimListener) -> None:
        self._listener = listener
        self.address: tuple[str, int] = listener.address

    def close(self) -> None:
        """Stop listening."""
        self._listener.close()

    async def wait_closed(self) -> None:
        """Return: nothing of it is in the loop."""


class _Incoming:
    """A connection that came in; what it brings before it is given to somebody is kept."""

    def __init__(self, connection: SimConnection) -> None:
        self.connection = connection
        self.early: list[bytes] = []
        connection.on_data = self.early.append

    def close(self) -> None:
        self.connection.abort()


def _prefix_length(interface: Interface, address: str) -> int:
    literal = ip_address(address)
    networks = [ip_network(str(each)) for each in interface.network.subnets]
    return next((each.prefixlen for each in networks if literal in each), literal.max_prefixlen)
