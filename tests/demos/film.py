"""A film to play."""

from array import array
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av

from tests.demos.media import gray_frame

LUMA = 180
LOUDNESS = 8000


def shoot(path: Path, codec: Literal["mpeg4", "libx264"] = "mpeg4") -> None:
    """Write a film of three bright seconds with a buzz."""
    with av.open(str(path), "w") as film:
        video = film.add_stream(codec, rate=30)
        video.width, video.height, video.pix_fmt = 160, 120, "yuv420p"
        audio = film.add_stream("aac", rate=48000, layout="mono")
        for number in range(90):
            picture = gray_frame(160, 120, luma=LUMA)
            picture.pts, picture.time_base = number, Fraction(1, 30)
            film.mux(video.encode(picture))
        for number in range(140):
            sound = av.AudioFrame(format="s16", layout="mono", samples=1024)
            sound.planes[0].update(array("h", [LOUDNESS] * 64 + [-LOUDNESS] * 64).tobytes() * 8)
            sound.sample_rate, sound.pts = 48000, number * 1024
            sound.time_base = Fraction(1, 48000)
            film.mux(audio.encode(sound))
        film.mux(video.encode())
        film.mux(audio.encode())
