import pytest

from peer.ice import stun

ID = bytes(range(12))


def test_header() -> None:
    """RFC 8489 §5."""
    data = stun.build(stun.Method.ALLOCATE, stun.MessageClass.REQUEST, ID, fingerprint=False)
    assert data == bytes.fromhex("000300002112a442") + ID


def test_attributes_in_order_padded_with_zeros() -> None:
    """RFC 8489 §14: the length leaves the padding out, the padding is zero."""
    data = stun.build(
        stun.Method.BINDING,
        stun.MessageClass.REQUEST,
        ID,
        [(stun.USE_CANDIDATE, True), (stun.USERNAME, "abcde"), (stun.PRIORITY, 1)],
        fingerprint=False,
    )
    assert data[20:].hex() == "00250000" + "00060005" + "6162636465000000" + "0024000400000001"
    assert data[2:4] == b"\x00\x18"


def test_integrity_before_fingerprint() -> None:
    """RFC 8489 §14.7: FINGERPRINT is the last attribute."""
    data = stun.build(stun.Method.BINDING, stun.MessageClass.REQUEST, ID, key=b"k")
    assert data[20:24].hex() == "00080014"
    assert data[44:48].hex() == "80280004"
    assert len(data) == 52


def test_sha256_takes_the_place_of_sha1() -> None:
    data = stun.build(stun.Method.BINDING, stun.MessageClass.REQUEST, ID, key=b"k", sha256=True)
    message = stun.parse(data)
    assert message.has_integrity_sha256
    assert not message.has_integrity


def test_ice_check_fits_the_smallest_packet() -> None:
    """RFC 8489 §6.1: at most 548 bytes where the path MTU is unknown."""
    data = stun.build(
        stun.Method.BINDING,
        stun.MessageClass.REQUEST,
        ID,
        [
            (stun.USERNAME, "u" * 256 + ":" + "v" * 32),
            (stun.PRIORITY, 1),
            (stun.ICE_CONTROLLING, 1),
            (stun.USE_CANDIDATE, True),
        ],
        key=b"k",
    )
    assert len(data) <= 548


@pytest.mark.parametrize("size", [0, 11, 13, 16])
def test_transaction_id_of_the_wrong_size(size: int) -> None:
    with pytest.raises(ValueError, match="12 bytes"):
        stun.build(stun.Method.BINDING, stun.MessageClass.REQUEST, bytes(size))


def test_more_than_a_message_holds() -> None:
    with pytest.raises(ValueError, match="more attributes"):
        stun.build(stun.Method.SEND, stun.MessageClass.INDICATION, ID, [(stun.DATA, bytes(65535))])
