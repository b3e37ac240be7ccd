"""Codecs and the shapes of media: what turns frames into payloads and back.

Opus is libopus called itself (`libopus`), because FFmpeg's wrapper knows no loss; all else goes
through PyAV.
"""

from .audio import AudioDecoder, AudioEncoder, AudioPacket
from .audio_path import AudioDrop, AudioFormat, AudioPath, Heard, Moment
from .libopus import OpusDecoder, OpusEncoder, OpusError
from .opus import OpusAudioDecoder, OpusAudioEncoder, OpusSettings
from .pcm import Flushed, PcmTrack, pcm_frames
from .plain import G722, PCMA, PCMU, PlainAudioDecoder, PlainAudioEncoder, PlainCodec
from .player import MediaPlayer, PlayerStreamTrack
from .registry import AudioCodec, find_audio_codec, register_audio_codec
from .sound import Chunk, Shaper

__all__ = [
    "AudioDecoder",
    "AudioEncoder",
    "AudioPacket",
    "AudioDrop",
    "AudioFormat",
    "AudioPath",
    "Heard",
    "Moment",
    "AudioCodec",
    "find_audio_codec",
    "register_audio_codec",
    "OpusDecoder",
    "OpusEncoder",
    "OpusError",
    "OpusAudioDecoder",
    "OpusAudioEncoder",
    "OpusSettings",
    "Flushed",
    "PcmTrack",
    "pcm_frames",
    "G722",
    "PCMA",
    "PCMU",
    "PlainAudioDecoder",
    "PlainAudioEncoder",
    "PlainCodec",
    "MediaPlayer",
    "PlayerStreamTrack",
    "Chunk",
    "Shaper",
]
