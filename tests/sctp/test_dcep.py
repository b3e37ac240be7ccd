"""Messages of RFC 8832."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.sctp.dcep import Ack, Open, parse_dcep

TEXT = st.text(max_size=40)
LIMIT = st.none() | st.integers(0, 0xFFFFFFFF)


@pytest.mark.parametrize(
    ("message", "channel_type", "parameter"),
    [
        (Open(), 0x00, 0),
        (Open(max_retransmits=5), 0x01, 5),
        (Open(max_packet_life_time=6), 0x02, 6),
        (Open(ordered=False), 0x80, 0),
        (Open(ordered=False, max_retransmits=0), 0x81, 0),
        (Open(ordered=False, max_packet_life_time=7), 0x82, 7),
    ],
)
def test_channel_types(message: Open, channel_type: int, parameter: int) -> None:
    """RFC 8832 §5.1."""
    data = message.serialize()
    assert data[:2] == bytes([3, channel_type])
    assert int.from_bytes(data[4:8], "big") == parameter
    assert parse_dcep(data) == message


def test_lengths_count_bytes() -> None:
    data = Open(label="\N{EURO SIGN}", protocol="\N{SNOWMAN}x").serialize()
    assert data[8:12] == bytes([0, 3, 0, 4])
    assert len(data) == 12 + 7


def test_ack() -> None:
    assert Ack().serialize() == b"\x02"
    assert parse_dcep(b"\x02") == Ack()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x01",
        Open().serialize()[:11],
        Open(label="abc").serialize()[:-1],
        # a channel type that is not defined
        b"\x03\x03" + bytes(10),
        b"\x03\x40" + bytes(10),
        # no UTF-8
        b"\x03\x00" + bytes(6) + b"\x00\x01\x00\x00\xff",
    ],
)
def test_what_is_no_message(data: bytes) -> None:
    assert parse_dcep(data) is None


@given(TEXT, TEXT, st.booleans(), LIMIT, st.integers(0, 65535))
def test_round_trip(
    label: str, protocol: str, ordered: bool, limit: int | None, priority: int
) -> None:
    for message in (
        Open(label, protocol, ordered, limit, None, priority),
        Open(label, protocol, ordered, None, limit, priority),
    ):
        assert parse_dcep(message.serialize()) == message


@given(st.binary(max_size=60) | st.binary(max_size=60).map(lambda tail: b"\x03\x00" + tail))
def test_garbage_is_never_an_exception(data: bytes) -> None:
    parse_dcep(data)
