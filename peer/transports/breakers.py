"""Telling when what is sent over a transport should cease (RFC 8083).

Nothing is stopped by it: congestion control comes before, and consent ends what nobody wants.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from peer.rtp import (
    CircuitBreaker,
    ReceiverReport,
    ReportBlock,
    RtcpPacket,
    SenderReport,
)

from .parameters import RtpSendParameters

Listener = Callable[[int, str | None], object]
"""Is told an SSRC and why its circuit is broken, None when it is closed again."""


class CountingSender(Protocol):
    """What is asked of a sender."""

    def reports(self, now: float) -> Sequence[SenderReport]:
        """Return how much each source has sent."""


class Breakers:
    """The circuit breaker of each stream of a transport; `senders` are those at the time."""

    def __init__(
        self, senders: Mapping[str, tuple[CountingSender, RtpSendParameters]], tell: Listener
    ) -> None:
        self._senders, self._tell = senders, tell
        self._breakers: dict[int, CircuitBreaker] = {}
        self._told: dict[int, str] = {}

    @property
    def breaches(self) -> Mapping[int, str]:
        """Why circuits are broken, by SSRC."""
        return self._told

    def look(self, now: float) -> None:
        """Look whether reports are overdue; to be called about once a second."""
        sent = self._sent(now)
        self._breakers = {ssrc: self._breakers.get(ssrc) or CircuitBreaker() for ssrc in sent}
        for ssrc, report in sent.items():
            self._breakers[ssrc].look(report.packets, now)
        self._compare()

    def take(self, packets: Sequence[RtcpPacket], round_trip: float | None, now: float) -> None:
        """Take the reports of a compound; of several on a source the last counts."""
        blocks: dict[int, ReportBlock] = {}
        for packet in packets:
            if isinstance(packet, SenderReport | ReceiverReport):
                blocks.update((block.ssrc, block) for block in packet.blocks)
        known = self._breakers.keys() & blocks.keys()
        if not known:
            return
        sent = self._sent(now)
        for ssrc in known & sent.keys():
            report = sent[ssrc]
            breaker = self._breakers[ssrc]
            breaker.note_report(blocks[ssrc], report.packets, report.octets, round_trip, now)
        self._compare()

    def _sent(self, now: float) -> dict[int, SenderReport]:
        """Return what was sent by each source of media."""
        return {
            report.ssrc: report
            for sender, parameters in self._senders.values()
            for report in sender.reports(now)
            if report.ssrc == parameters.ssrc
        }

    def _compare(self) -> None:
        breached = {
            ssrc: breaker.breach.value
            for ssrc, breaker in self._breakers.items()
            if breaker.breach is not None
        }
        before, self._told = self._told, breached
        for ssrc in before.keys() | breached.keys():
            if before.get(ssrc) != breached.get(ssrc):
                self._tell(ssrc, breached.get(ssrc))
