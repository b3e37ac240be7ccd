"""The video buffer: frames in decoding order, none that a decoder could not take.

Packets become frames (`assembly`), and a frame leaves as soon as it is complete and everything it
needs has left (`references`). Most wait for nothing: their marker bit is the moment.

Where a packet is missing, what is behind it waits for the repair, and:

- a complete key frame behind the gap ends the waiting, everything before it is given up;
- so does a frame that does not need what is missing, where the sender tells (temporal layers);
- after `patience`, or when more is missing than is worth asking for, a key frame is asked for
  (`needs_key`), while the repair may still come first;
- after `MAX_WAIT` and a round trip all that waits is given up.

What was given up shows: frames that would need it are dropped and never decoded, and the frame
with which it goes on says `follows_gap`. A malformed packet spoils its frame, which then is as
good as lost. Memory is bounded by `assembly`: a packet that does not fit drops all and a key frame
is asked for; a packet costs the same however far its number jumps.
"""

from collections.abc import Iterable
from typing import Generic

from .assembly import Assembly, Run
from .audio_queue import Packet
from .payloads.piece import Depayloader, Layers
from .references import References

MAX_WAIT = 1.0
"""Seconds, besides a round trip, that a missing packet holds others back."""
REORDERING = 0.05
"""Seconds until a missing packet that nobody asks for is given up."""
_BEFORE_KEY = 0.2
_ROUND_TRIPS = 2.5
MAX_FRAMES = 800
"""Frames that wait for one that is missing."""


class VideoFrame(Generic[Packet]):
    """A complete frame. `arrival` and `completed` are when its first and last packet came."""

    __slots__ = (
        "arrival",
        "completed",
        "data",
        "follows_gap",
        "is_key",
        "is_reference",
        "is_repaired",
        "layers",
        "number",
        "packets",
        "rotation",
        "size",
        "time",
    )

    def __init__(self, run: Run[Packet], data: bytes, *, follows_gap: bool) -> None:
        first = run.pieces[0]
        self.data = data
        self.time = run.time
        self.is_key = run.is_key
        self.is_reference = run.is_reference
        self.is_repaired = run.is_repaired
        """One of its packets was sent again."""
        self.follows_gap = follows_gap
        """Frames before it are missing that it does not need."""
        self.layers: Layers | None = first.layers
        self.size = next((piece.size for piece in run.pieces if piece.size), None)
        """Width and height, as the last key frame said them."""
        self.number = 0
        """Its place among those that left."""
        self.packets = run.packets
        self.rotation = 0
        """Degrees, clockwise, after which it is upright: for who reads the packets to say."""
        self.arrival = run.arrival
        self.completed = run.completed


class VideoStatistics:
    """What became of the frames (webrtc-stats)."""

    __slots__ = (
        "assembled_from_several",
        "assembly_time",
        "cleared",
        "dropped",
        "emitted",
        "key_frames",
        "received",
    )

    def __init__(self) -> None:
        self.received = self.key_frames = 0
        """Complete frames."""
        self.dropped = 0
        """Complete frames that needed what is missing."""
        self.emitted = 0
        """Frames that left."""
        self.assembly_time = 0.0
        """Seconds from the first to the last packet, of frames of several."""
        self.assembled_from_several = 0
        self.cleared = 0
        """How often packets did not fit."""


class FrameBuffer(Generic[Packet]):
    """The frames of one stream: insert packets, pull after each and at the deadline.

    `repairs` says that missing packets are asked for; `round_trip` is in seconds.
    """

    def __init__(self, *, repairs: bool = False) -> None:
        self.repairs = repairs
        self.round_trip = 0.1
        self.statistics = VideoStatistics()
        self._assembly: Assembly[Packet] = Assembly()
        self._references = References()
        self._ready: list[VideoFrame[Packet]] = []
        self._waits_since: float | None = None
        self._asks_for_key = True
        self._gap = False
        self._size: tuple[int, int] | None = None

    @property
    def packets_late(self) -> int:
        """Packets of frames that had left or were given up."""
        return self._assembly.late

    @property
    def malformed(self) -> dict[str, int]:
        """Payloads that were of no use, by reason."""
        return {reason.value: count for reason, count in self._assembly.drops.items()}

    @property
    def malformed_count(self) -> int:
        """How many of them there were."""
        return sum(self._assembly.drops.values())

    @property
    def is_calm(self) -> bool:
        """Whether it has all that came: no frame is ready, nothing missing, no key frame needed."""
        return not (self._ready or self._asks_for_key) and self._waits_since is None

    @property
    def needs_key(self) -> bool:
        """Whether a key frame is to be asked for."""
        return self._asks_for_key

    @property
    def settled(self) -> int:
        """The highest number that is of no interest any more."""
        return self._assembly.floor

    @property
    def patience(self) -> float:
        """Seconds that a gap is left to repairs before a key frame is asked for."""
        if not self.repairs:
            return REORDERING
        return min(_BEFORE_KEY + _ROUND_TRIPS * self.round_trip, self._max_wait)

    def deadline(self) -> float | None:
        """Return when to pull without a packet, None when there is no need."""
        if self._waits_since is None:
            return None
        return self._waits_since + (self._max_wait if self._asks_for_key else self.patience)

    def insert(
        self,
        number: int,
        time: int,
        payload: bytes,
        packet: Packet,
        depayloader: Depayloader,
        now: float,
        *,
        marker: bool = False,
        repaired: bool = False,
    ) -> bool:
        """Take in a packet: its number and time (`TimeLine.place`), its payload and marker bit.

        Returns whether it is of a key frame, as far as the packets so far tell.
        """
        assembly = self._assembly
        if assembly.is_full(number):
            self._clear(number)
        run = assembly.insert(
            number, time, payload, packet, depayloader, now, marker=marker, repaired=repaired
        )
        is_key = run is not None and (run.is_key or run.pieces[0].announces_key)
        if assembly.completed or not payload:
            self._advance()
        self._note_waiting(now)
        return is_key

    def pull(self, now: float) -> list[VideoFrame[Packet]]:
        """Return the frames that can be decoded, in order."""
        since = self._waits_since
        if since is not None and now >= since + self.patience:
            self._asks_for_key = True
            if now >= since + self._max_wait:
                self._give_up(self._assembly.highest)
        ready, self._ready = self._ready, []
        counts = self.statistics
        for frame in ready:
            counts.emitted += 1
            frame.number = counts.emitted
            frame.size = self._size = frame.size or self._size
        return ready

    def repairs_ended(self) -> None:
        """Note that what is missing is not asked for any more: a key frame is to end the gap."""
        self._asks_for_key = True

    def decoder_failed(self) -> None:
        """Note that the decoder could not take a frame: it needs a key frame now."""
        self._references.reset()
        self._asks_for_key = True

    @property
    def _max_wait(self) -> float:
        return MAX_WAIT + self.round_trip

    def _advance(self) -> None:
        """Let everything leave that can."""
        assembly = self._assembly
        # While nothing leaves, only what has just become complete can change that.
        candidates: Iterable[Run[Packet]] = assembly.completed
        while True:
            assembly.skip_fillers()
            run = assembly.complete.get(assembly.floor + 1)
            if run is not None:
                self._leave(run, is_next=True)
                assembly.leave(run)
            else:
                run = self._beyond_the_gap(candidates)
                if run is None:
                    break
                self.statistics.dropped += assembly.release(run.first - 1)
                self._gap = self.statistics.received > 0
                self._leave(run, is_next=False)
                assembly.leave(run)
            candidates = assembly.complete.values()
            self._waits_since = None
        assembly.completed.clear()

    def _beyond_the_gap(self, candidates: Iterable[Run[Packet]]) -> Run[Packet] | None:
        """Return the frame with which it can go on although packets before are missing."""
        best = None
        for run in candidates:
            if run.is_broken or not run.is_complete or run.first <= self._assembly.floor:
                continue
            if run.is_key:
                if best is None or not best.is_key or run.first > best.first:
                    best = run
            elif best is None or (not best.is_key and run.first < best.first):
                layers = run.pieces[0].layers
                if self._references.can_decode(layers, is_key=False, is_next=False):
                    best = run
        return best

    def _leave(self, run: Run[Packet], *, is_next: bool) -> None:
        """Hand a frame out, or drop it when a decoder could not take it."""
        counts = self.statistics
        counts.received += 1
        layers = run.pieces[0].layers
        data = b""
        if not run.is_broken and self._references.can_decode(
            layers, is_key=run.is_key, is_next=is_next
        ):
            data = run.depayloader.assemble(run.pieces)
        if not data:
            counts.dropped += 1
            self._gap = True
            if run.is_reference:
                self._references.lost()
                self._asks_for_key = True
            return
        self._references.decoded(layers, is_key=run.is_key, is_next=is_next)
        self._asks_for_key = False
        counts.key_frames += run.is_key
        if len(run.pieces) > 1:
            counts.assembled_from_several += 1
            counts.assembly_time += run.completed - run.arrival
        self._ready.append(VideoFrame(run, data, follows_gap=self._gap))
        self._gap = False

    def _note_waiting(self, now: float) -> None:
        """Note since when a missing packet holds others back."""
        if not self._assembly.has_gap:
            self._waits_since = None
        elif self._waits_since is None:
            self._waits_since = now
        if len(self._assembly.complete) > MAX_FRAMES:
            self._clear(self._assembly.highest)

    def _clear(self, number: int) -> None:
        """Drop all that waits, for a packet that does not fit to it."""
        self.statistics.cleared += 1
        self._give_up(number)

    def _give_up(self, number: int) -> None:
        """Drop all that waits."""
        self.statistics.dropped += self._assembly.clear(number)
        self._references.reset()
        self._waits_since = None
        self._asks_for_key = self._gap = True
