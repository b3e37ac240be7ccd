"""VP9 payload descriptors (RFC 9628 §4.2)."""

from itertools import product

import pytest

from peer.rtp.payloads.packetizing import Room
from peer.rtp.payloads.piece import Layers, PayloadDrop, Piece
from peer.rtp.payloads.vp9 import Vp9Depayloader, Vp9Packetizer, read_size

READ = Vp9Depayloader().read


def header(width: int, height: int, *, profile: int = 0, space: int = 1) -> bytes:
    bits = "10" + f"{profile & 1}{profile >> 1}" + "0" * (profile == 3) + "0010"
    bits += f"{0x498342:024b}" + "0" * (profile >= 2) + f"{space:03b}"
    bits += ("0000" if profile & 1 else "0") if space != 7 else "0" * (profile & 1)
    bits += f"{width - 1:016b}{height - 1:016b}"
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big") + b"rest"


def piece(payload: bytes) -> Piece:
    found = READ(payload)
    assert isinstance(found, Piece)
    return found


def test_the_size_of_key_frames() -> None:
    for profile, space in product(range(4), (1, 7)):
        assert read_size(header(640, 360, profile=profile, space=space)) == (640, 360)
    assert read_size(header(640, 360)[:6]) is None
    assert read_size(b"\x00" * 20) is None
    assert read_size(b"\x84" + bytes(20)) is None
    assert READ(b"\x8c\x01" + header(16385, 16)) is PayloadDrop.PICTURE_TOO_LARGE


def test_a_key_picture() -> None:
    found = piece(b"\x8c\x85\x01" + header(320, 240))
    assert (found.begins, found.is_key, found.size) == (True, True, (320, 240))
    assert found.layers == Layers(0x501, 15)


def test_pictures_of_layers_without_flexible_references() -> None:
    found = piece(b"\xec\x05\x30\x09data")
    assert found.layers == Layers(5, 7, 9, 1, True)
    assert not found.is_key


def test_flexible_references() -> None:
    found = piece(b"\xfd\x05\x20\x03\x05\x06data")
    assert found.layers is not None
    assert found.layers.references == (1, 2, 3)
    assert READ(b"\xfd\x05\x20\x03\x05\x07\x02data") is PayloadDrop.TRUNCATED
    key = piece(b"\xbc\x05\x20data")
    assert key.layers is not None
    assert key.layers.references == ()


@pytest.mark.parametrize(
    "descriptor", [b"\x8d\x05", b"\xcd\x05", b"\xed\x05\x20\x01", b"\xdd\x05\x02"]
)
def test_a_picture_that_no_higher_layer_needs_is_needed_by_the_next(descriptor: bytes) -> None:
    """Z is about spatial layers: one that has none above it may set it always (§4.2)."""
    assert piece(descriptor + b"data").is_reference


def test_the_scalability_structure_is_skipped() -> None:
    structure = b"\x38" + bytes(8) + b"\x02\x04\x01\x08\x01\x02"
    assert piece(b"\x0e" + structure + b"data").data == b"data"


def test_a_picture_of_layers_is_a_superframe() -> None:
    """The decoder finds its frames by an index at the end (VP9 bitstream, annex B)."""
    depayloader = Vp9Depayloader()
    pieces = [
        piece(b"\x28\x00\x00aa"),
        piece(b"\x24\x00\x00bb"),
        piece(b"\x6c\x02\x00ccc"),
    ]
    assert [part.begins for part in pieces] == [True, False, False]
    index = b"\xd9" + (4).to_bytes(4, "little") + (3).to_bytes(4, "little") + b"\xd9"
    assert depayloader.assemble(pieces) == b"aabbccc" + index
    assert depayloader.assemble(pieces[:2]) == b"aabb"
    assert depayloader.assemble(pieces[:1]) == b"aa"


def test_any_flags_cut_at_any_byte_are_read_or_refused() -> None:
    body = bytes.fromhex("85 01 32 09 03 04 38") + bytes(20)
    for first in range(256):
        whole = bytes((first,)) + body
        for end in range(1, len(whole)):
            assert isinstance(READ(whole[:end]), Piece | PayloadDrop)
        assert READ(whole[:1]) is PayloadDrop.TRUNCATED


def test_pictures_are_written_with_the_structure_before_each_key() -> None:
    """Each refers to the one before: one layer, and one picture in its group."""
    packetizer, room = Vp9Packetizer(0x7FFF), Room(100)
    key = header(320, 240) + bytes(90)
    first, second = packetizer.pack(key, room)
    assert first[:11] == b"\x8a\xff\xff" + b"\x18\x01\x40\x00\xf0\x01\x04\x01"
    assert second[:3] == b"\x84\xff\xff"
    assert first[11:] + second[3:] == key
    (delta,) = packetizer.pack(b"\x86delta", room)
    assert delta == b"\xcc\x80\x00\x86delta"


def test_a_picture_larger_than_a_structure_can_say_is_refused() -> None:
    """Its header has one more than 16 bits: what a peer has sent may be passed on."""
    with pytest.raises(ValueError, match="65536x16"):
        Vp9Packetizer().pack(header(65536, 16), Room(100))
