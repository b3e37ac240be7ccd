"""H.265 payloads (RFC 7798 §4.4)."""

import pytest

from peer.rtp.payloads.h265 import H265Depayloader, read_sps
from peer.rtp.payloads.piece import MAX_UNITS, PayloadDrop, Piece

VPS = bytes.fromhex("40010c01ffff01600000030090000003000003005d95980900")
SPS = bytes.fromhex("420101016000000300900000030000030" + "05da00280802d165965" + "9a4932bc05a8")
PPS = bytes.fromhex("4401c172b46240")
IDR = bytes((19 << 1, 1)) + b"\x80idr"
TRAIL = bytes((1 << 1, 1)) + b"\x80trail"
START = b"\0\0\0\1"


def read(depayloader: H265Depayloader, payload: bytes) -> Piece:
    found = depayloader.read(payload)
    assert isinstance(found, Piece)
    return found


def aggregate(*units: bytes) -> bytes:
    body = b"".join(len(unit).to_bytes(2, "big") + unit for unit in units)
    return bytes((48 << 1, 1)) + body


def test_the_size_of_pictures() -> None:
    assert read_sps(SPS) == (0, 1280, 720)
    for end in range(2, 15):
        with pytest.raises(ValueError, match="past the end"):
            read_sps(SPS[:end])


def test_units_aggregates_and_fragments() -> None:
    depayloader = H265Depayloader()
    assert read(depayloader, TRAIL) == Piece(START + TRAIL)
    found = read(depayloader, aggregate(VPS, SPS, PPS, IDR))
    assert found.is_key
    assert found.size == (1280, 720)
    assert depayloader.assemble([found]) == START + VPS + START + SPS + START + PPS + START + IDR
    fragment = bytes((49 << 1, 1))
    pieces = [
        read(depayloader, fragment + bytes((0x80 | 19,)) + b"\x80one"),
        read(depayloader, fragment + bytes((0x40 | 19,)) + b"two"),
    ]
    assert [piece.continues for piece in pieces] == [False, True]
    assert depayloader.assemble(pieces).endswith(START + IDR[:2] + b"\x80onetwo")
    assert depayloader.assemble(pieces).startswith(START + VPS + START + SPS)


def test_parameter_sets_of_the_description() -> None:
    key = Piece(START + IDR, is_key=True)
    assert H265Depayloader().assemble([key]) == b""
    described = H265Depayloader([VPS, SPS, PPS, b""])
    assert described.assemble([key]) == START + VPS + START + SPS + START + PPS + START + IDR


def test_what_is_refused() -> None:
    depayloader = H265Depayloader()
    assert depayloader.read(bytes((50 << 1, 1)) + b"paci") is PayloadDrop.UNSUPPORTED
    assert depayloader.read(b"\x02\x01") is PayloadDrop.TRUNCATED
    assert depayloader.read(bytes((49 << 1, 1, 0x80))) is PayloadDrop.TRUNCATED
    assert depayloader.read(aggregate()) is PayloadDrop.TRUNCATED
    assert depayloader.read(aggregate(b"ab")) is PayloadDrop.TRUNCATED
    assert depayloader.read(SPS[:12]) is PayloadDrop.TRUNCATED
    assert depayloader.read(b"\x44\x01\x00") is PayloadDrop.TRUNCATED
    many = aggregate(*[TRAIL] * (MAX_UNITS + 1))
    assert depayloader.read(many) is PayloadDrop.TOO_MANY_UNITS
