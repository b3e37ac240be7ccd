"""Tracks, where aiortc keeps them."""

from av import AudioFrame, VideoFrame

from peer.transports import (
    AUDIO_PTIME,
    VIDEO_CLOCK_RATE,
    VIDEO_PTIME,
    VIDEO_TIME_BASE,
    AudioStreamTrack,
    MediaStreamError,
    MediaStreamTrack,
    VideoStreamTrack,
    convert_timebase,
)

__all__ = [
    "AUDIO_PTIME",
    "AudioFrame",
    "AudioStreamTrack",
    "MediaStreamError",
    "MediaStreamTrack",
    "VIDEO_CLOCK_RATE",
    "VIDEO_PTIME",
    "VIDEO_TIME_BASE",
    "VideoFrame",
    "VideoStreamTrack",
    "convert_timebase",
]
