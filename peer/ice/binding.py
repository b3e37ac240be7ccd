"""What is asked of one STUN server from one base (RFC 8445 §5.1.1.2)."""

import enum

from .address import TransportAddress
from .base import Base
from .config import StunServer
from .server_addresses import next_address


class BindingState(enum.Enum):
    """Where a binding stands: to be asked for, being asked for, known, given up."""

    WANTED = "wanted"
    ASKING = "asking"
    BOUND = "bound"
    FAILED = "failed"


class ServerBinding:
    """The mapping that one STUN server sees for one base.

    `tried` counts the addresses of the server that were silent. `reports` is False for a binding
    asked of a TURN server that could not allocate: its failure was reported already.
    """

    __slots__ = ("base", "due", "mapped", "reports", "server", "state", "tried")

    def __init__(self, base: Base, server: StunServer, *, reports: bool = True) -> None:
        self.base = base
        self.server = server
        self.reports = reports
        self.state = BindingState.WANTED
        self.mapped: TransportAddress | None = None
        self.due = float("-inf")
        self.tried = 0

    @property
    def pending(self) -> bool:
        """Tell whether gathering has to wait for it."""
        return self.state in (BindingState.WANTED, BindingState.ASKING)

    def restart(self) -> None:
        """Ask again for a new generation (RFC 8445 §9)."""
        self.state = BindingState.WANTED
        self.due = float("-inf")
        self.tried = 0

    def try_another(self) -> bool:
        """Ask the server's next address; False when all of them were silent."""
        if self.tried == len(self.server.others):
            return False
        self.server = next_address(self.server)
        self.state = BindingState.WANTED
        self.tried += 1
        return True
