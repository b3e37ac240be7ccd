"""How much is sent over a transport, in one place for all its streams.

What leaves is noted with `packets_sent`, what the peer says of it with the other methods of that
kind. `target` is what media, repair and headers may take together, `pacing` the rate at which
packets leave, `filling` what padding fills up; `probes` hands out what is to be tried.

There is no timer: a transport that sends nothing has nothing to adapt, and each packet and each
report moves the time on. The best that the peer tells decides: when each packet came, else what it
takes at most, else what was lost.
"""

from collections.abc import Sequence
from math import inf

from ..transport_feedback import TransportFeedback
from .application_limit import ApplicationLimit
from .feedback_estimate import FeedbackEstimate
from .history import Arrivals, LostPacket, Report, SentPacket, SentPackets
from .probe_plan import Outlook, ProbePlan
from .probe_results import ProbeCluster
from .report_estimate import ReportEstimate
from .silence import Silence

START_BITRATE = 300_000.0
LEAST_BITRATE = 5_000.0
PACING_FACTOR, BLIND_PACING_FACTOR = 1.1, 2.5
"""Of the target: with and without reports about each packet."""
LIMIT_LIFETIME = 25.0
"""Seconds for which what the receiver takes at most counts where packets are reported, too: as long
as bounds that are asked for (TMMBR); browsers repeat theirs every second."""
TICK = 0.025
"""Seconds from one look at what is due by time to the next."""


class CongestionController:
    """The estimate of one transport. Rates in bits per second, sizes in bytes with all headers."""

    def __init__(
        self,
        *,
        start: float = START_BITRATE,
        least: float = LEAST_BITRATE,
        most: float = inf,
    ) -> None:
        self._has_feedback = False
        self._start = start
        self._least, self._most = max(LEAST_BITRATE, least), most
        self._wanted = inf
        self._sent = SentPackets()
        self._silence = Silence()
        self._idle = ApplicationLimit()
        self._was_idle_until = -inf
        self._plan = ProbePlan()
        self._peer_limit, self._limited_at = inf, -inf
        self._begun = False
        self._looked = -inf
        self._begin(start)

    def _begin(self, bitrate: float) -> None:
        self._estimate = FeedbackEstimate(bitrate, self._least, self._most)
        self._reported = ReportEstimate(bitrate)
        self._told = False
        self._aim()

    def _aim(self) -> None:
        """Find the target anew: it is asked for much more often than it changes."""
        bitrate = self._estimate.bitrate if self._has_feedback else self._reported.bitrate
        self.target = max(self._least, min(self._most, self._peer_limit, bitrate))
        """What may be sent."""

    @property
    def has_feedback(self) -> bool:
        """Whether the peer tells when each packet came; set it by what was agreed."""
        return self._has_feedback

    @has_feedback.setter
    def has_feedback(self, agreed: bool) -> None:
        self._has_feedback = agreed
        self._aim()

    @property
    def next_number(self) -> int:
        """The transport-wide number of the next packet."""
        return self._sent.next_number

    @property
    def in_flight(self) -> int:
        """Bytes that no report has come about."""
        return self._sent.in_flight

    @property
    def pacing(self) -> float:
        """The rate at which packets leave."""
        return self.target * (PACING_FACTOR if self._has_feedback else BLIND_PACING_FACTOR)

    @property
    def filling(self) -> float:
        """The rate up to which padding is sent when media is less."""
        if not self._has_feedback or not self._estimate.is_filling:
            return 0.0
        return min(self.target, self._wanted)

    @property
    def loss(self) -> float:
        """The part of the packets that the path loses, of late."""
        return self._estimate.loss if self._has_feedback else 0.0

    @property
    def has_estimate(self) -> bool:
        """Whether the peer has told anything."""
        return self._told

    def set_wanted(self, bitrate: float, now: float) -> None:
        """Say how much all streams together can use."""
        rises = bitrate > self._wanted
        self._wanted = bitrate
        if rises and self._begun:
            self._plan.wants_more(self._outlook(now), now)

    def packets_sent(
        self, packets: Sequence[SentPacket], now: float, *, probe: int | None = None
    ) -> None:
        """Note that packets with the next numbers have left together, as part of a probe or not."""
        self._note_burst(len(packets), self._sent.add(packets, now, probe), now)

    def _note_burst(self, count: int, octets: int, now: float) -> None:
        if self._silence.sent(now, count):
            self._resume(now)
        if not self._begun:
            self._begun = True
            self._plan.begin(self._outlook(now), now)
        self._note_sent(octets, now)
        if now - self._looked >= TICK:
            self._looked = now
            self._advance(now)

    def unnumbered_sent(self, size: int, now: float) -> None:
        """Note a packet that reports do not tell of."""
        if self._has_feedback:
            self._sent.add_unnumbered(size)
            self._note_sent(size, now)

    def take(self, message: TransportFeedback, now: float) -> list[LostPacket]:
        """Take a report about packets, by their numbers; returns which are lost."""
        return self._take(self._sent.take(message, now), now)

    def take_arrivals(self, arrivals: Arrivals, now: float) -> list[LostPacket]:
        """Take a report about packets of which it is known when they arrived."""
        return self._take(self._sent.take_arrivals(arrivals, now), now)

    def _take(self, report: Report | None, now: float) -> list[LostPacket]:
        if report is None:
            return []
        lost = self._sent.lost(report)
        self._note_report(report, now)
        return lost

    def _note_report(self, report: Report, now: float) -> None:
        self._told = True
        before = self.target
        before_silence = self._silence.heard()
        if before_silence is not None:
            # What is lost while nothing arrives at all tells nothing of the rate.
            report = report.without_losses()
            self._estimate.resume()
        if report.round_trip is not None:
            self._silence.round_trip = report.round_trip
        self._estimate.take(report, now, is_idle=self._idle.since is not None)
        self._aim()
        outlook = self._outlook(now)
        if self._estimate.probed:
            self._plan.answered()
        self._plan.estimated(before, outlook, now)
        if before_silence is not None:
            self._plan.restore(before_silence, outlook, now)
        self._plan.advance(outlook, now)

    def note_loss(self, lost: int, expected: int, round_trip: float | None, now: float) -> None:
        """Note what a receiver report adds to what was lost and expected.

        It may tell of a round trip, in seconds.
        """
        self._told = True
        if not self._has_feedback:
            # An SFU passes on what others lost: where each packet is reported, that counts alone.
            self._reported.note_loss(lost, expected, round_trip, now)
            self._aim()

    def note_limit(self, bitrate: float, now: float) -> None:
        """Note what the receiver takes at most; 0 takes the limit away."""
        self._told = True
        if self._has_feedback:
            self._peer_limit, self._limited_at = bitrate or inf, now
        elif bitrate:
            self._reported.note_limit(bitrate, now)
        self._aim()

    def change_path(self, now: float, *, start: float | None = None) -> None:
        """Begin anew: the packets go another way."""
        arriving = self._estimate.arriving
        bitrate = self._start if start is None else start
        self._sent.forget()
        self._silence = Silence()
        self._begin(bitrate if arriving is None else min(bitrate, arriving))
        if self._begun:
            self._plan.begin(self._outlook(now), now)

    def probes(self) -> list[ProbeCluster]:
        """Return the probes to be sent now, each once."""
        due = self._plan.due() if self._has_feedback else []
        for cluster in due:
            self._estimate.begin_probe(cluster)
        return due

    def _note_sent(self, size: int, now: float) -> None:
        was_idle = self._idle.since is not None
        self._idle.add(size, self.target, now)
        if was_idle:
            self._was_idle_until = now

    def _advance(self, now: float) -> None:
        if now - self._limited_at > LIMIT_LIFETIME:
            self._peer_limit = inf
            self._aim()
        target = self.target
        remains = self._silence.cut(target, now)
        if remains < target and self._told:
            self._estimate.lower(remains, now)
            self._aim()
        self._plan.advance(self._outlook(now), now)

    def _resume(self, now: float) -> None:
        """Begin again after a long time in which nothing was sent."""
        arriving = self._estimate.arriving or 0.0
        self._estimate.lower(max(self._start, arriving), now)
        self._aim()
        self._plan.begin(self._outlook(now), now)

    def _outlook(self, now: float) -> Outlook:
        estimate = self._estimate
        calm = self._told and estimate.is_calm and not self._silence.is_worrying(now)
        return Outlook(
            bitrate=self.target,
            wanted=min(self._wanted, self._most, self._peer_limit),
            may_probe=calm and not estimate.is_limited_by_loss,
            idle_since=self._idle.since,
            was_idle_until=self._was_idle_until,
            recovered=estimate.recovered,
            delay=estimate.delay,
            spread=estimate.spread,
        )
