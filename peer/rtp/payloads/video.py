"""Which payload formats there are for pictures."""

import binascii
from collections.abc import Callable, Mapping

from .annexb import MAX_SETS
from .av1 import Av1Depayloader, Av1Packetizer, read_stream_size
from .h264 import H264Depayloader, H264Packetizer
from .h265 import H265Depayloader, H265Packetizer, read_sequences
from .packetizing import Packetizer, WholePacketizer
from .piece import Depayloader
from .vp8 import Vp8Depayloader, Vp8Packetizer
from .vp9 import Vp9Depayloader, Vp9Packetizer, read_size

_DEPAYLOADERS: dict[str, Callable[[], Depayloader]] = {
    "video/vp8": Vp8Depayloader,
    "video/vp9": Vp9Depayloader,
    "video/av1": Av1Depayloader,
}


def make_depayloader(
    mime_type: str, parameters: Mapping[str, object] | None = None
) -> Depayloader | None:
    """Make what reads the payloads of a codec, None when nothing does.

    `parameters` are the format's in the sender's description: they may bring parameter sets.
    """
    told = parameters or {}
    match mime_type.lower():
        case "video/h264":
            return H264Depayloader(_parameter_sets(told, "sprop-parameter-sets"))
        case "video/h265":
            return H265Depayloader(_parameter_sets(told, "sprop-vps", "sprop-sps", "sprop-pps"))
    make = _DEPAYLOADERS.get(mime_type.lower())
    return None if make is None else make()


def _parameter_sets(parameters: Mapping[str, object], *names: str) -> list[bytes]:
    """Return the NAL units of a description (RFC 6184 §8.1, RFC 7798 §7.1), those that are any."""
    told = {name.lower(): str(value) for name, value in parameters.items()}
    units = []
    for text in ",".join(told.get(name, "") for name in names).split(",")[: 3 * MAX_SETS]:
        try:
            unit = binascii.a2b_base64(text)
        except ValueError:
            continue
        if unit:
            units.append(unit)
    return units


def make_packetizer(
    mime_type: str, parameters: Mapping[str, object], *, picture_id: int
) -> Packetizer:
    """Make what writes the payloads of a codec; one of sound has its frames for payloads.

    `parameters` are the format's in the description; where frames are numbered, they are from
    `picture_id` on.
    """
    match mime_type.lower():
        case "video/vp8":
            return Vp8Packetizer(picture_id)
        case "video/vp9":
            return Vp9Packetizer(picture_id)
        case "video/av1":
            return Av1Packetizer()
        case "video/h264":
            # RFC 6184 §8.1: mode 0 unless it is said.
            return H264Packetizer(mode=int(str(parameters.get("packetization-mode", 0)) == "1"))
        case "video/h265":
            return H265Packetizer()
    return WholePacketizer()


def coded_sizes(mime_type: str, frame: bytes) -> list[tuple[int, int]]:
    """Return the sizes of pictures that a frame of VP9, AV1 or H.265 announces, most often none.

    ValueError when its header cannot be read.
    """
    match mime_type.lower():
        case "video/vp9":
            size = read_size(frame)
        case "video/av1":
            size = read_stream_size(frame)
        case "video/h265":
            return [(one.coded_width, one.coded_height) for one in read_sequences(frame)]
        case _:
            size = None
    return [] if size is None else [size]
