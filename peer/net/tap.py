"""Who is shown everything that goes through the sockets and connections of a driver."""

from collections.abc import Sequence
from typing import Protocol

from peer.ice import TransportAddress

from .datagrams import DatagramSocket, Post
from .faults import Faults
from .outbox import Destination
from .udp import Receiver


class Tap(Protocol):
    """Is shown what leaves and what comes. It must neither raise nor take long."""

    def datagram(
        self, data: bytes, local: tuple[str, int], remote: tuple[str, int], *, leaves: bool
    ) -> None:
        """Look at a datagram."""

    def stream(
        self, data: bytes, local: tuple[str, int], remote: tuple[str, int], *, leaves: bool
    ) -> None:
        """Look at the next bytes of a TCP or TLS connection, without TLS."""


class TappedSocket:
    """A socket whose datagrams a tap is shown."""

    __slots__ = ("_socket", "_tap", "outbox")

    def __init__(self, socket: DatagramSocket, tap: Tap) -> None:
        self._socket = socket
        self._tap = tap
        self.outbox: Post = TappedPost(socket.outbox, socket, tap)

    @property
    def address(self) -> tuple[str, int]:
        """Where it is bound."""
        return self._socket.address

    @property
    def faults(self) -> Faults:
        """What the system has refused to send so far."""
        return self._socket.faults

    def another_outbox(self) -> Post:
        """Give one to somebody who shares the socket."""
        return TappedPost(self._socket.another_outbox(), self._socket, self._tap)

    def send(self, data: bytes, remote: tuple[str, int]) -> bool:
        """Send at once, as `DatagramSocket.send` does."""
        sent = self._socket.send(data, remote)
        if sent:
            self._tap.datagram(data, self.address, remote, leaves=True)
        return sent

    def read(self, limit: int) -> int:
        """Read what has arrived."""
        return self._socket.read(limit)

    def close(self) -> None:
        """Close it."""
        self._socket.close()

    async def wait_closed(self) -> None:
        """Wait until nothing of it is left in the loop."""
        await self._socket.wait_closed()


class TappedPost:
    """An outbox whose datagrams a tap is shown, also of those that are dropped later."""

    __slots__ = ("_post", "_socket", "_tap")

    def __init__(self, post: Post, socket: DatagramSocket, tap: Tap) -> None:
        self._post = post
        self._socket = socket
        self._tap = tap

    def post_all(self, datagrams: Sequence[bytes], to: Destination) -> bool:
        """Send datagrams soon."""
        all_sent = True
        for data in datagrams:
            sent = self._post.post_all((data,), to)
            all_sent &= sent
            if sent:
                self._tap.datagram(data, self._socket.address, to.remote, leaves=True)
        return all_sent

    def flush(self) -> None:
        """Send what is held back."""
        self._post.flush()


class Bound(Protocol):
    """Where datagrams arrive."""

    address: TransportAddress

    def receive(self, data: bytes, source: tuple[str, int], now: float) -> None:
        """Take a datagram."""


def receiving(port: Bound, tap: Tap | None) -> Receiver:
    """Give what takes the datagrams of a port, shown to a tap first if there is one."""
    if tap is None:
        return port.receive
    shown = tap.datagram

    def receive(data: bytes, source: tuple[str, int], now: float) -> None:
        shown(data, port.address, source, leaves=False)
        port.receive(data, source, now)

    return receive


def sending(socket: DatagramSocket, tap: Tap | None) -> DatagramSocket:
    """Give a socket as it is to be sent with, shown to a tap if there is one."""
    return socket if tap is None else TappedSocket(socket, tap)
