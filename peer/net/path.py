"""What goes over one socket: the paths to its remote addresses and their counters."""

from typing import TYPE_CHECKING, Protocol

from peer.ice import Traffic, TransportAddress

if TYPE_CHECKING:
    from .component import Component
    from .udp import UdpSocket

_MEDIA = tuple(20 <= byte <= 63 or 128 <= byte <= 191 for byte in range(256))
"""First bytes of DTLS, RTP and RTCP (RFC 7983 §7): all that may pass the agent by."""


class Path:
    """One remote address of a socket. Counts what passes the agent by, since it was last told."""

    __slots__ = (
        "bytes_discarded",
        "bytes_received",
        "bytes_sent",
        "component",
        "last_received",
        "last_sent",
        "local",
        "packets_discarded",
        "packets_received",
        "packets_sent",
        "remote",
        "socket",
    )

    def __init__(self, port: "Port", remote: tuple[str, int]) -> None:
        self.component = port.component
        self.socket = port.socket
        self.local = port.address
        self.remote = (str(remote[0]), int(remote[1]))
        self._reset()

    def _reset(self) -> None:
        self.packets_sent = self.bytes_sent = 0
        self.packets_received = self.bytes_received = 0
        self.packets_discarded = self.bytes_discarded = 0
        self.last_sent: float | None = None
        self.last_received: float | None = None

    def note_sent(self, count: int, size: int, now: float) -> None:
        """Count datagrams that have left, of so many bytes in all."""
        self.packets_sent += count
        self.bytes_sent += size
        self.last_sent = now

    def note_discarded(self, size: int) -> None:
        """Count a datagram that was dropped."""
        self.packets_discarded += 1
        self.bytes_discarded += size

    def fail(self, error: OSError) -> None:
        """Tell that sending on this path is impossible."""
        self.component.path_failed(self, error)

    def take(self) -> Traffic | None:
        """Give the counters and begin anew; None when there was nothing."""
        if not (self.packets_sent or self.packets_received or self.packets_discarded):
            return None
        traffic = Traffic(
            self.packets_sent,
            self.bytes_sent,
            self.last_sent,
            self.packets_received,
            self.bytes_received,
            self.last_received,
            self.packets_discarded,
            self.bytes_discarded,
        )
        self._reset()
        return traffic


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

    socket: "UdpSocket"

    def __init__(self, side: AgentSide, component: "Component", address: TransportAddress) -> None:
        self._side = side
        self.component = component
        self.address = address
        self.paths: dict[tuple[str, int], Path] = {}
        self.accepted: dict[tuple[str, int], Path] = {}

    def path(self, remote: tuple[str, int]) -> Path:
        """Give the path to a remote address."""
        known = self.paths.get(remote)
        if known is None:
            known = self.paths[remote] = Path(self, remote)
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
