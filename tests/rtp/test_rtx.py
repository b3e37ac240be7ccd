"""Retransmission payloads (RFC 4588 §4)."""

from peer.rtp import RtpPacket, unwrap, wrap


def original(payload: bytes = b"media") -> RtpPacket:
    return RtpPacket(
        payload_type=96,
        sequence_number=0xABCD,
        timestamp=1234,
        ssrc=1,
        payload=payload,
        marker=True,
        csrcs=(7,),
        padding_size=4,
    )


def test_what_is_wrapped_is_unwrapped() -> None:
    again = wrap(original(), 97, 2, 55, (0xBEDE, b"\x10a\x00\x00"))
    assert (again.payload_type, again.ssrc, again.sequence_number) == (97, 2, 55)
    assert (again.payload, again.padding_size) == (b"\xab\xcdmedia", 0)
    assert (again.profile, again.extension) == (0xBEDE, b"\x10a\x00\x00")
    packet = unwrap(again, 96, 1)
    assert packet is not None
    assert (packet.payload_type, packet.ssrc, packet.sequence_number) == (96, 1, 0xABCD)
    assert (packet.payload, packet.timestamp, packet.marker) == (b"media", 1234, True)
    assert packet.csrcs == (7,)


def test_padding_repeats_nothing() -> None:
    for payload in (b"", b"\x01"):
        probe = RtpPacket(payload_type=97, sequence_number=1, timestamp=0, ssrc=2, payload=payload)
        assert unwrap(probe, 96, 1) is None


def test_a_number_alone_stands_for_an_empty_packet() -> None:
    packet = unwrap(wrap(original(b""), 97, 2, 55, (0, b"")), 96, 1)
    assert packet is not None
    assert (packet.sequence_number, packet.payload) == (0xABCD, b"")
