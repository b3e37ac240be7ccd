"""Pictures over networks that lose packets: buffer, requests and playout together.

The sender answers requests for packets and for key frames like a browser, and sends sound as well;
all packets share the numbers of their transport. Everything takes half a round trip and a little
more, in order; requests and what is sent again are lost as all else.
"""

import heapq
import random
from dataclasses import dataclass, field, replace
from itertools import count, pairwise
from typing import Any

import pytest

from peer.rtp import FrameBuffer, FramePlayout, KeyRequests, NackRequester, TransportGaps
from peer.rtp.payloads.vp8 import Vp8Depayloader
from tests.rtp.video_line import RATE, START, Sent, picture

INTERVAL = 1 / 30
PACKETS, PACKETS_OF_KEY = 6, 30
WARM = 3.0
PICTURES, REPAIRS, SOUND = 1, 2, 3


@dataclass
class Call:
    """A sender, a network and a receiver, as events in virtual time."""

    loss: float
    round_trip: float
    seed: int
    even: bool = True
    jitter: float = 0.002
    packets: int = PACKETS
    shown: list[tuple[float, int]] = field(default_factory=list)
    asked: list[float] = field(default_factory=list)
    sent: int = 0
    sent_again: int = 0

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.events: list[tuple[float, int, str, Any]] = []
        self.order, self.transport = count(), count()
        self.counters = {ssrc: count() for ssrc in (PICTURES, REPAIRS, SOUND)}
        self.gaps = TransportGaps()
        self.history: dict[int, Sent] = {}
        self.resent: dict[int, float] = {}
        self.number = 0
        self.last_arrival = START
        self.wants_key = True
        self.key_at = -1.0
        self.buffer = FrameBuffer[Sent](repairs=True)
        self.nacks = NackRequester()
        self.keys = KeyRequests()
        self.playout = FramePlayout[Sent](RATE, even=self.even)
        for part in (self.buffer, self.nacks, self.keys, self.playout.delay):
            part.round_trip = self.round_trip
        self.depayloader = Vp8Depayloader()

    def at(self, when: float, what: str, value: Any = None) -> None:
        heapq.heappush(self.events, (when, next(self.order), what, value))

    def through(self, now: float, ssrc: int, sent: Sent | None = None) -> None:
        """Send a packet of a source; it may be lost."""
        label = next(self.transport), ssrc, next(self.counters[ssrc])
        if self.random.random() >= self.loss:
            delay = self.round_trip / 2 + self.random.random() * self.jitter
            self.last_arrival = max(self.last_arrival, now + delay)
            self.at(self.last_arrival, "arrive", (label, sent))

    def back(self, now: float, what: str, value: Any = None) -> None:
        """Send something to the sender."""
        if self.random.random() >= self.loss:
            self.at(now + self.round_trip / 2, what, value)

    def run(self, seconds: float) -> "Call":
        for index in range(int(seconds / INTERVAL)):
            self.at(START + index * INTERVAL, "film", index)
        for index in range(int(seconds / 0.02)):
            self.at(START + 0.007 + index * 0.02, "speak")
        for tick in range(int((seconds + 1) * 100)):
            self.at(START + tick / 100, "look")
        while self.events:
            now, _, what, value = heapq.heappop(self.events)
            getattr(self, what)(now, value)
            self.look(now, None)
        return self

    def film(self, now: float, index: int) -> None:
        is_key = self.wants_key and now - self.key_at >= 0.3
        if is_key:
            self.wants_key, self.key_at = False, now
        packets = PACKETS_OF_KEY if is_key else self.packets
        for sent in picture(index, self.number, packets=packets, is_key=is_key):
            self.history[sent.number] = sent
            self.sent += 1
            self.through(now, PICTURES, sent)
        self.number += packets

    def speak(self, now: float, value: None) -> None:
        self.through(now, SOUND)

    def arrive(self, now: float, value: tuple[tuple[int, int, int], Sent | None]) -> None:
        label, sent = value
        if sent is not None:
            self.take(now, replace(sent, arrival=now))
        lost = self.gaps.note(*label)
        if lost and label[1] != PICTURES:
            self.nacks.suspect(lost, now)

    def take(self, now: float, sent: Sent) -> None:
        if self.nacks.add(sent.number, now):
            self.buffer.repairs_ended()
        is_key = self.buffer.insert(
            sent.number,
            sent.index * RATE // 30,
            sent.payload,
            sent,
            self.depayloader,
            now,
            marker=sent.marker,
            repaired=sent.repaired,
        )
        self.keys.note_packet(now, is_key=is_key)
        if is_key:
            self.nacks.key_begins()

    def requested(self, now: float, numbers: tuple[int, ...]) -> None:
        for number in self.history.keys() & numbers:
            # A sender's own round trip is not the same each time, and longer than ours.
            measured = self.round_trip * (1 + 0.1 * self.random.random()) + 0.005
            if now - self.resent.get(number, 0.0) > measured:
                self.resent[number] = now
                self.sent_again += 1
                self.through(now, REPAIRS, self.history[number].again(0))

    def key_requested(self, now: float, value: None) -> None:
        self.wants_key = True

    def look(self, now: float, value: None) -> None:
        """What a receiver does after each packet, and each 10 ms."""
        for frame in self.buffer.pull(now):
            self.keys.note_frame(now)
            if frame.is_key:
                self.nacks.note_key_frame(len(frame.packets))
            self.playout.insert(frame)
        self.nacks.forget(self.buffer.settled + 1)
        if numbers := self.nacks.due(now):
            self.back(now, "requested", numbers)
        if self.keys.poll(now, needed=self.buffer.needs_key):
            self.asked.append(now)
            self.back(now, "key_requested")
        for frame in self.playout.pull(now):
            self.shown.append((now, frame.packets[0].index))

    def frozen(self) -> float:
        """Seconds that the picture stood still (webrtc-stats, totalFreezesDuration)."""
        gaps = [b - a for (a, _), (b, _) in pairwise(self.shown) if b > START + WARM]
        return sum(gap for gap in gaps if gap >= max(3 * INTERVAL, INTERVAL + 0.15))

    def late(self) -> float:
        """How long after it was filmed a picture is shown, of 95 in 100 at most."""
        delays = sorted(
            now - START - index * INTERVAL for now, index in self.shown if now > START + WARM
        )
        return delays[len(delays) * 95 // 100]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("even", [True, False])
@pytest.mark.parametrize(
    ("loss", "round_trip", "packets", "frozen", "late"),
    [
        (0.0, 0.04, 6, 0.0, 0.04),
        (0.05, 0.04, 6, 0.3, 0.11),
        (0.10, 0.04, 6, 0.5, 0.125),
        (0.10, 0.04, 4, 0.3, 0.115),
        (0.10, 0.04, 1, 0.3, 0.1),
        (0.03, 0.2, 6, 1.0, 0.41),
        (0.03, 0.2, 1, 1.0, 0.4),
    ],
)
def test_lost_packets_hardly_stop_the_picture(
    loss: float, round_trip: float, packets: int, frozen: float, late: float, even: bool, seed: int
) -> None:
    """22 seconds of a call, of which the first three do not count: too little is known."""
    call = Call(loss, round_trip, seed, even, packets=packets).run(22.0)
    assert call.frozen() <= frozen
    assert call.late() <= late
    shown = [index for _, index in call.shown]
    assert shown == sorted(set(shown))
    assert len(shown) >= 0.95 * 22 * 30
    assert len(call.asked) <= 2 * 22
    assert call.sent_again <= 2 * loss * call.sent + 10
