"""AV1 payloads (RTP Payload Format For AV1 §4.4)."""

import pytest

from peer.rtp.payloads.av1 import Av1Depayloader, Av1Packetizer, read_sequence_size
from peer.rtp.payloads.packetizing import Room
from peer.rtp.payloads.piece import MAX_UNITS, PayloadDrop, Piece

# A sequence header of 640x480 with one operating point.
BITS = "000" + "0" + "0" + "0" + "0" + "00000" + "0" * 12 + "00101" + "1001" + "1000"
BODY = int((BITS + f"{639:010b}{479:09b}").ljust(64, "0"), 2).to_bytes(8, "big")
SEQUENCE = b"\x08" + BODY
FRAME = b"\x30frame"


def read(payload: bytes) -> Piece:
    found = Av1Depayloader().read(payload)
    assert isinstance(found, Piece)
    return found


def sized(unit: bytes) -> bytes:
    return bytes((len(unit),)) + unit


def with_size(obu: bytes) -> bytes:
    return bytes((obu[0] | 2, len(obu) - 1)) + obu[1:]


def test_the_size_of_frames() -> None:
    assert read_sequence_size(BODY) == (640, 480)
    with pytest.raises(ValueError, match="past the end"):
        read_sequence_size(BODY[:5])
    # With timing, a decoder model and two operating points.
    bits = "000" + "0" + "0" + "1" + "0" * 64 + "1" + "1" + "1" + "00011" + "0" * 42 + "1" + "00001"
    bits += "0" * 12 + "01000" + "0" + "1" + "0" * 9 + "1" + "0000"
    bits += "0" * 12 + "00101" + "0" + "0" + "1001" + "1000" + f"{639:010b}{479:09b}"
    body = int(bits.ljust(len(bits) + 8 - len(bits) % 8, "0"), 2).to_bytes(
        len(bits) // 8 + 1, "big"
    )
    assert read_sequence_size(body) == (640, 480)
    still = "000" + "1" + "1" + "00000" + "1001" + "1000" + f"{639:010b}{479:09b}"
    assert read_sequence_size(int(still.ljust(40, "0"), 2).to_bytes(5, "big")) == (640, 480)


def test_units_with_and_without_sizes() -> None:
    depayloader = Av1Depayloader()
    for payload in (
        b"\x28" + sized(SEQUENCE) + FRAME,
        b"\x08" + sized(SEQUENCE) + sized(FRAME),
    ):
        found = read(payload)
        assert found.is_key
        assert found.size == (640, 480)
        assert depayloader.assemble([found]) == with_size(SEQUENCE) + with_size(FRAME)
    assert not read(b"\x10" + FRAME).is_key


def test_fragments_are_joined() -> None:
    pieces = [
        read(b"\x60" + sized(SEQUENCE) + b"\x30fr"),
        read(b"\xd0a"),
        read(b"\xa0" + sized(b"me") + b"\x31x"),
    ]
    assert [piece.continues for piece in pieces] == [False, True, True]
    assert Av1Depayloader().assemble(pieces) == (
        with_size(SEQUENCE) + with_size(FRAME) + with_size(b"\x31x")
    )


def test_a_unit_that_does_not_go_on_is_ended() -> None:
    pieces = [read(b"\x50\x30ab"), read(b"\x10\x30cd")]
    assert Av1Depayloader().assemble(pieces) == with_size(b"\x30ab") + with_size(b"\x30cd")
    assert Av1Depayloader().assemble([read(b"\x50\x30ab")]) == with_size(b"\x30ab")


def test_sizes_and_extensions_in_units() -> None:
    obu = b"\x32\x03abc"
    assert Av1Depayloader().assemble([read(b"\x10" + obu)]) == obu
    assert Av1Depayloader().assemble([read(b"\x10\x34\x08abc")]) == b"\x36\x08\x03abc"
    long = b"\x30" + bytes(300)
    assert Av1Depayloader().assemble([read(b"\x10" + long)]) == b"\x32\xac\x02" + bytes(300)
    assert read(b"\x10\x0a" + sized(BODY)).size == (640, 480)
    assert read(b"\x10\x08\x00").size is None


def test_delimiters_and_tile_lists_are_left_out() -> None:
    payload = b"\x30" + sized(b"\x10") + sized(b"\x40tiles") + FRAME
    assert Av1Depayloader().assemble([read(payload)]) == with_size(FRAME)


@pytest.mark.parametrize(
    "payload",
    [
        b"\x10",
        b"\x00",
        b"\x00\x00",
        b"\x00\x05abc",
        b"\x00" + b"\x80" * 8 + b"\x01a",
        b"\x20\x01a",
        b"\x30\x01a",
    ],
)
def test_what_is_cut_off_is_refused(payload: bytes) -> None:
    assert Av1Depayloader().read(payload) is PayloadDrop.TRUNCATED


def test_too_much_is_refused() -> None:
    many = b"\x00" + b"\x01a" * (MAX_UNITS + 1)
    assert Av1Depayloader().read(many) is PayloadDrop.TOO_MANY_UNITS
    bits = BITS[:-8] + "1111" + "1111" + "1" * 32
    large = b"\x10\x08" + int(bits.ljust(72, "0"), 2).to_bytes(9, "big")
    assert Av1Depayloader().read(large) is PayloadDrop.PICTURE_TOO_LARGE


def test_units_are_written_without_their_sizes() -> None:
    stream = b"\x12\x00" + with_size(SEQUENCE) + with_size(FRAME) + b"\x7a\x02pp"
    packetizer = Av1Packetizer()
    assert packetizer.pack(stream, Room(100)) == [b"\x28" + sized(SEQUENCE) + FRAME]
    assert packetizer.pack(b"\x36\x08\x01a" + FRAME, Room(100)) == [
        b"\x20" + sized(b"\x34\x08a") + FRAME
    ]


def test_more_than_three_units_all_have_sizes_around_them() -> None:
    (payload,) = Av1Packetizer().pack(4 * with_size(FRAME), Room(100))
    assert payload == b"\x00" + 4 * sized(FRAME)


def test_a_unit_goes_on_in_the_next_packet() -> None:
    first, second = Av1Packetizer().pack(with_size(b"\x30" + bytes(110)), Room(100))
    assert (first[0], second[0]) == (0x50, 0x90)
    assert abs(len(first) - len(second)) < 10


@pytest.mark.parametrize("stream", [b"\x32", b"\x32\x05abc", b"\x36", b"\x34"])
def test_a_stream_that_is_cut_off(stream: bytes) -> None:
    with pytest.raises(ValueError, match="OBU"):
        Av1Packetizer().pack(stream, Room(100))
