from ipaddress import IPv4Address, IPv6Address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.ice import stun

ID = bytes.fromhex("b7e7a701bc34d686fa87dfae")

PORTS = st.integers(0, 65535)
HOSTS = st.builds(lambda number: str(IPv4Address(number)), st.integers(0, 2**32 - 1)) | st.builds(
    lambda number: str(IPv6Address(number)), st.integers(0, 2**128 - 1)
)
ADDRESSES = st.tuples(HOSTS, PORTS)
U32 = st.integers(0, 2**32 - 1)
U64 = st.integers(0, 2**64 - 1)
U16 = st.integers(0, 65535)
BYTE = st.integers(0, 255)
CODES = st.integers(3, 6).flatmap(
    lambda hundreds: st.integers(0, 99).map(lambda n: 100 * hundreds + n)
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=120)
REASONS = TEXT.map(lambda text: text.rstrip("\0"))
ALGORITHMS = st.tuples(U16, st.binary(max_size=9))

VALUES: dict[stun.Attribute[Any], st.SearchStrategy[Any]] = {
    stun.MAPPED_ADDRESS: ADDRESSES,
    stun.XOR_MAPPED_ADDRESS: ADDRESSES,
    stun.XOR_PEER_ADDRESS: ADDRESSES,
    stun.XOR_RELAYED_ADDRESS: ADDRESSES,
    stun.ALTERNATE_SERVER: ADDRESSES,
    stun.RESPONSE_ORIGIN: ADDRESSES,
    stun.OTHER_ADDRESS: ADDRESSES,
    stun.CHANGE_REQUEST: U32,
    stun.USERNAME: TEXT,
    stun.REALM: TEXT,
    stun.NONCE: TEXT,
    stun.SOFTWARE: TEXT,
    stun.ALTERNATE_DOMAIN: st.text("abcdefgh.-", max_size=255),
    stun.ERROR_CODE: st.tuples(CODES, REASONS),
    stun.UNKNOWN_ATTRIBUTES: st.lists(U16, max_size=20).map(tuple),
    stun.CHANNEL_NUMBER: U16,
    stun.LIFETIME: U32,
    stun.DATA: st.binary(max_size=1500),
    stun.REQUESTED_ADDRESS_FAMILY: BYTE,
    stun.ADDITIONAL_ADDRESS_FAMILY: BYTE,
    stun.REQUESTED_TRANSPORT: BYTE,
    stun.EVEN_PORT: st.booleans(),
    stun.DONT_FRAGMENT: st.just(True),
    stun.USE_CANDIDATE: st.just(True),
    stun.PASSWORD_ALGORITHM: ALGORITHMS,
    stun.PASSWORD_ALGORITHMS: st.lists(ALGORITHMS, max_size=5).map(tuple),
    stun.USERHASH: st.binary(min_size=32, max_size=32),
    stun.RESERVATION_TOKEN: st.binary(min_size=8, max_size=8),
    stun.PRIORITY: U32,
    stun.PADDING: st.binary(max_size=100),
    stun.RESPONSE_PORT: U16,
    stun.CONNECTION_ID: U32,
    stun.ADDRESS_ERROR_CODE: st.tuples(BYTE, CODES, REASONS),
    stun.ICMP: st.builds(stun.IcmpError, st.integers(0, 127), st.integers(0, 511), U32),
    stun.CACHE_TIMEOUT: U32,
    stun.ICE_CONTROLLED: U64,
    stun.ICE_CONTROLLING: U64,
    stun.NOMINATION: st.integers(0, 2**24 - 1),
    stun.GOOG_NETWORK_INFO: st.builds(stun.NetworkInfo, U16, U16),
    stun.DTLS_IN_STUN_DATA: st.binary(max_size=1000),
    stun.DTLS_IN_STUN_ACK: st.lists(U32, max_size=4).map(tuple),
}


def encode(attribute: stun.Attribute[Any], value: Any) -> bytes:
    return attribute.encode(value, ID)


def test_every_attribute_has_a_strategy_here() -> None:
    assert set(VALUES) == set(stun.ALL_ATTRIBUTES)


@given(st.data())
def test_every_attribute_round_trips(data: st.DataObject) -> None:
    """RFC 8489 §14: any list of attributes comes back as it was, whatever the padding."""
    kinds = data.draw(st.lists(st.sampled_from(list(VALUES)), max_size=6, unique=True))
    attributes = [(kind, data.draw(VALUES[kind])) for kind in kinds]
    key = data.draw(st.none() | st.binary(min_size=1, max_size=80))
    built = stun.build(stun.Method.BINDING, stun.MessageClass.REQUEST, ID, attributes, key=key)
    message = stun.parse(built)
    for kind, value in attributes:
        assert message.get(kind) == value
    assert list(message.values) == [kind.type for kind in kinds]
    assert len(built) % 4 == 0
    if key is not None:
        assert stun.verify_integrity(message, key)


@pytest.mark.parametrize(
    ("attribute", "value", "wire"),
    [
        (stun.REQUESTED_TRANSPORT, 17, "11000000"),
        (stun.REQUESTED_ADDRESS_FAMILY, 2, "02000000"),
        (stun.ADDITIONAL_ADDRESS_FAMILY, 2, "02000000"),
        (stun.EVEN_PORT, True, "80"),
        (stun.EVEN_PORT, False, "00"),
        (stun.CHANNEL_NUMBER, 0x4001, "40010000"),
        (stun.LIFETIME, 600, "00000258"),
        (stun.XOR_MAPPED_ADDRESS, ("192.0.2.1", 32853), "0001a147e112a643"),
        (stun.MAPPED_ADDRESS, ("192.0.2.1", 32853), "00018055c0000201"),
        (stun.ERROR_CODE, (300, ""), "00000300"),
        (stun.ERROR_CODE, (401, "No"), "000004014e6f"),
        (stun.ERROR_CODE, (420, ""), "00000414"),
        (stun.ERROR_CODE, (438, ""), "00000426"),
        (stun.ERROR_CODE, (487, ""), "00000457"),
        (stun.ERROR_CODE, (500, ""), "00000500"),
        (stun.ERROR_CODE, (508, ""), "00000508"),
        (stun.ADDRESS_ERROR_CODE, (2, 440, "x"), "0200042878"),
        (stun.UNKNOWN_ATTRIBUTES, (0x1A, 0x7FFF), "001a7fff"),
        (stun.PASSWORD_ALGORITHM, (2, b""), "00020000"),
        (stun.PASSWORD_ALGORITHMS, ((2, b"abc"), (1, b"")), "000200036162630000010000"),
        (stun.ICMP, stun.IcmpError(3, 4, 1280), "0000060400000500"),
        (stun.GOOG_NETWORK_INFO, stun.NetworkInfo(1, 10), "0001000a"),
        (stun.NOMINATION, 3, "00000003"),
        (stun.DTLS_IN_STUN_ACK, (1, 2), "0000000100000002"),
        (stun.DTLS_IN_STUN_ACK, (), ""),
        (stun.USE_CANDIDATE, True, ""),
    ],
)
def test_wire_form(attribute: stun.Attribute[Any], value: Any, wire: str) -> None:
    """RFC 8489 §14, RFC 8656 §18 and the type's own document."""
    assert encode(attribute, value).hex() == wire
    assert attribute.decode(bytes.fromhex(wire), ID) == value


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        (stun.XOR_MAPPED_ADDRESS, ("192.0.2.1", 65536)),
        (stun.XOR_MAPPED_ADDRESS, ("example.org", 1)),
        (stun.MAPPED_ADDRESS, ("192.0.2.1", -1)),
        (stun.PRIORITY, 2**32),
        (stun.PRIORITY, -1),
        (stun.ICE_CONTROLLING, 2**64),
        (stun.USE_CANDIDATE, False),
        (stun.USERNAME, "u" * 509),
        (stun.USERNAME, "\u30de" * 170),
        (stun.SOFTWARE, "s" * 128),
        (stun.NONCE, "n" * 764),
        (stun.ERROR_CODE, (299, "")),
        (stun.ERROR_CODE, (700, "")),
        (stun.CHANNEL_NUMBER, 65536),
        (stun.REQUESTED_TRANSPORT, 256),
        (stun.RESERVATION_TOKEN, bytes(7)),
        (stun.USERHASH, bytes(20)),
        (stun.DATA, bytes(65536)),
        (stun.NOMINATION, 2**24),
        (stun.DTLS_IN_STUN_ACK, (1, 2, 3, 4, 5)),
        (stun.UNKNOWN_ATTRIBUTES, (65536,)),
        (stun.ICMP, stun.IcmpError(128, 0, 0)),
        (stun.PASSWORD_ALGORITHM, (65536, b"")),
        (stun.GOOG_NETWORK_INFO, stun.NetworkInfo(65536, 0)),
    ],
)
def test_values_that_do_not_fit_raise_value_error(
    attribute: stun.Attribute[Any], value: Any
) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        encode(attribute, value)


@pytest.mark.parametrize(
    ("attribute", "wire"),
    [
        (stun.XOR_MAPPED_ADDRESS, ""),
        (stun.XOR_MAPPED_ADDRESS, "0003a147e112a643"),
        (stun.XOR_MAPPED_ADDRESS, "0002a147e112a643"),
        (stun.MAPPED_ADDRESS, "0001a147e112a6"),
        (stun.PRIORITY, "000000"),
        (stun.PRIORITY, "0000000000"),
        (stun.ICE_CONTROLLED, "00000000"),
        (stun.USE_CANDIDATE, "00"),
        (stun.USERNAME, "ff"),
        (stun.USERNAME, "41" * 764),
        (stun.ERROR_CODE, "0000"),
        (stun.ERROR_CODE, "00000200"),
        (stun.ERROR_CODE, "00000700"),
        (stun.ERROR_CODE, "00000464"),
        (stun.ADDRESS_ERROR_CODE, "02"),
        (stun.CHANNEL_NUMBER, "4000"),
        (stun.REQUESTED_TRANSPORT, "11"),
        (stun.EVEN_PORT, ""),
        (stun.RESERVATION_TOKEN, "00"),
        (stun.UNKNOWN_ATTRIBUTES, "000102"),
        (stun.DTLS_IN_STUN_ACK, "00000001" * 5),
        (stun.DTLS_IN_STUN_ACK, "0000"),
        (stun.PASSWORD_ALGORITHM, ""),
        (stun.PASSWORD_ALGORITHM, "0001000000020000"),
        (stun.PASSWORD_ALGORITHMS, "00010004"),
        (stun.PASSWORD_ALGORITHMS, "0001"),
        (stun.ICMP, "0000"),
        (stun.GOOG_NETWORK_INFO, "00"),
    ],
)
def test_malformed_values_raise_stun_error(attribute: stun.Attribute[Any], wire: str) -> None:
    with pytest.raises(stun.StunError) as caught:
        attribute.decode(bytes.fromhex(wire), ID)
    assert caught.value.reason == "malformed-attribute"


def test_username_of_up_to_763_bytes_is_understood() -> None:
    """RFC 8489 §14.3: fewer than 509 bytes are sent, up to 763 parsed."""
    assert len(encode(stun.USERNAME, "u" * 508)) == 508
    assert stun.USERNAME.decode(b"u" * 763, ID) == "u" * 763


def test_nonce_survives_bytes_that_are_not_utf8() -> None:
    nonce = stun.NONCE.decode(b"\xffabc\x80", ID)
    assert encode(stun.NONCE, nonce) == b"\xffabc\x80"


def test_reserved_bits_of_error_code_are_ignored() -> None:
    """RFC 8489 §14.8: 21 reserved bits."""
    assert stun.ERROR_CODE.decode(bytes.fromhex("fffffc57ff"), ID) == (487, "\ufffd")


def test_padding_counted_as_reason_is_left_out() -> None:
    assert stun.ERROR_CODE.decode(bytes.fromhex("000004004e6f0000"), ID) == (400, "No")


def test_reserved_bits_of_channel_number_and_nomination_are_ignored() -> None:
    assert stun.CHANNEL_NUMBER.decode(bytes.fromhex("4000ffff"), ID) == 0x4000
    assert stun.NOMINATION.decode(bytes.fromhex("ff000007"), ID) == 7


def test_long_error_reason_is_cut_when_sent() -> None:
    """RFC 8489 §14.8: the reason is shorter than 128 characters."""
    assert len(encode(stun.ERROR_CODE, (500, "r" * 500))) == 4 + 127
