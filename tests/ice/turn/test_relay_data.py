from typing import Any

import pytest

from peer.ice import stun
from peer.ice.turn import DropReason, PeerUnreachable, channel_data, read_channel_data
from peer.ice.turn.relay_data import read_data_indication, send_indication

from .server import PEER, PEER6

ID = bytes(12)


def indication(*attributes: tuple[stun.Attribute[Any], Any], **kinds: int) -> stun.Message:
    method = kinds.get("method", stun.Method.DATA)
    message_class = kinds.get("message_class", stun.MessageClass.INDICATION)
    return stun.parse(stun.build(method, message_class, ID, attributes, fingerprint=False))


@pytest.mark.parametrize("size", range(8))
def test_channel_data(size: int) -> None:
    """RFC 8656 §12.4, §12.5: the length leaves the padding out; zero is a length."""
    data = bytes(range(size))
    bare = channel_data(0x4001, data, padded=False)
    padded = channel_data(0x4001, data, padded=True)
    assert bare == b"\x40\x01\x00" + bytes([size]) + data
    assert padded == bare + bytes(-size % 4)
    assert read_channel_data(bare) == (0x4001, data)
    assert read_channel_data(padded) == (0x4001, data)


@pytest.mark.parametrize("data", [b"", b"\x40", b"\x40\0\0", b"\x40\0\0\1", b"\x40\0\xff\xff12"])
def test_channel_data_cut_short(data: bytes) -> None:
    """RFC 8656 §12.6: silently discarded."""
    assert read_channel_data(data) is None


@pytest.mark.parametrize("dont_fragment", [False, True])
def test_send_indication(dont_fragment: bool) -> None:
    """RFC 8656 §11.1."""
    message = stun.parse(send_indication(b"data", PEER, ID, dont_fragment=dont_fragment))
    assert message.method == stun.Method.SEND
    assert message.message_class is stun.MessageClass.INDICATION
    assert message.get(stun.XOR_PEER_ADDRESS) == PEER
    assert message.get(stun.DATA) == b"data"
    assert (stun.DONT_FRAGMENT.type in message.values) is dont_fragment
    assert not message.has_integrity


@pytest.mark.parametrize("data", [b"", b"x", bytes(1200)])
def test_data_indication(data: bytes) -> None:
    """RFC 8656 §11.4: DATA may be empty."""
    message = indication((stun.XOR_PEER_ADDRESS, PEER), (stun.DATA, data))
    assert read_data_indication(message) == (PEER, data)


def test_icmp_indication() -> None:
    """RFC 8656 §11.6."""
    message = indication((stun.XOR_PEER_ADDRESS, PEER6), (stun.ICMP, stun.IcmpError(2, 0, 1280)))
    assert read_data_indication(message) == PeerUnreachable(PEER6, 2, 0, 1280)


def test_indications_to_discard() -> None:
    """RFC 8656 §11.4, RFC 8489 §6.3.2."""
    peer = (stun.XOR_PEER_ADDRESS, PEER)
    data = (stun.DATA, b"x")
    assert read_data_indication(indication(data)) is DropReason.NO_PEER
    assert read_data_indication(indication(peer)) is DropReason.NO_DATA
    other = indication(peer, data, method=stun.Method.SEND)
    assert read_data_indication(other) is DropReason.NOT_DATA
    other = indication(peer, data, message_class=stun.MessageClass.SUCCESS)
    assert read_data_indication(other) is DropReason.NOT_DATA
    unknown = stun.Attribute(0x7FFF, "UNKNOWN", stun.DATA.encode, stun.DATA.decode)
    other = indication(peer, data, (unknown, b""))
    assert read_data_indication(other) is DropReason.UNKNOWN_ATTRIBUTES
    damaged = indication(peer, data)
    damaged.values[stun.XOR_PEER_ADDRESS.type] = b"\0\3"
    assert read_data_indication(damaged) is DropReason.MALFORMED
