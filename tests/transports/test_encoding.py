"""Making payloads of what a track gives."""

import array
import asyncio
import fractions
import itertools
from dataclasses import replace
from typing import Any

import pytest
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from av import AudioFrame, Packet, VideoFrame

from peer.media import AudioPacket
from peer.rtp import read_red, sound_reader
from peer.testing import run
from peer.transports.encoded import Encoded, MediaEncoder
from peer.transports.encoding import SoundEncoder, make_encoder
from peer.transports.measure import measure
from peer.transports.share import MediaShare
from tests.media.tones import frame_of, speech, tone
from tests.transports.media import OPUS, PCMU, VP8, send_parameters

RED = RTCRtpCodecParameters("audio/red", 48000, 2, 63, parameters={"111/111": None})


def encoder_for(codec: RTCRtpCodecParameters, **changes: object) -> MediaEncoder:
    mid = "v0" if codec == VP8 else "a0"
    return make_encoder(codec, send_parameters(mid, 7, **changes), MediaShare())


def encode(encoder: MediaEncoder, *data: Any) -> list[Encoded]:
    async def program() -> list[Encoded]:
        return [await encoder.encode(one, keyframe=False) for one in data]

    return run(program())


def test_a_long_frame_of_sound_becomes_packets_with_times_of_their_own() -> None:
    """RFC 7587 §4.2."""
    (encoded,) = encode(encoder_for(OPUS), frame_of(tone(4800), pts=0))
    assert [frame.timestamp for frame in encoded.frames] == [0, 960, 1920, 2880, 3840]
    assert [frame.marker for frame in encoded.frames] == [True] + 4 * [False]
    assert encoded.loudness is not None
    assert encoded.loudness.samples == 4800


class Measuring:
    """An encoder that makes packets of 20 ms which it says are that loud."""

    def encode(self, frame: AudioFrame) -> list[AudioPacket]:
        times = range(0, frame.samples, 960)
        return [AudioPacket(b"x", time, -12, time == 0, loudness=0.25) for time in times]

    def set_bitrate(self, bitrate: int | None, room: int | None = None) -> None:
        """Change nothing."""

    def set_loss(self, fraction: float) -> None:
        """Change nothing."""


@pytest.mark.parametrize(
    ("samples", "channels", "told"), [(960, 1, True), (1920, 1, False), (960, 2, False)]
)
def test_what_the_encoder_measured_is_taken_for_a_frame_that_is_one_packet(
    samples: int, channels: int, told: bool
) -> None:
    """Of several channels the loudest counts, which encoders do not tell."""
    sound = frame_of(tone(samples * channels), channels=channels, pts=0)
    (encoded,) = encode(SoundEncoder(Measuring(), 48000), sound)
    own = measure(sound)
    assert own is not None
    assert encoded.loudness == (own._replace(level=0.25) if told else own)


@pytest.mark.parametrize("codec", [OPUS, PCMU])
@pytest.mark.parametrize("length", [480, 1440])
def test_a_frame_that_is_not_as_long_as_a_packet_is_as_loud_as_itself(
    codec: RTCRtpCodecParameters, length: int
) -> None:
    """A packet that it completes is of sound before it too, or not of all of it."""
    encoder = encoder_for(codec)
    for number in range(4):
        samples = tone(length) if number % 2 else array.array("h", bytes(2 * length))
        sound = frame_of(samples, pts=number * length)
        (encoded,) = encode(encoder, sound)
        assert encoded.loudness == measure(sound)


@pytest.mark.parametrize(
    ("wanted", "most", "ticks"), [(None, None, 960), (40, None, 1920), (60, 10, 480)]
)
def test_packets_are_as_long_as_the_peer_wants(
    wanted: float | None, most: float | None, ticks: int
) -> None:
    encoder = encoder_for(OPUS, packet_time=wanted, max_packet_time=most)
    (encoded,) = encode(encoder, frame_of(tone(9600), pts=0))
    assert encoded.frames[1].timestamp - encoded.frames[0].timestamp == ticks


def bits(encoder: MediaEncoder) -> int:
    both = array.array("h", [s for s in speech(48000) for _ in range(2)])
    (encoded,) = encode(encoder, frame_of(both, channels=2, pts=0))
    return 8 * sum(len(frame.data) for frame in encoded.frames)


def test_what_the_peers_format_parameters_ask_for_is_done() -> None:
    """RFC 7587 §6.1: its limit, and one channel unless it wants two."""
    plain = bits(encoder_for(OPUS))
    limited = replace(OPUS, parameters={"maxaveragebitrate": "12000"})
    assert bits(encoder_for(limited)) < 0.7 * plain
    stereo = replace(OPUS, parameters={"stereo": "1"})
    assert bits(encoder_for(stereo)) > 1.2 * plain


def test_our_own_limit_reaches_the_encoder() -> None:
    encoder, free = encoder_for(OPUS), bits(encoder_for(OPUS))
    encoder.limit(10_000, 0.0)
    assert bits(encoder) < 0.6 * free


def test_sound_of_the_telephone() -> None:
    encoder = encoder_for(PCMU)
    assert isinstance(encoder, SoundEncoder)
    encoder.note_loss(0.1, None)
    (encoded,) = encode(encoder, frame_of(tone(960), pts=0))
    assert [len(frame.data) for frame in encoded.frames] in ([], [160])


def test_a_packet_is_sent_as_it_is() -> None:
    packet = Packet(b"opus")
    packet.pts, packet.time_base = 100, fractions.Fraction(1, 1000)
    (encoded,) = encode(encoder_for(OPUS), packet)
    (frame,) = encoded.frames
    assert (frame.data, frame.timestamp) == (b"opus", 4800)


def test_of_packets_only_the_first_is_marked() -> None:
    """RFC 3551 §4.1."""
    packets = [Packet(b"opus") for _ in range(2)]
    for number, packet in enumerate(packets):
        packet.pts, packet.time_base = number, fractions.Fraction(1, 50)
    encoded = encode(encoder_for(OPUS), *packets)
    assert [frame.marker for one in encoded for frame in one.frames] == [True, False]


def sent(
    encoder: MediaEncoder, loss: float, room: int | None = None
) -> list[tuple[int | None, list[int]]]:
    """Return payload type and sizes of the blocks, the packet's own last, of each packet."""
    encoder.note_loss(loss, room)
    (encoded,) = encode(encoder, frame_of(speech(9600), pts=0))
    return [
        (
            frame.payload_type,
            [len(frame.data)]
            if frame.payload_type is None
            else [len(block.data) for block in read_red(frame.data)],
        )
        for frame in encoded.frames
    ]


@pytest.mark.parametrize(("room", "blocks"), [(None, 2), (130_000, 2), (120_000, 1)])
def test_copies_of_what_has_a_fixed_rate_need_all_of_it_again(
    room: int | None, blocks: int
) -> None:
    """RFC 3551 §4.5: 64 kbit/s, whatever the room."""
    encoder = encoder_for(
        PCMU, codecs=(PCMU, replace(RED, clockRate=8000, channels=1, parameters={"0/0": None}))
    )
    packets = sent(encoder, 0.05, room)
    assert {len(sizes) for _, sizes in packets[1:]} == {blocks}


def test_copies_follow_packets_when_they_get_lost() -> None:
    """RFC 2198, from a loss on that makes it worth it, and where it was agreed."""
    encoder = encoder_for(OPUS, codecs=(OPUS, RED))
    assert {payload_type for payload_type, _ in sent(encoder, 0.01)} == {None}
    once = sent(encoder, 0.05)
    assert {(payload_type, len(sizes)) for payload_type, sizes in once} == {(63, 2)}
    for (_, before), (_, after) in itertools.pairwise(once):
        assert after[0] == before[1]
    assert {len(sizes) for _, sizes in sent(encoder, 0.2)[2:]} == {3}
    assert {payload_type for payload_type, _ in sent(encoder, 0.0)} == {None}
    assert {payload_type for payload_type, _ in sent(encoder_for(OPUS), 0.2)} == {None}


@pytest.mark.parametrize("formats", ["111/0", "0/0", "96/111", "", "x"])
def test_copies_of_other_codecs_are_none_of_ours(formats: str) -> None:
    other = replace(RED, parameters={formats: None})
    encoder = encoder_for(OPUS, codecs=(OPUS, other))
    assert {payload_type for payload_type, _ in sent(encoder, 0.2)} == {None}


def test_copies_stay_within_the_limit() -> None:
    encoder = encoder_for(OPUS, codecs=(OPUS, RED))
    for limit, copies in ((60_000, 2), (40_000, 1), (20_000, 0)):
        encoder.limit(limit, 0.0)
        sent(encoder, 0.2)
        packets = sent(encoder, 0.2)
        assert {len(sizes) for _, sizes in packets} == {copies + 1}
        total = 8 * sum(sum(sizes) for _, sizes in packets) / 0.2
        assert total <= 1.2 * limit


def test_copies_stay_within_the_room_and_sound_alone_gets_no_larger_for_it() -> None:
    encoder = encoder_for(OPUS, codecs=(OPUS, RED))
    for room, copies in ((200_000, 2), (60_000, 2), (40_000, 1), (20_000, 0)):
        sent(encoder, 0.2, room)
        packets = sent(encoder, 0.2, room)
        assert {len(sizes) for _, sizes in packets} == {copies + 1}
        total = 8 * sum(sum(sizes) for _, sizes in packets) / 0.2
        assert total <= 1.2 * room
    both = [encoder_for(OPUS, codecs=(OPUS, RED)) for _ in range(2)]
    with_room, without = (
        sent(one, 0.0, room) for one, room in zip(both, (500_000, None), strict=True)
    )
    assert with_room == without


def test_the_peers_limit_holds_for_all_copies() -> None:
    """RFC 7587 §6.1, maxaveragebitrate: what it receives on average."""
    limited = replace(OPUS, parameters={"maxaveragebitrate": "40000"})
    encoder = encoder_for(limited, codecs=(limited, RED))
    assert {len(sizes) for _, sizes in sent(encoder, 0.2)[2:]} == {2}
    encoder.limit(None, 0.0)
    packets = sent(encoder, 0.2)
    assert 8 * sum(sum(sizes) for _, sizes in packets) / 0.2 <= 1.2 * 40_000


def test_the_codec_protects_only_what_copies_do_not_bring() -> None:
    """RFC 7587 §6.1, useinbandfec."""
    protected = replace(OPUS, parameters={"useinbandfec": "1"})

    def has_fec(codecs: tuple[RTCRtpCodecParameters, ...], loss: float) -> bool:
        encoder = encoder_for(protected, codecs=codecs)
        encoder.note_loss(loss, None)
        (encoded,) = encode(encoder, frame_of(speech(48000), pts=0))
        own = [
            frame.data if frame.payload_type is None else read_red(frame.data)[-1].data
            for frame in encoded.frames
        ]
        read = sound_reader("audio/opus", 48000)
        assert read is not None
        return any(sound is not None and sound.fec_ticks for sound in map(read, own))

    assert has_fec((protected,), 0.05)
    assert not has_fec((protected, RED), 0.05)


def test_what_cannot_be_sent_is_refused() -> None:
    with pytest.raises(ValueError, match="time"):
        encode(encoder_for(OPUS), Packet(b"opus"))
    with pytest.raises(TypeError, match="sound"):
        encode(encoder_for(OPUS), VideoFrame(16, 16, "yuv420p"))
    with pytest.raises(ValueError, match="video/none"):
        encoder_for(RTCRtpCodecParameters("video/none", 90000, None, 99))


def test_sound_takes_no_thread() -> None:
    async def program() -> int:
        encoder = encoder_for(OPUS)
        await encoder.encode(frame_of(tone(960), pts=0), keyframe=False)
        return len(asyncio.all_tasks())

    assert run(program()) == 1
