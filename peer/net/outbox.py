"""Datagrams that leave together, because system calls are what sending costs."""

import asyncio
from collections.abc import Sequence
from math import inf
from typing import Protocol

from .segmentation import MAX_BYTES, MAX_SEGMENTS, REFUSED, UNKNOWN_HERE, can_segment

WORTH_HOLDING = 3
"""Datagrams in a run that make up for the work of holding them back."""
HANDSHAKE = 16
"""Datagrams that leave at once in the beginning: handshakes take turns and have no runs."""
MAX_PENALTY = 64
"""Datagrams sent at once after holding back has not paid, at most."""
ALONE = 64
"""Datagrams sent alone to a remote address after a run to it was refused, for the first time."""
MAX_ALONE = 65_536
"""How many it becomes, when runs are refused again and again."""
MAX_REFUSING = 64
"""Remote addresses whose runs were refused that are remembered."""


class Sender(Protocol):
    """The socket behind an outbox."""

    def send_now(self, data: bytes, remote: tuple[str, int]) -> bool:
        """Send a datagram; False when it was dropped. Raises OSError when the way is closed."""

    def send_run(self, run: list[bytes], size: int, remote: tuple[str, int]) -> None:
        """Send datagrams of `size` bytes, the last of which may be shorter, in one call.

        Raises OSError when it cannot be done; none of them has left then.
        """


class Destination(Protocol):
    """Where datagrams go, and who counts them."""

    remote: tuple[str, int]

    def note_sent(self, count: int, size: int, now: float) -> None:
        """So many datagrams, of so many bytes in all, have left."""

    def note_discarded(self, size: int) -> None:
        """A datagram was dropped."""

    def fail(self, error: OSError) -> None:
        """Sending is impossible."""


class Outbox:
    """Holds runs of equally long datagrams back until the loop's iteration is over, at the latest.

    A run ends with a shorter datagram, as the packets of one picture do, and leaves at once
    then. Order is kept. Where holding back does not pay, because there are no runs or the system
    cannot send them in one call, datagrams leave at once. A way on which runs are refused, as by
    a tunnel with a small MTU, has them tried again ever more rarely; others are not touched by it.
    """

    __slots__ = (
        "_capacity",
        "_direct",
        "_loop",
        "_paid",
        "_penalty",
        "_refusing",
        "_run",
        "_size",
        "_socket",
        "_soon",
        "_to",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop, socket: Sender) -> None:
        self._loop = loop
        self._socket = socket
        self._run: list[bytes] = []
        self._to: Destination | None = None
        self._size = 0
        self._capacity = 0
        self._soon: asyncio.Handle | None = None
        self._paid = False
        self._penalty = 1
        # How many datagrams are to leave alone towards whom, now and after another refusal.
        self._refusing: dict[tuple[str, int], tuple[int, int]] = {}
        # How many datagrams are to leave at once; infinitely many where runs are impossible.
        self._direct = HANDSHAKE if can_segment() else inf

    def post_all(self, datagrams: Sequence[bytes], to: Destination) -> bool:
        """Send datagrams soon; False when one was dropped at once. What `post` does, for each."""
        sent = True
        for data in datagrams:
            run = self._run
            # Most are one more of a run.
            if run and to is self._to and len(data) == self._size and len(run) + 1 < self._capacity:
                run.append(data)
            else:
                sent &= self.post(data, to)
        return sent

    def post(self, data: bytes, to: Destination) -> bool:
        """Send a datagram soon; False when it was dropped at once.

        What is dropped later is told to `to` alone.
        """
        size = len(data)
        run = self._run
        if run:
            if to is self._to and 0 < size <= self._size:
                run.append(data)
                if size < self._size or len(run) == self._capacity:
                    self.flush()
                return True
            self.flush()
        if self._direct:
            self._direct -= 1
            return self._send(data, to)
        if self._refusing and self._goes_alone(to.remote):
            return self._send(data, to)
        self._capacity = min(MAX_SEGMENTS, MAX_BYTES // size) if size else 0
        if self._capacity < 2:
            return self._send(data, to)
        self._to = to
        self._size = size
        self._run.append(data)
        if self._soon is None:
            self._soon = self._loop.call_soon(self._end_iteration)
        return True

    def flush(self) -> None:
        """Send what is held back."""
        run, to = self._run, self._to
        if not run or to is None:
            return
        self._run, self._to = [], None
        if len(run) == 1 or not self._send_run(run, to):
            for data in run:
                self._send(data, to)

    def close(self) -> None:
        """Send what is held back, and hold nothing back any more."""
        self.flush()
        self._direct = inf
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None

    def _end_iteration(self) -> None:
        self._soon = None
        self.flush()
        if self._paid:
            self._paid = False
            self._penalty = 1
        else:
            # Traffic without runs is left alone for ever longer, but looked at again.
            self._direct += self._penalty
            self._penalty = min(2 * self._penalty, MAX_PENALTY)

    def _send_run(self, run: list[bytes], to: Destination) -> bool:
        try:
            self._socket.send_run(run, self._size, to.remote)
        except OSError as error:
            # Whatever is wrong, each datagram for itself gets what it would have got.
            if error.errno in UNKNOWN_HERE:
                self._direct = inf
            elif error.errno in REFUSED:
                self._refuse(to.remote)
                # It says nothing of how much holding back pays elsewhere.
                self._paid = True
            return False
        self._refusing.pop(to.remote, None)
        self._paid = self._paid or len(run) >= WORTH_HOLDING
        size = self._size * (len(run) - 1) + len(run[-1])
        to.note_sent(len(run), size, self._loop.time())
        return True

    def _refuse(self, remote: tuple[str, int]) -> None:
        _, count = self._refusing.pop(remote, (0, ALONE))
        while len(self._refusing) >= MAX_REFUSING:
            del self._refusing[next(iter(self._refusing))]
        self._refusing[remote] = (count, min(2 * count, MAX_ALONE))

    def _goes_alone(self, remote: tuple[str, int]) -> bool:
        left, count = self._refusing.get(remote, (0, 0))
        if left:
            self._refusing[remote] = (left - 1, count)
        return left > 0

    def _send(self, data: bytes, to: Destination) -> bool:
        try:
            sent = self._socket.send_now(data, to.remote)
        except OSError as error:
            to.fail(error)
            sent = False
        if sent:
            to.note_sent(1, len(data), self._loop.time())
        else:
            to.note_discarded(len(data))
        return sent
