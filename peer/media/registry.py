"""Which codecs there are for sound; what a program adds is used like the rest."""

from collections.abc import Callable
from typing import NamedTuple

from .audio import AudioDecoder, AudioEncoder
from .libopus import load
from .opus import OpusAudioDecoder, OpusAudioEncoder, OpusSettings
from .plain import G722, OPUS, PCMA, PCMU, PlainAudioDecoder, PlainAudioEncoder, PlainCodec


class AudioCodec(NamedTuple):
    """How to make a decoder, and an encoder by what the peer wants (`OpusSettings` for all)."""

    decoder: Callable[[], AudioDecoder]
    encoder: Callable[[OpusSettings], AudioEncoder]


_CODECS: dict[str, AudioCodec] = {}


def register_audio_codec(mime_type: str, codec: AudioCodec) -> None:
    """Use `codec` for a MIME type from now on, in place of another one if there is one."""
    _CODECS[mime_type.lower()] = codec


def find_audio_codec(mime_type: str) -> AudioCodec | None:
    """Return what was registered for a MIME type, None without."""
    return _CODECS.get(mime_type.lower())


def _plain(codec: PlainCodec) -> AudioCodec:
    return AudioCodec(lambda: PlainAudioDecoder(codec), lambda _: PlainAudioEncoder(codec))


for _name, _codec in (("PCMU", PCMU), ("PCMA", PCMA), ("G722", G722), ("opus", OPUS)):
    register_audio_codec(f"audio/{_name}", _plain(_codec))
if load() is not None:
    register_audio_codec("audio/opus", AudioCodec(OpusAudioDecoder, OpusAudioEncoder))
