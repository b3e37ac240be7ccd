"""libopus, called itself."""

import pytest

from peer.media import OpusDecoder, OpusEncoder, OpusError
from peer.media.libopus import MIN_VERSION, load
from tests.media.tones import crossings, loudness, speech, tone

PACKET = 960
SECOND = 50


def packets(encoder: OpusEncoder, pcm: bytes, samples: int = PACKET) -> list[bytes]:
    size = 2 * encoder.channels * samples
    return [encoder.encode(pcm[at : at + size], samples) for at in range(0, len(pcm), size)]


def test_the_library_that_pyav_brings_is_found() -> None:
    library = load()
    assert library is not None
    assert load() is library
    assert MIN_VERSION <= (1, 2)


def test_what_is_encoded_is_decoded_to_as_many_channels_as_wanted() -> None:
    decoder = OpusDecoder(2)
    pcm = b"".join(map(decoder.decode, packets(OpusEncoder(1), tone(48000).tobytes())))
    assert len(pcm) == 48000 * 2 * 2
    assert crossings(pcm[4 * 4800 :], channels=2) == pytest.approx(0.9 * 440, abs=3)
    left, right = pcm[0::4], pcm[2::4]
    assert left == right


@pytest.mark.parametrize("samples", [120, 240, 480, 960, 1920, 2880, 5760])
def test_packets_of_every_length(samples: int) -> None:
    (packet,) = packets(OpusEncoder(1), tone(samples).tobytes(), samples)
    assert len(OpusDecoder(1).decode(packet)) == 2 * samples


def test_the_rate_follows_at_once() -> None:
    encoder = OpusEncoder(1)
    encoder.set_variable(False)
    sizes = []
    for rate in (16_000, 64_000):
        encoder.set_bitrate(rate)
        sizes.append(8 * sum(map(len, packets(encoder, speech(48000).tobytes()))))
    assert sizes == [pytest.approx(16_000, rel=0.05), pytest.approx(64_000, rel=0.05)]


def test_silence_costs_next_to_nothing_with_dtx() -> None:
    encoder = OpusEncoder(1)
    encoder.set_dtx(True)
    sent = [packet for packet in packets(encoder, bytes(2 * 48000 * 4)) if len(packet) > 2]
    assert len(sent) < 40


def lossy(decoder: OpusDecoder, stream: list[bytes], *, fec: bool) -> list[bytes]:
    """Decode with every fifth packet missing."""
    pieces = []
    for number, packet in enumerate(stream[:-1]):
        if number % 5 != 4:
            pieces.append(decoder.decode(packet))
        elif fec:
            pieces.append(decoder.decode_fec(stream[number + 1], PACKET))
        else:
            pieces.append(decoder.conceal(PACKET))
    return pieces


def error(a: list[bytes], b: list[bytes]) -> float:
    """Return how loud the difference is in the packets that were missing."""
    difference = 0
    for number in range(4, len(a), 5):
        for x, y in zip(
            memoryview(a[number]).cast("h"), memoryview(b[number]).cast("h"), strict=True
        ):
            difference += (x - y) ** 2
    return difference


def test_the_copy_in_the_next_packet_is_better_than_concealment() -> None:
    """RFC 7587 §3.3."""
    encoder = OpusEncoder(1)
    encoder.set_bitrate(24_000)
    encoder.set_fec(True, 20)
    stream = packets(encoder, speech(4 * 48000).tobytes())
    decoder = OpusDecoder(1)
    whole = [decoder.decode(packet) for packet in stream[:-1]]
    with_copy = error(lossy(OpusDecoder(1), stream, fec=True), whole)
    concealed = error(lossy(OpusDecoder(1), stream, fec=False), whole)
    assert with_copy < 0.7 * concealed


def test_concealment_fades() -> None:
    decoder = OpusDecoder(1)
    for packet in packets(OpusEncoder(1), speech(48000).tobytes()):
        decoder.decode(packet)
    first = loudness(decoder.conceal(PACKET))
    later = [decoder.conceal(PACKET) for _ in range(15)]
    assert first > 100
    assert loudness(later[-1]) < first / 10


@pytest.mark.parametrize("payload", [b"", b"\xff", b"\x03\xff" + bytes(3)])
def test_what_is_no_packet_is_refused(payload: bytes) -> None:
    decoder = OpusDecoder(1)
    if payload:
        with pytest.raises(OpusError):
            decoder.decode(payload)
    assert len(decoder.conceal(PACKET)) == 2 * PACKET


def test_a_wrong_length_is_refused() -> None:
    encoder = OpusEncoder(1)
    with pytest.raises(OpusError, match="samples"):
        encoder.encode(bytes(10), PACKET)
    with pytest.raises(OpusError):
        encoder.encode(bytes(2 * 500), 500)


def test_the_bandwidth_is_what_the_player_can_use() -> None:
    """RFC 7587 §6.1: what a peer that plays 8 kHz gets has nothing above 4 kHz."""
    encoder = OpusEncoder(1)
    encoder.set_max_playback_rate(8000)
    decoder = OpusDecoder(1)
    high = tone(48000, frequency=7000).tobytes()
    pcm = b"".join(map(decoder.decode, packets(encoder, high)))
    assert loudness(pcm) < loudness(high) / 20
