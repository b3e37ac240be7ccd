"""Telling protocols apart by the first byte (RFC 7983 §7, RFC 9443 §3)."""

import enum


class Protocol(enum.Enum):
    """What a datagram is, as far as its first byte tells."""

    STUN = "stun"
    DROP = "drop"
    ZRTP = "zrtp"
    DTLS = "dtls"
    CHANNEL = "turn-channel"
    QUIC = "quic"
    RTP = "rtp"


def _classify(byte: int) -> Protocol:
    if byte <= 3:
        return Protocol.STUN
    if byte <= 15:
        return Protocol.DROP
    if byte <= 19:
        return Protocol.ZRTP
    if byte <= 63:
        return Protocol.DTLS
    if byte <= 79:
        return Protocol.CHANNEL
    if byte <= 127:
        return Protocol.QUIC
    return Protocol.RTP if byte <= 191 else Protocol.QUIC


TABLE = tuple(_classify(byte) for byte in range(256))
"""The protocol for each first byte; 64..79 is a TURN channel only from a TURN server."""


def classify(data: bytes) -> Protocol:
    """Tell what a datagram is; an empty one is dropped."""
    return TABLE[data[0]] if data else Protocol.DROP


def is_rtcp(data: bytes) -> bool:
    """Tell RTCP from RTP by the second byte, 192..223 (RFC 5761 §4)."""
    return len(data) > 1 and 192 <= data[1] <= 223
