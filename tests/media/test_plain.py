"""G.711 and G.722 (RFC 3551 §4.5)."""

import pytest

from peer.media import G722, PCMA, PCMU, PlainAudioDecoder, PlainAudioEncoder, PlainCodec
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
