"""A sender of sound, a network and a buffer, in virtual time."""

from bisect import insort
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from peer.rtp.audio_buffer import AudioBuffer
from peer.rtp.audio_eager import EagerAudioBuffer
from peer.rtp.audio_queue import Action, Decision

RATE = 48000
FRAME = 960
START = 1000.0


@dataclass(frozen=True)
class Sent:
    """A packet and when it arrives."""

    number: int
    time: int
    arrival: float
    ticks: int = FRAME
    fec: int = 0
    is_quiet: bool = False
    is_dtx: bool = False
    age: int = 0


def speech(
    count: int,
    *,
    delay: Callable[[int], float] = lambda index: 0.0,
    lost: Iterable[int] = (),
    ticks: int = FRAME,
    fec: bool = False,
    is_quiet: Callable[[int], bool] = lambda index: False,
) -> list[Sent]:
    """Packets one after the other, some of them late and some lost."""
    gone = set(lost)
    return [
        Sent(
            index,
            index * ticks,
            START + index * ticks / RATE + delay(index),
            ticks,
            ticks if fec else 0,
            is_quiet(index),
        )
        for index in range(count)
        if index not in gone
    ]


@dataclass
class Played:
    """What left, and when."""

    decisions: list[Decision[int]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    asked: list[tuple[float, int]] = field(default_factory=list)
    """What was asked for, and when."""
    stretched: list[tuple[float, int]] = field(default_factory=list)
    """By how much packets were made longer, and when."""

    @property
    def ticks(self) -> int:
        """How much sound left."""
        return sum(decision.ticks for decision in self.decisions)

    def of(self, action: Action) -> list[Decision[int]]:
        """What left of one kind."""
        return [decision for decision in self.decisions if decision.action is action]

    def made_up(self) -> int:
        """Ticks that hold nothing of what was sent."""
        return sum(
            decision.ticks
            for decision in self.decisions
            if decision.action in (Action.CONCEAL, Action.SILENCE)
        )

    def delays(self) -> dict[int, float]:
        """How long after it was sent each decoded packet left (sent at `START` + time)."""
        return {
            decision.packet: when - START - decision.packet * FRAME / RATE
            for decision, when in zip(self.decisions, self.times, strict=True)
            if decision.action is Action.DECODE and decision.packet is not None
        }

    def check(self) -> None:
        """Times never overlap, and each packet is decoded once."""
        end = None
        for decision in self.decisions:
            assert decision.ticks > 0
            assert end is None or decision.time >= end
            end = decision.time + decision.ticks
        decoded = [decision.packet for decision in self.of(Action.DECODE)]
        assert len(decoded) == len(set(decoded))


def run(
    buffer: AudioBuffer[int] | EagerAudioBuffer[int],
    packets: Iterable[Sent],
    *,
    until: float,
    end: bool = False,
    repairs: Iterable[Sent] = (),
    period: int = 0,
) -> Played:
    """Let packets arrive and pull at every deadline, until `until` seconds after the start.

    What is asked for arrives a round trip later, as far as it is among the repairs. Sound is made
    longer or shorter by a `period`.
    """
    played = Played()
    lost = {packet.number: packet for packet in repairs}
    waiting = sorted(packets, key=lambda packet: packet.arrival)
    limit = START + until
    while True:
        deadlines = [d for d in (buffer.deadline(), buffer.next_request()) if d is not None]
        deadline = min(deadlines, default=None)
        arrival = waiting[0].arrival if waiting else None
        now = min((when for when in (deadline, arrival) if when is not None), default=limit)
        if now >= limit:
            break
        if arrival is not None and arrival <= now:
            sent = waiting.pop(0)
            buffer.insert(
                sent.number,
                sent.time,
                sent.ticks,
                sent.number - sent.age,
                now,
                fec=sent.fec,
                is_quiet=sent.is_quiet,
                is_dtx=sent.is_dtx,
                age=sent.age,
            )
            if end and not waiting:
                buffer.end()
        for decision in buffer.pull(now):
            by = period if decision.stretch > 0 else -period
            if 0 < period <= abs(decision.stretch) and isinstance(buffer, AudioBuffer):
                buffer.stretched(by)
                decision = decision._replace(ticks=decision.ticks + by)
                played.stretched.append((now, by))
            played.decisions.append(decision)
            played.times.append(now)
        for number in buffer.requests(now):
            played.asked.append((now, number))
            if number in lost:
                again = replace(lost.pop(number), arrival=now + buffer.missing.round_trip)
                insort(waiting, again, key=lambda packet: packet.arrival)
    played.check()
    return played
