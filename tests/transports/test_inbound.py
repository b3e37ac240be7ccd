"""One incoming stream."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.rtp import SenderReport
from peer.transports.inbound import InboundPacket, InboundStream, find_repaired
from tests.transports.media import NUMBERS, VP8

# A VP8 payload descriptor without extensions, start of a partition (RFC 7741 §4.2).
START = b"\x10"


def packet(number: int, timestamp: int = 0, payload: bytes = START + b"x") -> InboundPacket:
    return InboundPacket(96, 0, number, timestamp, 7, payload)


def video() -> InboundStream:
    return InboundStream(7, 90000, None)


def test_figures() -> None:
    stream = video()
    assert (stream.packets_received, stream.packets_lost) == (0, 0)
    for number in (1, 2, 5):
        stream.count(packet(number, payload=b"12345"), VP8, 3.0)
    assert (stream.packets_received, stream.packets_lost, stream.bytes_received) == (3, 2, 15)
    assert stream.last_arrival == 3.0


def test_report_blocks() -> None:
    stream = video()
    for number in (65534, 65535, 1):
        stream.count(packet(number), VP8, 3.0)
    first = stream.report(10.0)
    assert (first.ssrc, first.packets_lost, first.fraction_lost) == (7, 1, 64)
    assert first.highest_sequence == 65536 + 1
    assert (first.last_report, first.delay) == (0, 0)
    stream.note_report(SenderReport(7, 0x1122334455667788, 0, 0, 0), 10.0, 0.1)
    second = stream.report(10.5)
    assert (second.last_report, second.delay) == (0x33445566, 32768)
    # the fraction is that of the interval since the report before
    assert second.fraction_lost == 0


def test_which_stream_a_retransmission_repairs() -> None:
    high = InboundStream(1, 90000, "hi")
    low = InboundStream(2, 90000, "lo")
    both, only = {1: high, 2: low}, {1: high}
    packet = InboundPacket(97, 0, 1, 0, 5, b"\x01\x02media")

    def asking(number: int) -> InboundStream | None:
        return low if number == 0x102 else None

    def find(
        rid: str | None, streams: dict[int, InboundStream], announced: dict[int, int]
    ) -> InboundStream | None:
        return find_repaired(packet, rid, streams, announced, asking)

    assert find(None, both, {5: 1}) is high
    assert find("hi", both, {}) is high
    assert find("no", both, {}) is None
    assert find(None, only, {}) is high
    # RFC 4588 §5.3: else by what was asked for, also where what was announced is another by now.
    assert find(None, both, {}) is find(None, both, {5: 3}) is find(None, only, {5: 3}) is low
    packet.payload = b"\x01\x03media"
    assert find(None, both, {}) is find(None, both, {5: 3}) is find(None, only, {5: 3}) is None


@given(st.binary(max_size=60) | st.binary(max_size=50).map(lambda tail: b"\x90\x60" + tail))
def test_garbage_is_never_an_exception(data: bytes) -> None:
    read = InboundPacket.read(data, NUMBERS)
    if isinstance(read, InboundPacket):
        read.repaired(96, 1)


@pytest.mark.parametrize("identifier", range(1, 6))
@pytest.mark.parametrize("length", range(1, 5))
def test_an_extension_of_the_wrong_length_is_malformed_at_worst(
    identifier: int, length: int
) -> None:
    extension = bytes([identifier << 4 | length - 1]) + b"\xff" * length
    extension += bytes(-len(extension) % 4)
    data = b"\x90\x60" + bytes(10) + b"\xbe\xde" + (len(extension) // 4).to_bytes(2, "big")
    InboundPacket.read(data + extension, NUMBERS)
