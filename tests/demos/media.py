"""Made-up cameras, microphones and pictures for the demos' tests."""

from collections.abc import Iterable
from fractions import Fraction

from av import AudioFrame, VideoFrame

from peer import AudioStreamTrack, MediaStreamError, MediaStreamTrack, VideoStreamTrack


def gray_frame(width: int = 640, height: int = 480, luma: int = 100) -> VideoFrame:
    """Make a plain picture with the time stamp 0."""
    frame = VideoFrame(width, height, "yuv420p")
    for plane, value in zip(frame.planes, (luma, 128, 128), strict=True):
        plane.update(bytes([value]) * plane.buffer_size)
    frame.pts, frame.time_base = 0, Fraction(1, 90000)
    return frame


def luma_rows(frame: VideoFrame) -> list[bytes]:
    """Give the brightness of a picture, row by row."""
    plane = frame.planes[0]
    data = bytes(plane)
    return [
        data[row * plane.line_size : row * plane.line_size + frame.width]
        for row in range(frame.height)
    ]


class Camera(VideoStreamTrack):
    """A small picture, half dark and half bright, thirty times a second."""

    async def recv(self) -> VideoFrame:
        pts, time_base = await self.next_timestamp()
        frame = gray_frame(160, 120)
        dark_and_bright = (bytes([40]) * 80 + bytes([200]) * 80) * 120
        frame.planes[0].update(dark_and_bright)
        frame.pts, frame.time_base = pts, time_base
        return frame


class Microphone(AudioStreamTrack):
    """Silence."""


class Sounds(MediaStreamTrack):
    """Plays given blocks of 20 ms, as fast as they are asked for, and then ends."""

    kind = "audio"

    def __init__(self, blocks: Iterable[bytes]) -> None:
        super().__init__()
        self._blocks = iter(blocks)

    async def recv(self) -> AudioFrame:
        block = next(self._blocks, None)
        if block is None:
            raise MediaStreamError
        frame = AudioFrame(format="s16", layout="mono", samples=len(block) // 2)
        frame.planes[0].update(block)
        frame.sample_rate = 48000
        return frame
