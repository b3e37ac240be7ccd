"""The RTCP that one transport sends: reports of all its sections, and their feedback."""

import asyncio
import enum
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from peer.rtp import (
    FeedbackBudget,
    ReceiverReport,
    ReferenceTimes,
    ReportBlock,
    ReportSchedule,
    ReportWriter,
    SenderReport,
    with_blocks,
)

from .breakers import Breakers, Listener
from .ntp import ntp_time
from .parameters import RtpReceiveParameters, RtpSendParameters


class FeedbackDrop(enum.Enum):
    """Why feedback did not leave."""

    OVER_BUDGET = "feedback-over-budget"


class ReportingSender(Protocol):
    """What reports ask of a sender."""

    def reports(self, now: float) -> Sequence[SenderReport]:
        """Return a report of each source that has sent."""


class ReportingReceiver(Protocol):
    """What reports ask of a receiver."""

    def report_blocks(self, now: float) -> Sequence[ReportBlock]:
        """Return a block for each source heard of late, which begins its next interval."""


class Reporter:
    """Sends reports while there is something to report, in as few compounds as possible.

    Each section has an SSRC of ours, which reports on what is received there. `senders` and
    `receivers` are those of the transport by their names, as they are at the time; `on_breach` is
    told when one should cease to send.
    """

    def __init__(
        self,
        send: Callable[[bytes], object],
        senders: Mapping[str, tuple[ReportingSender, RtpSendParameters]],
        receivers: Mapping[str, tuple[ReportingReceiver, RtpReceiveParameters]],
        *,
        interval: float,
        on_breach: Listener,
    ) -> None:
        self.breakers = Breakers(senders, on_breach)
        self.references = ReferenceTimes()
        self.drops: Counter[FeedbackDrop] = Counter()
        self._send, self._senders, self._receivers = send, senders, receivers
        self._schedule = ReportSchedule(interval)
        self._budget = FeedbackBudget()
        self._next: int | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    def note_received(self, size: int) -> None:
        """Note that so many bytes of media came, of which feedback has a share."""
        self._budget.note_received(size)

    def report_soon(self) -> None:
        """Report within half a second: a stream has begun."""
        self._schedule.hurry(asyncio.get_running_loop().time(), random.random())
        self._arm()

    def report_now(self, round_trip: float) -> None:
        """Report at once, unless that happened within so many seconds."""
        self._schedule.ask(asyncio.get_running_loop().time(), round_trip)
        self._arm()

    def send_feedback(self, data: bytes) -> None:
        """Send feedback, or count that there was too much of it."""
        if self._budget.allows(len(data), asyncio.get_running_loop().time()):
            self._transmit(data)
        else:
            self.drops[FeedbackDrop.OVER_BUDGET] += 1

    def close(self) -> None:
        """Send no more."""
        self._closed = True
        self._arm()

    def _arm(self) -> None:
        deadline = None if self._closed else self._schedule.deadline()
        if self._timer is not None:
            if self._timer.when() == deadline:
                return
            self._timer.cancel()
            self._timer = None
        if deadline is not None:
            self._timer = asyncio.get_running_loop().call_at(deadline, self._report)

    def _report(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time()
        writer, heard = ReportWriter(self.references.answers(now)), False
        sources = self._sources()
        ssrcs = list(sources)
        begin = ssrcs.index(self._next) if self._next in sources else 0
        self._next = None
        for ssrc in ssrcs[begin:] + ssrcs[:begin]:
            if writer.full:
                self._next = ssrc
                break
            heard = _add(writer, ssrc, sources[ssrc], now) or heard
        compounds = writer.finish(ntp_time() if heard else None)
        for data in compounds:
            self._transmit(data)
        self.breakers.look(now)
        self._schedule.note_report(now, random.random(), more=bool(compounds))
        self._arm()

    def _sources(self) -> "dict[int, _Source]":
        """Return what there is to report by each SSRC of ours."""
        found: dict[int, _Source] = {}
        for sender, sending in self._senders.values():
            found[sending.ssrc] = _Source(sending.cname, sender)
        for receiver, receiving in self._receivers.values():
            source = found.setdefault(receiving.rtcp_ssrc, _Source(receiving.cname))
            source.receivers.append(receiver)
        return found

    def _transmit(self, data: bytes) -> None:
        try:
            self._send(data)
        except ConnectionError:
            # RTCP of a transport that is not connected is of no use to anybody.
            return


class _Source:
    """A source of ours: who sends by it, and who reports by it on what is received."""

    def __init__(self, cname: str | None, sender: ReportingSender | None = None) -> None:
        self.cname = cname
        self.sender = sender
        self.receivers: list[ReportingReceiver] = []


def _add(writer: ReportWriter, ssrc: int, source: _Source, now: float) -> bool:
    """Add what there is to report by a source; tells whether something was heard."""
    reports: list[SenderReport | ReceiverReport] = []
    if source.sender is not None:
        reports += source.sender.reports(now)
    blocks = [block for receiver in source.receivers for block in receiver.report_blocks(now)]
    if blocks:
        ours = next((one for one in reports if one.ssrc == ssrc), None)
        others = [one for one in reports if one is not ours]
        reports = with_blocks(ours or ReceiverReport(ssrc), blocks) + others
    writer.add(reports, source.cname)
    return bool(blocks)
