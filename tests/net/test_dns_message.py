"""DNS messages: exact bytes, and nothing that a stranger sends breaks the parser."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.net.dns_message import (
    MAX_RECORDS,
    TYPE_A,
    TYPE_AAAA,
    AddressRecord,
    DnsError,
    Message,
    Question,
    build,
    parse,
)

LABELS = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=63)
NAMES = st.lists(LABELS, min_size=1, max_size=3).map(".".join)
HOSTS = st.ip_addresses().map(str)
MESSAGES = st.builds(
    Message,
    st.booleans(),
    st.lists(st.builds(Question, NAMES, st.integers(0, 0xFFFF), st.booleans()), max_size=3).map(
        tuple
    ),
    st.lists(st.builds(AddressRecord, NAMES, HOSTS, st.integers(0, 2**32 - 1)), max_size=3).map(
        tuple
    ),
)


def test_query_for_both_families() -> None:
    """RFC 6762 §18: identifier and flags are zero; §5.4: the top bit of the class asks unicast."""
    message = Message(False, (Question("a.local", TYPE_A, True), Question("a.local", TYPE_AAAA)))
    assert build(message) == (
        b"\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00"
        b"\x01a\x05local\x00\x00\x01\x80\x01"
        b"\xc0\x0c\x00\x1c\x00\x01"
    )


def test_response_flushes_caches() -> None:
    """RFC 6762 §18.4: authoritative; §10.2: the record is ours alone."""
    data = build(Message(True, answers=(AddressRecord("a.local", "192.0.2.1"),)))
    assert data == (
        b"\x00\x00\x84\x00\x00\x00\x00\x01\x00\x00\x00\x00"
        b"\x01a\x05local\x00\x00\x01\x80\x01\x00\x00\x00\x78\x00\x04\xc0\x00\x02\x01"
    )


def test_legacy_queriers_do_not_know_the_cache_flush_bit() -> None:
    """RFC 6762 §6.7: the identifier is repeated, and the bit MUST NOT be set."""
    data = build(Message(True, answers=(AddressRecord("a.local", "192.0.2.1"),)), ident=7)
    assert data[:2] == b"\x00\x07"
    assert data[23:25] == b"\x00\x01"


@given(MESSAGES, st.integers(0, 0xFFFF))
def test_round_trip(message: Message, ident: int) -> None:
    assert parse(build(message, ident=ident)) == (message, ident)


def test_compressed_names() -> None:
    """RFC 1035 §4.1.4."""
    header = b"\x00\x00\x84\x00\x00\x01\x00\x01\x00\x00\x00\x00"
    question = b"\x01A\x05LOCAL\x00\x00\x01\x00\x01"
    answer = b"\xc0\x0c\x00\x01\x80\x01\x00\x00\x00\x78\x00\x04\xc0\x00\x02\x01"
    message, _ = parse(header + question + answer)
    assert message.answers == (AddressRecord("a.local", "192.0.2.1"),)
    assert message.questions == (Question("a.local", TYPE_A),)


def test_records_of_other_types_are_left_out() -> None:
    header = b"\x00\x00\x84\x00\x00\x00\x00\x02\x00\x00\x00\x00"
    text = b"\x01a\x00\x00\x10\x00\x01\x00\x00\x00\x78\x00\x02\x01x"
    address = b"\x01b\x00\x00\x01\x00\x01\x00\x00\x00\x78\x00\x04\xc0\x00\x02\x01"
    message, _ = parse(header + text + address)
    assert message.answers == (AddressRecord("b", "192.0.2.1"),)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes(11),
        # A pointer to itself, one forwards, a label kind that does not exist.
        b"\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\xc0\x0c\x00\x01\x00\x01",
        b"\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\xc0\x20\x00\x01\x00\x01",
        b"\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x80a\x00\x00\x01\x00\x01",
        # An error response, another opcode, more records than anyone sends.
        b"\x00\x00\x84\x03" + bytes(8),
        b"\x00\x00\x28\x00" + bytes(8),
        b"\x00\x00\x84\x00\x00\x00" + (MAX_RECORDS + 1).to_bytes(2, "big") + bytes(4),
        # A record that ends before its data does.
        b"\x00\x00\x84\x00\x00\x00\x00\x01" + bytes(4) + b"\x01a\x00\x00\x01\x00\x01\x00",
    ],
)
def test_nonsense(data: bytes) -> None:
    with pytest.raises(DnsError):
        parse(data)


@given(st.binary(max_size=200), st.booleans())
def test_garbage_raises_nothing_else(data: bytes, with_header: bool) -> None:
    header = b"\x00\x00\x84\x00\x00\x02\x00\x02\x00\x00\x00\x00" if with_header else b""
    try:
        message, _ = parse(header + data)
    except DnsError:
        return
    assert len(message.answers) <= MAX_RECORDS
