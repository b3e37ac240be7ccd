"""Files of whichever kind, told apart by how they begin."""

from .dump import Dump, read_dump, unpack
from .internals import read_internals


def read_trace(data: bytes) -> Dump:
    """Read a file: an RTCStats dump or one of webrtc-internals, gzipped or not.

    Raises DumpError for anything else.
    """
    if unpack(data).lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"{":
        return read_internals(data)
    return read_dump(data)
