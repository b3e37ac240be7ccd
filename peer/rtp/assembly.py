"""Packets to frames: runs of consecutive numbers that have one time.

Every packet joins the run that ends before it or begins behind it, so that its cost does not
depend on how many there are. A run is a frame when both its ends are known:

- the first packet says so, or, where the payload format has no sign for that (H.264, H.265, AV1),
  the number before belongs to something else;
- the last packet has the marker bit (RFC 7741 §4.4, RFC 6184 §5.1), or, from senders that do not
  set it or set it inside pictures, the number behind belongs to another time.

Packets without payload belong to no frame and fill their numbers.
"""

from collections import Counter
from typing import Generic, NamedTuple

from .audio_queue import Packet
from .payloads.piece import Depayloader, PayloadDrop, Piece

MAX_NUMBERS = 2048
"""Numbers from the oldest packet that waits to the newest."""
MAX_BYTES = 8 << 20
"""Bytes that wait."""
_BEFORE_FIRST = 64

_NOTHING = Piece(b"")


class Run(Generic[Packet]):
    """Consecutive packets of one time."""

    __slots__ = (
        "arrival",
        "completed",
        "depayloader",
        "first",
        "is_broken",
        "is_complete",
        "is_key",
        "is_reference",
        "is_repaired",
        "last",
        "marker",
        "packets",
        "pieces",
        "size",
        "time",
    )

    def __init__(self, number: int, time: int, depayloader: Depayloader, now: float) -> None:
        self.first, self.last = number, number - 1
        self.time = time
        self.depayloader = depayloader
        self.pieces: list[Piece] = []
        self.packets: list[Packet] = []
        self.arrival = self.completed = now
        self.size = 0
        self.is_key = False
        self.is_broken = False
        self.is_reference = False
        self.is_repaired = False
        self.is_complete = False
        self.marker = False
        """The last packet has the marker bit."""

    def add(
        self,
        piece: Piece,
        packet: Packet,
        size: int,
        now: float,
        *,
        marker: bool,
        is_broken: bool,
        repaired: bool,
    ) -> None:
        """Take in the packet behind the last one, with `size` bytes of payload."""
        self.last += 1
        self.pieces.append(piece)
        self.packets.append(packet)
        self.arrival = min(self.arrival, now)
        self.completed = max(self.completed, now)
        self.size += size
        self.is_key |= piece.is_key
        self.is_broken |= is_broken
        self.is_reference |= piece.is_reference
        self.is_repaired |= repaired
        self.is_complete = False
        self.marker = marker

    def join(self, other: "Run[Packet]") -> None:
        """Take in the run that begins behind this one."""
        self.last = other.last
        self.pieces += other.pieces
        self.packets += other.packets
        self.arrival = min(self.arrival, other.arrival)
        self.completed = max(self.completed, other.completed)
        self.size += other.size
        self.is_key |= other.is_key
        self.is_broken |= other.is_broken
        self.is_reference |= other.is_reference
        self.is_repaired |= other.is_repaired
        self.is_complete = False
        self.marker = other.marker


class _Left(NamedTuple):
    """The last number, the time and the marker of a run that is there no more."""

    last: int
    time: int
    marker: bool


class Assembly(Generic[Packet]):
    """The packets of one stream that wait, and the frames they make.

    `floor` is the highest number that nothing is expected of any more.
    """

    def __init__(self) -> None:
        self.floor = self.highest = -1
        self.complete: dict[int, Run[Packet]] = {}
        """The frames that are there, by their first numbers."""
        self.completed: list[Run[Packet]] = []
        """Those that came to be since somebody emptied this."""
        self.drops: Counter[PayloadDrop] = Counter()
        """Malformed payloads by what is wrong with them."""
        self.late = self.duplicates = 0
        """Packets of frames that have left or were given up, and those that came again."""
        self._size = 0
        self._by_first: dict[int, Run[Packet]] = {}
        self._by_last: dict[int, Run[Packet]] = {}
        self._numbers: set[int] = set()
        self._fillers: set[int] = set()
        self._trusts_markers = True
        self._left = _Left(-1, 0, False)
        """What was before `floor`: a picture, or what there was of it."""
        self._beginning: int | None = None

    @property
    def has_gap(self) -> bool:
        """Whether a number is missing before one that is there."""
        return len(self._numbers) < self.highest - self.floor

    def is_full(self, number: int) -> bool:
        """Tell whether a packet does not fit to what waits."""
        if self._beginning is None:
            return False
        return number - self.floor > MAX_NUMBERS or self._size > MAX_BYTES

    def insert(
        self,
        number: int,
        time: int,
        payload: bytes,
        packet: Packet,
        depayloader: Depayloader,
        now: float,
        *,
        marker: bool,
        repaired: bool,
    ) -> Run[Packet] | None:
        """Take a packet in; returns the run it is in, None when it is in none."""
        if not self._accepts(number):
            return None
        if not payload:
            self._fillers.add(number)
            self._check_around(number, number)
            return None
        piece, size = depayloader.read(payload), len(payload)
        is_broken = isinstance(piece, PayloadDrop)
        if isinstance(piece, PayloadDrop):
            self.drops[piece] += 1
            piece = _NOTHING
        before = self._before(number, time, piece)
        run: Run[Packet] = before or Run(number, time, depayloader, now)
        run.add(piece, packet, size, now, marker=marker, is_broken=is_broken, repaired=repaired)
        self._size += size
        if before is None:
            run = self._join(run, piece)
        else:
            self._by_last[number] = run
        self._check(run)
        self._check_around(run.first, run.last)
        return run

    def _accepts(self, number: int) -> bool:
        """Note a packet's number, and tell whether anybody waits for it."""
        if self._beginning is None:
            # Some of the first packets may come out of order.
            self._beginning = number
            self.floor = self.highest = number - _BEFORE_FIRST
        if number <= self.floor:
            self.late += 1
            return False
        if number in self._numbers:
            self.duplicates += 1
            return False
        self._numbers.add(number)
        self.highest = max(self.highest, number)
        return True

    def leave(self, run: Run[Packet]) -> None:
        """Take out the frame that is next."""
        self._forget(run)
        numbers = self._numbers
        for number in range(run.first, run.last + 1):
            numbers.discard(number)
        self.floor = run.last

    def release(self, floor: int) -> int:
        """Forget all packets up to a number; returns how many frames were among them."""
        before = len(self.complete)
        for run in [run for run in self._by_first.values() if run.first <= floor]:
            self._forget(run)
        self._numbers = {number for number in self._numbers if number > floor}
        self._fillers = {number for number in self._fillers if number > floor}
        self.floor = floor
        self.highest = max(self.highest, floor)
        return before - len(self.complete)

    def skip_fillers(self) -> None:
        """Go past packets without payload that are next."""
        floor = self.floor
        while floor + 1 in self._fillers:
            floor += 1
            self._fillers.discard(floor)
            self._numbers.discard(floor)
        self.floor = floor

    def clear(self, number: int) -> int:
        """Forget all packets, for one with that number; returns how many frames were there."""
        return self.release(max(self.highest, self.floor, number - _BEFORE_FIRST))

    def _forget(self, run: Run[Packet]) -> None:
        self._size -= run.size
        if run.last > self._left.last:
            self._left = _Left(run.last, run.time, run.marker)
        del self._by_first[run.first], self._by_last[run.last]
        self.complete.pop(run.first, None)

    def _before(self, number: int, time: int, piece: Piece) -> Run[Packet] | None:
        """Return the run that a packet is simply the next of, as in order most are."""
        run = self._by_last.get(number - 1)
        if run is None or run.time != time or run.marker or piece.begins:
            return None
        if number + 1 in self._by_first:
            return None
        del self._by_last[run.last]
        self.complete.pop(run.first, None)
        return run

    def _join(self, run: Run[Packet], piece: Piece) -> Run[Packet]:
        """Join a packet to the runs around it."""
        left = self._by_last.get(run.first - 1)
        if left is not None and left.time == run.time and not piece.begins:
            if left.marker:
                self._trusts_markers = False
            del self._by_last[left.last]
            self.complete.pop(left.first, None)
            left.join(run)
            run = left
        elif run.first - 1 == self.floor and run.time == self._left.time and not piece.begins:
            # The rest of a picture that has left already, or that was given up.
            self._trusts_markers &= not self._left.marker
            run.is_broken = True
        self._by_first[run.first] = self._by_last[run.last] = run
        right = self._by_first.get(run.last + 1)
        if right is not None and right.time == run.time and not right.pieces[0].begins:
            if run.marker:
                self._trusts_markers = False
            del self._by_last[run.last], self._by_first[right.first]
            self.complete.pop(right.first, None)
            run.join(right)
            self._by_last[run.last] = run
        return run

    def _check_around(self, first: int, last: int) -> None:
        """Look again at those whose ends may be known now."""
        before, after = self._by_last.get(first - 1), self._by_first.get(last + 1)
        if before is not None and not before.is_complete:
            self._check(before)
        if after is not None and not after.is_complete:
            self._check(after)

    def _check(self, run: Run[Packet]) -> None:
        """Note that a run is a frame, if it is."""
        behind = run.last + 1
        # Packets without payload come between pictures.
        ends = run.marker and (self._trusts_markers or behind in self._fillers)
        if not ends and behind not in self._by_first:
            return
        first = run.pieces[0]
        if not first.begins:
            before = run.first - 1
            if before in self._numbers or before == self.floor:
                # What is before is another's: if this cannot be a beginning, there is none.
                run.is_broken |= first.continues
            elif first.continues or not (first.size or run.first == self._beginning):
                return
        run.is_complete = True
        self.complete[run.first] = run
        self.completed.append(run)
