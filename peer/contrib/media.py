"""Media from and to files and devices, and to several consumers."""

from av import AudioFrame, VideoFrame

from peer.api import MediaRecorder
from peer.media import MediaPlayer, PlayerStreamTrack
from peer.transports import MediaBlackhole, MediaRelay, RelayStreamTrack

__all__ = [
    "AudioFrame",
    "MediaBlackhole",
    "MediaPlayer",
    "MediaRecorder",
    "MediaRelay",
    "PlayerStreamTrack",
    "RelayStreamTrack",
    "VideoFrame",
]
"""aiortc's as they are, but for the player and the recorder."""
