"""Bits and Exp-Golomb codes."""

import pytest

from peer.rtp.payloads.bits import BitReader, unescape


def test_numbers() -> None:
    reader = BitReader(bytes((0b10100110, 0b01000010, 0b10000000)))
    assert [reader.ue() for _ in range(5)] == [0, 1, 2, 3, 4]
    assert reader.read(3) == 0
    reader = BitReader(bytes((0b01001100, 0b10000101, 0b00000000)))
    assert [reader.se() for _ in range(4)] == [1, -1, 2, -2]
    assert BitReader(b"\xab\xcd\xef").read(20) == 0xABCDE


def test_the_end() -> None:
    reader = BitReader(b"\x00")
    reader.skip(8)
    with pytest.raises(ValueError, match="past the end"):
        reader.read(1)
    with pytest.raises(ValueError, match="32 bits"):
        BitReader(bytes(20)).ue()


def test_emulation_prevention() -> None:
    assert unescape(b"\0\0\3\1\0\0\3\0\0\3") == b"\0\0\1\0\0\0\0"
