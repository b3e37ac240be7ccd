"""Application data between client and server (RFC 8656 §11, §12.4-12.6)."""

from typing import Any

from ..address import TransportAddress
from ..stun import (
    DATA,
    DONT_FRAGMENT,
    ICMP,
    XOR_PEER_ADDRESS,
    Attribute,
    Message,
    MessageClass,
    Method,
    StunError,
    build,
)
from .events import DropReason, PeerUnreachable

# Looking up an enum member costs more than the comparison, and these serve every packet.
_SEND_METHOD = Method.SEND
_DATA_METHOD = Method.DATA
_INDICATION = MessageClass.INDICATION
_PADDING = (b"", b"\0\0\0", b"\0\0", b"\0")


def channel_data(number: int, data: bytes, *, padded: bool) -> bytes:
    """A ChannelData message, padded to a multiple of four as streams need it (§12.5)."""
    size = len(data)
    message = number.to_bytes(2, "big") + size.to_bytes(2, "big") + data
    return message + _PADDING[size & 3] if padded else message


def read_channel_data(message: bytes) -> tuple[int, bytes] | None:
    """Channel number and data; None when the message is cut short. Padding is left out."""
    if len(message) < 4:
        return None
    end = 4 + (message[2] << 8 | message[3])
    if end > len(message):
        return None
    return message[0] << 8 | message[1], message[4:end]


def send_indication(
    data: bytes, peer: TransportAddress, transaction_id: bytes, *, dont_fragment: bool
) -> bytes:
    """A Send indication (§11.1)."""
    attributes: tuple[tuple[Attribute[Any], Any], ...] = ((XOR_PEER_ADDRESS, peer), (DATA, data))
    if dont_fragment:
        attributes = ((XOR_PEER_ADDRESS, peer), (DONT_FRAGMENT, True), (DATA, data))
    return build(_SEND_METHOD, _INDICATION, transaction_id, attributes, fingerprint=False)


def read_data_indication(
    message: Message,
) -> tuple[TransportAddress, bytes] | PeerUnreachable | DropReason:
    """Peer and data, or the ICMP error, of a Data indication (§11.4, §11.6)."""
    if message.method != _DATA_METHOD or message.message_class is not _INDICATION:
        return DropReason.NOT_DATA
    if message.unknown_required():
        return DropReason.UNKNOWN_ATTRIBUTES
    try:
        peer = message.get(XOR_PEER_ADDRESS)
        data = message.get(DATA)
        icmp = message.get(ICMP) if data is None else None
    except StunError:
        return DropReason.MALFORMED
    if peer is None:
        return DropReason.NO_PEER
    if data is not None:
        return peer, data
    if icmp is not None:
        return PeerUnreachable(peer, icmp.type, icmp.code, icmp.data)
    return DropReason.NO_DATA
