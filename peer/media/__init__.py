"""Codecs and the shapes of media: what turns frames into payloads and back.

Opus is libopus called itself (`libopus`), because FFmpeg's wrapper knows no loss; all else goes
through PyAV.
"""

from .adaptation import Adaptation, Judged
from .audio import AudioDecoder, AudioEncoder, AudioPacket
from .audio_path import AudioDrop, AudioFormat, AudioPath, Heard, Moment
from .bounds import PictureBounds, bounds_of
from .ffmpeg import FFmpegVideoDecoder
from .libopus import OpusDecoder, OpusEncoder, OpusError
from .opus import OpusAudioDecoder, OpusAudioEncoder, OpusSettings
from .pcm import Flushed, PcmTrack, pcm_frames
from .plain import G722, PCMA, PCMU, PlainAudioDecoder, PlainAudioEncoder, PlainCodec
from .player import MediaPlayer, PlayerStreamTrack
from .registry import (
    AudioCodec,
    VideoCodec,
    find_audio_codec,
    find_video_codec,
    register_audio_codec,
    register_video_codec,
)
from .sound import MAX_STEP, Chunk, Shaper
from .threads import Threads
from .upright import Upright, rotation
from .video import EncodedPicture, VideoDecoder, VideoEncoder, VideoSettings

__all__ = [
    "Adaptation",
    "Judged",
    "AudioDecoder",
    "AudioEncoder",
    "AudioPacket",
    "AudioDrop",
    "AudioFormat",
    "AudioPath",
    "Heard",
    "Moment",
    "FFmpegVideoDecoder",
    "PictureBounds",
    "bounds_of",
    "AudioCodec",
    "find_audio_codec",
    "register_audio_codec",
    "Upright",
    "rotation",
    "VideoCodec",
    "find_video_codec",
    "register_video_codec",
    "EncodedPicture",
    "VideoDecoder",
    "VideoEncoder",
    "VideoSettings",
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
    "MAX_STEP",
    "Threads",
]
