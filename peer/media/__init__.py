"""Codecs and the shapes of media: what turns frames into payloads and back.

Opus is libopus called itself (`libopus`), because FFmpeg's wrapper knows no loss; all else goes
through PyAV.
"""

from .libopus import OpusDecoder, OpusEncoder, OpusError
from .pcm import Flushed, PcmTrack, pcm_frames
from .sound import Chunk, Shaper

__all__ = [
    "OpusDecoder",
    "OpusEncoder",
    "OpusError",
    "Flushed",
    "PcmTrack",
    "pcm_frames",
    "Chunk",
    "Shaper",
]
