"""Fuzz targets of the media plane: packets, RTCP, payloads, and the buffers that keep them."""

from peer.rtp import (
    ABS_CAPTURE_TIME,
    AUDIO_LEVEL,
    MID,
    PLAYOUT_DELAY,
    TRANSPORT_WIDE_CC,
    AudioBuffer,
    Av1Depayloader,
    Depayloader,
    EagerAudioBuffer,
    ExtensionMap,
    FrameBuffer,
    H264Depayloader,
    H265Depayloader,
    HeaderExtensions,
    RtpPacket,
    TimeLine,
    Vp8Depayloader,
    Vp9Depayloader,
    read_compound,
    read_packet,
    read_red,
    sound_reader,
    write_compound,
    write_packet,
)
from peer.rtp.audio_delay import MAX_PACKETS
from peer.rtp.payloads.piece import Piece

EXTENSIONS = ExtensionMap(
    {MID: 1, AUDIO_LEVEL: 2, TRANSPORT_WIDE_CC: 3, PLAYOUT_DELAY: 4, ABS_CAPTURE_TIME: 5}
)
CODECS: tuple[type[Depayloader], ...] = (
    Av1Depayloader,
    H264Depayloader,
    H265Depayloader,
    Vp8Depayloader,
    Vp9Depayloader,
)
SOUNDS = [sound_reader(name, 8000, 2) for name in ("opus", "PCMU", "G722", "L16", "CN")]
_RECORD = 8


def fuzz_rtp(data: bytes) -> None:
    """Read a packet and its header extensions; what can be written is read the same."""
    packet = read_packet(data)
    if isinstance(packet, RtpPacket):
        EXTENSIONS.read(packet.profile, packet.extension)
        read_red(packet.payload)
        again = read_packet(write_packet(packet))
        assert isinstance(again, RtpPacket)
        assert again.payload == packet.payload


def fuzz_rtcp(data: bytes) -> None:
    """Read a compound packet; what it holds can be written."""
    compound = read_compound(data)
    if compound.packets:
        write_compound(*compound.packets)


def fuzz_payload(data: bytes) -> None:
    """Read one payload as each codec, and two as a frame."""
    for codec in CODECS:
        depayloader = codec()
        half = len(data) // 2
        pieces = [depayloader.read(part) for part in (data, data[:half], data[half:]) if part]
        depayloader.assemble([piece for piece in pieces if isinstance(piece, Piece)])
    for read in SOUNDS:
        sound = read(data) if read is not None else None
        assert sound is None or sound.ticks >= 0


def fuzz_buffers(data: bytes) -> None:
    """Let eight bytes each say what packet comes when: no buffer grows, no time goes back."""
    line = TimeLine(48000, max_step_back=0.5)
    buffers = AudioBuffer[bytes](48000), EagerAudioBuffer[bytes](48000)
    for asking in buffers:
        asking.repairs, asking.missing.round_trip = True, 0.02
    ends = [-(1 << 62), -(1 << 62)]
    video = FrameBuffer[bytes](repairs=True)
    depayloader = Vp8Depayloader()
    now = 0.0
    for begin in range(0, len(data) - _RECORD + 1, _RECORD):
        ssrc, jump, number, step, flags, ticks, pause, first = data[begin : begin + _RECORD]
        now += pause / 100
        place = line.place(
            ssrc & 3, number | jump << 8, step << (flags & 31), 48000, now, repaired=ticks > 250
        )
        if place is None:
            continue
        payload = bytes((first,)) + data[begin : begin + flags]
        video.insert(*place, payload, b"", depayloader, now, marker=flags > 64)
        video.pull(now)
        for index, buffer in enumerate(buffers):
            buffer.insert(*place, ticks * 20, b"", now, fec=flags * 4, is_quiet=flags > 128)
            for decision in buffer.pull(now):
                assert decision.time + 120 >= ends[index]
                ends[index] = decision.time + decision.ticks
            buffer.requests(now)
            assert len(buffer._times) <= MAX_PACKETS  # noqa: SLF001


def packet_seeds() -> tuple[bytes, ...]:
    """A packet with extensions, and one with all that a header can have."""
    said = HeaderExtensions()
    said.mid = "0"
    said.transport_sequence_number = 7
    profile, extension = EXTENSIONS.write(said)
    plain = RtpPacket(payload_type=96, sequence_number=1, timestamp=2, ssrc=3, payload=b"media")
    full = RtpPacket(
        payload_type=111,
        sequence_number=65535,
        timestamp=2**32 - 1,
        ssrc=3,
        payload=bytes.fromhex("ef00f00105") + b"first" + b"second",
        marker=True,
        csrcs=(4, 5),
        profile=profile,
        extension=extension,
        padding_size=4,
    )
    return write_packet(plain), write_packet(full)


PAYLOADS = tuple(
    map(
        bytes.fromhex,
        (
            "90f0870109 8c 10 02 00 9d 01 2a 40 01 f0 00 aabb",  # VP8, key frame
            "8c8501 82498342 2013f00ef0 aabbcc",  # VP9, key picture
            "fd05200305 06 aabb",  # VP9, flexible references
            "28 09 08 0000 0002 cc4f ef7c 3061 aabb",  # AV1
            "78 0015 6742c01eda0280f6c04400000fa40003a983c58bb8 0004 68ce3c80 0003 6588aa",  # H.264
            "7c85 80 aabb",
            "6001 0007 40010c01ffff01 0003 2601af",  # H.265
            "6201 93 80 aabb",
            "4b 42 03 01 02 03 aabbccddeeff",  # Opus
        ),
    )
)
RTCP = tuple(
    map(
        bytes.fromhex,
        (
            (
                "81c8000c 00000001 e000000000000000 00000002 00000003 00000004"
                "00000005 01000002 00000006 00000007 00000008 00000009"
                "81ca0003 00000001 01026162 00000000"
            ),
            "81cd0003 00000001 00000002 00070003" + "81ce0002 00000001 00000002",
            "8fcd0005 00000001 00000002 00010002 00000100 2002 0401",
            "80cf0005 00000001 04000002 e000000000000000 2a000000",
        ),
    )
)
RECORDS = tuple(
    b"".join(bytes((0, 0, number, number, 9, 48, 2, 0x10)) for number in range(begin, begin + 24))
    for begin in (0, 200)
)
