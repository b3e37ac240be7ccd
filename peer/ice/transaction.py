"""STUN client transactions: retransmission and timeout (RFC 8489 §6.2)."""

import enum
import heapq
from typing import Any

from .address import TransportAddress
from .base import Base
from .stun import Method


class Purpose(enum.Enum):
    """Who started a transaction and judges its outcome."""

    CHECK = "check"
    CONSENT = "consent"
    LIVENESS = "liveness"
    SERVER = "server"
    RELAY = "relay"


class Transaction:
    """One request and its schedule.

    `owner` is the pair, server binding or allocation it belongs to, `generation` that of a check.
    `sent` counts the transmissions; `next_time` is the next retransmission or, after the last
    one, the timeout.
    """

    __slots__ = (
        "base",
        "cancelled",
        "connection",
        "controlling",
        "data",
        "deadline",
        "done",
        "first_sent",
        "generation",
        "key",
        "last_sent",
        "method",
        "next_time",
        "owner",
        "priority",
        "purpose",
        "remote",
        "rto",
        "sent",
        "tid",
        "use_candidate",
    )

    def __init__(
        self,
        tid: bytes,
        data: bytes,
        purpose: Purpose,
        owner: Any,
        base: Base,
        remote: TransportAddress,
    ) -> None:
        self.tid = tid
        self.data = data
        self.purpose = purpose
        self.owner = owner
        self.base = base
        self.remote = remote
        self.key = b""
        self.generation: Any = None
        self.method = Method.BINDING
        self.connection: int | None = None
        self.rto = 0.5
        self.sent = 0
        self.first_sent = self.last_sent = 0.0
        self.next_time = 0.0
        self.deadline = float("inf")
        self.cancelled = False
        self.done = False
        self.use_candidate = False
        self.controlling = False
        self.priority = 0

    @property
    def retransmitted(self) -> bool:
        """Tell whether more than one transmission was needed so far."""
        return self.last_sent > self.first_sent


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
        self._by_id: dict[bytes, Transaction] = {}
        self._heap: list[tuple[float, int, Transaction]] = []
        self._sequence = 0
        self._requests = requests
        self._last_wait = last_wait

    def find(self, tid: bytes) -> Transaction | None:
        """Give the outstanding transaction with this id."""
        return self._by_id.get(tid)

    def start(self, transaction: Transaction, now: float, *, timeout: float | None = None) -> None:
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

    def limit(self, transaction: Transaction, deadline: float) -> None:
        """Make a transaction time out at `deadline` at the latest."""
        transaction.deadline = min(transaction.deadline, deadline)
        transaction.next_time = min(transaction.next_time, transaction.deadline)
        self._push(transaction)

    def cancel(self, transaction: Transaction) -> None:
        """Stop retransmitting, but go on listening until the timeout (RFC 8445 §7.3.1.4)."""
        transaction.cancelled = True
        transaction.next_time = transaction.deadline
        self._push(transaction)

    def finish(self, transaction: Transaction) -> None:
        """Forget a transaction: its outcome is known."""
        transaction.done = True
        self._by_id.pop(transaction.tid, None)

    def next_time(self) -> float | None:
        """Give the time of the earliest retransmission or timeout."""
        heap = self._heap
        while heap and (heap[0][2].done or heap[0][0] != heap[0][2].next_time):
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def pop_due(self, now: float) -> tuple[Transaction, Due] | None:
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

    def outstanding(self, owner: object) -> list[Transaction]:
        """List the transactions of an owner."""
        return [t for t in self._by_id.values() if t.owner is owner]

    def all(self) -> list[Transaction]:
        """List every outstanding transaction."""
        return list(self._by_id.values())

    def _wait(self, transaction: Transaction) -> float:
        if transaction.sent >= self._requests:
            return transaction.rto * self._last_wait
        wait: float = transaction.rto * 2 ** (transaction.sent - 1)
        return wait

    def _push(self, transaction: Transaction) -> None:
        self._sequence += 1
        heapq.heappush(self._heap, (transaction.next_time, self._sequence, transaction))
