"""A socket of a driver: what arrives on it goes to the sink of a component, or to the agent."""

from typing import Protocol

from peer.ice import TransportAddress

from .component import Component
from .datagrams import DatagramSocket
from .path import Path
from .shared_udp import UdpShare

_MEDIA = tuple(20 <= byte <= 63 or 128 <= byte <= 191 for byte in range(256))
"""First bytes of DTLS, RTP and RTCP (RFC 7983 §7): all that may pass the agent by."""


class AgentSide(Protocol):
    """Takes what is not for a sink."""

    def receive(
        self, data: bytes, local: TransportAddress, source: tuple[str, int], now: float
    ) -> None:
        """Take a datagram for the agent."""


class Port:
    """A socket with the components that use it, and the paths the agent told of.

    There are several components only where the socket is a `share`, of one that other drivers use
    as well. `accepted` are the remote addresses data is taken from (`PathValidated`), `paths` those
    and the ones data is sent to. `avoided` says when a component last tried for one beside it.
    """

    __slots__ = (
        "_side",
        "accepted",
        "address",
        "avoided",
        "components",
        "paths",
        "share",
        "socket",
    )

    socket: DatagramSocket
    address: TransportAddress

    def __init__(self, side: AgentSide, component: Component) -> None:
        """Make one whose `socket` and `address` are set before anything arrives."""
        self._side = side
        self.components = [component]
        self.share: UdpShare | None = None
        self.paths: dict[tuple[Component, tuple[str, int]], Path] = {}
        self.accepted: dict[tuple[str, int], Path] = {}
        self.avoided: dict[Component, float] = {}

    def path(self, component: Component, remote: tuple[str, int]) -> Path:
        """Give the path of a component to a remote address."""
        key = (component, remote)
        known = self.paths.get(key)
        if known is None:
            known = self.paths[key] = Path(component, self.socket, self.address, remote)
        return known

    def accept(self, component: Component, remote: tuple[str, int]) -> None:
        """Take a component's data from `remote`; of two components the first has it."""
        self.accepted.setdefault(remote, self.path(component, remote))
        if self.share is not None:
            self.share.claim(remote)

    def reject(self, component: Component, remote: tuple[str, int]) -> Path | None:
        """Take none from there any more; gives the path if nothing is sent on it either."""
        path = self.accepted.get(remote)
        if path is None or path.component is not component:
            return None
        del self.accepted[remote]
        if self.share is not None:
            self.share.release(remote)
        return None if path is component.route else self.paths.pop((component, remote))

    def leave(self, component: Component) -> None:
        """Let a component use it no more."""
        self.components.remove(component)
        self.avoided.pop(component, None)
        mine = [key for key in self.paths if key[0] is component]
        for _, remote in mine:
            self.reject(component, remote)
        for key in mine:
            self.paths.pop(key, None)
        if component.route is not None and component.route.socket is self.socket:
            component.route = None

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
