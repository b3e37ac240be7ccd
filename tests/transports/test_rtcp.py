"""Which streams RTCP is about, and compounds of ours."""

import pytest

from peer.rtp import (
    BitrateLimit,
    Chunk,
    ExtendedReport,
    FullIntraRequest,
    Goodbye,
    MaximumBitrate,
    Nack,
    PictureLoss,
    ReceiverReport,
    ReportBlock,
    RtcpPacket,
    SenderReport,
    SenderReportRequest,
    SourceDescription,
    TemporaryBitrates,
    TransportFeedback,
    read_compound,
    write_compound,
)
from peer.transports.rtcp import compound, sdes_mids, sources, targets

BLOCK = ReportBlock(7, 0, 0, 0, 0, 0, 0)
SR = SenderReport(1, 0, 0, 0, 0, (BLOCK,))
RR = ReceiverReport(1, (BLOCK,))
SDES = SourceDescription((Chunk(1, ((1, b"name"), (15, b"audio"))), Chunk(2, ())))


@pytest.mark.parametrize(
    ("packet", "received", "sent"),
    [
        (SR, [1], [7]),
        (RR, [], [7]),
        (SDES, [1, 2], []),
        (Goodbye((3, 4)), [3, 4], []),
        (Nack(1, 9, (12,)), [], [9]),
        (PictureLoss(1, 9), [], [9]),
        (SenderReportRequest(1, 9), [], [9]),
        # RFC 5104 §4.3.1.2, §4.2.1.2: the media source says nothing, the entries do
        (FullIntraRequest(1, ((5, 1), (6, 2))), [], [5, 6]),
        (TemporaryBitrates(1, (BitrateLimit(5, 1000, 40),)), [], [5]),
        (MaximumBitrate(1, 1000, (5, 6)), [], [5, 6]),
        (ExtendedReport(1, 5), [], []),
        (TransportFeedback(1, 9, 0, 0, 0, (0,)), [], []),
    ],
)
def test_streams_of_a_packet(packet: RtcpPacket, received: list[int], sent: list[int]) -> None:
    assert list(sources(packet)) == received
    assert list(targets(packet)) == sent


def test_a_compound_begins_with_the_report_and_carries_the_name() -> None:
    data = compound(RR, "name", PictureLoss(1, 9))
    name = SourceDescription((Chunk(1, ((1, b"name"),)),))
    assert read_compound(data).packets == (RR, name, PictureLoss(1, 9))


def test_a_compound_without_a_name_has_no_sdes() -> None:
    assert compound(RR, None) == write_compound(RR)


def test_mids_of_sdes() -> None:
    assert list(sdes_mids(SDES)) == [(1, "audio")]


def test_a_mid_that_is_no_text_is_not_fatal() -> None:
    packet = SourceDescription((Chunk(1, ((15, b"\xff"),)),))
    assert list(sdes_mids(packet)) == [(1, "\N{REPLACEMENT CHARACTER}")]
