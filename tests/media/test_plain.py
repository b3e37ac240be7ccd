"""G.711 and G.722 (RFC 3551 §4.5)."""

import array

import pytest

from peer.media import (
    G722,
    PCMA,
    PCMU,
    OpusSettings,
    PlainAudioDecoder,
    PlainAudioEncoder,
    PlainCodec,
    find_audio_codec,
)
from peer.media.plain import OPUS
from tests.media.tones import crossings, frame_of, loudness, tone

CODECS = [PCMU, PCMA, G722]


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.name)
def test_any_frames_become_payloads_of_20_ms(codec: PlainCodec) -> None:
    encoder, packets = PlainAudioEncoder(codec), []
    for number in range(30):
        packets += encoder.encode(frame_of(tone(1600, start=number * 1600), pts=number * 1600))
    assert {len(packet.payload) for packet in packets} == {160}
    assert [packet.timestamp for packet in packets] == list(range(0, 160 * len(packets), 160))
    assert len(packets) == pytest.approx(50, abs=1)
    decoder = PlainAudioDecoder(codec)
    pcm = b"".join(decoder.decode(packet.payload) for packet in packets)
    assert len(pcm) == 2 * codec.rate // 50 * len(packets)
    assert crossings(pcm) == pytest.approx(440 * len(packets) / 50, abs=5)


@pytest.mark.parametrize("milliseconds", [2.5, 10, 60])
def test_packets_are_as_long_as_wanted(milliseconds: float) -> None:
    codec = find_audio_codec("audio/PCMU")
    assert codec is not None
    encoder = codec.encoder(OpusSettings.wanted({}, packet_time=milliseconds))
    packets = [p for n in range(30) for p in encoder.encode(frame_of(tone(1600), pts=n * 1600))]
    assert {len(packet.payload) for packet in packets} == {int(8 * milliseconds)}


def test_the_first_packet_after_a_gap_says_so() -> None:
    """RFC 3551 §4.1."""
    encoder = PlainAudioEncoder(PCMU)
    packets = [p for pts in (0, 960, 9600) for p in encoder.encode(frame_of(tone(960), pts=pts))]
    assert [packet.first for packet in packets] == [True, False, True]


def test_digital_silence_is_no_voice() -> None:
    """RFC 6464 §3."""
    encoder, packets = PlainAudioEncoder(PCMA), []
    for samples in (tone(960), array.array("h", bytes(1920 * 3))):
        packets += encoder.encode(frame_of(samples))
    assert packets[0].voice
    assert (packets[-1].level, packets[-1].voice) == (-127, False)


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.name)
def test_what_is_missing_is_concealed(codec: PlainCodec) -> None:
    encoder, decoder = PlainAudioEncoder(codec), PlainAudioDecoder(codec)
    (packet, *_) = [
        packet for n in range(20) for packet in encoder.encode(frame_of(tone(960, start=n * 960)))
    ]
    decoder.decode(packet.payload)
    samples = codec.rate // 50
    gap = decoder.decode_copy(packet.payload, samples)
    assert len(gap) == 2 * samples
    assert loudness(gap) > 2000


def test_opus_goes_through_ffmpeg_where_libopus_is_not_to_be_had() -> None:
    encoder, decoder = PlainAudioEncoder(OPUS), PlainAudioDecoder(OPUS)
    packets = [p for n in range(50) for p in encoder.encode(frame_of(tone(960, start=n * 960)))]
    pcm = b"".join(decoder.decode(packet.payload) for packet in packets)
    assert crossings(pcm[4 * 4800 :], channels=2) == pytest.approx(0.9 * 440, abs=3)
    gap = decoder.decode_copy(packets[-1].payload, 960)
    assert (len(gap), loudness(gap) > 1000) == (4 * 960, True)


def test_limits_change_nothing() -> None:
    encoder = PlainAudioEncoder(PCMU)
    encoder.set_bitrate(8000)
    encoder.set_loss(0.5)
    (packet,) = encoder.encode(frame_of(tone(160, 8000), rate=8000))
    assert len(packet.payload) == 160
