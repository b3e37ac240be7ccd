"""Run a command until standard input ends, then end all it started and remove its folder.

    python guard.py FOLDER COMMAND...

The tests hold the other end of standard input: it also closes when they are killed, so that no
browser outlives them. Run as a program of its own; it imports nothing of the project.
"""

import contextlib
import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
BOUND = 5.0
"""Seconds within which killed processes are gone."""


def children() -> list[int]:
    """List our children, with the orphans that have become ours."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # pid (name) state ppid ...; the name may hold anything.
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            if parent == os.getpid():
                found.append(int(stat.parent.name))
    return found


def end_all() -> None:
    """Kill our children, and theirs as they become ours, until there are none."""
    end = time.monotonic() + BOUND
    while (pids := children()) and time.monotonic() < end:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in pids:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)


def main(folder: str, *command: str) -> None:
    """Wait for the end of standard input or of the command, whichever comes first."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    started = subprocess.Popen(command, stdin=subprocess.DEVNULL, process_group=0)
    over = os.pidfd_open(started.pid)
    select.select([sys.stdin, over], [], [])
    end_all()
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
