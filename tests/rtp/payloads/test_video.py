"""Which payload formats there are for pictures, and that what is written is read again."""

import base64
import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.rtp import (
    Av1Depayloader,
    Av1Packetizer,
    Depayloader,
    H264Depayloader,
    H264Packetizer,
    H265Depayloader,
    H265Packetizer,
    Packetizer,
    Piece,
    Room,
    Vp8Depayloader,
    Vp8Packetizer,
    Vp9Depayloader,
    Vp9Packetizer,
    WholePacketizer,
    make_depayloader,
    make_packetizer,
)
from peer.rtp.assembly import Assembly
from tests.rtp.payloads import test_av1, test_h264, test_h265, test_vp9
from tests.rtp.payloads.test_packetizing import ROOMS
from tests.rtp.video_line import KEY

FORMATS = [
    ("video/VP8", Vp8Depayloader, Vp8Packetizer),
    ("video/VP9", Vp9Depayloader, Vp9Packetizer),
    ("video/AV1", Av1Depayloader, Av1Packetizer),
    ("video/H264", H264Depayloader, H264Packetizer),
    ("Video/h265", H265Depayloader, H265Packetizer),
]


@pytest.mark.parametrize(("mime_type", "made", "_"), FORMATS)
def test_each_stream_has_one_of_its_own(mime_type: str, made: type, _: type) -> None:
    first, second = make_depayloader(mime_type), make_depayloader(mime_type)
    assert isinstance(first, made)
    assert first is not second


def written(*units: bytes) -> str:
    return ",".join(base64.b64encode(unit).decode() for unit in units)


@pytest.mark.parametrize(
    "parameters",
    [
        {"sprop-parameter-sets": written(test_h264.SPS, test_h264.PPS)},
        {"Sprop-Parameter-Sets": f"%%,,{written(test_h264.PPS)},A,{written(test_h264.SPS)}"},
    ],
)
def test_parameter_sets_of_the_description_let_a_decoder_begin(parameters: dict[str, str]) -> None:
    key = Piece(test_h264.IDR, is_key=True)
    described = make_depayloader("video/h264", parameters)
    assert described is not None
    assert described.assemble([key]).endswith(test_h264.IDR)


def test_those_of_h265_have_names_of_their_own() -> None:
    parameters = {
        "sprop-vps": written(test_h265.VPS),
        "sprop-sps": written(test_h265.SPS),
        "sprop-pps": written(test_h265.PPS),
    }
    key = Piece(test_h265.IDR, is_key=True)
    for number, name in enumerate(parameters):
        some = make_depayloader("video/h265", {n: parameters[n] for n in parameters if n != name})
        assert some is not None, number
        assert some.assemble([key]) == b""
    described = make_depayloader("video/h265", parameters)
    assert described is not None
    assert described.assemble([key]).endswith(test_h265.IDR)


def test_what_nothing_reads() -> None:
    assert make_depayloader("video/rtx") is None


@pytest.mark.parametrize(("mime_type", "_", "made"), FORMATS)
def test_each_is_written(mime_type: str, _: type, made: type) -> None:
    assert isinstance(make_packetizer(mime_type, {}, picture_id=0), made)


def test_sound_is_not_split() -> None:
    assert isinstance(make_packetizer("audio/opus", {}, picture_id=0), WholePacketizer)


@pytest.mark.parametrize(("parameters", "payloads"), [({}, 2), ({"packetization-mode": "1"}, 1)])
def test_units_come_together_only_where_it_was_agreed(
    parameters: dict[str, object], payloads: int
) -> None:
    """RFC 6184 §8.1: without a word it is mode 0."""
    packetizer = make_packetizer("video/H264", parameters, picture_id=0)
    frame = test_h264.START + test_h264.SPS + test_h264.START + test_h264.PPS
    assert len(packetizer.pack(frame, Room(1000))) == payloads


def chopped(size: int, seed: int) -> list[int]:
    """Sizes of units that are `size` together."""
    sizes, chance = [], random.Random(seed)
    while size > 0:
        sizes.append(min(size, chance.choice((1, 9, 300, 2000, 30_000))))
        size -= sizes[-1]
    return sizes


def filling(size: int) -> bytes:
    """Bytes that look like nothing else."""
    return bytes(1 + n % 255 for n in range(size))


def h264_frame(sizes: list[int]) -> bytes:
    units = [test_h264.SPS, test_h264.PPS, b"\x65\x88" + filling(sizes[0])]
    units += [b"\x65\x08" + filling(size) for size in sizes[1:]]
    return b"".join(test_h264.START + unit for unit in units)


def h265_frame(sizes: list[int]) -> bytes:
    units = [test_h265.VPS, test_h265.SPS, test_h265.PPS, b"\x26\x01\x88" + filling(sizes[0])]
    units += [b"\x26\x01\x08" + filling(size) for size in sizes[1:]]
    return b"".join(test_h264.START + unit for unit in units)


def av1_frame(sizes: list[int]) -> bytes:
    obus = [test_av1.SEQUENCE, *(b"\x30" + filling(size) for size in sizes)]
    return Av1Depayloader().assemble([Piece(b"", units=tuple(obus))])


FRAMES: dict[str, Callable[[list[int]], bytes]] = {
    "video/VP8": lambda sizes: KEY + filling(sum(sizes)),
    "video/VP9": lambda sizes: test_vp9.header(320, 240) + filling(sum(sizes)),
    "video/H264": h264_frame,
    "video/H265": h265_frame,
    "video/AV1": av1_frame,
}


@pytest.mark.parametrize("mime_type", FRAMES)
@given(size=st.integers(1, 200_000), seed=st.integers(0, 99), room=ROOMS)
def test_what_is_written_fits_and_is_read_again(
    mime_type: str, size: int, seed: int, room: Room
) -> None:
    """As frames with their ends, their size and the same bytes; the packets in any order."""
    frame = FRAMES[mime_type](chopped(size, seed))
    packetizer = make_packetizer(mime_type, {"packetization-mode": "1"}, picture_id=0x7FFF)
    depayloader = make_depayloader(mime_type)
    assert depayloader is not None
    payloads = packetizer.pack(frame, room)
    used = [len(payload) for payload in payloads]
    used[0] += room.first
    used[-1] += room.last
    assert max(used) <= room.size
    frames = assembled(depayloader, payloads, packetizer.pack(frame, room), seed)
    assert frames == [frame, frame]


def assembled(
    depayloader: Depayloader, first: list[bytes], second: list[bytes], seed: int
) -> list[bytes]:
    """Two frames through a network that mixes their packets, behind the first one."""
    packets = [
        (number, time, payload, payload is payloads[-1])
        for time, payloads in ((0, first), (1, second))
        for number, payload in enumerate(payloads, 1000 + time * len(first))
    ]
    rest = packets[1:]
    random.Random(seed).shuffle(rest)
    assembly = Assembly[int]()
    for number, time, payload, marker in packets[:1] + rest:
        assembly.floor = min(assembly.floor, 999)
        assembly.insert(
            number, time, payload, number, depayloader, 0.0, marker=marker, repaired=False
        )
    assert not assembly.drops
    runs = sorted(assembly.complete.values(), key=lambda run: run.first)
    assert all(run.is_key and not run.is_broken for run in runs)
    return [depayloader.assemble(run.pieces) for run in runs]


@pytest.mark.parametrize("mime_type", FRAMES)
def test_nothing_makes_no_payload(mime_type: str) -> None:
    packetizer: Packetizer = make_packetizer(mime_type, {}, picture_id=0)
    assert packetizer.pack(b"", Room(1000)) == []
