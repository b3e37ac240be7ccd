"""The path from one socket to one remote address, and its counters."""

from typing import Protocol

from peer.ice import Traffic, TransportAddress

from .datagrams import DatagramSocket


class Carrier(Protocol):
    """What a path leads to: a component."""

    def deliver(self, data: bytes, now: float) -> None:
        """Take data that arrived."""

    def path_failed(self, path: "Path", error: OSError) -> None:
        """Sending on a path is impossible."""


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

    def __init__(
        self,
        component: Carrier,
        socket: DatagramSocket,
        local: TransportAddress,
        remote: tuple[str, int],
    ) -> None:
        self.component = component
        self.socket = socket
        self.local = local
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
