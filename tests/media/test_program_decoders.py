"""Decoders of a program's own, whatever they raise or give."""

from typing import Any

import pytest

from peer.media import AudioDrop, OpusAudioDecoder
from tests.media.test_audio_path import FRAME, Ear, on_time, opus_payloads, packets, replaced_opus


class OddDecoder:
    """A program's decoder, which gives what no frame can be made of."""

    rate, channels = 48000, 2

    def __init__(self, given: Any) -> None:
        self._given = given

    def decode(self, payload: bytes) -> Any:
        return self._given

    def decode_copy(self, payload: bytes, samples: int) -> Any:
        return self._given

    def conceal(self, samples: int) -> Any:
        return self._given

    def comfort(self, samples: int) -> Any:
        return self._given


@pytest.mark.parametrize("given", [b"\0", bytes(1919), bytes(1922), None, 7])
def test_what_is_no_sound_is_silence_of_the_same_length(given: object) -> None:
    with replaced_opus(lambda: OddDecoder(given)):
        ear = Ear()
        sent = on_time(packets(opus_payloads(10)))
        ear.receive(sent[:4] + sent[5:])
    assert ear.samples == 10 * FRAME
    assert ear.path.drops[AudioDrop.UNDECODABLE] == 10
    ear.check_line()


def test_whatever_a_codec_raises_is_counted_and_time_goes_on() -> None:
    class Broken(OpusAudioDecoder):
        def decode(self, payload: bytes) -> bytes:
            raise RuntimeError

        def conceal(self, samples: int) -> bytes:
            raise MemoryError

    ear = Ear()
    with replaced_opus(Broken):
        ear.receive((n * 0.02, packet) for n, packet in enumerate(packets(opus_payloads(3))))
    assert ear.path.drops == {AudioDrop.UNDECODABLE: 3}
    assert (ear.samples, {heard.loudness for _, heard in ear.heard}) == (3 * FRAME, {0.0})

    class Unmade(OpusAudioDecoder):
        def __init__(self) -> None:
            raise RuntimeError

    ear = Ear()
    with replaced_opus(Unmade):
        ear.receive([(0.0, packets(opus_payloads(1))[0])])
    assert ear.path.drops == {AudioDrop.UNKNOWN_CODEC: 1}
