"""Media from and to files and devices, and to several consumers."""

from peer.media_recorder import MediaRecorder
from peer.transports import MediaBlackhole, MediaPlayer, MediaRelay

__all__ = ["MediaBlackhole", "MediaPlayer", "MediaRecorder", "MediaRelay"]
"""aiortc's as they are, but for the recorder."""
