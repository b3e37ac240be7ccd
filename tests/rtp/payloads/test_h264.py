"""H.264 payloads (RFC 6184 §5)."""

import pytest

from peer.rtp.payloads.h264 import H264Depayloader, H264Packetizer, SequenceParameters
from peer.rtp.payloads.packetizing import Room
from peer.rtp.payloads.piece import MAX_UNITS, PayloadDrop, Piece

# Baseline 640x480, high 1920x1080 (cropped).
SPS = bytes.fromhex("6742c01eda0280f6c04400000fa40003a983c58bb8")
SPS_HD = bytes.fromhex("6764002aacd940780227e5c05a808080a0000003002000000781e30632c0")
PPS = bytes.fromhex("68ce3c80")
IDR = b"\x65\x80idr"
SLICE = b"\x41\x80slice"
START = b"\0\0\0\1"


def read(depayloader: H264Depayloader, payload: bytes) -> Piece:
    found = depayloader.read(payload)
    assert isinstance(found, Piece)
    return found


def aggregate(*units: bytes) -> bytes:
    return b"\x78" + b"".join(len(unit).to_bytes(2, "big") + unit for unit in units)


@pytest.mark.parametrize(("sps", "size"), [(SPS, (640, 480)), (SPS_HD, (1920, 1080))])
def test_the_size_of_pictures(sps: bytes, size: tuple[int, int]) -> None:
    assert SequenceParameters.read(sps)[:3] == (0, *size)
    for end in range(1, 8):
        with pytest.raises(ValueError, match="past the end"):
            SequenceParameters.read(sps[:end])


def test_single_units() -> None:
    depayloader = H264Depayloader()
    assert read(depayloader, SPS) == Piece(START + SPS, size=(640, 480))
    assert read(depayloader, IDR) == Piece(START + IDR, is_key=True)
    assert read(depayloader, SLICE) == Piece(START + SLICE)
    assert read(depayloader, b"\x01\x80b") == Piece(START + b"\x01\x80b", is_reference=False)


def test_aggregates() -> None:
    depayloader = H264Depayloader()
    found = read(depayloader, aggregate(SPS, PPS, IDR))
    assert found == Piece(START + SPS + START + PPS + START + IDR, is_key=True, size=(640, 480))
    assert depayloader.assemble([found]) == found.data


def test_aggregates_are_read_up_to_what_is_wrong() -> None:
    depayloader = H264Depayloader()
    assert read(depayloader, aggregate(SLICE, b"", SLICE)).data == START + SLICE
    assert read(depayloader, aggregate(SLICE) + b"\xff\xffno").data == START + SLICE
    assert depayloader.read(b"\x78") is PayloadDrop.TRUNCATED
    assert depayloader.read(b"\x78\x00\x09a") is PayloadDrop.TRUNCATED
    # An aggregate in an aggregate is passed on as the odd unit it is.
    assert read(depayloader, aggregate(aggregate(SLICE))).data == START + aggregate(SLICE)
    many = aggregate(*[b"\x09"] * (MAX_UNITS + 1))
    assert depayloader.read(many) is PayloadDrop.TOO_MANY_UNITS


def test_fragments() -> None:
    depayloader = H264Depayloader([SPS, PPS])
    pieces = [
        read(depayloader, fragment)
        for fragment in (b"\x7c\x85\x80one", b"\x7c\x05two", b"\x7c\x45three")
    ]
    assert [piece.continues for piece in pieces] == [False, True, True]
    assert [piece.is_key for piece in pieces] == [True, False, False]
    whole = START + b"\x65\x80onetwothree"
    assert depayloader.assemble(pieces) == START + SPS + START + PPS + whole
    assert depayloader.read(b"\x7c\x85") is PayloadDrop.TRUNCATED


def test_other_packets() -> None:
    depayloader = H264Depayloader()
    for kind in (25, 26, 27, 29):
        assert depayloader.read(bytes((0x60 | kind,)) + b"body") is PayloadDrop.UNSUPPORTED
    for kind in (0, 30, 31):
        assert read(depayloader, bytes((0x60 | kind,)) + b"body").data == b""
    assert read(depayloader, b"\x0cfiller").data == b""


def test_a_key_frame_needs_parameter_sets_of_the_stream_or_of_the_description() -> None:
    depayloader = H264Depayloader()
    key = read(depayloader, IDR)
    assert depayloader.assemble([key]) == b""
    depayloader.read(SPS)
    assert depayloader.assemble([key]) == b""
    depayloader.read(PPS)
    assert depayloader.assemble([key]) == START + SPS + START + PPS + START + IDR
    assert depayloader.assemble([read(depayloader, SLICE)]) == START + SLICE
    described = H264Depayloader([SPS, PPS, b""])
    assert described.assemble([key]) == START + SPS + START + PPS + START + IDR


def test_pictures_too_large_are_refused() -> None:
    # Level and profile of `SPS`, 65536 macroblocks wide.
    bits = "1" + "1" + "1" + "1" + "010" + "0" + "0" * 16 + "1" + "0" * 16 + "1" * 3 + "0"
    body = int(bits.ljust(64, "1"), 2).to_bytes(8, "big")
    depayloader = H264Depayloader([PPS])
    assert depayloader.read(SPS[:4] + body) is PayloadDrop.PICTURE_TOO_LARGE
    assert depayloader.assemble([Piece(IDR, is_key=True)]) == b""


def test_broken_parameter_sets_are_refused() -> None:
    depayloader = H264Depayloader()
    assert depayloader.read(SPS[:6]) is PayloadDrop.TRUNCATED
    assert depayloader.read(b"\x68") is PayloadDrop.TRUNCATED
    assert depayloader.read(b"\x68\0\0\0\0\0\0") is PayloadDrop.TRUNCATED


def stream(*units: bytes) -> bytes:
    return b"".join(START + unit for unit in units)


def test_units_that_fit_come_together_and_others_in_parts() -> None:
    large = b"\x65\x80" + bytes(range(1, 150))
    first, *parts, last = H264Packetizer().pack(stream(SPS, PPS, large, SLICE), Room(100))
    assert first == aggregate(SPS, PPS)
    assert [part[:2] for part in parts] == [b"\x7c\x85", b"\x7c\x45"]
    assert b"".join(part[2:] for part in parts) == large[1:]
    assert last == SLICE


def test_an_aggregate_is_as_important_as_its_most_important_unit() -> None:
    (payload,) = H264Packetizer().pack(stream(b"\x06sei", b"\x01b", SLICE), Room(100))
    assert payload[0] == 0x58
    (payload,) = H264Packetizer().pack(stream(b"\x06sei", b"\x01b"), Room(100))
    assert payload[0] == 0x18


def test_each_key_frame_has_its_parameter_sets() -> None:
    """RFC 6184 §8.4: they may have been lost."""
    packetizer = H264Packetizer()
    assert packetizer.pack(stream(IDR), Room(100)) == [IDR]
    assert packetizer.pack(stream(SPS, PPS), Room(100)) == [aggregate(SPS, PPS)]
    assert packetizer.pack(stream(SLICE), Room(100)) == [SLICE]
    for frame in (stream(IDR), stream(SPS, IDR), stream(b"\x09\xf0", IDR, b"\x0c\xff")):
        (payload,) = packetizer.pack(frame, Room(100))
        assert payload.endswith(aggregate(IDR)[1:])
        assert payload.count(SPS) == payload.count(PPS) == 1


def test_in_mode_0_each_unit_is_alone() -> None:
    large = bytes((0x65,)) + bytes(range(1, 200))
    assert H264Packetizer(mode=0).pack(stream(SPS, PPS, large), Room(100)) == [SPS, PPS, large]


def test_parameter_sets_that_nobody_can_read_are_sent_but_not_kept() -> None:
    packetizer = H264Packetizer()
    assert packetizer.pack(stream(b"\x68"), Room(100)) == [b"\x68"]
    assert packetizer.pack(stream(IDR), Room(100)) == [IDR]
