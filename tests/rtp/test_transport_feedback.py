"""Transport-wide feedback as bytes (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1)."""

import struct
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.rtp import Compound, RtcpDrop, TransportFeedback, read_compound, write_compound
from peer.rtp.transport_feedback import MAX_STATUSES

STEPS = st.integers(0, 255) | st.integers(-0x8000, 0x7FFF)


@st.composite
def feedbacks(draw: st.DrawFn) -> TransportFeedback:
    arrivals: list[int | None] = []
    time = 0
    for _ in range(draw(st.integers(1, 8))):
        kind, size = draw(st.sampled_from(["lost", "small", "any"])), draw(st.integers(1, 40))
        for _ in range(size):
            if kind == "lost":
                arrivals.append(None)
            else:
                time += draw(st.integers(0, 255) if kind == "small" else STEPS)
                arrivals.append(time)
    return TransportFeedback(
        1, 2, draw(st.integers(0, 0xFFFF)), draw(st.integers(0, 0xFFFFFF)), 3, tuple(arrivals)
    )


@given(feedbacks())
def test_what_is_written_is_read(packet: TransportFeedback) -> None:
    assert read_compound(write_compound(packet)) == Compound((packet,))


def test_long_runs_take_a_chunk_each() -> None:
    arrivals = (*accumulate([1] * 1000), *[None] * 7000)
    packet = TransportFeedback(1, 2, 0, 0, 0, arrivals)
    data = write_compound(packet)
    assert len(data) == 4 + 16 + 2 * 2 + 1000
    assert read_compound(data) == Compound((packet,))


def test_arrivals_too_far_apart_are_refused() -> None:
    with pytest.raises(ValueError, match="apart"):
        write_compound(TransportFeedback(1, 2, 0, 0, 0, (0, 0x8000)))


def raw(count: int, rest: bytes) -> bytes:
    body = struct.pack("!IIHH", 1, 2, 10, count) + b"\x00\x00\x01\x07" + rest
    body += bytes(-len(body) % 4)
    return struct.pack("!BBH", 0x8F, 205, len(body) // 4) + body


def arrivals_of(data: bytes) -> tuple[int | None, ...]:
    ((packet,), drop) = read_compound(data)
    assert drop is None
    assert isinstance(packet, TransportFeedback)
    return packet.arrivals


def test_each_kind_of_chunk_is_read() -> None:
    """A run of 2 small, a vector of one bit, a vector of two bits."""
    one_bit = 0b10_10100000000000
    two_bits = 0b11_01_10_00_00_00_00_00
    chunks = struct.pack("!HHH", 1 << 13 | 2, one_bit, two_bits)
    deltas = b"\x04\x08" + b"\x01\x01" + b"\x02" + struct.pack("!h", -3)
    assert arrivals_of(raw(2 + 14 + 2, chunks + deltas)) == (
        (4, 12, 13, None, 14) + (None,) * 11 + (16, 13)
    )


def test_symbols_beyond_the_count_are_ignored() -> None:
    assert arrivals_of(raw(1, struct.pack("!H", 1 << 13 | 5) + b"\x09")) == (9,)


def test_packets_without_times_count_as_arrived() -> None:
    assert arrivals_of(raw(3, struct.pack("!H", 1 << 13 | 3))) == (0, 0, 0)


@pytest.mark.parametrize(
    ("count", "rest"),
    [
        (0, b""),
        (5, struct.pack("!H", 1 << 13 | 3)),
        (2, struct.pack("!H", 3 << 13 | 2) + b"\x01\x01\x01\x01"),
        (9, struct.pack("!H", 2 << 13 | 9) + b"\x01\x01\x01\x01"),
    ],
)
def test_what_cannot_be_read_is_malformed(count: int, rest: bytes) -> None:
    assert read_compound(raw(count, rest)).drop is RtcpDrop.MALFORMED


def test_a_message_says_something_of_8192_packets_at_most() -> None:
    run = struct.pack("!H", 0x1FFF)
    assert len(arrivals_of(raw(MAX_STATUSES, run * 2))) == MAX_STATUSES
    assert read_compound(raw(MAX_STATUSES + 1, run * 2)) == Compound((), RtcpDrop.TOO_MANY)


def test_so_do_all_messages_of_a_compound() -> None:
    half = raw(MAX_STATUSES // 2, struct.pack("!H", MAX_STATUSES // 2))
    read = read_compound(half * 3)
    assert (len(read.packets), read.drop) == (2, RtcpDrop.TOO_MANY)


def test_a_run_of_nothing_is_malformed() -> None:
    assert read_compound(raw(4, bytes(200))).drop is RtcpDrop.MALFORMED
