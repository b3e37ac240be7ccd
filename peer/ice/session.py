"""What the parts of one agent share: its settings, its tables and its output queues."""

from collections import Counter, deque
from collections.abc import Callable, Sequence

from .address import TransportAddress
from .base import Base, LocalCandidate
from .binding import ServerBinding
from .candidate import Candidate, Foundations, TransportProtocol
from .checklist import Checklist, ChecklistSet
from .config import IceConfig, StunServer
from .connection import Connections
from .errors import DropReason
from .events import Event, IceRole, Transmit
from .framing import frame
from .pacer import Budget, Pacer, PacingBudget
from .relay import RelayTask
from .stream import Stream
from .transaction import TransactionTable
from .turn import DropReason as RelayDropReason
from .turn import TurnServer

NewPair = tuple[Checklist, LocalCandidate, Candidate]
Entropy = Callable[[int], bytes]
Embedded = Callable[[str, int, bytes], Sequence[bytes]]
"""Hands a DTLS datagram that came in a message to a component's handshake; gives its next flight,
nothing when there is none. It must not call the agent."""
Note = Callable[[str, dict[str, object]], None]

USERNAME_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def random_text(entropy: Entropy, size: int) -> str:
    """Make a string of ice-chars out of `size` bytes of entropy, four characters per 3 bytes."""
    bits = int.from_bytes(entropy(size), "big")
    count = -(-size * 8 // 6)
    return "".join(USERNAME_ALPHABET[bits >> (6 * i) & 63] for i in range(count))


def nobody(_stream: str, _component: int, _datagram: bytes) -> tuple[bytes, ...]:
    """Stand for handshakes where nothing is embedded."""
    return ()


class Session:
    """State shared by the parts of an agent. Holds no rules of its own.

    `urgent` says that the application has called since the clock last ran: the next timer is due at
    once. `timer` is what `schedule.next_time` gave when it was last asked, and holds while
    `timer_known`: data makes nothing due, so that nobody has to ask again for it.
    `note` is the trace sink for decisions, None when nobody listens.
    """

    __slots__ = (
        "accounted",
        "bases",
        "bindings",
        "check_next",
        "checklists",
        "closed",
        "config",
        "connections",
        "drops",
        "embedded",
        "entropy",
        "events",
        "foundations",
        "local_ports",
        "lossy",
        "new_bases",
        "new_pairs",
        "note",
        "now",
        "pacer",
        "relays",
        "renomination",
        "role",
        "streams",
        "stun_servers",
        "tie_breaker",
        "timer",
        "timer_known",
        "timings",
        "transactions",
        "transmits",
        "turn_servers",
        "urgent",
    )

    def __init__(
        self,
        config: IceConfig,
        *,
        role: IceRole,
        entropy: Entropy,
        budget: Budget | None,
        embedded: Embedded = nobody,
    ) -> None:
        self.config = config
        self.timings = config.timings
        self.entropy, self.embedded = entropy, embedded
        self.role = role
        self.tie_breaker = int.from_bytes(entropy(8), "big")
        self.now = self.accounted = 0.0
        self.closed = self.lossy = self.check_next = False
        self.renomination = 0
        self.streams: dict[str, Stream] = {}
        self.bases: dict[TransportAddress, list[Base]] = {}
        self.foundations = Foundations()
        self.checklists = ChecklistSet(config.limits.pairs)
        self.transactions = TransactionTable(
            requests=config.timings.requests, last_wait=config.timings.last_wait
        )
        self.pacer = Pacer(config.timings.pace, budget or PacingBudget())
        self.events: deque[Event] = deque()
        self.connections = Connections()
        self.transmits: list[Transmit] = []
        self.stun_servers: list[StunServer] = []
        self.turn_servers: list[TurnServer] = []
        self.bindings: list[ServerBinding] = []
        self.relays: list[RelayTask] = []
        self.local_ports: dict[tuple[str, int, str], int] = {}
        self.urgent = False
        self.timer: float | None = None
        self.timer_known = False
        self.new_bases: list[Base] = []
        self.new_pairs: list[NewPair] = []
        self.drops: Counter[DropReason | RelayDropReason] = Counter()
        self.note: Note | None = None

    def open_bases(self) -> list[Base]:
        """List the announced bases of streams that still gather."""
        return [
            base
            for stream in self.streams.values()
            if not stream.bases_ended
            for base in stream.bases
            if base.relay is None and not base.released and base not in self.new_bases
        ]

    def send(self, base: Base, remote: TransportAddress, data: bytes) -> bool:
        """Queue a datagram from `base` to `remote`, through a relay or a TCP connection if so.

        Returns False when there is no way at the moment: no permission, no open connection.
        """
        if base.relay is not None and base.via is not None:
            wrapped = base.relay.wrap(data, remote, self.now)
            if wrapped is None:
                return False
            self.send_raw(base.via, base.relay.server.address, wrapped, base.server_connection)
            return True
        elif base.transport is TransportProtocol.TCP:
            connection = self.connections.find(base, remote)
            if connection is None or not connection.open:
                return False
            self.send_raw(base, remote, frame(data), connection.handle)
        else:
            self.transmits.append(Transmit(data, base.address, remote))
        return True

    def send_raw(
        self, base: Base, remote: TransportAddress, data: bytes, connection: int | None
    ) -> None:
        """Queue bytes as they are, on a connection if `connection` names one."""
        self.transmits.append(Transmit(data, base.address, remote, connection))

    def emit(self, event: Event) -> None:
        """Queue an event for the driver."""
        self.events.append(event)

    def close(self) -> None:
        """End everything that could still happen."""
        self.closed = True
        self.events.clear()
        self.transactions.clear()
        self.pacer.close()

    def drop(self, reason: DropReason | RelayDropReason, **details: object) -> None:
        """Count a dropped input under its reason."""
        self.drops[reason] += 1
        if self.note is not None:
            self.note("drop", {"reason": reason.value, **details})

    def decide(self, decision: str, **details: object) -> None:
        """Tell the trace about a decision."""
        if self.note is not None:
            self.note(decision, details)
