"""H.264 by libx264, in real time."""

import os
from collections.abc import Mapping

from av import VideoFrame

from .bounds import level_of
from .frame_dropper import FrameDropper
from .libx264 import X264Encoder
from .video import EncodedPicture, VideoSettings, planes_of

MAX_SLICE = 1100
"""Bytes of a slice where each has a packet of its own (RFC 6184 §6.2)."""
BUFFER_SECONDS = 0.25
"""How far what pictures take may be ahead of the rate."""
NOMINAL_RATE = 30
"""Pictures a second that libx264 believes in: its rates are for so many, whatever there are."""
_PRESETS = ((1280 * 720, "veryfast"), (None, "superfast"))
_PROFILES = {0x42: "baseline", 0x4D: "main", 0x58: "baseline", 0x64: "high"}


class H264VideoEncoder:
    """H.264 in the profile, the level and the packets that the peer takes.

    Who gives pictures keeps to what the level allows (`bounds`). Colours are stored for squares of
    four pixels: of odd sides the last line is left out. A picture of another size begins anew with
    a key frame.
    """

    def __init__(self, settings: VideoSettings) -> None:
        self._profile = _profile(settings.parameters)
        self._level = level_of(settings.parameters)
        self._slices = str(settings.parameters.get("packetization-mode", 0)) != "1"
        self._per_picture = 0.0
        self._size = (0, 0)
        self._encoder: X264Encoder | None = None
        self._dropper = FrameDropper()
        self.set_rate(settings.bitrate, settings.frame_rate)

    def set_rate(self, bitrate: int, frame_rate: float) -> None:
        """Aim at so many bits per second, of so many pictures."""
        self._bitrate, self._frame_rate = bitrate, frame_rate
        per_picture = bitrate / frame_rate
        if per_picture != self._per_picture:
            self._per_picture = per_picture
            if self._encoder is not None:
                self._encoder.change(self._rates())

    def _rates(self) -> dict[str, str]:
        kilobits = max(1, round(self._per_picture * NOMINAL_RATE / 1000))
        return {
            "bitrate": str(kilobits),
            "vbv-maxrate": str(kilobits),
            "vbv-bufsize": str(max(1, round(kilobits * BUFFER_SECONDS))),
        }

    def encode(self, picture: VideoFrame, *, key: bool) -> EncodedPicture | None:
        """Encode a picture of yuv420p of at least 2x2 pixels."""
        size = (picture.width & ~1, picture.height & ~1)
        encoder = self._encoder
        if encoder is None or size != self._size:
            encoder = self._encoder = self._open(*size)
            self._size = size
        if not self._dropper.admits(self._bitrate, self._frame_rate) and not key:
            return None
        made = encoder.encode(planes_of(picture), key=key)
        if made is None:
            return None
        self._dropper.add(len(made[0]))
        return EncodedPicture(*made, encoder.quantizer)

    def _open(self, width: int, height: int) -> X264Encoder:
        pixels = width * height
        preset = next(name for most, name in _PRESETS if most is None or pixels <= most)
        threads = 2 if pixels > 640 * 480 and (os.cpu_count() or 1) > 2 else 1
        settings = {
            "fps": str(NOMINAL_RATE),
            # It would choose one by a rate of pictures that is not theirs.
            "level": str(self._level),
            "force-cfr": "1",
            "keyint": "infinite",
            "scenecut": "0",
            "threads": str(threads),
            "annexb": "1",
            "repeat-headers": "1",
            "log": "-1",
            **self._rates(),
        }
        if self._slices:
            settings["slice-max-size"] = str(MAX_SLICE)
        return X264Encoder(width, height, self._profile, preset, settings)


def _profile(parameters: Mapping[str, object]) -> str:
    """Return the profile that a `profile-level-id` names (RFC 6184 §8.1), else baseline."""
    text = str(parameters.get("profile-level-id", ""))
    try:
        return _PROFILES.get(bytes.fromhex(text)[0], "baseline")
    except (ValueError, IndexError):
        return "baseline"
