"""The files that connections write their traces to: RTCStats dumps, one for all that name it."""

import os
import platform
import secrets
import stat
import sys
from functools import cache
from pathlib import Path
from typing import Any

from peer.ice import StandIns
from peer.net import wall_time
from peer.trace import ICE, DumpWriter, TraceEntry

MAX_FILE = 1 << 28
"""Bytes after which nothing more is written to a file."""


class TraceFile:
    """A file that is open as long as a connection writes to it.

    Nothing secret is written: passwords and credentials are replaced, so that what ICE did can be
    replayed all the same, and descriptions and configurations come without them. Each entry is
    one write of whole lines. An error of the disk ends the writing, never a connection.
    """

    def __init__(self, path: Path) -> None:
        self.users = 0
        self._path = path
        self._writer = DumpWriter()
        self._stand_ins: dict[tuple[str | None, Any], StandIns] = {}
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_CLOEXEC", 0)
        self._file = open(os.open(path, flags, 0o600), "wb", buffering=0)  # noqa: SIM115
        self._keep_from_others()
        self._room = MAX_FILE
        system = f"Python/{platform.python_version()} {platform.system()}"
        started = round(wall_time() * 1000)
        head = DumpWriter.head(userAgent=f"aiopeer {system}", origin="aiopeer", startTime=started)
        self._put(head)

    def __call__(self, entry: TraceEntry) -> None:
        """Write an entry, as long as there is room."""
        if self._room < 0 or self._file.closed:
            return
        if entry.method == ICE:
            agent = entry.connection, entry.extra[0]
            stand_ins = self._stand_ins.setdefault(agent, StandIns(secrets.token_bytes(32)))
            entry = entry._replace(value=stand_ins.convert(entry.value))
        self._put(self._writer.lines(entry))

    def _keep_from_others(self) -> None:
        """A file of before has the mode it had. Raises OSError where that cannot be changed."""
        number = self._file.fileno()
        if sys.platform == "win32" or not stat.S_ISREG(os.fstat(number).st_mode):
            return
        try:
            os.fchmod(number, 0o600)
        except OSError:
            self._file.close()
            raise

    def _put(self, text: str) -> None:
        data = text.encode()
        self._room -= len(data)
        if self._room < 0 or self._file.closed:
            return
        try:
            self._file.write(data)
        except OSError:
            self._file.close()

    def close(self, connection: str) -> None:
        """Nothing more comes of a connection; the last one that writes to it closes the file."""
        self._writer.forget(connection)
        for agent in [agent for agent in self._stand_ins if agent[0] == connection]:
            del self._stand_ins[agent]
        self.users -= 1
        if self.users <= 0:
            self._file.close()
            _files.pop(self._path, None)


_files: dict[Path, TraceFile] = {}


def trace_file(path: str | os.PathLike[str]) -> TraceFile:
    """Open a file for one more connection, or one of its own name in a folder.

    A file of before is written over. Raises OSError when it cannot be written.
    """
    named = Path(path).absolute()
    if named.is_dir():
        named /= _own_name()
    found = _files.get(named)
    if found is None:
        found = _files[named] = TraceFile(named)
    found.users += 1
    return found


@cache
def _own_name() -> str:
    return f"aiopeer-{os.getpid()}-{secrets.token_hex(4)}.jsonl"
