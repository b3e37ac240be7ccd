"""One incoming stream."""

import pytest
from aiortc.rtp import RtcpSenderInfo
from hypothesis import given
from hypothesis import strategies as st

from peer.transports.inbound import MAX_REQUESTS, InboundPacket, InboundStream, find_repaired
from peer.transports.share import MediaShare
from tests.transports.media import NUMBERS, VP8

# A VP8 payload descriptor without extensions, start of a partition (RFC 7741 §4.2).
START = b"\x10"


def packet(number: int, timestamp: int = 0, payload: bytes = START + b"x") -> InboundPacket:
    return InboundPacket(
        payload_type=96, sequence_number=number, timestamp=timestamp, ssrc=7, payload=payload
    )


def video() -> InboundStream:
    return InboundStream(7, 90000, None, MediaShare())


def test_a_frame_is_whole_when_the_next_begins() -> None:
    stream = video()
    for number, timestamp in ((1, 0), (2, 0)):
        arrival = stream.add(packet(number, timestamp), VP8, 1.0)
        assert arrival is not None
        assert arrival.frames == ()
    arrival = stream.add(packet(3, 3000), VP8, 1.0)
    assert arrival is not None
    assert [frame.data for frame in arrival.frames] == [b"xx"]


def test_a_gap_is_reported_once_and_filled_in_order() -> None:
    stream = video()
    stream.add(packet(1), VP8, 1.0)
    arrival = stream.add(packet(4, 3000), VP8, 1.0)
    assert arrival is not None
    assert (arrival.missing, arrival.frames) == ((2, 3), ())
    late = stream.add(packet(2), VP8, 1.0)
    assert late is not None
    assert (late.missing, late.frames) == ((), ())
    last = stream.add(packet(3), VP8, 1.0)
    assert last is not None
    assert [frame.data for frame in last.frames] == [b"xxx"]


def test_all_frames_a_repair_completes_come_out() -> None:
    stream = video()
    stream.add(packet(1, 0), VP8, 1.0)
    for number in (3, 4, 5):
        stream.add(packet(number, number * 3000), VP8, 1.0)
    arrival = stream.add(packet(2, 6000), VP8, 1.0)
    assert arrival is not None
    assert [frame.timestamp for frame in arrival.frames] == [0, 6000, 9000, 12000]


def test_a_repair_within_a_large_frame_loses_nothing_behind_it() -> None:
    """The packet that completes a frame of 200 is far behind the next frame's first."""
    stream = video()
    for number in (*range(1, 201), 201):
        if number != 2:
            stream.add(packet(number, 0 if number < 201 else 3000), VP8, 1.0)
    arrival = stream.add(packet(2), VP8, 1.0)
    assert arrival is not None
    assert len(arrival.frames) == 1
    after = stream.add(packet(202, 6000), VP8, 1.0)
    assert after is not None
    assert (after.picture_lost, len(after.frames)) == (False, 1)


def test_a_jump_loses_the_picture() -> None:
    stream = video()
    stream.add(packet(1), VP8, 1.0)
    arrival = stream.add(packet(2000), VP8, 1.0)
    assert arrival is not None
    assert arrival.picture_lost


def test_what_does_not_come_is_asked_for_again_and_then_given_up() -> None:
    stream = video()
    stream.add(packet(1), VP8, 1.0)
    asked = []
    number, now, arrival = 3, 1.0, None
    while arrival is None or not arrival.picture_lost:
        arrival = stream.add(packet(number, number * 3000), VP8, now)
        assert arrival is not None
        asked += [(now, one) for one in arrival.missing]
        number, now = number + 1, now + 0.0625
        assert number < 60
    assert asked == [(1.0 + 0.125 * step, 2) for step in range(MAX_REQUESTS)]
    # then the picture is given up, and all that waited behind it comes out
    assert now - 0.0625 == 1.0 + 0.125 * MAX_REQUESTS
    assert len(arrival.frames) == number - 4
    after = stream.add(packet(number, number * 3000), VP8, now)
    assert after is not None
    assert (after.missing, after.picture_lost, len(after.frames)) == ((), False, 1)


def test_giving_up_the_newest_picture_starts_over() -> None:
    stream = video()
    stream.add(packet(1), VP8, 1.0)
    arrival = stream.add(packet(3), VP8, 1.0)
    for step in range(1, MAX_REQUESTS + 1):
        arrival = stream.add(packet(3), VP8, 1.0 + 0.11 * step)
    assert arrival is not None
    assert arrival.picture_lost
    stream.add(packet(4, 3000), VP8, 3.0)
    after = stream.add(packet(5, 6000), VP8, 3.0)
    assert after is not None
    assert after.frames[-1].data == b"x"


def test_a_late_packet_is_not_asked_for_again() -> None:
    stream = video()
    for number in (1, 4, 2):
        stream.add(packet(number), VP8, 1.0)
    arrival = stream.add(packet(5), VP8, 1.2)
    assert arrival is not None
    assert arrival.missing == (3,)


def test_a_payload_that_is_no_vp8() -> None:
    assert video().add(packet(1, payload=b"\x80"), VP8, 1.0) is None


def test_padding_fills_a_gap_without_media() -> None:
    arrival = video().add(packet(1, payload=b""), VP8, 1.0)
    assert arrival is not None


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
    assert (first.lsr, first.dlsr) == (0, 0)
    stream.note_report(RtcpSenderInfo(0x1122334455667788, 0, 0, 0), 10.0)
    second = stream.report(10.5)
    assert (second.lsr, second.dlsr) == (0x33445566, 32768)
    # the fraction is that of the interval since the report before
    assert second.fraction_lost == 0


def test_a_stream_has_one_decoder_for_each_codec() -> None:
    stream = video()
    assert stream.decoder(VP8) is stream.decoder(VP8)


def test_which_stream_a_retransmission_repairs() -> None:
    share = MediaShare()
    high = InboundStream(1, 90000, "hi", share)
    low = InboundStream(2, 90000, "lo", share)
    both = {1: high, 2: low}
    assert find_repaired(5, None, both, {5: 2}) is low
    assert find_repaired(5, None, both, {5: 3}) is None
    assert find_repaired(5, "hi", both, {}) is high
    assert find_repaired(5, "no", both, {}) is None
    assert find_repaired(5, None, both, {}) is None
    assert find_repaired(5, None, {1: high}, {}) is high


@given(st.binary(max_size=60) | st.binary(max_size=50).map(lambda tail: b"\x90\x60" + tail))
def test_garbage_is_never_an_exception(data: bytes) -> None:
    read = InboundPacket.read(data, NUMBERS)
    if read is not None:
        read.repaired(96, 1)
        read.depayload(VP8)


@pytest.mark.parametrize("identifier", range(1, 6))
@pytest.mark.parametrize("length", range(1, 5))
def test_an_extension_of_the_wrong_length_is_malformed_at_worst(
    identifier: int, length: int
) -> None:
    extension = bytes([identifier << 4 | length - 1]) + b"\xff" * length
    extension += bytes(-len(extension) % 4)
    data = b"\x90\x60" + bytes(10) + b"\xbe\xde" + (len(extension) // 4).to_bytes(2, "big")
    InboundPacket.read(data + extension, NUMBERS)
