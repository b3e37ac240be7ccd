"""`aiopeer trace`: a trace as text."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from peer.trace import Dump, TraceEntry, describe, read_trace

_QUIET = ("getStats",)
"""Entries that are no lines of their own."""


def trace_text(file: str, *, connection: str | None = None) -> str:
    """Tell a file as text. Raises OSError and DumpError, LookupError for an unknown connection."""
    dump = read_trace(Path(file).read_bytes())
    names = dump.connections
    if connection is not None:
        if connection not in names:
            raise ValueError(f"no connection {connection!r}; there are: {' '.join(names)}")
        names = [connection]
    lines = [*_head(dump)]
    for name in names:
        lines += ["", f"{name}", *timeline(dump.of(name))]
    return "\n".join(lines)


def _head(dump: Dump) -> Iterator[str]:
    agent = dump.metadata.get("userAgent", "an unknown program")
    yield f"{dump.format} by {agent}: {len(dump.entries)} entries"
    if dump.entries:
        begun = datetime.fromtimestamp(dump.entries[0].time, UTC)
        yield f"begins {begun:%Y-%m-%d %H:%M:%S} UTC"
    yield from (f"not read: {each}" for each in dump.skipped[:10])


def timeline(entries: list[TraceEntry]) -> Iterator[str]:
    """Give a line for each entry that tells something, with its time since the first."""
    first = entries[0].time
    for entry in entries:
        text = describe(entry)
        if entry.method not in _QUIET and not text.startswith(". ice"):
            yield f"{entry.time - first:10.3f}  {text}"
