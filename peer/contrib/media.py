"""Media from and to files and devices, and to several consumers."""

from peer.transports import MediaBlackhole, MediaPlayer, MediaRecorder, MediaRelay

__all__ = ["MediaBlackhole", "MediaPlayer", "MediaRecorder", "MediaRelay"]
"""aiortc's, as they are."""
