"""One line of a trace: who, when, what (RTCStats dump, file format 3)."""

from typing import Any, NamedTuple

ICE = ":aiopeer.ice"
"""A record of an ICE agent (`peer.ice.trace`); its number among those of the connection follows."""
DTLS = ":aiopeer.dtls"
"""The DTLS associations: transport, component, state, role, and why it failed."""
CHANNEL = ":aiopeer.channel"
"""A data channel: label, id, state."""
STALL = ":aiopeer.stall"
"""What held the event loop up: its duration in seconds, and who is blamed; "" for nobody."""
VERDICT = ":aiopeer.verdict"
"""What is explained of the connection up to here: words, and findings as `Explanation` has them."""
LOST = ":aiopeer.lost"
"""How many entries are missing at this place."""


class TraceEntry(NamedTuple):
    """What a connection did or was told; `time` is in seconds since 1970.

    `method` is the W3C's name of a call or event, those of calls with "OnSuccess" or "OnFailure"
    when they end, or one of our own with a colon. `value` and `extra` are plain JSON.
    `connection` is None for what is of the whole program.
    """

    time: float
    connection: str | None
    method: str
    value: Any = None
    extra: tuple[Any, ...] = ()
