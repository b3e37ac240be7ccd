"""H.265 payloads (RFC 7798 §4.4)."""

import pytest

from peer.rtp.payloads.h265 import H265Depayloader, H265Packetizer, read_sps
from peer.rtp.payloads.packetizing import Room
from peer.rtp.payloads.piece import MAX_UNITS, PayloadDrop, Piece

VPS = bytes.fromhex("40010c01ffff01600000030090000003000003005d959809")
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
    assert read_sps(SPS) == (0, 1280, 720, 1280, 720)
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


def stream(*units: bytes) -> bytes:
    return b"".join(START + unit for unit in units)


def test_units_are_written_together_or_in_parts() -> None:
    large = IDR[:2] + b"\x80" + bytes(range(1, 180))
    first, *parts = H265Packetizer().pack(stream(VPS, SPS, PPS, large), Room(100))
    assert first[:2] == b"\x60\x01"
    assert [part[:3] for part in parts] == [b"\x62\x01\x93", b"\x62\x01\x53"]
    assert b"".join(part[3:] for part in parts) == large[2:]


def test_an_aggregate_is_of_the_lowest_layers_of_its_units() -> None:
    (payload,) = H265Packetizer().pack(stream(b"\x03\x0aone", b"\x02\xfbtwo"), Room(100))
    assert payload[:2] == b"\x60\xfa"


def test_each_key_frame_has_its_parameter_sets() -> None:
    packetizer = H265Packetizer()
    assert packetizer.pack(stream(IDR), Room(200)) == [IDR]
    assert len(packetizer.pack(stream(b"\x40\x01", b"\x44\x01\x01"), Room(200))) == 1
    packetizer.pack(stream(VPS, SPS, PPS), Room(200))
    assert packetizer.pack(stream(TRAIL), Room(200)) == [TRAIL]
    for frame in (stream(IDR), stream(b"\x46\x01\x50", IDR, b"\x4c\x01\xff"), stream(PPS, IDR)):
        (payload,) = packetizer.pack(frame, Room(200))
        assert payload.endswith(IDR)
        assert [payload.count(unit) for unit in (VPS, SPS, PPS)] == [1, 1, 1]
