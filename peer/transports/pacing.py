"""Sending media over one transport: no more than its congestion control allows, and evenly."""

import asyncio
import math
from collections.abc import Iterable, Sequence
from typing import Protocol

from peer.ice import Candidate, CandidateType
from peer.rtp import CongestionFeedback, TransportFeedback
from peer.rtp.congestion import (
    CongestionController,
    Demand,
    LostPacket,
    Pacer,
    Priority,
    Release,
    RepairBudget,
    StreamNumbers,
    allocate,
    wanted,
)

from .leaving import LeavingPacket
from .ntp import SECOND, ntp_time

MIN_WAIT = 0.0005
"""Seconds from one wake-up to the next, at least."""
_SEND_TICKS = 1 << 18
"""Of a second, in which packets say when they leave."""
SHARE_TIME = 0.01
"""Seconds for which the shares hold, unless what is shared out becomes another."""
AUDIO_PART = 0.25
"""Of what may be sent, that sound takes with copies of it, where there are pictures."""


class Send(Protocol):
    """Sends the bytes of packets that leave together."""

    def __call__(self, *packets: bytes) -> object:
        """Send them; ConnectionError when not connected."""


class PacedStream(Protocol):
    """A stream that shares the transport with others."""

    @property
    def ssrc(self) -> int:
        """What the stream goes by."""

    @property
    def is_audio(self) -> bool:
        """Whether it is sound."""

    @property
    def is_numbered(self) -> bool:
        """Whether its packets have transport-wide numbers that the peer reports."""

    @property
    def is_reported_by_stream(self) -> bool:
        """Whether the peer reports its packets by the numbers of their streams (RFC 8888)."""

    def demand(self, now: float) -> Demand:
        """Return what it can use."""

    def repair(self, lost: Sequence[LostPacket], now: float) -> object:
        """Send again what did not arrive; ConnectionError when not connected."""

    def pad(self, size: int) -> Sequence[LeavingPacket]:
        """Return padding of about so many bytes, nothing when there is nothing to make it of."""

    def note_wait(self, seconds: float) -> None:
        """Note how long a packet has waited that leaves only now."""


class PacedSending:
    """The packets, the estimate and the shares of one transport.

    Nothing of what waits leaves any more once `send` has found that it is not connected.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._controller = CongestionController()
        self._pacer: Pacer[LeavingPacket] = Pacer(self._pad)
        self._repairs = RepairBudget()
        self._streams: dict[int, PacedStream] = {}
        self._numbers: StreamNumbers | None = None
        self._demands: dict[int, Demand] = {}
        self._shared, self._shared_at = 0.0, -math.inf
        self._shares: dict[int, float] = {}
        """What each stream has of what was shared out, by these demands."""
        self._paused: frozenset[int] = frozenset()
        self._timer: asyncio.TimerHandle | None = None
        self._origin: float | None = None
        """What the time of day is ahead of the loop's."""

    @property
    def bitrate(self) -> float | None:
        """What may be sent, in bits per second; None before the peer told anything."""
        return self._controller.target if self._controller.has_estimate else None

    def enroll(self, stream: PacedStream) -> None:
        """Let a stream have its share, or note what else it is now."""
        self._streams[stream.ssrc] = stream
        self._agree()

    def withdraw(self, stream: PacedStream) -> None:
        """Forget a stream, and what of it waits; nothing happens when it is not there."""
        if self._streams.get(stream.ssrc) is stream:
            del self._streams[stream.ssrc]
            self._pacer.drop(stream.ssrc)
            self._agree()

    def post(
        self, packets: Sequence[LeavingPacket], priority: Priority, ssrc: int, now: float
    ) -> None:
        """Send packets of a stream as soon as there is room; ConnectionError when not connected."""
        if priority is Priority.AUDIO and len(packets) == 1 and self._pass_by(packets[0], now):
            return
        for packet in packets:
            packet.stream, packet.waits_since = ssrc, now
        self._pacer.add(packets, priority, ssrc, now)
        if self._timer is None or priority is Priority.AUDIO or not self._pacer.rests(now):
            self._run(now)

    def drop(self, ssrc: int) -> None:
        """Let nothing of a stream wait any more."""
        self._pacer.drop(ssrc)

    def may_repeat(self, size: int, now: float) -> bool:
        """Tell whether repair may take so many bytes more; they count then."""
        controller = self._controller
        return self._repairs.take(size, controller.target, now, loss=controller.loss)

    def may_repeat_twice(self, size: int, now: float, *, again: bool) -> bool:
        """Tell whether a second copy is worth it and fits in; it counts then."""
        controller = self._controller
        return self._repairs.take_second(
            size, controller.target, now, loss=controller.loss, again=again
        )

    def backlog(self) -> float:
        """Return the seconds in which what waits will have left."""
        return self._pacer.backlog()

    def share(self, ssrc: int, now: float) -> float:
        """Return what a stream may send, in bits per second with all headers; 0 while it pauses."""
        stream = self._streams.get(ssrc)
        demand = None if stream is None else stream.demand(now)
        target, latest = self._controller.target, now - self._shared_at
        # The others say it themselves, with the next frame, what else they can use than before.
        if target != self._shared or demand != self._demands.get(ssrc) or latest >= SHARE_TIME:
            self._share_out(target, now)
        return self._shares.get(ssrc, 0.0)

    def _share_out(self, target: float, now: float) -> None:
        self._shared_at = now
        demands = {one: stream.demand(now) for one, stream in self._streams.items()}
        if demands != self._demands:
            self._controller.set_wanted(wanted(demands), now)
        elif target == self._shared:
            return
        self._demands, self._shared = demands, target
        self._shares = allocate(target, demands, self._paused)
        self._paused = frozenset(one for one, share in self._shares.items() if not share)

    def room_for_audio(self, plain: float) -> float | None:
        """Return what a stream of sound may take with its copies, in the units of `share`.

        None before the peer told anything. `plain` is what comes before pictures.
        """
        if self.bitrate is None:
            return None
        count = sum(stream.is_audio for stream in self._streams.values())
        most = self.bitrate / max(1, count)
        return most if count == len(self._streams) else max(AUDIO_PART * most, min(most, plain))

    def take(self, feedback: TransportFeedback | CongestionFeedback, now: float) -> None:
        """Take what the peer tells of packets."""
        if isinstance(feedback, TransportFeedback):
            lost = self._controller.take(feedback, now)
        elif self._numbers is not None:
            lost = self._controller.take_arrivals(self._numbers.arrivals(feedback), now)
        else:
            lost = []
        try:
            self._repair(lost, now)
            self._run(now)
        except ConnectionError:
            # The change of the transport's state ends what is sent.
            return

    def _repair(self, lost: Iterable[LostPacket], now: float) -> None:
        """Let streams send again what did not arrive, without being asked."""
        by_stream: dict[int, list[LostPacket]] = {}
        for packet in lost:
            by_stream.setdefault(packet.carries.ssrc, []).append(packet)
        for ssrc, packets in by_stream.items():
            if ssrc in self._streams:
                self._streams[ssrc].repair(packets, now)

    def note_limit(self, bitrate: float, now: float) -> None:
        """Note what the peer takes at most."""
        self._controller.note_limit(bitrate, now)

    def note_loss(self, lost: int, expected: int, round_trip: float | None, now: float) -> None:
        """Note what a receiver report adds to what was lost and expected.

        It may tell of a round trip, in seconds.
        """
        self._controller.note_loss(lost, expected, round_trip, now)

    def change_path(self, now: float) -> None:
        """Begin anew: packets go another way."""
        self._controller.change_path(now)

    def close(self) -> None:
        """Send nothing more of what waits."""
        self._pacer.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _agree(self) -> None:
        self._shared_at = -math.inf
        streams = self._streams.values()
        by_stream = any(one.is_reported_by_stream for one in streams)
        self._controller.has_feedback = by_stream or any(one.is_numbered for one in streams)
        if by_stream != (self._numbers is not None):
            self._numbers = StreamNumbers() if by_stream else None

    def _pad(self, size: int) -> Sequence[LeavingPacket]:
        for stream in self._streams.values():
            padding = stream.pad(size)
            if padding:
                return padding
        return ()

    def _run(self, now: float) -> None:
        """Let go what is due, and come back when more is."""
        self._let_go(now)
        self._probe(now)
        self._schedule()

    def _pass_by(self, packet: LeavingPacket, now: float) -> bool:
        """Let a packet of sound go at once, where that is all there is to do: it mostly is."""
        if not self._pacer.pass_by(packet, now):
            return False
        self._leave((Release((packet,), None),), now)
        if self._probe(now):
            self._schedule()
        return True

    def _probe(self, now: float) -> bool:
        """Begin the probes that are due; False when there are none."""
        probes = self._controller.probes()
        for cluster in probes:
            self._pacer.probe(cluster, now)
        if probes:
            self._let_go(now)
        return bool(probes)

    def _let_go(self, now: float) -> None:
        controller = self._controller
        self._pacer.set_rates(controller.pacing, controller.filling, now)
        released = self._pacer.due(now)
        if not released:
            return
        self._leave(released, now)

    def _leave(self, released: Sequence[Release[LeavingPacket]], now: float) -> None:
        """Send packets together, and note what has left."""
        numbers, time, streams = self._numbers, self._send_time(now), self._streams
        first = number = self._controller.next_number
        leaving: list[bytes] = []
        for packets, _ in released:
            for packet in packets:
                leaving.append(packet.leave(number, time))
                packet.left = now
                if numbers is not None or packet.is_numbered:
                    number += 1
                since = packet.waits_since
                if since is not None and since < now and packet.stream in streams:
                    streams[packet.stream].note_wait(now - since)
        try:
            self._send(*leaving)
        except ConnectionError:
            self.close()
            raise
        if numbers is not None:
            for place, data in enumerate(leaving, first):
                numbers.add(*_place(data), place)
        self._note_left(released, now, all_numbered=number - first == len(leaving))

    def _note_left(
        self, released: Sequence[Release[LeavingPacket]], now: float, *, all_numbered: bool
    ) -> None:
        controller = self._controller
        for packets, probe in released:
            if all_numbered:
                controller.packets_sent(packets, now, probe=probe)
                continue
            for packet in packets:
                if packet.is_numbered:
                    controller.packets_sent((packet,), now, probe=probe)
                else:
                    controller.unnumbered_sent(packet.size, now)

    def _send_time(self, now: float) -> int:
        """Return the time of day as abs-send-time has it: 6.18 seconds."""
        if self._origin is None:
            self._origin = ntp_time() / SECOND - now
        return int((self._origin + now) * _SEND_TICKS) & 0xFFFFFF

    def _schedule(self) -> None:
        deadline = self._pacer.deadline()
        if self._timer is not None:
            if deadline is not None and self._timer.when() <= deadline:
                return
            self._timer.cancel()
            self._timer = None
        if deadline is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(max(deadline, loop.time() + MIN_WAIT), self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._run_if_connected(asyncio.get_running_loop().time())

    def _run_if_connected(self, now: float) -> None:
        try:
            self._run(now)
        except ConnectionError:
            # The change of the transport's state ends what is sent.
            return


def network_of(pair: tuple[Candidate, Candidate] | None) -> tuple[object, ...] | None:
    """Return what tells the networks of a pair from others: ports and kinds may change within.

    Whether it goes through relays counts.
    """
    if pair is None:
        return None
    return tuple((one.address.host, one.type is CandidateType.RELAYED) for one in pair)


def _place(packet: bytes) -> tuple[int, int]:
    """Return SSRC and sequence number of a packet (RFC 3550 §5.1)."""
    return int.from_bytes(packet[8:12], "big"), int.from_bytes(packet[2:4], "big")
