import struct
import zlib
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peer.ice import stun

from . import vectors

ID = bytes(range(12))
KEY = b"secret"


def raw_message(*attributes: tuple[int, bytes], message_type: int = 1) -> bytes:
    """A message written without the code under test."""
    body = b"".join(
        struct.pack("!HH", kind, len(value)) + value + b"\xaa" * (-len(value) % 4)
        for kind, value in attributes
    )
    return struct.pack("!HHI12s", message_type, len(body), 0x2112A442, ID) + body


@pytest.mark.parametrize(
    ("method", "message_class", "expected"),
    [
        (stun.Method.BINDING, stun.MessageClass.REQUEST, 0x0001),
        (stun.Method.BINDING, stun.MessageClass.INDICATION, 0x0011),
        (stun.Method.BINDING, stun.MessageClass.SUCCESS, 0x0101),
        (stun.Method.BINDING, stun.MessageClass.ERROR, 0x0111),
        (stun.Method.ALLOCATE, stun.MessageClass.REQUEST, 0x0003),
        (stun.Method.REFRESH, stun.MessageClass.REQUEST, 0x0004),
        (stun.Method.SEND, stun.MessageClass.INDICATION, 0x0016),
        (stun.Method.DATA, stun.MessageClass.INDICATION, 0x0017),
        (stun.Method.CREATE_PERMISSION, stun.MessageClass.REQUEST, 0x0008),
        (stun.Method.CHANNEL_BIND, stun.MessageClass.REQUEST, 0x0009),
        (0x080, stun.MessageClass.ERROR, 0x0310),
        (0xFFF, stun.MessageClass.ERROR, 0x3FFF),
    ],
)
def test_message_types(method: int, message_class: stun.MessageClass, expected: int) -> None:
    """RFC 8489 §5, RFC 8656 §17."""
    assert stun.join_type(method, message_class) == expected
    assert stun.split_type(expected) == (method, message_class)


def test_every_message_type_round_trips() -> None:
    """RFC 8489 appendix A."""
    for message_type in range(0x4000):
        assert stun.join_type(*stun.split_type(message_type)) == message_type


def test_join_type_refuses_what_does_not_fit() -> None:
    with pytest.raises(ValueError, match="no message type"):
        stun.join_type(0x1000, 0)


def test_unknown_method_parses() -> None:
    message = stun.parse(raw_message(message_type=0x0200))
    assert message.method == 0x080
    assert message.message_class is stun.MessageClass.REQUEST
    assert "REQUEST" in repr(message)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "truncated"),
        (bytes(19), "truncated"),
        (b"\x80" + raw_message()[1:], "bad-first-bits"),
        (b"\x40" + raw_message()[1:], "bad-first-bits"),
        (raw_message()[:4] + bytes(4) + ID, "bad-cookie"),
        (raw_message() + b"\0\0\0\0", "bad-length"),
        (raw_message((0x8022, b"abcd"))[:-4], "bad-length"),
        (struct.pack("!HHI12s", 1, 2, 0x2112A442, ID) + bytes(2), "bad-length"),
        (struct.pack("!HHI12sHH", 1, 4, 0x2112A442, ID, 6, 4), "attribute-overrun"),
        (struct.pack("!HHI12sHHI", 1, 8, 0x2112A442, ID, 6, 65535, 0), "attribute-overrun"),
        (raw_message((0x0008, bytes(16))), "bad-integrity-length"),
        (raw_message((0x001C, bytes(12))), "bad-integrity-length"),
        (raw_message((0x001C, bytes(18))), "bad-integrity-length"),
        (raw_message((0x001C, bytes(36))), "bad-integrity-length"),
        (raw_message((0x8028, bytes(4))), "bad-fingerprint"),
        (raw_message((0x8028, bytes(8))), "misplaced-fingerprint"),
        (raw_message((0x8028, bytes(4)), (0x8022, b"")), "misplaced-fingerprint"),
    ],
)
def test_what_is_not_stun_is_refused_by_name(data: bytes, reason: str) -> None:
    """RFC 8489 §6.3, §14."""
    with pytest.raises(stun.StunError) as caught:
        stun.parse(data)
    assert caught.value.reason == reason


def test_padding_may_hold_anything() -> None:
    """RFC 8489 §14: padding bits may be any value on receipt."""
    message = stun.parse(raw_message((0x0006, b"abcde"), (0x0024, bytes(4))))
    assert message.get(stun.USERNAME) == "abcde"
    assert message.get(stun.PRIORITY) == 0


def test_first_of_several_counts_and_all_can_be_had() -> None:
    """RFC 8489 §14: only the first occurrence needs to be processed."""
    data = stun.build(
        stun.Method.CREATE_PERMISSION,
        stun.MessageClass.REQUEST,
        ID,
        [
            (stun.XOR_PEER_ADDRESS, ("192.0.2.1", 1)),
            (stun.LIFETIME, 5),
            (stun.XOR_PEER_ADDRESS, ("2001:db8::1", 2)),
        ],
    )
    message = stun.parse(data)
    assert message.get(stun.XOR_PEER_ADDRESS) == ("192.0.2.1", 1)
    assert message.get_all(stun.XOR_PEER_ADDRESS) == [("192.0.2.1", 1), ("2001:db8::1", 2)]
    assert message.get_all(stun.XOR_MAPPED_ADDRESS) == []


def test_absent_attribute_is_none() -> None:
    message = stun.parse(raw_message())
    assert message.get(stun.USERNAME) is None
    assert message.get(stun.USE_CANDIDATE) is None
    assert not message.has_integrity
    assert not message.has_integrity_sha256
    assert not message.has_fingerprint


def test_a_malformed_value_raises_or_counts_as_absent() -> None:
    message = stun.parse(raw_message((stun.PRIORITY.type, b"abc")))
    with pytest.raises(stun.StunError):
        message.get(stun.PRIORITY)
    assert message.get_valid(stun.PRIORITY) is None
    whole = stun.parse(raw_message((stun.PRIORITY.type, b"\0\0\0\7")))
    assert whole.get_valid(stun.PRIORITY) == 7
    assert whole.get_valid(stun.USERNAME) is None


def test_attributes_after_integrity_are_invisible() -> None:
    """RFC 8489 §14.5: all but MESSAGE-INTEGRITY-SHA256 and FINGERPRINT are ignored."""
    message = stun.parse(
        raw_message(
            (0x0024, bytes(4)),
            (0x0008, bytes(20)),
            (0x0025, b""),
            (0x0024, b"\1\1\1\1"),
            (0x001C, bytes(32)),
            (0x802A, bytes(8)),
        )
    )
    assert message.has_integrity
    assert message.has_integrity_sha256
    assert message.get(stun.USE_CANDIDATE) is None
    assert message.get(stun.ICE_CONTROLLING) is None
    assert message.get_all(stun.PRIORITY) == [0]


def test_sha1_code_after_sha256_code_is_void() -> None:
    """RFC 8489 §14.6: after MESSAGE-INTEGRITY-SHA256 only FINGERPRINT counts."""
    message = stun.parse(raw_message((0x001C, bytes(32)), (0x0008, bytes(20)), (0x0025, b"")))
    assert message.has_integrity_sha256
    assert not message.has_integrity
    assert message.get(stun.USE_CANDIDATE) is None


def test_second_integrity_does_not_replace_the_first() -> None:
    data = raw_message((0x0008, b"\1" * 20), (0x0008, b"\2" * 20))
    assert stun.parse(data).integrity_offset == 20


def test_fingerprint_is_crc_with_the_length_counting_it() -> None:
    """RFC 8489 §14.7, computed here by hand."""
    data = stun.build(stun.Method.BINDING, stun.MessageClass.INDICATION, ID)
    assert data[:4] == bytes.fromhex("00110008")
    assert data[-4:] == (zlib.crc32(data[:20]) ^ 0x5354554E).to_bytes(4, "big")
    assert stun.parse(data).has_fingerprint


@pytest.mark.parametrize("position", range(len(vectors.REQUEST)))
def test_fingerprint_catches_every_flipped_bit(position: int) -> None:
    changed = bytearray(vectors.REQUEST)
    changed[position] ^= 0x10
    if position in (100, 101):
        # Its own type damaged, FINGERPRINT is an attribute nobody knows.
        assert not stun.parse(bytes(changed)).has_fingerprint
    else:
        with pytest.raises(stun.StunError):
            stun.parse(bytes(changed))


def test_unknown_required_lists_only_visible_comprehension_required_types() -> None:
    """RFC 8489 §6.3.1: 0x0000-0x7FFF must be understood, 0x8000-0xFFFF may be ignored."""
    message = stun.parse(
        raw_message(
            (0x7FFE, b""),
            (0x0006, b"u"),
            (0x8FFF, b""),
            (0x0030, b"abc"),
            (0x7FFE, b""),
            (0x0008, bytes(20)),
            (0x7000, b""),
        )
    )
    assert message.unknown_required() == (0x7FFE, 0x0030)
    assert message.unknown_required(known=(0x0030,)) == (0x7FFE, 0x0006)


def test_known_required_covers_the_integrity_attributes() -> None:
    assert {0x0008, 0x001C} <= stun.KNOWN_REQUIRED
    assert all(kind < 0x8000 for kind in stun.KNOWN_REQUIRED)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (vectors.REQUEST, True),
        (raw_message(), True),
        (raw_message()[:19], False),
        (b"\x04" + raw_message()[1:], False),
        (b"\x16" + raw_message()[1:], False),
        (b"\x80" + raw_message()[1:], False),
        (raw_message()[:4] + bytes(16), False),
        (b"", False),
    ],
)
def test_looks_like_stun(data: bytes, expected: bool) -> None:
    """RFC 8489 §5, RFC 7983 §7: first byte 0..3, the cookie, at least a header."""
    assert stun.looks_like_stun(data) is expected


def read_everything(data: bytes) -> None:
    """Parse and decode all there is; only StunError may come out."""
    try:
        message = stun.parse(data)
    except stun.StunError:
        return
    stun.verify_integrity(message, KEY)
    stun.verify_integrity_sha256(message, KEY)
    message.unknown_required()
    for attribute in stun.ALL_ATTRIBUTES:
        with suppress(stun.StunError):
            message.get_all(attribute)


@given(st.binary(max_size=200))
def test_garbage_raises_nothing_but_stun_error(data: bytes) -> None:
    read_everything(data)


@given(st.sampled_from(vectors.ALL), st.integers(0, 120), st.binary(max_size=8))
def test_mutated_and_truncated_messages_raise_nothing_else(
    data: bytes, position: int, patch: bytes
) -> None:
    read_everything(data[:position] + patch + data[position + len(patch) :])
    read_everything(data[:position] + patch)


@settings(max_examples=200)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([attribute.type for attribute in stun.ALL_ATTRIBUTES])
            | st.integers(0, 65535),
            st.binary(max_size=40),
        ),
        max_size=8,
    )
)
def test_well_framed_nonsense_raises_nothing_else(attributes: list[tuple[int, bytes]]) -> None:
    read_everything(raw_message(*attributes))


@given(st.sampled_from(vectors.ALL), st.binary(min_size=1, max_size=40))
def test_trailing_garbage_is_refused(data: bytes, tail: bytes) -> None:
    """RFC 8489 §6.3: the length must make sense for the datagram."""
    with pytest.raises(stun.StunError):
        stun.parse(data + tail)
