"""Traces of connections: kept, written, read and put in words.

A trace is a sequence of `TraceEntry`, with the names of the RTCStats dump (file format 3): calls of
the W3C's API and how they ended, events, reports of statistics, and with names of our own what ICE
decided and dropped, or all that went in and out of it, so that it can be replayed.

`Ring` is what each connection remembers of itself. `DumpWriter` and `read_trace` write and read
files; `read_trace` takes what browsers write too. Few programs do, so only the ring is imported
before.
"""

from typing import TYPE_CHECKING

from peer.front_door import lazy

from .entry import CHANNEL, DTLS, ICE, LOST, STALL, VERDICT, TraceEntry
from .ring import Ring

if TYPE_CHECKING:
    from .blurring import blurred, shareable
    from .capture import CaptureWriter
    from .dump import Dump, DumpError, DumpWriter
    from .reading import read_trace
    from .words import candidate_words, describe, printable, unquoted
else:
    _HOMES = {
        ".blurring": ("blurred", "shareable"),
        ".capture": ("CaptureWriter",),
        ".dump": ("Dump", "DumpError", "DumpWriter"),
        ".reading": ("read_trace",),
        ".words": ("candidate_words", "describe", "printable", "unquoted"),
    }
    __getattr__ = lazy(__name__, _HOMES)

__all__ = [
    "TraceEntry",
    "ICE",
    "DTLS",
    "CHANNEL",
    "VERDICT",
    "LOST",
    "STALL",
    "Ring",
    "Dump",
    "DumpError",
    "DumpWriter",
    "CaptureWriter",
    "read_trace",
    "shareable",
    "blurred",
    "describe",
    "candidate_words",
    "printable",
    "unquoted",
]
