"""An authenticated peer's RTP and RTCP: what each datagram costs, whatever it says."""

import random
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from peer.rtp import RtcpDrop, read_compound
from peer.transports.group import TransportGroup
from peer.transports.receiver import RtpReceiver
from peer.transports.sender import RtpSender
from tests.attacks.cost import DATAGRAM, MARGIN, cpu
from tests.transports.media import PushedTrack, receive_parameters, send_parameters
from tests.transports.test_dtls import run
from tests.transports.test_group import connected_groups
from tests.transports.wire import until

SENT = 7
"""The SSRC we send."""
SIZE = 1400
NOISE = random.Random(5)


def rtcp(kind: int, count: int, body: bytes) -> bytes:
    """Make one packet of a compound."""
    return struct.pack("!BBH", 0x80 | count, kind, len(body) // 4) + body


def filled(one: bytes) -> bytes:
    """Repeat a packet as often as a datagram has room for it."""
    return one * (SIZE // len(one))


def feedback(kind: int, fmt: int, fci: bytes, media: int = SENT) -> bytes:
    """Make a feedback packet."""
    return rtcp(kind, fmt, struct.pack("!LL", 9, media) + fci)


NACKS = struct.pack("!HH", 0, 0xFFFF) * (SIZE // 4 - 4)
BLOCKS = struct.pack("!6L", SENT, *[9] * 5) * 30
COMPOUNDS = {
    "one-nack": feedback(205, 1, NACKS),
    "many-nacks": filled(feedback(205, 1, struct.pack("!HH", 100, 0xFFFF))),
    "plis": filled(feedback(206, 1, b"")),
    "firs": filled(feedback(206, 4, struct.pack("!LL", SENT, 0), 0)),
    "one-fir": feedback(206, 4, struct.pack("!LL", SENT, 0) * (SIZE // 8 - 2), 0),
    "rembs": filled(feedback(206, 15, b"REMB\x01\x04\xff\xff" + struct.pack("!L", SENT), 0)),
    "one-remb": feedback(206, 15, b"REMB\xff\x04\xff\xff" + struct.pack("!L", SENT) * 255, 0),
    "empty-reports": filled(rtcp(201, 0, struct.pack("!L", 9))),
    "reports": filled(rtcp(201, 31, struct.pack("!7L", 9, SENT, *[9] * 5) + BLOCKS)),
    "sender-reports": filled(rtcp(200, 0, struct.pack("!L", 77) + bytes(20))),
    "goodbyes": filled(rtcp(203, 1, struct.pack("!L", 77))),
    "one-goodbye": filled(rtcp(203, 31, struct.pack("!31L", *range(70, 101)))),
    "descriptions": filled(rtcp(202, 1, struct.pack("!LBB", 77, 15, 2) + b"v0")),
    "other-descriptions": b"".join(
        rtcp(202, 1, struct.pack("!LBB", ssrc, 15, 2) + b"v0") for ssrc in range(SIZE // 12)
    ),
    "arrivals": filled(feedback(205, 15, struct.pack("!HHIHHH", 0, 8191, 0, 0x1FFF, 0, 0))),
    "one-arrivals": feedback(
        205, 15, struct.pack("!HHI", 0, 1330, 0) + struct.pack("!H", 0x2000 | 1330) + bytes(1330)
    ),
    "bounds": feedback(205, 3, struct.pack("!LL", SENT, 1 << 9) * (SIZE // 8 - 2), 0),
    "reference-times": b"".join(
        rtcp(207, 0, struct.pack("!LBBHQ", ssrc, 4, 0, 2, ssrc)) for ssrc in range(SIZE // 20)
    ),
    "answers": rtcp(
        207, 0, struct.pack("!LBBH", 9, 5, 0, 3 * 110) + struct.pack("!LLL", SENT, 1, 0) * 110
    ),
    "unknown": filled(rtcp(204, 0, b"")),
    "noise": NOISE.randbytes(SIZE),
}
EXTENSIONS = struct.pack("!HH", 0xBEDE, 300) + (b"\x10v" * 600)
PACKETS = {
    "sources": bytes([0x8F, 96]) + struct.pack("!HLL", 1, 1, 77) + bytes(range(60)) + b"\x10x",
    "extensions": bytes([0x90, 96]) + struct.pack("!HLL", 1, 1, 77) + EXTENSIONS,
    "two-byte-extensions": bytes([0x90, 96])
    + struct.pack("!HLL", 1, 1, 77)
    + struct.pack("!HH", 0x1000, 300)
    + b"\x01\x01v" * 400,
    "padding": bytes([0xA0, 96]) + struct.pack("!HLL", 1, 1, 77) + bytes(1000) + b"\xff",
    "all-padding": bytes([0xA0, 96]) + struct.pack("!HLL", 1, 1, 77) + bytes(254) + b"\xff",
    "repairs-itself": bytes([0x80, 97]) + struct.pack("!HLL", 1, 1, 77) + bytes(1300),
    "short": b"\x80\x60",
    "noise": b"\x80\x60" + NOISE.randbytes(SIZE),
}


@asynccontextmanager
async def receiving() -> AsyncIterator[TransportGroup]:
    """A group that sends and receives video."""
    async with connected_groups() as groups:
        track = PushedTrack("video")
        sender, receiver = RtpSender("video", track), RtpReceiver("video")
        sender.send(groups.right, send_parameters("v0", SENT))
        groups.right.sending.note_limit(1e9, 0.0)
        receiver.receive(groups.right, receive_parameters("v0"))
        track.push(150)
        figures = sender.statistics
        await until(lambda: (one := figures()) is not None and one.packets_sent >= 150)
        try:
            yield groups.right
        finally:
            await sender.stop()
            await receiver.stop()


@pytest.mark.parametrize("name", COMPOUNDS)
def test_a_compound_costs_little(name: str) -> None:
    async def scenario() -> None:
        async with receiving() as group:
            for _ in range(5):
                assert cpu(lambda: group._receive_rtcp(COMPOUNDS[name], 1.0)) < DATAGRAM * MARGIN

    run(scenario)


def test_a_compound_that_asks_for_all_that_was_sent_costs_little() -> None:
    async def scenario() -> None:
        async with receiving() as group:
            sender, _ = group._senders["v0"]
            assert sender._stream is not None
            first = sender._stream.first_sequence_number + 22
            asked = [struct.pack("!HH", first + 17 * number, 0xFFFF) for number in range(8)]
            packets = b"".join(feedback(205, 1, one) for one in asked)
            compound = packets * (SIZE // len(packets))
            group.sending.note_limit(300_000, 1.0)
            before = group.rtp.counters.bytes_sent
            assert cpu(lambda: group._receive_rtcp(compound, 1.0)) < DATAGRAM * MARGIN
            assert 0 < group.rtp.counters.bytes_sent - before <= 0.15 * 300_000 / 8

    run(scenario)


LONGEST = {
    "nack": feedback(205, 1, struct.pack("!HH", 0, 0xFFFF) * 16380),
    "answers": rtcp(207, 0, struct.pack("!LBBH", 9, 5, 0, 15000) + bytes(60000)),
    "bounds": feedback(205, 3, bytes(8) * 8000),
    "arrivals": feedback(205, 15, struct.pack("!HHI", 0, 0xFFFF, 0) + b"\x1f\xff" * 10),
    "items": rtcp(202, 1, bytes(4) + b"\x01\x00" * 30000),
    "packets": rtcp(203, 0, b"") * 16000,
}


@pytest.mark.parametrize("name", LONGEST)
def test_a_compound_as_long_as_any_costs_less_than_a_millisecond_to_read(name: str) -> None:
    assert cpu(lambda: read_compound(LONGEST[name]), 10) < DATAGRAM / 2
    assert read_compound(LONGEST[name]).drop is RtcpDrop.TOO_MANY


@pytest.mark.parametrize("name", PACKETS)
def test_a_packet_costs_little(name: str) -> None:
    async def scenario() -> None:
        async with receiving() as group:
            for _ in range(5):
                assert cpu(lambda: group._receive_rtp(PACKETS[name], 1.0)) < DATAGRAM * MARGIN

    run(scenario)
