"""Fewer and smaller pictures than a track gives (W3C RTCRtpEncodingParameters)."""

from typing import Any

from av import VideoFrame
from av.frame import Frame
from av.packet import Packet

_SLACK, _MAX_SLACK = 0.25, 0.010
"""How early a frame may be and still count as in time: of the interval, and in seconds."""


class FrameGate:
    """Lets pictures through no faster than a rate, evenly."""

    def __init__(self) -> None:
        self._due = float("-inf")

    def admits(self, data: "Frame | Packet[Any]", rate: float | None) -> bool:
        """Tell whether a frame goes out; `rate` is in frames per second, None for no limit."""
        if rate is None or not isinstance(data, VideoFrame) or data.time is None:
            return True
        if rate <= 0:
            return False
        interval = 1 / rate
        if data.time < self._due - min(interval * _SLACK, _MAX_SLACK):
            return False
        self._due += interval
        if self._due <= data.time:
            # A late frame does not make room for a burst after it.
            self._due = data.time + interval
        return True


def scale_down(data: VideoFrame, by: float) -> VideoFrame:
    """Return a picture with both sides divided by `by`, in even numbers."""
    if by <= 1:
        return data
    width, height = (max(2, int(side / by) // 2 * 2) for side in (data.width, data.height))
    scaled = data.reformat(width=width, height=height)
    scaled.pts, scaled.time_base = data.pts, data.time_base
    return scaled


def make_even(data: VideoFrame) -> VideoFrame:
    """Return a picture with even sides, smaller by one where they are not.

    H.264 stores its colours for squares of four pixels.
    """
    if not (data.width | data.height) & 1:
        return data
    even = data.reformat(width=max(2, data.width & ~1), height=max(2, data.height & ~1))
    even.pts, even.time_base = data.pts, data.time_base
    return even
