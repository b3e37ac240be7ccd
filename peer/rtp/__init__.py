"""RTP and RTCP (RFC 3550) as pure functions and state machines: no clock, no sockets, no codecs."""

from .packet import MAX_PACKET, RtpDrop, RtpPacket, read_packet, write_packet
from .serial import SEQUENCE_BITS, TIMESTAMP_BITS, extend, signed_difference

__all__ = [
    "MAX_PACKET",
    "RtpDrop",
    "RtpPacket",
    "read_packet",
    "write_packet",
    "SEQUENCE_BITS",
    "TIMESTAMP_BITS",
    "extend",
    "signed_difference",
]
