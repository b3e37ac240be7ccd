"""Sums of packets, and the two formats that carry them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.rtp.fec import (
    FecDrop,
    Parity,
    make_parity,
    read_flexfec,
    read_ulpfec,
    write_flexfec,
    write_ulpfec,
)
from peer.rtp.fec.parity import Remainder

from .lossy import SSRC, packet, packets


@given(packets(most=48), st.data())
def test_any_packet_follows_from_the_others(group: list[bytes], data: st.DataObject) -> None:
    lost = data.draw(st.integers(0, len(group) - 1))
    parity = make_parity(group)
    remainder = Remainder(parity)
    for index, one in enumerate(group):
        if index != lost:
            remainder.take_off(one)
    assert remainder.packet(parity.numbers[lost], SSRC) == group[lost]


@given(packets(most=48), st.data())
def test_both_formats_say_what_was_written(group: list[bytes], data: st.DataObject) -> None:
    kept = data.draw(st.sets(st.integers(0, len(group) - 1), min_size=1))
    parity = make_parity([group[index] for index in sorted(kept)])
    assert read_ulpfec(write_ulpfec(parity)) == parity
    assert read_flexfec(write_flexfec(SSRC, parity)) == (SSRC, parity)


def test_masks_of_flexfec_reach_109_numbers_and_those_of_ulpfec_48() -> None:
    for span, size in ((15, 20), (16, 24), (46, 24), (47, 32), (109, 32)):
        parity = make_parity([packet(65530, b"ab"), packet(65530 + span - 1, b"abc")])
        written = write_flexfec(SSRC, parity)
        assert len(written) == size + 3
        assert read_flexfec(written) == (SSRC, parity)
    with pytest.raises(ValueError, match="109 numbers"):
        write_flexfec(SSRC, make_parity([packet(0, b""), packet(109, b"")]))
    for span, size in ((16, 14), (17, 18), (48, 18)):
        parity = make_parity([packet(65530, b"ab"), packet(65530 + span - 1, b"abc")])
        assert len(write_ulpfec(parity)) == size + 3
    with pytest.raises(ValueError, match="48 numbers"):
        write_ulpfec(make_parity([packet(0, b""), packet(48, b"")]))


def test_the_bytes_of_ulpfec() -> None:
    """RFC 5109 §7.3, §7.4: of two packets with numbers 8 and 10."""
    one = packet(8, b"\x0f\xf0", timestamp=3, marker=True)
    other = packet(10, b"\xff\xff\xff", timestamp=5)
    assert write_ulpfec(make_parity([one, other])).hex() == (
        "0080" "0008" "00000006" "0001" "0003" "a000" "f00fff"
    )  # fmt: skip


def test_the_bytes_of_flexfec() -> None:
    """draft-ietf-payload-flexible-fec-scheme-03 §4.2.2.1: of two packets, numbers 8 and 10."""
    one = packet(8, b"\x0f\xf0", timestamp=3, marker=True)
    other = packet(10, b"\xff\xff\xff", timestamp=5)
    assert write_flexfec(SSRC, make_parity([one, other])).hex() == (
        "0080" "0001" "00000006" "01000000" "1a2b3c4d" "0008" "d000" "f00fff"
    )  # fmt: skip


@given(st.binary(max_size=80))
def test_any_bytes_are_read(data: bytes) -> None:
    assert isinstance(read_ulpfec(data), Parity | FecDrop)
    assert isinstance(read_flexfec(data), tuple | FecDrop)


def test_why_bytes_are_no_parity() -> None:
    parity = make_parity([packet(8, b"abc"), packet(30, b"abcd")])
    good, better = write_ulpfec(parity), write_flexfec(SSRC, parity)
    assert read_ulpfec(good[:11]) is FecDrop.TRUNCATED
    assert read_ulpfec(good[:-1]) is FecDrop.TRUNCATED
    assert read_ulpfec(b"\x80" + good[1:]) is FecDrop.UNSUPPORTED
    assert read_ulpfec(good[:12] + bytes(6) + good[18:]) is FecDrop.PROTECTS_NOTHING
    assert read_flexfec(better[:17]) is FecDrop.TRUNCATED
    assert read_flexfec(better[:20]) is FecDrop.TRUNCATED
    for first in (0x40, 0x80):
        assert read_flexfec(bytes((first,)) + better[1:]) is FecDrop.UNSUPPORTED
    assert read_flexfec(better[:8] + b"\2" + better[9:]) is FecDrop.UNSUPPORTED
    assert read_flexfec(better[:18] + b"\x80\x00") is FecDrop.PROTECTS_NOTHING
    endless = better[:18] + bytes(14)
    assert read_flexfec(endless) is FecDrop.UNSUPPORTED
