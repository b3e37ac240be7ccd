"""The reports and the feedback of a transport, in virtual time."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Sequence

from peer.rtp import (
    Delay,
    ExtendedReport,
    PictureLoss,
    ReceiverReport,
    ReportBlock,
    RtcpPacket,
    SenderReport,
    SenderReportRequest,
    SourceDescription,
    read_compound,
    write_compound,
)
from peer.rtp.feedback_budget import BURST
from peer.testing import run
from peer.transports.parameters import RtpReceiveParameters, RtpSendParameters
from peer.transports.receiver import RtpReceiver
from peer.transports.reporting import FeedbackDrop, Reporter
from peer.transports.sender import RtpSender
from tests.transports.media import receive_parameters, send_parameters
from tests.transports.test_dtls import run as run_in_real_time
from tests.transports.test_group import Section, connected_groups
from tests.transports.wire import until


class Sending:
    """A sender that has sent, or not."""

    def __init__(self, *ssrcs: int) -> None:
        self.ssrcs = ssrcs

    def reports(self, now: float) -> list[SenderReport]:
        """Return a report of each of its sources."""
        return [SenderReport(ssrc, 1, 2, 3, 4) for ssrc in self.ssrcs]


class Receiving:
    """A receiver that hears these sources."""

    def __init__(self, *ssrcs: int) -> None:
        self.ssrcs: Sequence[int] = ssrcs

    def report_blocks(self, now: float) -> list[ReportBlock]:
        """Return a block for each source."""
        return [ReportBlock(ssrc, 0, 0, 0, 0, 0, 0) for ssrc in self.ssrcs]


class Transport:
    """A transport with a reporter, and when it sent what."""

    def __init__(self) -> None:
        self.sent: list[tuple[float, bytes]] = []
        self.up = True
        self.senders: dict[str, tuple[Sending, RtpSendParameters]] = {}
        self.receivers: dict[str, tuple[Receiving, RtpReceiveParameters]] = {}
        self.breaches: list[tuple[int, str | None]] = []
        self.reporter = Reporter(
            self._send, self.senders, self.receivers, interval=1.0, on_breach=self._note_breach
        )

    def _send(self, data: bytes) -> None:
        if not self.up:
            raise ConnectionError
        self.sent.append((asyncio.get_running_loop().time(), data))

    def _note_breach(self, ssrc: int, reason: str | None) -> None:
        self.breaches.append((ssrc, reason))

    def send(self, mid: str, *ssrcs: int) -> None:
        """Have a section send."""
        self.senders[mid] = Sending(*ssrcs), send_parameters(mid, ssrcs[0])

    def receive(self, mid: str, ours: int, *ssrcs: int) -> None:
        """Have a section receive; our reports on it go by `ours`."""
        self.receivers[mid] = Receiving(*ssrcs), receive_parameters(mid, rtcp_ssrc=ours)

    def packets(self) -> list[tuple[RtcpPacket, ...]]:
        """Return what was sent."""
        return [read_compound(data).packets for _, data in self.sent]


def test_one_compound_has_the_reports_of_all_sections() -> None:
    """RFC 8108 §5.3: a sender's blocks are in its sender report (RFC 3550 §6.4)."""

    async def program() -> None:
        transport = Transport()
        transport.send("a0", 1)
        transport.receive("a0", 1, 11)
        transport.receive("v0", 2, 12, 13)
        transport.send("v1", 3, 4)
        transport.receive("v1", 5, 14)
        transport.receive("v2", 6)
        transport.reporter.report_soon()
        await asyncio.sleep(0.55)
        ((a, v1, rtx, v0, v1_receiving, names, extended),) = transport.packets()
        assert isinstance(a, SenderReport)
        assert [block.ssrc for block in a.blocks] == [11]
        assert isinstance(v1_receiving, ReceiverReport)
        assert (v1_receiving.ssrc, [one.ssrc for one in v1_receiving.blocks]) == (5, [14])
        assert isinstance(v1, SenderReport)
        assert isinstance(rtx, SenderReport)
        assert (v1.ssrc, rtx.ssrc, v1.blocks) == (3, 4, ())
        assert isinstance(v0, ReceiverReport)
        assert (v0.ssrc, [one.ssrc for one in v0.blocks]) == (2, [12, 13])
        assert isinstance(names, SourceDescription)
        assert [chunk.ssrc for chunk in names.chunks] == [1, 3, 4, 2, 5]
        assert isinstance(extended, ExtendedReport)
        assert extended.reference_time is not None
        transport.reporter.close()

    run(program())


def test_of_several_encodings_the_one_by_which_we_report_has_the_blocks() -> None:
    async def program() -> None:
        transport = Transport()
        for name, ssrc in (("v0-hi", 1), ("v0-lo", 2)):
            transport.senders[name] = Sending(ssrc), send_parameters("v0", ssrc)
        transport.receive("v0", 1, 11)
        transport.reporter.report_soon()
        await asyncio.sleep(0.55)
        ((high, low, *_),) = transport.packets()
        assert isinstance(high, SenderReport)
        assert isinstance(low, SenderReport)
        assert (high.ssrc, [block.ssrc for block in high.blocks]) == (1, [11])
        assert (low.ssrc, low.blocks) == (2, ())
        transport.reporter.close()

    run(program())


def test_who_only_sends_asks_for_no_answer() -> None:
    async def program() -> None:
        transport = Transport()
        transport.send("a0", 1)
        transport.reporter.report_soon()
        await asyncio.sleep(0.55)
        ((report, names),) = transport.packets()
        assert isinstance(report, SenderReport)
        assert isinstance(names, SourceDescription)
        transport.reporter.close()

    run(program())


def test_reference_times_are_answered_once() -> None:
    async def program() -> None:
        transport = Transport()
        transport.send("a0", 1)
        transport.reporter.references.note(99, 5 << 32, asyncio.get_running_loop().time())
        transport.reporter.report_soon()
        await asyncio.sleep(3)
        answers = [one for packets in transport.packets() for one in packets[2:]]
        assert len(answers) == 1
        assert isinstance(answers[0], ExtendedReport)
        assert (answers[0].ssrc, answers[0].reference_time) == (1, None)
        (delay,) = answers[0].delays
        at = transport.sent[0][0]
        assert delay == Delay(99, 5 << 16, int(at * 65536))
        transport.reporter.close()

    run(program())


def test_reports_go_on_while_there_is_something_to_report() -> None:
    async def program() -> None:
        random.seed(7)
        transport, loop = Transport(), asyncio.get_running_loop()
        transport.receive("a0", 1, 11)
        transport.reporter.report_soon()
        await asyncio.sleep(60)
        assert 50 <= len(transport.sent) <= 72
        transport.receivers["a0"][0].ssrcs = ()
        begin = loop.time()
        await asyncio.sleep(60)
        assert all(at < begin for at, _ in transport.sent)
        assert transport.reporter._timer is None
        transport.receivers["a0"][0].ssrcs = (11,)
        transport.reporter.report_soon()
        await asyncio.sleep(0.55)
        assert transport.sent[-1][0] > begin
        transport.reporter.close()

    run(program())


def test_a_transport_that_is_not_connected_goes_on_reporting_when_it_is() -> None:
    async def program() -> None:
        transport = Transport()
        transport.send("a0", 1)
        transport.up = False
        transport.reporter.report_soon()
        await asyncio.sleep(10)
        assert transport.sent == []
        transport.up = True
        await asyncio.sleep(1.5)
        assert transport.sent
        transport.reporter.close()

    run(program())


def seen(transport: Transport) -> list[int]:
    """Return the sources that were reported on, in order."""
    reports = [one for packets in transport.packets() for one in packets]
    found = [one for one in reports if isinstance(one, ReceiverReport)]
    return [block.ssrc for report in found for block in report.blocks]


def test_forty_sources_are_reported_within_an_interval() -> None:
    async def program() -> None:
        transport = Transport()
        for section in range(4):
            begin = 100 + 10 * section
            transport.receive(f"v{section}", section, *range(begin, begin + 10))
        transport.reporter.report_soon()
        await asyncio.sleep(0.55)
        assert sorted(seen(transport)) == list(range(100, 140))
        transport.reporter.close()

    run(program())


def test_what_has_no_room_comes_first_the_next_time() -> None:
    async def program() -> None:
        transport = Transport()
        for section in range(20):
            begin = 1000 + 20 * section
            transport.receive(f"v{section}", section, *range(begin, begin + 20))
        transport.reporter.report_soon()
        await asyncio.sleep(0.55)
        first = seen(transport)
        assert first == list(range(1000, 1000 + len(first)))
        assert 31 < len(first) < 400
        await asyncio.sleep(1.0)
        assert seen(transport)[len(first)] == 1000 + len(first)
        await asyncio.sleep(4.0)
        assert set(seen(transport)) == set(range(1000, 1400))
        transport.reporter.close()

    run(program())


def test_a_section_that_went_away_does_not_stop_the_others() -> None:
    async def program() -> None:
        transport = Transport()
        for section in range(20):
            transport.receive(f"v{section}", section, *range(20))
        transport.reporter.report_soon()
        await asyncio.sleep(0.55)
        transport.receivers.clear()
        transport.send("a0", 1)
        count = len(transport.sent)
        await asyncio.sleep(1.0)
        assert len(transport.sent) == count + 1
        transport.reporter.close()

    run(program())


def test_a_report_that_is_asked_for_leaves_at_once() -> None:
    async def program() -> None:
        transport, loop = Transport(), asyncio.get_running_loop()
        transport.reporter.report_now(0.2)
        await asyncio.sleep(1)
        assert transport.sent == []
        transport.send("a0", 1)
        transport.reporter.report_soon()
        transport.reporter.report_now(0.2)
        asked = loop.time()
        await asyncio.sleep(0.01)
        for _ in range(50):
            transport.reporter.report_now(0.2)
            await asyncio.sleep(0.001)
        assert [at for at, _ in transport.sent] == [asked]
        await asyncio.sleep(0.2)
        assert len(transport.sent) == 2
        transport.reporter.close()

    run(program())


def test_a_storm_of_feedback_leaves_within_its_share() -> None:
    async def program() -> None:
        transport, loss = Transport(), write_compound(PictureLoss(1, 2))
        for _ in range(1000):
            for _ in range(100):
                transport.reporter.send_feedback(loss)
            transport.reporter.note_received(5000)
            await asyncio.sleep(0.01)
        sent = sum(len(data) for _, data in transport.sent)
        assert sent <= 10 * 25000 + BURST
        assert sent >= 10 * 25000 - 1000
        dropped = transport.reporter.drops[FeedbackDrop.OVER_BUDGET]
        assert dropped == 100_000 - len(transport.sent)

    run(program())


def closed(do: Callable[[Reporter], object]) -> Callable[[], Coroutine[object, object, None]]:
    async def program() -> None:
        transport = Transport()
        transport.send("a0", 1)
        transport.reporter.report_soon()
        transport.reporter.close()
        transport.reporter.close()
        do(transport.reporter)
        await asyncio.sleep(10)
        assert transport.sent == []
        assert transport.reporter._timer is None

    return program


def test_a_closed_transport_reports_no_more() -> None:
    run(closed(Reporter.report_soon)())
    run(closed(lambda reporter: reporter.report_now(0.1))())


def test_a_sender_report_that_is_asked_for_comes_at_once() -> None:
    """RFC 6051 §3.2; nothing comes for sources of others."""

    async def scenario() -> None:
        async with connected_groups(report_interval=1000.0) as groups:
            section = Section("a0", 10)
            section.start(groups)
            await section.passes()
            groups.right.send_rtcp(write_compound(SenderReportRequest(99, 11)))
            for _ in range(5):
                await asyncio.sleep(0)
            (figures,) = section.receiver.statistics()
            assert figures.remote is None
            groups.right.send_rtcp(write_compound(SenderReportRequest(99, 10)))
            await until(lambda: section.receiver.statistics()[0].remote is not None)
            await section.stop()

    run_in_real_time(scenario)


def test_senders_without_a_track_and_sections_where_nothing_comes_have_no_timer() -> None:
    async def scenario() -> None:
        async with connected_groups() as groups:
            sender, receiver = RtpSender("audio"), RtpReceiver("video")
            sender.send(groups.left, send_parameters("a0", 10))
            receiver.receive(groups.left, receive_parameters("v0"))
            for _ in range(10):
                await asyncio.sleep(0.01)
            assert groups.left._reporter._timer is None
            assert groups.left._arrivals._timer is None
            await sender.stop()
            await receiver.stop()
            assert groups.left._reporter._timer is None

    run_in_real_time(scenario)
