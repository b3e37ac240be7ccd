"""`aiopeer trace`: a trace as text, as a ladder, as a page."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from peer.explain import explain
from peer.trace import (
    VERDICT,
    Dump,
    DumpWriter,
    TraceEntry,
    blurred,
    describe,
    read_trace,
    shareable,
)


class Read:
    """A file that was read, and one of its connections or all.

    Raises OSError and DumpError, ValueError for an unknown connection.
    """

    def __init__(self, file: str, *, connection: str | None = None) -> None:
        self.dump = read_trace(Path(file).read_bytes())
        self.names = self.dump.connections
        if connection is not None:
            if connection not in self.names:
                known = " ".join(self.names)
                raise ValueError(f"no connection {connection!r}; there are: {known}")
            self.names = [connection]

    def text(self) -> str:
        """Tell what happened, the explanation first."""
        lines = [*_head(self.dump)]
        for name in self.names:
            entries = self.dump.of(name)
            lines += ["", f"== {name}", str(explain(entries)), "", *timeline(entries)]
        return "\n".join(lines)

    def ladder(self) -> str:
        """Tell who said what."""
        from .ladder import ladder, ladder_text

        lines = [*_head(self.dump)]
        for name in self.names:
            lines += ["", f"== {name}", *ladder_text(ladder(self.dump.of(name)))]
        return "\n".join(lines)

    def json(self) -> str:
        """Give what is explained."""
        found = [explain(self.dump.of(name)).as_json() for name in self.names]
        return json.dumps(found, indent=1, ensure_ascii=False)

    def write_page(self, path: str, *, addresses: bool = False) -> str:
        """Write a page; its addresses are blurred unless they are asked for."""
        from .page import page

        text = page(self.dump, self.names)
        Path(path).write_text(text if addresses else blurred(text), encoding="utf-8")
        return f"{path} is written"

    def write_dump(self, path: str, *, addresses: bool = False) -> str:
        """Write an RTCStats dump to be passed on, without passwords, blurred as the page is.

        The verdict on each connection goes with it.
        """
        found = [entry for entry in self.dump.entries if entry.connection in (None, *self.names)]
        found += map(self._verdict, self._unjudged())
        shown = shareable(found, addresses=addresses)
        writer = DumpWriter()
        metadata = self.dump.metadata | {"fileFormat": 3}
        lines = [writer.head(**metadata), *map(writer.lines, shown)]
        Path(path).write_text("".join(lines), encoding="utf-8")
        return f"{path} is written"

    def _unjudged(self) -> list[str]:
        judged = {each.connection for each in self.dump.entries if each.method == VERDICT}
        return [name for name in self.names if name not in judged]

    def _verdict(self, name: str) -> TraceEntry:
        found = explain(self.dump.of(name)).as_json()
        return TraceEntry(self.dump.entries[-1].time, name, VERDICT, found)


def _head(dump: Dump) -> Iterator[str]:
    agent = dump.metadata.get("userAgent", "an unknown program")
    yield f"{dump.format} by {agent}: {len(dump.entries)} entries"
    if dump.entries:
        begun = datetime.fromtimestamp(dump.entries[0].time, UTC)
        yield f"begins {begun:%Y-%m-%d %H:%M:%S} UTC"
    yield from (f"not read: {each}" for each in dump.skipped[:10])


def timeline(entries: Sequence[TraceEntry]) -> Iterator[str]:
    """Give a line for each entry that tells something, with its time since the first."""
    first = entries[0].time
    for entry in entries:
        words = describe(entry)
        if entry.method != "getStats" and not words.startswith((". ice", "= DataReceived")):
            yield f"{entry.time - first:10.3f}  {words}"
