"""Retransmission payloads (RFC 4588 §4)."""

from .packet import RtpPacket

RTX_HEADER = 2
"""Bytes that the original sequence number takes in front of the payload."""


def unwrap(packet: RtpPacket, payload_type: int, ssrc: int) -> RtpPacket | None:
    """Return the packet that a retransmission repeats.

    None when it carries none: padding that probes for bandwidth. The original sequence number
    alone stands for a packet without a payload.
    """
    if len(packet.payload) < RTX_HEADER:
        return None
    return RtpPacket(
        payload_type=payload_type,
        sequence_number=int.from_bytes(packet.payload[:RTX_HEADER], "big"),
        timestamp=packet.timestamp,
        ssrc=ssrc,
        payload=packet.payload[RTX_HEADER:],
        marker=packet.marker,
        csrcs=packet.csrcs,
        profile=packet.profile,
        extension=packet.extension,
        header_size=packet.header_size,
    )


def wrap(
    packet: RtpPacket,
    payload_type: int,
    ssrc: int,
    sequence_number: int,
    extension: tuple[int, bytes],
) -> RtpPacket:
    """Return the retransmission of a packet, with header extensions of its own."""
    return RtpPacket(
        payload_type=payload_type,
        sequence_number=sequence_number,
        timestamp=packet.timestamp,
        ssrc=ssrc,
        payload=packet.sequence_number.to_bytes(RTX_HEADER, "big") + packet.payload,
        marker=packet.marker,
        csrcs=packet.csrcs,
        profile=extension[0],
        extension=extension[1],
    )
