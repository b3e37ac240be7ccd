"""Files for traces and captures: their owner's alone, bounded, one for all that name it."""

import os
import secrets
import stat
import sys
import threading
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Self


class OwnFile:
    """A file that is open as long as somebody writes to it, and that its owner alone can read.

    A file of before is written over. Each `put` is one write. An error of the disk ends the
    writing, never a connection, and so does the bound: nothing more is written then. Connections
    of several threads may name the same file; what is not one `put` holds `lock`.
    """

    def __init__(self, path: Path, room: int) -> None:
        """Open it; raises OSError when that is impossible."""
        self.lock = threading.RLock()
        self.users = 0
        self._path = path
        self._room = room
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_CLOEXEC", 0)
        self._file = open(os.open(path, flags, 0o600), "wb", buffering=0)  # noqa: SIM115
        self._keep_from_others()

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

    @property
    def full(self) -> bool:
        """Tell whether nothing more will be written."""
        return self._room < 0 or self._file.closed

    def put(self, data: bytes) -> None:
        """Write something, as long as there is room."""
        with self.lock:
            self._room -= len(data)
            if self.full:
                return
            try:
                self._file.write(data)
            except OSError:
                self._file.close()

    def let_go(self) -> None:
        """One user less; the last one closes the file."""
        with _opening:
            self.users -= 1
            if self.users <= 0:
                with self.lock:
                    self._file.close()
                _files.pop(self._path, None)

    @classmethod
    def shared(
        cls, path: str | os.PathLike[str], make: Callable[[Path], Self], suffix: str
    ) -> Self:
        """Give the file for one more user: the one there is, or what `make` opens.

        In a folder it is one of this process' own, with that suffix. Raises OSError as `make` does,
        and when the file is written to as one of another kind.
        """
        named = Path(path).absolute()
        if named.is_dir():
            named /= f"{_own_name(os.getpid())}{suffix}"
        with _opening:
            found = _files.get(named)
            if found is None:
                found = _files[named] = make(named)
            if not isinstance(found, cls):
                raise FileExistsError(f"{named} is being written to already")
            found.users += 1
        return found


_opening = threading.Lock()
_files: dict[Path, OwnFile] = {}


@lru_cache(1)
def _own_name(process: int) -> str:
    return f"aiopeer-{process}-{secrets.token_hex(4)}"
