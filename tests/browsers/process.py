"""A program with a folder of its own that always ends, and what to do when it is not installed."""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

GUARD = Path(__file__).with_name("guard.py")
BOUND = 45.0
"""Seconds within which a program has started, on a busy machine, and a guard has ended it."""

OUTPUT = 3000
"""Bytes of a program's output that an error shows."""


def find_program(*names: str) -> str | None:
    """Give the path of the first of these programs that is installed."""
    return next(filter(None, map(shutil.which, names)), None)


def require_program(package: str, *names: str) -> str:
    """Give a program's path; without it skip the test, or fail it where CI is set."""
    program = find_program(*names)
    if program is None:
        message = f"{names[0]} is not installed (Debian: apt install {package})"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return program


def read(path: Path) -> str:
    """Read a file; one that is not there yet is empty."""
    try:
        return path.read_text()
    except FileNotFoundError:
        return ""


class Process:
    """A program with a temporary folder; it ends with `close`, or with the tests however they end.

    What it writes is kept: `output` gives the end of it.
    """

    def __init__(self, name: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"aiopeer-{name}-"))
        self._log = tempfile.TemporaryFile()  # noqa: SIM115
        self._guard: subprocess.Popen[bytes] | None = None

    def start(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        """Start the program, with these variables on top of the tests' own."""
        self._guard = subprocess.Popen(
            [sys.executable, "-I", str(GUARD), str(self.folder), *command],
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )

    @property
    def running(self) -> bool:
        """Tell whether the program has not ended by itself."""
        return self._guard is not None and self._guard.poll() is None

    def output(self) -> str:
        """Give the last lines the program wrote."""
        if self._log.closed:
            return ""
        # The program shares the position in the file, so it must not be moved.
        size = os.fstat(self._log.fileno()).st_size
        start = max(0, size - OUTPUT)
        return os.pread(self._log.fileno(), OUTPUT, start).decode(errors="replace")

    async def wait_for_file(self, path: Path) -> str:
        """Wait until the program has written a file, and read it."""
        try:
            async with asyncio.timeout(BOUND):
                while not (text := read(path)):
                    if not self.running:
                        raise RuntimeError(f"it ended at once:\n{self.output()}")
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise TimeoutError(f"it wrote no {path.name}:\n{self.output()}") from None
        return text

    def close(self) -> None:
        """End the program with all it started, and remove its folder."""
        if self._guard is not None:
            assert self._guard.stdin is not None
            self._guard.stdin.close()
            try:
                self._guard.wait(BOUND)
            except subprocess.TimeoutExpired:
                self._guard.kill()
                self._guard.wait()
        self._log.close()
        shutil.rmtree(self.folder, ignore_errors=True)
