"""What is asked of one TURN server from one base (RFC 8445 §5.1.1.2, RFC 8656)."""

from . import turn
from .base import Base
from .connection import Connection
from .server_addresses import next_address


class RelayTask:
    """One allocation asked for from one base, and the relayed bases it gave.

    `connection` leads to the server over TCP or TLS, where its certificate must carry `domain`;
    `bases` are of one or two families. `tried` counts the addresses of the server that were silent,
    `losses` the allocations that were lost in a row, or not to be had after that. `again` asks for
    another allocation once this one, which is being deleted, is gone.
    """

    __slots__ = (
        "again",
        "allocation",
        "bases",
        "connection",
        "domain",
        "ended",
        "losses",
        "lost_at",
        "retry_at",
        "server",
        "tried",
        "via",
    )

    def __init__(self, via: Base, server: turn.TurnServer, allocation: turn.Allocation) -> None:
        self.via = via
        self.server = server
        self.bases: list[Base] = []
        self.connection: Connection | None = None
        self.domain = server_name(server.url)
        self.lost_at = float("-inf")
        self.losses = 0
        self.tried = 0
        self.begin(allocation)

    def begin(self, allocation: turn.Allocation) -> None:
        """Start with a fresh allocation."""
        self.allocation = allocation
        self.retry_at: float | None = None
        self.ended = self.again = False

    @property
    def pending(self) -> bool:
        """Tell whether gathering has to wait for it."""
        if self.again:
            return True
        return not self.ended and not self.bases and self.retry_at is None

    def try_another(self) -> bool:
        """Turn to the server's next address; False when all of them were silent."""
        if self.tried == len(self.server.others):
            return False
        self.server = next_address(self.server)
        self.tried += 1
        return True

    @property
    def connected(self) -> bool:
        """Tell whether requests can be sent now."""
        if not self.server.transport.over_tcp:
            return True
        return self.connection is not None and self.connection.open


def server_name(url: str) -> str | None:
    """Give the host name in a TURN URI (RFC 7065 §3.1), the name its certificate must carry."""
    host = url.partition(":")[2].partition("?")[0]
    if host.startswith("["):
        return host[1:].partition("]")[0] or None
    return host.partition(":")[0] or None
