"""RTCP compounds as bytes (RFC 3550 §6, RFC 3611 §4, RFC 4585 §6, RFC 5104 §4)."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.rtp import (
    BitrateLimit,
    Chunk,
    Compound,
    Delay,
    ExtendedReport,
    FullIntraRequest,
    Goodbye,
    MaximumBitrate,
    Nack,
    PictureLoss,
    ReceiverReport,
    ReportBlock,
    RtcpDrop,
    RtcpPacket,
    SenderReport,
    SenderReportRequest,
    SourceDescription,
    TemporaryBitrates,
    is_rtcp,
    read_compound,
    write_compound,
)
from peer.rtp.feedback import MAX_ENTRIES, MAX_NACK_FIELDS_READ
from peer.rtp.reports import MAX_DELAYS, MAX_EXTENDED_BLOCKS, MAX_ITEMS
from peer.rtp.rtcp import MAX_PACKETS

WORD = st.integers(0, 0xFFFFFFFF)
BLOCKS = st.lists(
    st.builds(
        ReportBlock,
        WORD,
        st.integers(0, 255),
        st.integers(-0x800000, 0x7FFFFF),
        WORD,
        WORD,
        WORD,
        WORD,
    ),
    max_size=31,
).map(tuple)
CHUNKS = st.lists(
    st.builds(
        Chunk,
        WORD,
        st.lists(st.tuples(st.integers(1, 255), st.binary(max_size=20)), max_size=4).map(tuple),
    ),
    max_size=31,
).map(tuple)
PACKETS = st.one_of(
    st.builds(SenderReport, WORD, st.integers(0, (1 << 64) - 1), WORD, WORD, WORD, BLOCKS),
    st.builds(ReceiverReport, WORD, BLOCKS),
    st.builds(SourceDescription, CHUNKS),
    st.builds(Goodbye, st.lists(WORD, max_size=31).map(tuple)),
    st.builds(
        ExtendedReport,
        WORD,
        st.none() | st.integers(0, (1 << 64) - 1),
        st.lists(st.builds(Delay, WORD, WORD, WORD), max_size=50).map(tuple),
    ),
    st.builds(PictureLoss, WORD, WORD),
    st.builds(SenderReportRequest, WORD, WORD),
    st.builds(
        FullIntraRequest,
        WORD,
        st.lists(st.tuples(WORD, st.integers(0, 255)), max_size=9).map(tuple),
    ),
    st.builds(
        MaximumBitrate, WORD, st.integers(0, 0x3FFFF), st.lists(WORD, max_size=255).map(tuple)
    ),
    st.builds(
        TemporaryBitrates,
        WORD,
        st.lists(
            st.builds(BitrateLimit, WORD, st.integers(0, 0x1FFFF), st.integers(0, 511)), max_size=9
        ).map(tuple),
        st.booleans(),
    ),
)


@given(st.lists(PACKETS, min_size=1, max_size=5))
def test_what_is_written_is_read(packets: list[RtcpPacket]) -> None:
    data = write_compound(*packets)
    assert len(data) % 4 == 0
    assert is_rtcp(data)
    assert read_compound(data) == Compound(tuple(packets))


@given(st.sets(st.integers(0, 0xFFFF), min_size=1, max_size=253))
def test_a_nack_names_each_number(numbers: set[int]) -> None:
    ((packet,), drop) = read_compound(write_compound(Nack(1, 2, tuple(sorted(numbers)))))
    assert drop is None
    assert isinstance(packet, Nack)
    assert set(packet.numbers) == numbers


def test_a_run_over_the_wrap_takes_two_entries() -> None:
    data = write_compound(Nack(1, 2, (*range(65530, 65536), *range(20))))
    assert len(data) == 12 + 2 * 4
    ((packet,), _) = read_compound(data)
    assert isinstance(packet, Nack)
    assert packet.numbers == (*range(65530, 65536), *range(20))


def test_a_number_named_twice_counts_once() -> None:
    body = struct.pack("!IIHHHH", 1, 2, 7, 0b1, 8, 0)
    assert read_compound(b"\x81\xcd\x00\x04" + body).packets == (Nack(1, 2, (7, 8)),)


def test_too_much_for_one_packet_is_refused() -> None:
    with pytest.raises(ValueError, match="entries"):
        write_compound(Nack(1, 2, tuple(range(0, 254 * 20, 20))))
    with pytest.raises(ValueError, match="31"):
        write_compound(Goodbye(tuple(range(32))))


REPORT = write_compound(ReceiverReport(1))


@pytest.mark.parametrize(
    ("rest", "reason"),
    [
        (b"\x80", RtcpDrop.TRUNCATED),
        (b"\x80\xc9\x00\x05" + bytes(8), RtcpDrop.TRUNCATED),
        (b"\x40\xc9\x00\x01" + bytes(4), RtcpDrop.WRONG_VERSION),
        (b"\x81\xc9\x00\x01" + bytes(4), RtcpDrop.MALFORMED),
        (b"\x80\xc8\x00\x01" + bytes(4), RtcpDrop.MALFORMED),
        (b"\x80\xc9\x00\x00", RtcpDrop.MALFORMED),
        (b"\x82\xca\x00\x01" + bytes(4), RtcpDrop.MALFORMED),
        (b"\x81\xca\x00\x02" + bytes(4) + b"\x01\x09ab", RtcpDrop.MALFORMED),
        (b"\x82\xcb\x00\x01" + bytes(4), RtcpDrop.MALFORMED),
        (b"\x80\xcf\x00\x00", RtcpDrop.MALFORMED),
        (b"\x81\xcd\x00\x02" + bytes(8), RtcpDrop.MALFORMED),
        (b"\x81\xce\x00\x01" + bytes(4), RtcpDrop.MALFORMED),
        (b"\x8f\xce\x00\x04" + bytes(8) + b"REMB" + b"\x01\x00\x00\x00", RtcpDrop.MALFORMED),
        (b"\x8f\xce\x00\x04" + bytes(8) + b"REMB" + b"\x00\xff\xff\xff", RtcpDrop.MALFORMED),
        (b"\xa0\xc9\x00\x01" + b"\x00\x00\x00\x05", RtcpDrop.WRONG_PADDING),
        (b"\xa0\xc9\x00\x00", RtcpDrop.WRONG_PADDING),
        (b"\xa0\xc9\x00\x02" + bytes(7) + b"\x04" + REPORT, RtcpDrop.WRONG_PADDING),
    ],
)
def test_what_comes_before_something_unreadable_counts(rest: bytes, reason: RtcpDrop) -> None:
    assert read_compound(REPORT + rest) == Compound((ReceiverReport(1),), reason)


@pytest.mark.parametrize(
    "unknown",
    [
        b"\x80\xcc\x00\x02" + bytes(8),
        b"\x82\xce\x00\x02" + bytes(8),
        b"\x8f\xce\x00\x03" + bytes(8) + b"LNTF",
        b"\x8a\xce\x00\x04" + bytes(16),
        b"\x80\xd0\x00\x00",
    ],
)
def test_what_nobody_knows_is_skipped(unknown: bytes) -> None:
    assert read_compound(unknown + REPORT) == Compound((ReceiverReport(1),))


def rtcp(kind: int, count: int, body: bytes) -> bytes:
    return struct.pack("!BBH", 0x80 | count, kind, len(body) // 4) + body


SOURCES = struct.pack("!II", 9, 7)


@pytest.mark.parametrize(
    ("kind", "count", "head", "entry", "most"),
    [
        (205, 1, SOURCES, struct.pack("!HH", 1, 0xFFFF), MAX_NACK_FIELDS_READ),
        (205, 3, SOURCES, struct.pack("!II", 7, 1000 << 9), MAX_ENTRIES),
        (205, 4, SOURCES, struct.pack("!II", 7, 1000 << 9), MAX_ENTRIES),
        (206, 4, SOURCES, struct.pack("!II", 7, 1), MAX_ENTRIES),
        (207, 0, b"\0\0\0\1", b"\x05\0\0\x03" + bytes(12), MAX_EXTENDED_BLOCKS),
        (207, 0, b"\0\0\0\1", b"\x2a\0\0\0", MAX_EXTENDED_BLOCKS),
    ],
)
def test_who_says_more_than_anybody_has_to_say_is_not_heard(
    kind: int, count: int, head: bytes, entry: bytes, most: int
) -> None:
    assert read_compound(rtcp(kind, count, head + entry * most)).drop is None
    for number in (most + 1, (65532 - len(head)) // len(entry)):
        data = rtcp(kind, count, head + entry * number)
        assert read_compound(data + REPORT) == Compound((ReceiverReport(1),), RtcpDrop.TOO_MANY)


def test_answers_and_items_are_bounded_as_well() -> None:
    for count, drop in ((MAX_DELAYS, None), (MAX_DELAYS + 1, RtcpDrop.TOO_MANY)):
        block = struct.pack("!IBBH", 1, 5, 0, 3 * count) + bytes(12 * count)
        assert read_compound(rtcp(207, 0, block)).drop is drop
    for count, drop in ((MAX_ITEMS, None), (MAX_ITEMS + 2, RtcpDrop.TOO_MANY)):
        body = bytes(4) + b"\x01\x00" * count + bytes(4)
        assert read_compound(rtcp(202, 1, body)).drop is drop


def test_a_compound_has_150_packets_at_most() -> None:
    assert read_compound(REPORT * MAX_PACKETS) == Compound((ReceiverReport(1),) * MAX_PACKETS)
    more = read_compound(REPORT * (MAX_PACKETS + 1))
    assert more == Compound((ReceiverReport(1),) * MAX_PACKETS, RtcpDrop.TOO_MANY)


@given(
    st.lists(PACKETS, min_size=1, max_size=9).map(lambda packets: write_compound(*packets)),
    st.integers(0, 2000),
)
def test_a_compound_cut_short_has_what_came_before(data: bytes, end: int) -> None:
    whole, cut = read_compound(data), read_compound(data[:end])
    assert cut.packets == whole.packets[: len(cut.packets)]
    assert (cut.drop is None) is (len(write_compound(*cut.packets)) == min(end, len(data)))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        # what a profile adds to a report (RFC 3550 §6.4.3)
        (rtcp(201, 0, struct.pack("!III", 1, 5, 6)), ReceiverReport(1)),
        (rtcp(200, 0, struct.pack("!IQIIII", 1, 2, 3, 4, 5, 6)), SenderReport(1, 2, 3, 4, 5)),
        # a reason, and one that goes past the end (RFC 3550 §6.6)
        (rtcp(203, 1, struct.pack("!I", 7) + b"\x03bye"), Goodbye((7,))),
        (rtcp(203, 1, struct.pack("!I", 7) + b"\xffbye"), Goodbye((7,))),
        (rtcp(203, 0, b""), Goodbye(())),
        # what nobody asked a request for a picture to carry (RFC 4585 §6.3.1.2)
        (rtcp(206, 1, SOURCES + bytes(4)), PictureLoss(9, 7)),
    ],
)
def test_what_stands_behind_is_ignored(data: bytes, expected: RtcpPacket) -> None:
    assert read_compound(data + REPORT) == Compound((expected, ReceiverReport(1)))


def test_bounds_on_bitrates_of_any_size_are_read() -> None:
    """RFC 5104 §4.2.1.1: a mantissa of 17 bits, an exponent of 6."""
    word = 63 << 26 | 0x1FFFF << 9 | 0x1FF
    ((packet,), _) = read_compound(rtcp(205, 3, struct.pack("!IIII", 9, 0, 7, word)))
    assert packet == TemporaryBitrates(9, (BitrateLimit(7, 0x1FFFF << 63, 0x1FF),))
    assert read_compound(write_compound(packet)).packets == (packet,)


def test_padding_of_the_last_packet_is_taken_off() -> None:
    data = b"\xa0\xc9\x00\x02" + struct.pack("!I", 9) + b"\x00\x00\x00\x04"
    assert read_compound(data) == Compound((ReceiverReport(9),))


def test_blocks_nobody_knows_are_skipped_in_extended_reports() -> None:
    body = struct.pack("!I", 5)
    body += b"\x2a\x00\x00\x01" + bytes(4)
    body += b"\x04\x00\x00\x02" + struct.pack("!Q", 77)
    body += b"\x05\x00\x00\x09" + struct.pack("!III", 1, 2, 3)
    data = struct.pack("!BBH", 0x80, 207, len(body) // 4) + body
    assert read_compound(data) == Compound((ExtendedReport(5, 77),))


def test_a_description_is_found_by_its_type() -> None:
    chunk = Chunk(1, ((1, b"name"), (15, b"audio"), (15, b"other")))
    assert (chunk.text(15), chunk.text(1), chunk.text(2)) == ("audio", "name", None)


def test_a_rate_is_rounded_down_to_what_the_format_holds() -> None:
    wanted = MaximumBitrate(1, 1_000_001, (2,))
    ((packet,), _) = read_compound(write_compound(wanted))
    assert packet == MaximumBitrate(1, 1_000_000, (2,))


@given(st.binary(max_size=200))
def test_any_bytes_are_read(data: bytes) -> None:
    assert isinstance(read_compound(data), Compound)


@given(PACKETS, st.data())
def test_any_changed_byte_is_read(packet: RtcpPacket, data: st.DataObject) -> None:
    raw = bytearray(write_compound(packet))
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    assert isinstance(read_compound(bytes(raw)), Compound)


def test_rtcp_is_told_from_rtp_by_its_second_byte() -> None:
    """RFC 5761 §4: payload types 64 to 95 with a marker."""
    assert [second for second in range(256) if is_rtcp(bytes((0x80, second)))] == [*range(192, 224)]
    assert not is_rtcp(b"\x80")
