"""Simulated TCP: reliable byte streams over the same lossy packets (RFC 9293, simplified).

Handshake, sequence numbers, acknowledgement of every segment, retransmission with back-off,
FIN and RST are there; windows, congestion control, and simultaneous open are not.
"""

from collections import deque
from collections.abc import Callable
from enum import StrEnum
from typing import TypeAlias

from peer.ice.address import TransportAddress

from .kernel import Kernel, Timer
from .packet import Packet, TcpHeader

SEGMENT_SIZE = 1200
_FIRST_TIMEOUT = 1.0
_LEAST_TIMEOUT = 0.2
_MAXIMUM_TRIES = 7

Transmit: TypeAlias = Callable[[TransportAddress, TransportAddress, bytes, TcpHeader], None]


class ConnectionState(StrEnum):
    """The life of a connection."""

    CONNECTING = "connecting"
    OPEN = "open"
    CLOSED = "closed"


class CloseReason(StrEnum):
    """Why a connection ended; given to `on_close`."""

    FINISHED = "closed by the other side"
    REFUSED = "connection refused"
    RESET = "connection reset"
    TIMEOUT = "timed out"


def ignore(*_: object) -> None:
    """Take a callback that nobody asked for."""


class SimConnection:
    """One end of a TCP connection. Assign the `on_...` callbacks at any time.

    Chunks of `on_data` follow the segments, so a receiver must not rely on their borders.
    `on_close` is called once, when the other side or the network ends the connection; not after
    `close` or `abort` on this side.
    """

    def __init__(
        self,
        stack: "TcpStack",
        local: TransportAddress,
        remote: TransportAddress,
    ) -> None:
        self.local = local
        self.remote = remote
        self.state = ConnectionState.CONNECTING
        self.on_connected: Callable[[], object] = ignore
        self.on_data: Callable[[bytes], object] = ignore
        self.on_close: Callable[[CloseReason], object] = ignore
        self._stack = stack
        self._unsent: deque[tuple[str, bytes]] = deque()
        self._unacknowledged: deque[tuple[int, str, bytes]] = deque()
        self._next_to_send = 0
        self._next_to_receive = 0
        self._early: dict[int, tuple[str, bytes]] = {}
        self._timeout = _FIRST_TIMEOUT
        self._tries = 0
        self._timer: Timer | None = None
        self._is_finishing = False

    # -- what users call ----------------------------------------------------------------------

    def send(self, data: bytes) -> None:
        """Send bytes; those sent before the connection is open follow later.

        Raises ValueError after `close` or when the connection has ended.
        """
        if self._is_finishing or self.state is ConnectionState.CLOSED:
            raise ValueError("the connection is closed")
        for start in range(0, len(data), SEGMENT_SIZE):
            self._queue("DATA", data[start : start + SEGMENT_SIZE])

    def close(self) -> None:
        """Send what is left and a FIN. Nothing is received any more; harmless if closed."""
        if self.state is not ConnectionState.CLOSED and not self._is_finishing:
            self._is_finishing = True
            self._queue("FIN", b"")

    def abort(self) -> None:
        """End the connection at once with a RST."""
        if self.state is not ConnectionState.CLOSED:
            self._transmit("RST", b"", self._next_to_send)
            self._end(None)

    # -- sending ------------------------------------------------------------------------------

    def begin(self) -> None:
        """Send a SYN."""
        self._put("SYN", b"")

    def accept(self) -> None:
        """Answer a SYN."""
        self._next_to_receive = 1
        self._put("SYN+ACK", b"")

    def _queue(self, flags: str, data: bytes) -> None:
        if self.state is ConnectionState.OPEN:
            self._put(flags, data)
        else:
            self._unsent.append((flags, data))

    def _put(self, flags: str, data: bytes) -> None:
        sequence = self._next_to_send
        self._unacknowledged.append((sequence, flags, data))
        self._next_to_send += max(len(data), 1)
        self._transmit(flags, data, sequence)
        if self._timer is None:
            self._arm()

    def _transmit(self, flags: str, data: bytes, sequence: int) -> None:
        header = TcpHeader(flags, sequence, self._next_to_receive)
        self._stack.transmit(self.local, self.remote, data, header)

    def _arm(self) -> None:
        delay = self._timeout * 2**self._tries
        self._timer = self._stack.kernel.call_later(delay, self._retransmit)

    def _retransmit(self) -> None:
        self._timer = None
        if not self._unacknowledged:
            return
        self._tries += 1
        if self._tries >= _MAXIMUM_TRIES:
            self._end(None if self._is_finishing else CloseReason.TIMEOUT)
            return
        for sequence, flags, data in self._unacknowledged:
            self._transmit(flags, data, sequence)
        self._arm()

    # -- receiving ----------------------------------------------------------------------------

    def receive(self, packet: Packet, header: TcpHeader) -> None:
        """Take a segment of this connection."""
        if header.flags == "RST":
            is_new = self.state is ConnectionState.CONNECTING
            reason = CloseReason.REFUSED if is_new else CloseReason.RESET
            self._end(None if self._is_finishing else reason)
            return
        self._acknowledge(header.acknowledgement)
        if header.flags == "ACK":
            return
        if header.sequence >= self._next_to_receive:
            self._early[header.sequence] = (header.flags, packet.payload)
        arrived = []
        while self._next_to_receive in self._early:
            flags, data = self._early.pop(self._next_to_receive)
            self._next_to_receive += max(len(data), 1)
            arrived.append((flags, data))
        self._transmit("ACK", b"", self._next_to_send)
        for flags, data in arrived:
            self._take(flags, data)

    def _acknowledge(self, number: int) -> None:
        before = len(self._unacknowledged)
        while self._unacknowledged and self._unacknowledged[0][0] < number:
            self._unacknowledged.popleft()
        if len(self._unacknowledged) == before:
            return
        self._tries = 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.state is ConnectionState.CONNECTING and self._next_to_receive:
            self._open()
        if self._unacknowledged:
            if self._timer is None:
                self._arm()
        elif self._is_finishing and not self._unsent:
            self._end(None)

    def _open(self) -> None:
        """The handshake is over: a round trip is known, and waiting data may go."""
        self.state = ConnectionState.OPEN
        self._timeout = _LEAST_TIMEOUT + self._stack.round_trip(self)
        unsent, self._unsent = self._unsent, deque()
        for flags, data in unsent:
            self._put(flags, data)
        self.on_connected()

    def _take(self, flags: str, data: bytes) -> None:
        if self.state is ConnectionState.CLOSED:
            return
        if flags == "SYN+ACK" and self.state is ConnectionState.CONNECTING:
            self._open()
        elif flags == "DATA" and not self._is_finishing:
            self.on_data(data)
        elif flags == "FIN":
            self._end(None if self._is_finishing else CloseReason.FINISHED)

    def _end(self, reason: CloseReason | None) -> None:
        if self.state is ConnectionState.CLOSED:
            return
        self.state = ConnectionState.CLOSED
        if self._timer is not None:
            self._timer.cancel()
        self._stack.forget(self)
        if reason is not None:
            self.on_close(reason)


class SimListener:
    """A TCP port that accepts connections."""

    def __init__(
        self,
        stack: "TcpStack",
        address: TransportAddress,
        on_connection: Callable[[SimConnection], object],
    ) -> None:
        self._stack = stack
        self.address = address
        self.on_connection = on_connection

    def close(self) -> None:
        """Refuse connections from now on; open ones stay."""
        self._stack.listeners.pop(self.address, None)


class TcpStack:
    """All connections and listeners of a host."""

    def __init__(self, kernel: Kernel, transmit: Transmit) -> None:
        self.kernel = kernel
        self.transmit = transmit
        self.listeners: dict[TransportAddress, SimListener] = {}
        self._connections: dict[tuple[TransportAddress, TransportAddress], SimConnection] = {}
        self._started: dict[tuple[TransportAddress, TransportAddress], float] = {}

    def uses(self, address: TransportAddress) -> bool:
        """Whether a connection or listener has the local address."""
        return address in self.listeners or any(local == address for local, _ in self._connections)

    def connect(self, local: TransportAddress, remote: TransportAddress) -> SimConnection:
        """Begin to connect."""
        connection = self._add(local, remote)
        connection.begin()
        return connection

    def _add(self, local: TransportAddress, remote: TransportAddress) -> SimConnection:
        connection = SimConnection(self, local, remote)
        self._connections[local, remote] = connection
        self._started[local, remote] = self.kernel.now
        return connection

    def round_trip(self, connection: SimConnection) -> float:
        """Twice the time that the handshake of `connection` took so far."""
        return 2 * (self.kernel.now - self._started[connection.local, connection.remote])

    def forget(self, connection: SimConnection) -> None:
        """Let go of a connection that has ended."""
        self._connections.pop((connection.local, connection.remote), None)
        self._started.pop((connection.local, connection.remote), None)

    def expects(self, packet: Packet) -> bool:
        """Whether a connection or listener is there for a packet."""
        key = (packet.destination, packet.source)
        return key in self._connections or packet.destination in self.listeners

    def receive(self, packet: Packet, header: TcpHeader) -> None:
        """Take a packet; who sends to nobody gets a RST."""
        local, remote = packet.destination, packet.source
        connection = self._connections.get((local, remote))
        listener = self.listeners.get(local)
        if connection is not None:
            connection.receive(packet, header)
        elif listener is not None and header.flags == "SYN":
            self._accept(listener, remote)
        elif header.flags in ("SYN", "SYN+ACK", "DATA", "FIN"):
            self.transmit(local, remote, b"", TcpHeader("RST"))

    def _accept(self, listener: SimListener, remote: TransportAddress) -> None:
        connection = self._add(listener.address, remote)
        connection.on_connected = lambda: listener.on_connection(connection)
        connection.accept()
