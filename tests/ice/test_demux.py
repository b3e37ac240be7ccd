import pytest

from peer.ice import Protocol, classify, is_rtcp
from peer.ice.demux import TABLE

RANGES = [
    (0, 3, Protocol.STUN),
    (4, 15, Protocol.DROP),
    (16, 19, Protocol.ZRTP),
    (20, 63, Protocol.DTLS),
    (64, 79, Protocol.CHANNEL),
    (80, 127, Protocol.QUIC),
    (128, 191, Protocol.RTP),
    (192, 255, Protocol.QUIC),
]
"""RFC 9443 §3, Figure 2."""

ROWS = [(byte, kind) for first, last, kind in RANGES for byte in range(first, last + 1)]


def test_the_table_is_complete() -> None:
    assert [byte for byte, _ in ROWS] == list(range(256))
    assert len(TABLE) == 256


@pytest.mark.parametrize(("byte", "expected"), ROWS)
def test_first_byte(byte: int, expected: Protocol) -> None:
    assert classify(bytes((byte,))) is expected
    assert classify(bytes((byte,)) + bytes(40)) is expected


def test_an_empty_datagram_is_dropped() -> None:
    assert classify(b"") is Protocol.DROP


def test_rtcp() -> None:
    """RFC 5761 §4: payload types 64..95 with the marker bit are RTCP packet types."""
    assert [byte for byte in range(256) if is_rtcp(bytes((0x80, byte)))] == list(range(192, 224))


@pytest.mark.parametrize("packet_type", range(200, 208))
def test_known_rtcp_types(packet_type: int) -> None:
    """RFC 3550 §12.1, RFC 4585 §9, RFC 3611 §2."""
    assert is_rtcp(bytes((0x80, packet_type, 0, 1)))


@pytest.mark.parametrize("data", [b"", b"\x80"])
def test_too_short_for_rtcp(data: bytes) -> None:
    assert not is_rtcp(data)
