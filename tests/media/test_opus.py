"""Opus in RTP (RFC 7587)."""

import array

import pytest

from peer.media import AudioPacket, OpusAudioDecoder, OpusAudioEncoder, OpusSettings
from tests.media.tones import crossings, frame_of, speech, tone

FRAME = 960


def encode(
    encoder: OpusAudioEncoder, samples: "array.array[int]", channels: int = 1
) -> list[AudioPacket]:
    packets, size = [], FRAME * channels
    for at in range(0, len(samples), size):
        frame = frame_of(samples[at : at + size], channels=channels, pts=at // channels)
        packets += encoder.encode(frame)
    return packets


def rate(packets: list[AudioPacket]) -> float:
    seconds = (packets[-1].timestamp - packets[0].timestamp) / 48000
    return 8 * sum(len(packet.payload) for packet in packets) / seconds


def test_speech_takes_32_kbit_of_one_channel_by_default() -> None:
    packets = encode(OpusAudioEncoder(OpusSettings()), speech(5 * 48000))
    assert rate(packets) == pytest.approx(32_000, rel=0.25)
    assert {packet.payload[0] >> 2 & 1 for packet in packets} == {0}


def test_every_packet_has_its_own_time() -> None:
    """RFC 7587 §4.2: also where frames are longer than packets."""
    encoder = OpusAudioEncoder(OpusSettings())
    packets = [p for n in range(10) for p in encoder.encode(frame_of(tone(4800), pts=n * 4800))]
    assert [packet.timestamp for packet in packets] == list(range(0, 48000, 960))


@pytest.mark.parametrize(("time", "samples"), [(10, 480), (20, 960), (40, 1920), (60, 2880)])
def test_the_length_of_packets_is_what_was_wanted(time: float, samples: int) -> None:
    encoder = OpusAudioEncoder(OpusSettings(packet_time=time))
    packets = encode(encoder, tone(9600 * 3))
    assert packets[1].timestamp == samples
    assert len(OpusAudioDecoder(1).decode(packets[0].payload)) == 2 * samples


def is_stereo(packet: AudioPacket) -> bool:
    return bool(packet.payload[0] & 4)


@pytest.mark.parametrize("stereo", [False, True])
def test_two_channels_are_sent_only_where_they_are_wanted(stereo: bool) -> None:
    """RFC 7587 §6.1: without `stereo=1` a receiver wants one."""
    encoder = OpusAudioEncoder(OpusSettings(stereo=stereo))
    left = tone(4 * FRAME)
    both = array.array(
        "h", [s for pair in zip(left, tone(4 * FRAME, frequency=900), strict=True) for s in pair]
    )
    assert {is_stereo(packet) for packet in encode(encoder, both, channels=2)} == {stereo}


def test_the_time_line_goes_on_when_channels_change() -> None:
    encoder = OpusAudioEncoder(OpusSettings(stereo=True))
    packets = encode(encoder, tone(2 * FRAME))
    packets += encode(encoder, array.array("h", bytes(2 * 4 * FRAME)), channels=2)
    packets += encode(encoder, tone(2 * FRAME))
    assert [packet.timestamp for packet in packets] == [n * 960 for n in range(6)]


@pytest.mark.parametrize("limits", [(16_000, None), (None, 16_000), (16_000, 64_000)])
def test_the_lowest_limit_counts(limits: tuple[int | None, int | None]) -> None:
    agreed, ours = limits
    encoder = OpusAudioEncoder(OpusSettings(bitrate=agreed, constant=True))
    encode(encoder, tone(FRAME))
    encoder.set_bitrate(ours)
    assert rate(encode(encoder, speech(5 * 48000))) == pytest.approx(16_000, rel=0.1)


def test_room_raises_nothing() -> None:
    encoder = OpusAudioEncoder(OpusSettings(constant=True))
    for limit, room, made in (
        (None, 64_000, 32_000),
        (None, 12_000, 12_000),
        (48_000, 16_000, 16_000),
    ):
        encoder.set_bitrate(limit, room)
        encode(encoder, tone(FRAME))
        assert rate(encode(encoder, speech(2 * 48000))) == pytest.approx(made, rel=0.1)


def test_a_limit_that_is_lifted_is_lifted() -> None:
    encoder = OpusAudioEncoder(OpusSettings(constant=True))
    encoder.set_bitrate(12_000)
    encode(encoder, tone(FRAME))
    encoder.set_bitrate(None)
    assert rate(encode(encoder, speech(2 * 48000))) == pytest.approx(32_000, rel=0.1)


def test_silence_is_not_sent_with_dtx_and_what_follows_says_so() -> None:
    encoder = OpusAudioEncoder(OpusSettings(dtx=True))
    packets = encode(encoder, array.array("h", speech(48000).tobytes() + bytes(2 * 2 * 48000)))
    packets += encode(encoder, speech(48000))
    silent = [p for p in packets if 60 * FRAME <= p.timestamp < 149 * FRAME]
    assert len(silent) <= 8
    assert [packet.first for packet in packets[:10]] == [True] + 9 * [False]
    (spurt, *_) = [packet for packet in packets if packet.timestamp >= 150 * FRAME]
    assert spurt.first


def test_the_first_packet_after_a_gap_says_so() -> None:
    """RFC 3551 §4.1: silence that was not sent, whoever left it out."""
    encoder, packets = OpusAudioEncoder(OpusSettings()), []
    for begin in (0, 4800, 14400, 19200):
        packets += encoder.encode(frame_of(speech(4800), pts=begin))
    assert [packet.timestamp for packet in packets if packet.first] == [0, 14400]


def test_a_voice_is_told_from_silence() -> None:
    """RFC 6464 §3."""
    packets = encode(OpusAudioEncoder(OpusSettings()), speech(48000))
    assert sum(packet.voice for packet in packets) > 40
    silent = encode(OpusAudioEncoder(OpusSettings()), array.array("h", bytes(2 * 48000)))
    assert not any(packet.voice for packet in silent[5:])


def test_protection_is_spent_only_on_loss() -> None:
    protected = OpusAudioEncoder(OpusSettings(bitrate=24_000))
    protected.set_loss(0.1)
    decoders = OpusAudioDecoder(1), OpusAudioDecoder(1)
    packets = encode(protected, speech(2 * 48000))
    for number in range(10, 90, 5):
        whole = decoders[0].decode(packets[number].payload)
        copy = decoders[1].decode_copy(packets[number + 1].payload, 960)
        assert len(whole) == len(copy)


@pytest.mark.parametrize(
    ("parameters", "settings"),
    [
        ({}, OpusSettings(fec=False)),
        ({"useinbandfec": 1, "usedtx": "1", "cbr": 1, "stereo": 1},
         OpusSettings(fec=True, dtx=True, constant=True, stereo=True)),
        ({"maxaveragebitrate": 20000, "maxplaybackrate": 16000},
         OpusSettings(fec=False, bitrate=20_000, playback_rate=16_000)),
        ({"maxaveragebitrate": 5999, "maxplaybackrate": 96000, "stereo": "yes"},
         OpusSettings(fec=False)),
        ({"maxaveragebitrate": "9" * 5000, "minptime": 10}, OpusSettings(fec=False)),
    ],
)  # fmt: skip
def test_what_the_peer_asks_for(parameters: dict[str, object], settings: OpusSettings) -> None:
    assert OpusSettings.wanted(parameters) == settings


@pytest.mark.parametrize(
    ("wanted", "most", "time"),
    [
        (None, None, 20),
        (60, None, 60),
        (60, 40, 40),
        (3, None, 2.5),
        (30, None, 20),
        (1, 1, 2.5),
        (None, 10, 10),
    ],
)
def test_the_packet_time_is_one_that_opus_has(
    wanted: float | None, most: float | None, time: float
) -> None:
    assert OpusSettings.wanted({}, packet_time=wanted, max_packet_time=most).packet_time == time


@pytest.mark.parametrize(
    ("shortest", "wanted", "most", "time"),
    [
        (10, None, None, 20),
        (40, None, None, 40),
        (40, 20, None, 40),
        (40, None, 20, 20),
        (3, 3, 9, 2.5),
    ],
)
def test_packets_are_no_shorter_than_the_peer_wants_them(
    shortest: int, wanted: float | None, most: float | None, time: float
) -> None:
    """What libwebrtc calls minptime."""
    settings = OpusSettings.wanted({"minptime": shortest}, packet_time=wanted, max_packet_time=most)
    assert settings.packet_time == time


def test_a_decoder_gives_as_many_channels_as_it_was_made_for() -> None:
    decoder = OpusAudioDecoder()
    pcm = b"".join(
        decoder.decode(p.payload) for p in encode(OpusAudioEncoder(OpusSettings()), tone(48000))
    )
    assert (decoder.rate, decoder.channels) == (48000, 2)
    assert crossings(pcm[4 * 4800 :], channels=2) == pytest.approx(0.9 * 440, abs=3)


def test_what_is_no_packet_is_an_error_and_the_next_one_is_fine() -> None:
    decoder = OpusAudioDecoder()
    with pytest.raises(ValueError, match="Opus"):
        decoder.decode(b"\x03\xff\x00\x00\x00")
    assert len(decoder.decode_copy(b"\x03\xff\x00", 960)) == 4 * 960
    (packet,) = encode(OpusAudioEncoder(OpusSettings()), tone(FRAME))
    assert len(decoder.decode(packet.payload)) == 4 * 960
