"""The files that connections write their traces to: RTCStats dumps, one for all that name it."""

import os
import platform
import secrets
from pathlib import Path
from typing import Any

from peer.ice import StandIns
from peer.net import wall_time
from peer.trace import ICE, DumpWriter, TraceEntry

from .own_file import OwnFile

MAX_FILE = 1 << 28
"""Bytes after which nothing more is written to a file."""


class TraceFile(OwnFile):
    """A file that traces are written to.

    Nothing secret is written: passwords and credentials are replaced, so that what ICE did can be
    replayed all the same, and descriptions and configurations come without them. Each entry is
    one write of whole lines.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, MAX_FILE)
        self._writer = DumpWriter()
        self._stand_ins: dict[tuple[str | None, Any], StandIns] = {}
        system = f"Python/{platform.python_version()} {platform.system()}"
        started = round(wall_time() * 1000)
        head = DumpWriter.head(userAgent=f"aiopeer {system}", origin="aiopeer", startTime=started)
        self.put(head.encode())

    def __call__(self, entry: TraceEntry) -> None:
        """Write an entry, as long as there is room."""
        with self.lock:
            if self.full:
                return
            if entry.method == ICE:
                agent = entry.connection, entry.extra[0]
                stand_ins = self._stand_ins.setdefault(agent, StandIns(secrets.token_bytes(32)))
                entry = entry._replace(value=stand_ins.convert(entry.value))
            self.put(self._writer.lines(entry).encode())

    def close(self, connection: str) -> None:
        """Nothing more comes of a connection; the last one that writes to it closes the file."""
        with self.lock:
            self._writer.forget(connection)
            for agent in [agent for agent in self._stand_ins if agent[0] == connection]:
                del self._stand_ins[agent]
        self.let_go()


def trace_file(path: str | os.PathLike[str]) -> TraceFile:
    """Open a file for one more connection, or one of its own name in a folder.

    A file of before is written over. Raises OSError when it cannot be written.
    """
    return TraceFile.shared(path, TraceFile, ".jsonl")
