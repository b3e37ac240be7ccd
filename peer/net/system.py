"""What a driver has of the machine it runs on, as one object that another may stand in for."""

import asyncio
import os
import socket
import ssl
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, Protocol

from peer.ice import TransportAddress

from .address_cache import shared
from .datagrams import DatagramSocket
from .interfaces import InterfaceAddress, default_route_addresses
from .listener import Listener
from .lookups import Lookups
from .multicast import Link, MdnsSettings, open_links
from .proxy import Proxy
from .resolver import resolve
from .udp import Receiver, UdpSocket, bind
from .watching import Changed, Watch, watch

_threads = Lookups(1)


@cache
def default_ssl_context() -> ssl.SSLContext:
    """The context that verifies certificates with the system's authorities; slow the first time."""
    return ssl.create_default_context()


class Listening(Protocol):
    """A TCP port that accepts connections."""

    @property
    def address(self) -> tuple[str, int]:
        """Where it is bound."""

    def close(self) -> None:
        """Stop listening, at once. Calling it again does nothing."""

    async def wait_closed(self) -> None:
        """Wait until nothing of it is left in the loop."""


class Incoming(Protocol):
    """A TCP connection that came in, and has no protocol yet."""

    def close(self) -> None:
        """Close it."""


class System(Protocol):
    """The network of a machine: its addresses, UDP sockets, TCP connections, names, and chance."""

    def addresses(self) -> list[InterfaceAddress]:
        """List the addresses, loopback included."""

    def default_route_addresses(self, addresses: list[InterfaceAddress]) -> list[InterfaceAddress]:
        """Keep what is sent from by default, one address of each family at most."""

    def open_udp(
        self,
        host: str,
        *,
        ports: Iterable[int],
        tos: int,
        receive: Receiver,
        done: Callable[[], object],
    ) -> DatagramSocket:
        """Bind a UDP socket on the first free one of these ports, where 0 stands for any.

        `receive` is called for each datagram and `done` after each batch. Raises OSError when no
        port is free or the address is not this machine's.
        """

    def listen(self, host: str, accepted: Callable[[Any], object], *, port: int = 0) -> Listening:
        """Accept TCP connections on a port, where 0 stands for any.

        `accepted` takes each `Incoming`. Raises OSError when the address cannot be bound or the
        port is taken, NotImplementedError on loops that cannot watch sockets.
        """

    async def adopt(self, protocol: asyncio.Protocol, incoming: Any) -> None:
        """Give a connection that came in to a protocol."""

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
        """Open a TCP connection from the local address `host`, through a proxy if there is one.

        It has TLS if there is a `server_name`; `context` None verifies with the system's
        authorities. Raises OSError when that fails, and ValueError for a name that no certificate
        can carry.
        """

    def watch(self, changed: Changed) -> Watch:
        """Have `changed` called when the addresses may be others."""

    async def resolve(self, host: str, port: int, *, within: float) -> list[TransportAddress]:
        """Resolve a name in that many seconds; raises ResolutionError when there is no address."""

    def mdns_links(
        self,
        settings: MdnsSettings,
        receive: Callable[[Link, bytes, tuple[str, int]], None],
    ) -> list[Link]:
        """Join the group of multicast DNS on every interface where that is possible."""

    def entropy(self, length: int) -> bytes:
        """Return random bytes that nobody can guess, or that a test can have again."""


class Machine:
    """This machine, on the running event loop."""

    def addresses(self) -> list[InterfaceAddress]:
        """List the addresses, loopback included."""
        return shared.addresses()

    def default_route_addresses(self, addresses: list[InterfaceAddress]) -> list[InterfaceAddress]:
        """Keep the addresses of default routes (RFC 8828 §5.2)."""
        return default_route_addresses(addresses)

    def open_udp(
        self,
        host: str,
        *,
        ports: Iterable[int],
        tos: int,
        receive: Receiver,
        done: Callable[[], object],
    ) -> UdpSocket:
        """Bind a UDP socket on the first free one of these ports."""
        bound = bind(host, ports=ports, tos=tos)
        try:
            return UdpSocket(asyncio.get_running_loop(), bound, receive, done)
        except BaseException:
            bound.close()
            raise

    def listen(
        self, host: str, accepted: Callable[[socket.socket], object], *, port: int = 0
    ) -> Listener:
        """Accept TCP connections."""
        return Listener(asyncio.get_running_loop(), host, accepted, port)

    async def adopt(self, protocol: asyncio.Protocol, incoming: socket.socket) -> None:
        """Give a connection that came in to a protocol."""
        await asyncio.get_running_loop().connect_accepted_socket(lambda: protocol, incoming)

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
        """Open a TCP or TLS connection."""
        if server_name is not None:
            if context is None:
                context = await _threads.run(default_ssl_context)
            # Told of a name that cannot be, asyncio would forget the connected socket.
            context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname=server_name)
        way: dict[str, Any] = {"host": remote.host, "port": remote.port, "local_addr": (host, 0)}
        if proxy is not None:
            way = {"sock": await proxy.connect(remote, local=host, resolve=self._resolve)}
        await asyncio.get_running_loop().create_connection(
            lambda: protocol,
            **way,
            ssl=None if server_name is None else context,
            server_hostname=server_name,
            ssl_shutdown_timeout=None if server_name is None else shutdown_timeout,
        )

    async def _resolve(self, host: str, port: int, within: float) -> list[TransportAddress]:
        return await self.resolve(host, port, within=within)

    async def resolve(self, host: str, port: int, *, within: float) -> list[TransportAddress]:
        """Ask the system's resolver."""
        return await resolve(host, port, within=within)

    def mdns_links(
        self,
        settings: MdnsSettings,
        receive: Callable[[Link, bytes, tuple[str, int]], None],
    ) -> list[Link]:
        """Join the group of multicast DNS."""
        return open_links(asyncio.get_running_loop(), settings, receive)

    def watch(self, changed: Changed) -> Watch:
        """Ask the kernel where it can tell."""
        return watch(changed)

    def entropy(self, length: int) -> bytes:
        """Return random bytes of the system's."""
        return os.urandom(length)


MACHINE = Machine()
"""The one of this process."""
