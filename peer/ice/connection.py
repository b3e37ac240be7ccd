"""TCP connections between candidates (RFC 6544) and to TURN servers."""

from .address import TransportAddress
from .base import Base
from .framing import FrameSplitter
from .turn import MessageSplitter


class Connection:
    """One TCP or TLS connection that the driver holds for us.

    `base` is the candidate's base it belongs to or, with `to_server`, the one that asks a TURN
    server over it. `authenticated` is False until a check was accepted on it (RFC 6544 §7.2);
    `stranger_bytes` and `stranger_frames` are what it has brought until then.
    """

    __slots__ = (
        "authenticated",
        "base",
        "handle",
        "open",
        "opened_at",
        "remote",
        "requested",
        "splitter",
        "stranger_bytes",
        "stranger_frames",
        "to_server",
    )

    def __init__(
        self,
        handle: int,
        base: Base,
        remote: TransportAddress,
        splitter: FrameSplitter | MessageSplitter,
        *,
        to_server: bool = False,
        requested: bool,
    ) -> None:
        self.handle = handle
        self.base = base
        self.remote = remote
        self.splitter = splitter
        self.to_server = to_server
        self.requested = requested
        self.open = False
        self.opened_at = 0.0
        self.authenticated = requested
        self.stranger_bytes = 0
        self.stranger_frames = 0

    @property
    def admitted(self) -> bool:
        """Tell whether it came in, and the peer has authenticated on it."""
        return self.authenticated and not self.requested


class Connections:
    """All connections, by the driver's handle and by the addresses they join."""

    __slots__ = ("_by_addresses", "_by_handle", "_next_handle")

    def __init__(self) -> None:
        self._by_handle: dict[int, Connection] = {}
        self._by_addresses: dict[tuple[Base, TransportAddress], Connection] = {}
        self._next_handle = 1

    def new_handle(self) -> int:
        """Give a handle that was never used before."""
        self._next_handle += 1
        return self._next_handle - 1

    def add(self, connection: Connection) -> None:
        """Register a connection."""
        self._by_handle[connection.handle] = connection
        if not connection.to_server:
            self._by_addresses[connection.base, connection.remote] = connection

    def get(self, handle: int) -> Connection | None:
        """Find a connection by its handle."""
        return self._by_handle.get(handle)

    def find(self, base: Base, remote: TransportAddress) -> Connection | None:
        """Find the connection between a TCP candidate's base and a remote address."""
        return self._by_addresses.get((base, remote))

    def remove(self, connection: Connection) -> None:
        """Forget a connection."""
        self._by_handle.pop(connection.handle, None)
        key = (connection.base, connection.remote)
        if self._by_addresses.get(key) is connection:
            del self._by_addresses[key]

    def all(self) -> list[Connection]:
        """List every connection."""
        return list(self._by_handle.values())
