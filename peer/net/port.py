"""A socket of a component: what arrives on it goes to the sink or to the agent."""

from typing import Protocol

from peer.ice import TransportAddress

from .component import Component
from .datagrams import DatagramSocket
from .path import Path

_MEDIA = tuple(20 <= byte <= 63 or 128 <= byte <= 191 for byte in range(256))
"""First bytes of DTLS, RTP and RTCP (RFC 7983 §7): all that may pass the agent by."""


class AgentSide(Protocol):
    """Takes what is not for a sink."""

    def receive(
        self, data: bytes, local: TransportAddress, source: tuple[str, int], now: float
    ) -> None:
        """Take a datagram for the agent."""


class Port:
    """A socket of a component, with the paths the agent told of.

    `accepted` are the remote addresses data is taken from (`PathValidated`), `paths` those and
    the ones data is sent to.
    """

    __slots__ = ("_side", "accepted", "address", "component", "paths", "socket")

    socket: DatagramSocket
    address: TransportAddress

    def __init__(self, side: AgentSide, component: Component) -> None:
        """Make one whose `socket` and `address` are set before anything arrives."""
        self._side = side
        self.component = component
        self.paths: dict[tuple[str, int], Path] = {}
        self.accepted: dict[tuple[str, int], Path] = {}

    def path(self, remote: tuple[str, int]) -> Path:
        """Give the path to a remote address."""
        known = self.paths.get(remote)
        if known is None:
            known = self.paths[remote] = Path(self.component, self.socket, self.address, remote)
        return known

    def receive(self, data: bytes, source: tuple[str, int], now: float) -> None:
        """Take a datagram: media from an accepted address goes to the sink, the rest to ICE."""
        path = self.accepted.get(source)
        if path is not None and data and _MEDIA[data[0]]:
            path.packets_received += 1
            path.bytes_received += len(data)
            path.last_received = now
            path.component.deliver(data, now)
        else:
            self._side.receive(data, self.address, source, now)
