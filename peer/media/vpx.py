"""VP8 and VP9 by libvpx, in real time."""

import os

from av import VideoFrame

from .libvpx import (
    SET_ADAPTIVE_QUANTIZER,
    SET_LAYER,
    SET_MAX_INTRA_RATE,
    SET_ROW_THREADS,
    SET_SPEED,
    SET_STATIC_THRESHOLD,
    SET_TILE_COLUMNS,
    TIME_BASE,
    VpxEncoder,
    VpxSettings,
)
from .temporal_layers import PLANS, LayerPattern
from .video import EncodedPicture, VideoSettings, planes_of

MAX_KEY_PERCENT = 500
"""What a key frame may take, in hundredths of what pictures take on average."""
_SPEEDS = {
    "vp8": ((352 * 288, 4), (1280 * 720, 6), (None, 8)),
    "vp9": ((352 * 288, 7), (640 * 480, 8), (None, 9)),
}
_CYCLIC_REFRESH = 3


class VpxVideoEncoder:
    """VP8 or VP9; a picture of another size begins anew with a key frame."""

    def __init__(self, codec: str, settings: VideoSettings) -> None:
        self._codec = codec
        self._bitrate = settings.bitrate
        self._frame_rate = settings.frame_rate
        self._size = (0, 0)
        self._encoder: VpxEncoder | None = None
        has_layers = codec == "vp8" and settings.temporal_layers in PLANS
        self._pattern = LayerPattern(settings.temporal_layers) if has_layers else None

    def set_rate(self, bitrate: int, frame_rate: float) -> None:
        """Aim at so many bits per second, of so many pictures."""
        self._frame_rate = frame_rate
        if bitrate != self._bitrate:
            self._bitrate = bitrate
            if self._encoder is not None:
                self._encoder.set_bitrate(bitrate)

    def encode(self, picture: VideoFrame, *, key: bool) -> EncodedPicture | None:
        """Encode a picture of yuv420p."""
        size = (picture.width, picture.height)
        encoder = self._encoder
        if encoder is None or size != self._size:
            encoder = self._encoder = self._open(*size)
            self._size = size
            key = True
        duration = max(1, round(TIME_BASE / self._frame_rate))
        if self._pattern is None:
            made = encoder.encode(planes_of(picture), duration, key=key)
            return None if made is None else EncodedPicture(*made, encoder.quantizer)
        turn = self._pattern.next(key=key)
        encoder.control(SET_LAYER, turn.layer.temporal)
        made = encoder.encode(planes_of(picture), duration, key=key, flags=turn.flags)
        if made is None:
            return None
        self._pattern.made(key=key)
        return EncodedPicture(*made, encoder.quantizer, turn.layer)

    def _open(self, width: int, height: int) -> VpxEncoder:
        pixels = width * height
        threads = _threads(pixels)
        speed = next(
            speed for most, speed in _SPEEDS[self._codec] if most is None or pixels <= most
        )
        # Below 0, VP8 decides itself how much faster it must be to keep up.
        settings = VpxSettings(self._codec, width, height, self._bitrate, threads=threads)
        if self._pattern is not None:
            pattern = self._pattern.layers
            plans = PLANS[max(pattern) + 1]
            settings = settings._replace(layers=plans, pattern=pattern)
        encoder = VpxEncoder(settings)
        encoder.control(SET_MAX_INTRA_RATE, MAX_KEY_PERCENT)
        if self._codec == "vp8":
            encoder.control(SET_SPEED, -speed)
            encoder.control(SET_STATIC_THRESHOLD, 1)
        else:
            encoder.control(SET_SPEED, speed)
            encoder.control(SET_ADAPTIVE_QUANTIZER, _CYCLIC_REFRESH)
            encoder.control(SET_TILE_COLUMNS, (threads - 1).bit_length())
            encoder.control(SET_ROW_THREADS, 1)
        return encoder


def _threads(pixels: int) -> int:
    """Return how many threads a picture is worth, as libwebrtc has it."""
    cores = os.cpu_count() or 1
    if pixels >= 1920 * 1080 and cores > 8:
        return 8
    if pixels > 1280 * 960 and cores >= 6:
        return 3
    return 2 if pixels > 640 * 480 and cores >= 3 else 1
