"""Media from and to files and devices, and to several consumers."""

from av import AudioFrame, VideoFrame

from peer.api import MediaRecorder
from peer.transports import MediaBlackhole, MediaPlayer, MediaRelay, RelayStreamTrack

__all__ = [
    "AudioFrame",
    "MediaBlackhole",
    "MediaPlayer",
    "MediaRecorder",
    "MediaRelay",
    "RelayStreamTrack",
    "VideoFrame",
]
"""aiortc's as they are, but for the recorder."""
