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
