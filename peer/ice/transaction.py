"""STUN client transactions: retransmission and timeout (RFC 8489 §6.2)."""

import enum
import heapq
from collections.abc import Sequence
from typing import Any

from .address import TransportAddress
from .base import Base
from .binding import ServerBinding
from .pair import CandidatePair
from .relay import RelayTask
from .stream import Generation
from .stun import Attribute, Method
from .turn import TurnRequest


class Transaction:
    """One request and its schedule.

    `sent` counts the transmissions; `next_time` is the next retransmission or, after the last
    one, the timeout.
    """

    __slots__ = (
        "base",
        "cancelled",
        "data",
        "deadline",
        "done",
        "first_sent",
        "last_sent",
        "method",
        "next_time",
        "remote",
        "rto",
        "sent",
        "tid",
    )

    def __init__(
        self,
        tid: bytes,
        data: bytes,
        base: Base,
        remote: TransportAddress,
        method: int = Method.BINDING,
    ) -> None:
        self.tid = tid
        self.data = data
        self.base = base
        self.remote = remote
        self.method = method
        self.rto = 0.5
        self.sent = 0
        self.first_sent = self.last_sent = 0.0
        self.next_time = 0.0
        self.deadline = float("inf")
        self.cancelled = False
        self.done = False

    @property
    def retransmitted(self) -> bool:
        """Tell whether more than one transmission was needed so far."""
        return self.last_sent > self.first_sent


class Purpose(enum.Enum):
    """Why a request is sent to a peer's candidate."""

    CHECK = "check"
    """A connectivity check (RFC 8445 §7.2)."""
    CONSENT = "consent"
    """It renews consent (RFC 7675 §5.1)."""
    LIVENESS = "liveness"
    """It asks a silent pair, sooner than consent would."""
    PROBE = "probe"
    """It asks a pair in doubt."""
    HANDSHAKE = "handshake"
    """It carries a part of a DTLS handshake that has to be sent again."""


class PairRequest(Transaction):
    """A Binding request to a peer's candidate.

    `controlling`, `priority` and `use_candidate` are what the request says, `generation` tells
    which credentials it was made with, `peer_heard` whether a check of the peer's had come the same
    way before. `attributes` is all it says but for what it carries of a DTLS handshake: `carries`
    tells whether it does, `carried` is the checksum of the datagram.
    """

    __slots__ = (
        "attributes",
        "carried",
        "carries",
        "controlling",
        "generation",
        "key",
        "pair",
        "peer_heard",
        "priority",
        "purpose",
        "use_candidate",
    )

    def __init__(
        self,
        tid: bytes,
        attributes: Sequence[tuple[Attribute[Any], Any]],
        purpose: Purpose,
        pair: CandidatePair,
        generation: Generation,
        *,
        controlling: bool,
        use_candidate: bool,
    ) -> None:
        local = (pair.generator or pair).local
        super().__init__(tid, b"", local.base, pair.remote.address)
        self.attributes = attributes
        self.carries = False
        self.carried: int | None = None
        self.purpose = purpose
        self.pair = pair
        self.peer_heard = bool(pair.last_request)
        self.generation = generation
        self.key = generation.remote_key
        self.priority = local.check_priority
        self.controlling = controlling
        self.use_candidate = use_candidate


class ServerRequest(Transaction):
    """A Binding request to a STUN server."""

    __slots__ = ("binding",)

    def __init__(self, tid: bytes, data: bytes, binding: ServerBinding) -> None:
        super().__init__(tid, data, binding.base, binding.server.address)
        self.binding = binding


class RelayRequest(Transaction):
    """A request to a TURN server."""

    __slots__ = ("task",)

    def __init__(self, request: TurnRequest, task: RelayTask) -> None:
        remote = task.allocation.server.address
        super().__init__(request.transaction_id, request.data, task.via, remote, request.method)
        self.task = task


AnyTransaction = PairRequest | ServerRequest | RelayRequest


class Due(enum.Enum):
    """What a due transaction needs."""

    RETRANSMIT = "retransmit"
    TIMEOUT = "timeout"


class TransactionTable:
    """All outstanding transactions by id, with one heap of their times.

    Called late, a transaction is retransmitted once, not once for each interval missed.
    """

    __slots__ = ("_by_id", "_heap", "_last_wait", "_requests", "_sequence")

    def __init__(self, *, requests: int, last_wait: float) -> None:
        self._by_id: dict[bytes, AnyTransaction] = {}
        self._heap: list[tuple[float, int, AnyTransaction]] = []
        self._sequence = 0
        self._requests = requests
        self._last_wait = last_wait

    def find(self, tid: bytes) -> AnyTransaction | None:
        """Give the outstanding transaction with this id."""
        return self._by_id.get(tid)

    def start(
        self, transaction: AnyTransaction, now: float, *, timeout: float | None = None
    ) -> None:
        """Register the first transmission.

        With `timeout` the request is sent only once and fails after that many seconds
        (TCP, RFC 8489 §6.2.2; consent, RFC 7675 §5.1).
        """
        transaction.first_sent = transaction.last_sent = now
        transaction.sent = 1
        if timeout is not None:
            transaction.sent = self._requests
            transaction.next_time = transaction.deadline = now + timeout
        else:
            transaction.next_time = now + self._wait(transaction)
            transaction.deadline = now + transaction.rto * (
                2 ** (self._requests - 1) - 1 + self._last_wait
            )
        self._by_id[transaction.tid] = transaction
        self._push(transaction)

    def limit(self, transaction: AnyTransaction, deadline: float) -> None:
        """Make a transaction time out at `deadline` at the latest."""
        transaction.deadline = min(transaction.deadline, deadline)
        transaction.next_time = min(transaction.next_time, transaction.deadline)
        self._push(transaction)

    def cancel(self, transaction: AnyTransaction) -> None:
        """Stop retransmitting, but go on listening until the timeout (RFC 8445 §7.3.1.4)."""
        transaction.cancelled = True
        transaction.next_time = transaction.deadline
        self._push(transaction)

    def finish(self, transaction: AnyTransaction) -> None:
        """Forget a transaction: its outcome is known."""
        transaction.done = True
        self._by_id.pop(transaction.tid, None)

    def next_time(self) -> float | None:
        """Give the time of the earliest retransmission or timeout."""
        heap = self._heap
        while heap and (heap[0][2].done or heap[0][0] != heap[0][2].next_time):
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def pop_due(self, now: float) -> tuple[AnyTransaction, Due] | None:
        """Give one transaction that is due, with what it needs, and schedule it anew."""
        time = self.next_time()
        if time is None or time > now:
            return None
        transaction = heapq.heappop(self._heap)[2]
        if now >= transaction.deadline or transaction.sent >= self._requests:
            self.finish(transaction)
            return transaction, Due.TIMEOUT
        transaction.sent += 1
        transaction.last_sent = now
        transaction.next_time = min(now + self._wait(transaction), transaction.deadline)
        self._push(transaction)
        return transaction, Due.RETRANSMIT

    def postpone(self, delay: float) -> None:
        """Move every deadline by `delay`: the time was lost in a stall, not on the network."""
        for transaction in self._by_id.values():
            last = transaction.next_time >= transaction.deadline
            transaction.deadline += delay
            if last:
                transaction.next_time = transaction.deadline
                self._push(transaction)

    def clear(self) -> None:
        """Forget everything."""
        for transaction in self._by_id.values():
            transaction.done = True
        self._by_id.clear()
        self._heap.clear()

    def pair_requests(self) -> list[PairRequest]:
        """List the requests to candidates of the peer's."""
        return [each for each in self._by_id.values() if isinstance(each, PairRequest)]

    def outstanding(self, pair: CandidatePair) -> list[PairRequest]:
        """List the requests of a pair."""
        return [each for each in self.pair_requests() if each.pair is pair]

    def all(self) -> list[AnyTransaction]:
        """List every outstanding transaction."""
        return list(self._by_id.values())

    def _wait(self, transaction: AnyTransaction) -> float:
        if transaction.sent >= self._requests:
            return transaction.rto * self._last_wait
        wait: float = transaction.rto * 2 ** (transaction.sent - 1)
        return wait

    def _push(self, transaction: AnyTransaction) -> None:
        self._sequence += 1
        heapq.heappush(self._heap, (transaction.next_time, self._sequence, transaction))
