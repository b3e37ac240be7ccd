"""Which payload formats of pictures can be read."""

from collections.abc import Callable

from .av1 import Av1Depayloader
from .h264 import H264Depayloader
from .h265 import H265Depayloader
from .piece import Depayloader
from .vp8 import Vp8Depayloader
from .vp9 import Vp9Depayloader

_DEPAYLOADERS: dict[str, Callable[[], Depayloader]] = {
    "video/vp8": Vp8Depayloader,
    "video/vp9": Vp9Depayloader,
    "video/av1": Av1Depayloader,
    "video/h264": H264Depayloader,
    "video/h265": H265Depayloader,
}


def make_depayloader(mime_type: str) -> Depayloader | None:
    """Make what reads the payloads of a codec, None when nothing does."""
    make = _DEPAYLOADERS.get(mime_type.lower())
    return None if make is None else make()
