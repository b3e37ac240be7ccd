"""Telling who a message is for, beside what parsing says."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.ice.stun import (
    PRIORITY,
    SOFTWARE,
    USERNAME,
    MessageClass,
    Method,
    StunError,
    build,
    called_fragment,
    message_class,
    parse,
    transaction_id,
)
from peer.ice.stun.peek import MAX_ATTRIBUTES, MAX_USERNAME

TID = bytes(range(12))


def request(*attributes: Any) -> bytes:
    return build(Method.BINDING, MessageClass.REQUEST, TID, attributes)


@pytest.mark.parametrize("kind", MessageClass)
@pytest.mark.parametrize("method", Method)
def test_class_and_transaction(method: Method, kind: MessageClass) -> None:
    data = build(method, kind, TID, [])
    assert message_class(data) is kind
    assert transaction_id(data) == TID


def test_the_part_before_the_colon_names_the_agent() -> None:
    """RFC 8445 §7.2.2."""
    assert called_fragment(request((USERNAME, "ours:theirs"))) == "ours"
    assert called_fragment(request((PRIORITY, 1), (SOFTWARE, "odd"), (USERNAME, "a:b:c"))) == "a"
    assert called_fragment(request((USERNAME, ":theirs"))) == ""


def test_without_a_fragment() -> None:
    assert called_fragment(request()) is None
    assert called_fragment(request((PRIORITY, 1))) is None
    assert called_fragment(request((USERNAME, "nobody"))) is None


def test_no_more_is_looked_at_than_a_check_needs() -> None:
    header = request()[:20]
    attribute = b"\x80\x22\x00\x00"
    username = b"\x00\x06\x00\x03a:b\x00"
    assert called_fragment(header + attribute * (MAX_ATTRIBUTES - 1) + username) == "a"
    assert called_fragment(header + attribute * MAX_ATTRIBUTES + username) is None
    length = MAX_USERNAME + 1
    assert called_fragment(header + b"\x00\x06" + length.to_bytes(2, "big") + b":" * length) is None


@given(st.binary(max_size=200))
def test_nothing_raises(data: bytes) -> None:
    header = request()
    for each in (data, header + data, header[:2] + data):
        message_class(each)
        called_fragment(each)


@given(st.binary(max_size=100))
def test_agrees_with_parsing(data: bytes) -> None:
    padded = data + bytes(-len(data) % 4)
    message = b"\x00\x01" + len(padded).to_bytes(2, "big") + request()[4:] + padded
    try:
        parsed = parse(message)
        username = parsed.get(USERNAME)
    except StunError:
        return
    if username is not None and ":" in username:
        assert called_fragment(message) == username.partition(":")[0]
