"""Cutting DTLS records into datagrams."""

from hypothesis import given
from hypothesis import strategies as st

from peer.transports.records import split_records


def record(length: int) -> bytes:
    """Build a DTLS 1.2 record with that much in it."""
    return b"\x16\xfe\xfd" + bytes(8) + length.to_bytes(2, "big") + bytes(length)


def unified(length: int, *, wide: bool = True, explicit: bool = True) -> bytes:
    """Build a DTLS 1.3 record (RFC 9147 §4)."""
    first = 0x20 | (0x08 if wide else 0) | (0x04 if explicit else 0)
    header = bytes([first]) + bytes(2 if wide else 1)
    return header + (length.to_bytes(2, "big") if explicit else b"") + bytes(length)


def test_records_that_fit_share_a_datagram() -> None:
    assert split_records(record(100) + record(200), 1200) == [record(100) + record(200)]


def test_a_datagram_ends_where_a_record_does() -> None:
    data = record(700) + record(600) + record(500)
    assert split_records(data, 1200) == [record(700), record(600) + record(500)]


def test_a_record_longer_than_the_mtu_goes_alone() -> None:
    data = record(10) + record(2000) + record(10)
    assert split_records(data, 1200) == [record(10), record(2000), record(10)]


def test_records_of_dtls_13() -> None:
    data = unified(700) + unified(600, wide=False) + unified(900, explicit=False)
    assert split_records(data, 1200) == [
        unified(700),
        unified(600, wide=False),
        unified(900, explicit=False),
    ]


def test_nothing_is_no_datagram() -> None:
    assert split_records(b"", 1200) == []


@given(st.binary(max_size=300), st.integers(1, 300))
def test_no_byte_is_lost_whatever_it_is(data: bytes, mtu: int) -> None:
    parts = split_records(data, mtu)
    assert b"".join(parts) == data
    assert b"" not in parts


@given(st.lists(st.integers(0, 300), max_size=20))
def test_every_datagram_is_made_of_whole_records(lengths: list[int]) -> None:
    records = [record(length) for length in lengths]
    for datagram in split_records(b"".join(records), 320):
        assert len(datagram) <= 320
        while datagram:
            assert datagram[:1] == b"\x16"
            datagram = datagram[13 + int.from_bytes(datagram[11:13], "big") :]
