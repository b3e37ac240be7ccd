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
    `receivers` are those of the transport by their mid, as they are at the time.
    """

    def __init__(
        self,
        send: Callable[[bytes], object],
        senders: Mapping[str, tuple[ReportingSender, RtpSendParameters]],
        receivers: Mapping[str, tuple[ReportingReceiver, RtpReceiveParameters]],
        *,
        interval: float,
    ) -> None:
        self.references = ReferenceTimes()
        self.drops: Counter[FeedbackDrop] = Counter()
        self._send, self._senders, self._receivers = send, senders, receivers
        self._schedule = ReportSchedule(interval)
        self._budget = FeedbackBudget()
        self._next: str | None = None
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
            if not self._timer.cancelled() and self._timer.when() == deadline:
                return
            self._timer.cancel()
            self._timer = None
        if deadline is not None:
            self._timer = asyncio.get_running_loop().call_at(deadline, self._report)

    def _report(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time()
        writer, heard = ReportWriter(self.references.answers(now)), False
        mids = list(dict.fromkeys((*self._senders, *self._receivers)))
        begin = mids.index(self._next) if self._next in mids else 0
        self._next = None
        for mid in mids[begin:] + mids[:begin]:
            if writer.full:
                self._next = mid
                break
            heard = self._add_section(writer, mid, now) or heard
        compounds = writer.finish(ntp_time() if heard else None)
        for data in compounds:
            self._transmit(data)
        self._schedule.note_report(now, random.random(), more=bool(compounds))
        self._arm()

    def _add_section(self, writer: ReportWriter, mid: str, now: float) -> bool:
        """Add what there is to report of a section; tells whether something was heard."""
        reports: list[SenderReport | ReceiverReport] = []
        blocks: Sequence[ReportBlock] = ()
        cname = None
        if mid in self._senders:
            sender, sending = self._senders[mid]
            reports, cname = list(sender.reports(now)), sending.cname
        if mid in self._receivers:
            receiver, receiving = self._receivers[mid]
            blocks, cname = receiver.report_blocks(now), receiving.cname
            if blocks:
                ours = next((one for one in reports if one.ssrc == receiving.rtcp_ssrc), None)
                others = [one for one in reports if one is not ours]
                reports = with_blocks(ours or ReceiverReport(receiving.rtcp_ssrc), blocks) + others
        writer.add(reports, cname)
        return bool(blocks)

    def _transmit(self, data: bytes) -> None:
        try:
            self._send(data)
        except ConnectionError:
            # RTCP of a transport that is not connected is of no use to anybody.
            return
