"""VP8 payload descriptors (RFC 7741 §4.2)."""

from itertools import product

import pytest

from peer.rtp.payloads.packetizing import Room, TemporalLayer
from peer.rtp.payloads.piece import Layers, PayloadDrop, Piece
from peer.rtp.payloads.vp8 import Vp8Depayloader, Vp8Packetizer

READ = Vp8Depayloader().read
KEY = bytes.fromhex("10 02 00 9d 01 2a 40 01 f0 00") + b"rest"
DELTA = b"\x01delta"


def piece(payload: bytes) -> Piece:
    found = READ(payload)
    assert isinstance(found, Piece)
    return found


def test_a_key_frame_tells_its_size() -> None:
    assert piece(b"\x10" + KEY) == Piece(
        KEY, begins=True, is_key=True, is_reference=True, size=(320, 240)
    )


def test_parts_of_a_frame() -> None:
    assert piece(b"\x10" + DELTA) == Piece(DELTA, begins=True)
    assert piece(b"\x00" + DELTA) == Piece(DELTA, continues=True)
    # The beginning of another partition is not the beginning of a frame.
    assert piece(b"\x11" + DELTA) == Piece(DELTA, continues=True)
    assert not piece(b"\x30" + DELTA).is_reference


@pytest.mark.parametrize(
    ("fields", "layers"),
    [
        ("80 07", Layers(7, 7)),
        ("80 87 01", Layers(0x701, 15)),
        ("40 09", Layers(tl0=9)),
        ("20 60", Layers(temporal=1, sync=True)),
        ("10 1f", Layers(key_index=31)),
        ("f0 87 01 09 8c", Layers(0x701, 15, 9, 2, False, 12)),
    ],
)
def test_where_a_picture_stands(fields: str, layers: Layers) -> None:
    assert piece(b"\x90" + bytes.fromhex(fields) + DELTA).layers == layers


def test_any_flags_cut_at_any_byte_are_read_or_refused() -> None:
    for flags, first, wide in product(range(16), (0x80, 0x90, 0x91, 0xB0), (0x00, 0x80)):
        fields = b""
        if flags & 8:
            fields += bytes((wide | 5,)) + (b"\x01" if wide else b"")
        fields += bytes((flags & 4) // 4) + bytes(1 if flags & 3 else 0)
        whole = bytes((first, flags << 4)) + fields + KEY
        assert isinstance(READ(whole), Piece)
        for end in range(1, len(whole)):
            found = READ(whole[:end])
            if end <= 2 + len(fields) or (first & 0x17 == 0x10 and end < 12 + len(fields)):
                assert found is PayloadDrop.TRUNCATED
            else:
                assert isinstance(found, Piece)


def test_pictures_too_large_are_refused() -> None:
    large = KEY[:6] + b"\xff\x3f\xff\x3f" + KEY[10:]
    assert READ(b"\x10" + large) is PayloadDrop.PICTURE_TOO_LARGE


def test_a_frame_is_its_pieces() -> None:
    pieces = [Piece(b"ab", begins=True), Piece(b"c", continues=True)]
    assert Vp8Depayloader().assemble(pieces) == b"abc"


def test_frames_are_numbered_with_15_bits() -> None:
    packetizer = Vp8Packetizer(0x17FFE)
    room = Room(100)
    first, second = packetizer.pack(bytes(96) + b"x", room)
    assert (first[:4], second[:4]) == (b"\x90\x80\xff\xfe", b"\x80\x80\xff\xfe")
    assert [packetizer.pack(b"x", room)[0] for _ in range(2)] == [
        b"\x90\x80\xff\xffx",
        b"\x90\x80\x80\x00x",
    ]


def test_the_layer_of_a_picture_is_told_in_each_packet() -> None:
    """TL0PICIDX counts the pictures of the lowest layer; N says that none needs it."""
    packetizer = Vp8Packetizer(7)
    layers = [
        TemporalLayer(0, is_sync=True, is_reference=True),
        TemporalLayer(2, is_sync=True, is_reference=False),
        TemporalLayer(1, is_sync=False, is_reference=True),
        TemporalLayer(0, is_sync=False, is_reference=True),
    ]
    read = []
    for layer in layers:
        payloads = packetizer.pack(b"\1" + bytes(99), Room(80), layer)
        assert max(map(len, payloads)) <= 80
        pieces = [piece(payload) for payload in payloads]
        assert len({one.layers for one in pieces}) == 1
        assert [one.begins for one in pieces] == [True, False]
        assert {one.is_reference for one in pieces} == {layer.is_reference}
        read.append(pieces[0].layers)
    assert read == [
        Layers(7, 15, 1, 0, True),
        Layers(8, 15, 1, 2, True),
        Layers(9, 15, 1, 1, False),
        Layers(10, 15, 2, 0, False),
    ]
