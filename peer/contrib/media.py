"""Media from and to files and devices, and to several consumers."""

from av import AudioFrame, VideoFrame

from peer.api import MediaRecorder
from peer.media import MediaPlayer, PlayerStreamTrack
from peer.stand_in import stand_in
from peer.transports import REAL_TIME_FORMATS, MediaBlackhole, MediaRelay, RelayStreamTrack

__all__ = [
    "AudioFrame",
    "MediaBlackhole",
    "MediaPlayer",
    "MediaRecorder",
    "MediaRelay",
    "PlayerStreamTrack",
    "REAL_TIME_FORMATS",
    "RelayStreamTrack",
    "VideoFrame",
]
"""aiortc's as they are, but for the player and the recorder."""

stand_in(__name__)
