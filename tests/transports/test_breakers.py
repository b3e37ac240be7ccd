"""Telling when what is sent over a transport should cease."""

import asyncio

import pytest

from peer import CircuitBreakerEvent, RTCOutboundRtpStreamStats
from peer.rtp import PictureLoss, ReceiverReport, ReportBlock, SenderReport
from peer.rtp.circuit_breaker import REPORT_TIMEOUT
from peer.testing import Network, ToneTrack, connect, run
from peer.transports.breakers import Breakers
from tests.testing.support import closing
from tests.transports.media import send_parameters


class Sending:
    """A sender of one packet each second, with retransmissions beside."""

    def __init__(self, ssrc: int) -> None:
        self.ssrc = ssrc

    def reports(self, now: float) -> list[SenderReport]:
        """Return how much was sent."""
        count = int(now)
        return [SenderReport(one, 0, 0, count, 100 * count) for one in (self.ssrc, self.ssrc + 1)]


def report(ssrc: int, highest: int) -> ReceiverReport:
    return ReceiverReport(9, (ReportBlock(ssrc, 0, 0, highest, 0, 0, 0),))


class Transport:
    """Breakers of two senders, and what they told."""

    def __init__(self) -> None:
        self.told: list[tuple[float, int, str | None]] = []
        self.now = 0.0
        self.senders = {
            name: (Sending(ssrc), send_parameters(name, ssrc))
            for name, ssrc in (("a", 10), ("v", 20))
        }
        self.breakers = Breakers(self.senders, self._note)

    def _note(self, ssrc: int, reason: str | None) -> None:
        self.told.append((self.now, ssrc, reason))

    def second(self, *packets: ReceiverReport) -> None:
        """Let a second pass, with these reports of the peer in one compound."""
        self.now += 1.0
        self.breakers.take(packets, 0.1, self.now)
        self.breakers.look(self.now)


def test_a_peer_that_reports_nothing_is_told_of_once() -> None:
    transport = Transport()
    for _ in range(30):
        transport.second()
    when = REPORT_TIMEOUT + 1
    assert sorted(transport.told) == [(when, 10, "no-reports"), (when, 20, "no-reports")]
    assert transport.breakers.breaches == {10: "no-reports", 20: "no-reports"}
    transport.second(report(10, 5))
    assert transport.told[2:] == [(31.0, 10, None)]
    assert transport.breakers.breaches == {20: "no-reports"}


def test_each_stream_has_its_own() -> None:
    transport = Transport()
    for count in range(12):
        transport.second(report(10, count), report(20, min(count, 5)), report(21, 5))
    assert [(ssrc, reason) for _, ssrc, reason in transport.told] == [(20, "nothing-received")]


def test_of_several_reports_in_a_compound_one_counts() -> None:
    transport = Transport()
    for _ in range(3):
        transport.second(*[report(10, 5)] * 20)
    assert transport.told == []


def test_what_is_no_stream_of_ours_is_nothing() -> None:
    transport = Transport()
    transport.breakers.take((report(99, 1), PictureLoss(1, 10)), None, 1.0)
    transport.breakers.take((report(10, 1),), None, 1.0)
    assert transport.breakers.breaches == {}


def test_a_stream_that_is_sent_no_more_is_forgotten() -> None:
    transport = Transport()
    for _ in range(20):
        transport.second()
    del transport.senders["a"]
    transport.second()
    assert transport.breakers.breaches == {20: "no-reports"}
    assert transport.told[-1] == (21.0, 10, None)


@pytest.mark.slow
def test_an_application_is_told() -> None:
    """RFC 8083 §4.1: after 15 s of sending without a report, and when there are some again."""

    async def story() -> None:
        net = Network(seed=1)
        alice, bob = net.host("alice"), net.host("bob")
        async with closing(alice.connection(), bob.connection()) as (a, b):
            heard: list[CircuitBreakerEvent] = []
            a.on("circuitbreaker", heard.append)
            a.addTrack(ToneTrack())
            await connect(a, b)
            await asyncio.sleep(5)
            reporter = b._session.links.all[0].group._reporter
            send, reporter._send = reporter._send, lambda _: None
            await asyncio.sleep(13)
            assert heard == []
            await asyncio.sleep(4)
            assert [event.reason for event in heard] == ["no-reports"]
            stats = (await a.getStats()).values()
            (sent,) = [one for one in stats if isinstance(one, RTCOutboundRtpStreamStats)]
            assert (sent.ssrc, sent.circuitBreaker) == (heard[0].ssrc, "no-reports")
            reporter._send = send
            await asyncio.sleep(3)
            assert [event.reason for event in heard] == ["no-reports", None]
            assert a.connectionState == "connected"

    run(story(), seed=1)
