"""A socket that keeps what it receives: the simplest endpoint."""

from typing import NamedTuple

from peer.ice.address import TransportAddress

from .host import Host
from .packet import Endpoint


class Letter(NamedTuple):
    """A datagram that arrived."""

    time: float
    data: bytes
    source: TransportAddress


class Inbox:
    """A UDP socket with a memory, to send and look at datagrams by hand."""

    def __init__(self, host: Host, address: str | None = None, port: int = 0) -> None:
        """Bind on `host`, by default on its first address and an ephemeral port."""
        self.clock = host.kernel
        self.letters: list[Letter] = []
        self.socket = host.bind(address or host.addresses[0], port, self._receive)

    @property
    def address(self) -> TransportAddress:
        """The local address."""
        return self.socket.address

    @property
    def texts(self) -> list[bytes]:
        """The payloads that arrived so far, in order."""
        return [letter.data for letter in self.letters]

    @property
    def sources(self) -> list[TransportAddress]:
        """The sources of what arrived so far, in order."""
        return [letter.source for letter in self.letters]

    def send(self, data: bytes, destination: Endpoint) -> None:
        """Send a datagram."""
        self.socket.send(data, destination)

    def _receive(self, data: bytes, source: TransportAddress) -> None:
        self.letters.append(Letter(self.clock.now, data, source))


def seen_from(inbox: Inbox, observer: Inbox) -> TransportAddress:
    """Send a datagram to `observer` and tell from which address it arrives there.

    Runs the simulation for a second. Raises LookupError when the datagram does not arrive.
    """
    before = len(observer.letters)
    inbox.send(b"who am I", observer.address)
    inbox.clock.run_for(1.0)
    if len(observer.letters) == before:
        raise LookupError(f"{observer.address} hears nothing of {inbox.address}")
    return observer.letters[-1].source
