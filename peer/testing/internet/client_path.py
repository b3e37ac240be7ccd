"""The way between a STUN or TURN server and one client: a 5-tuple (RFC 8656 §3.2)."""

from collections.abc import Callable

from peer.ice.address import TransportAddress

from .packet import Protocol


class ClientPath:
    """A client as its server sees it."""

    __slots__ = ("_transmit", "client", "protocol", "server")

    def __init__(
        self,
        protocol: Protocol,
        client: TransportAddress,
        server: TransportAddress,
        transmit: Callable[[bytes], object],
    ) -> None:
        self.protocol = protocol
        self.client = client
        self.server = server
        self._transmit = transmit

    @property
    def key(self) -> tuple[str, TransportAddress, TransportAddress]:
        """The 5-tuple."""
        return self.protocol.value, self.client, self.server

    def send(self, data: bytes) -> None:
        """Send a whole message to the client."""
        self._transmit(data)
