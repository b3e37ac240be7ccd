"""Many reports in few compounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.rtp import (
    SDES_CNAME,
    Delay,
    ExtendedReport,
    ReceiverReport,
    ReportBlock,
    ReportWriter,
    SenderReport,
    SourceDescription,
    read_compound,
    with_blocks,
)
from peer.rtp.reference_times import MAX_ASKERS
from peer.rtp.report_writer import MAX_COMPOUNDS, MAX_SIZE

NAME = "x" * 16


def blocks(count: int, begin: int = 0) -> tuple[ReportBlock, ...]:
    return tuple(ReportBlock(begin + number, 0, 0, 0, 0, 0, 0) for number in range(count))


def sent(ssrc: int) -> SenderReport:
    return SenderReport(ssrc, 1, 2, 3, 4)


def test_sections_share_a_compound_in_which_each_source_is_named() -> None:
    writer = ReportWriter((Delay(9, 1, 2),))
    writer.add(with_blocks(sent(1), blocks(2)), NAME)
    writer.add([sent(2), sent(3)], NAME)
    writer.add(with_blocks(ReceiverReport(4), blocks(1, 7)), NAME)
    (data,) = writer.finish(77)
    packets, drop = read_compound(data)
    assert drop is None
    *reports, names, extended = packets
    assert reports == [
        sent(1)._replace(blocks=blocks(2)),
        sent(2),
        sent(3),
        ReceiverReport(4, blocks(1, 7)),
    ]
    assert isinstance(names, SourceDescription)
    named = [(chunk.ssrc, chunk.text(SDES_CNAME)) for chunk in names.chunks]
    assert named == [(ssrc, NAME) for ssrc in (1, 2, 3, 4)]
    assert extended == ExtendedReport(1, 77, (Delay(9, 1, 2),))


def test_without_anything_to_report_there_is_no_compound() -> None:
    writer = ReportWriter((Delay(9, 1, 2),))
    writer.add([], NAME)
    assert writer.finish(77) == []


def test_a_report_alone_has_nothing_extended() -> None:
    writer = ReportWriter()
    writer.add([sent(1)], None)
    assert [read_compound(data).packets for data in writer.finish()] == [(sent(1),)]


def test_more_blocks_than_a_report_holds_are_in_others_of_the_same_source() -> None:
    reports = with_blocks(sent(1), blocks(70))
    assert [len(report.blocks) for report in reports] == [31, 31, 8]
    assert {report.ssrc for report in reports} == {1}
    assert with_blocks(ReceiverReport(1), ()) == [ReceiverReport(1)]


def test_no_compound_is_too_large_and_each_stands_for_itself() -> None:
    writer = ReportWriter(tuple(Delay(number, 0, 0) for number in range(MAX_ASKERS)))
    for section in range(10):
        writer.add(with_blocks(sent(100 + section), blocks(10, 10 * section)), NAME)
    compounds = writer.finish(1)
    assert len(compounds) == 4
    seen: list[int] = []
    for data in compounds:
        assert len(data) <= MAX_SIZE
        packets = read_compound(data).packets
        reports = [one for one in packets if isinstance(one, SenderReport)]
        (names,) = (one for one in packets if isinstance(one, SourceDescription))
        assert packets[: len(reports)] == tuple(reports)
        assert {one.ssrc for one in reports} == {chunk.ssrc for chunk in names.chunks}
        seen += [block.ssrc for report in reports for block in report.blocks]
    assert sorted(seen) == list(range(100))


def test_it_says_when_it_is_full() -> None:
    writer, sections = ReportWriter(), 0
    while not writer.full:
        writer.add(with_blocks(sent(sections), blocks(31)), NAME)
        sections += 1
    assert len(writer.finish()) <= MAX_COMPOUNDS + 1
    assert sections == MAX_COMPOUNDS + 1


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 40)), max_size=40),
    st.sampled_from([None, "", "name", NAME, "ä" * 30]),
    st.integers(0, MAX_ASKERS),
)
def test_whatever_there_is_is_reported_once_in_compounds_that_are_small(
    sections: list[tuple[bool, int]], name: str | None, delays: int
) -> None:
    writer = ReportWriter(tuple(Delay(number, 0, 0) for number in range(delays)))
    begin = 0
    for ssrc, (sends, count) in enumerate(sections):
        report = sent(ssrc) if sends else ReceiverReport(ssrc)
        writer.add(with_blocks(report, blocks(count, begin)), name)
        begin += count
    found: list[int] = []
    sources: set[int] = set()
    for data in writer.finish(5):
        packets, drop = read_compound(data)
        assert drop is None
        assert len(data) <= MAX_SIZE
        for packet in packets:
            if isinstance(packet, SenderReport | ReceiverReport):
                sources.add(packet.ssrc)
                found += [block.ssrc for block in packet.blocks]
    assert found == list(range(begin))
    assert sources == set(range(len(sections)))


@pytest.mark.parametrize("length", range(2, 10))
def test_the_size_of_a_name_counts_with_its_padding(length: int) -> None:
    writer = ReportWriter()
    for ssrc in range(60):
        writer.add([sent(ssrc)], "n" * length)
    sizes = [len(data) for data in writer.finish()]
    room = 28 + 8 + (length + 2) // 4 * 4
    assert all(MAX_SIZE - room - 24 - 4 < size <= MAX_SIZE for size in sizes[:-1])
