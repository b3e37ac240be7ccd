"""Threads that nobody waits for for ever."""

import gc
import subprocess
import sys
import threading
from concurrent.futures import CancelledError
from pathlib import Path

import pytest

from peer.media.threads import Threads

ROOT = Path(__file__).parents[2]
BOUND = 30.0
HANGING = """
import asyncio, threading
from peer.transports import share

async def main():
    share.MAX_WORK = 0.01
    place = share.MediaShare()
    try:
        await place.run(threading.Event().wait)
    except share.HungError:
        print("hangs")
    await place.close()

asyncio.run(main())
"""
AT_WORK = """
import time
from peer.media import threads as module
from peer.media.threads import Threads

module.FAREWELL = 60.0

def work():
    time.sleep(0.2)
    print("done", flush=True)

threads = Threads(1, "test")
threads.submit(work)
"""


def alive(name: str) -> int:
    return sum(thread.name.startswith(name) for thread in threading.enumerate())


def test_calls_are_made_and_tell_what_comes_of_them() -> None:
    threads = Threads(2, "aiopeer-test-a")
    assert threads.submit(divmod, 7, 2).result(BOUND) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        threads.submit(divmod, 1, 0).result(BOUND)
    assert list(threads.map(abs, (-1, -2))) == [1, 2]
    threads.shutdown()
    assert alive("aiopeer-test-a") == 0
    with pytest.raises(RuntimeError, match="ended"):
        threads.submit(int)


def test_there_are_so_many_and_no_more_than_are_needed() -> None:
    threads = Threads(2, "aiopeer-test-b")
    threads.submit(int).result(BOUND)
    # One that has just given its result is idle a moment later.
    while not threads._idle.acquire(timeout=BOUND):
        pytest.fail("the thread is not idle")
    threads._idle.release()
    threads.submit(int).result(BOUND)
    assert alive("aiopeer-test-b") == 1
    release = threading.Event()
    waiting = [threads.submit(release.wait, BOUND) for _ in range(4)]
    assert alive("aiopeer-test-b") == 2
    release.set()
    assert all(each.result(BOUND) for each in waiting)
    threads.shutdown()


def test_what_waits_is_done_before_the_end_or_cancelled() -> None:
    for cancels in (False, True):
        threads, release, begun = Threads(1, "aiopeer-test-c"), threading.Event(), threading.Event()

        def first(begun: threading.Event = begun, release: threading.Event = release) -> bool:
            begun.set()
            return release.wait(BOUND)

        one, other = threads.submit(first), threads.submit(int)
        assert begun.wait(BOUND)
        threads.shutdown(wait=False, cancel_futures=cancels)
        release.set()
        threads.join(BOUND)
        assert one.result(BOUND)
        if cancels:
            with pytest.raises(CancelledError):
                other.result(BOUND)
        else:
            assert other.result(BOUND) == 0


def test_they_end_when_nobody_has_them_any_more() -> None:
    threads = Threads(1, "aiopeer-test-d")
    threads.submit(int).result(BOUND)
    thread = threads._threads[0]
    del threads
    gc.collect()
    thread.join(BOUND)
    assert not thread.is_alive()


def test_a_machine_without_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    threads, release = Threads(2, "aiopeer-test-e"), threading.Event()
    with monkeypatch.context() as poor:
        poor.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError, match="can't start"):
            threads.submit(int)
    one = threads.submit(release.wait, BOUND)
    with monkeypatch.context() as poor:
        poor.setattr(threading.Thread, "start", refuse)
        # The thread there is comes to it.
        other = threads.submit(int)
    release.set()
    assert (one.result(BOUND), other.result(BOUND)) == (True, 0)
    threads.shutdown()


@pytest.mark.slow
@pytest.mark.parametrize(("program", "says"), [(HANGING, "hangs"), (AT_WORK, "done")])
def test_a_program_ends_whatever_hangs_and_waits_for_what_ends(program: str, says: str) -> None:
    """A decoder that never comes back would keep the interpreter for ever."""
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert (ended.returncode, ended.stdout.split(), ended.stderr) == (0, [says], "")
