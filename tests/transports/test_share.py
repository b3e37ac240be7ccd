"""What one connection may take of the process."""

import asyncio
import gc
import math
import threading

import pytest

import peer.transports.share as share_module
from peer.media import Threads
from peer.transports.share import (
    FRAMES_AT_WORK,
    MAX_HUNG,
    HungError,
    MediaConfig,
    MediaShare,
    NoThreadError,
)
from tests.transports.wire import until


def test_a_connection_has_a_few_frames_at_work_and_is_in_nobodys_way() -> None:
    async def scenario() -> None:
        release, at_work = threading.Event(), []

        def slow() -> None:
            at_work.append(1)
            assert release.wait(20)

        greedy, modest = MediaShare(), MediaShare()
        jobs = [asyncio.create_task(greedy.run(slow)) for _ in range(12)]
        # pictures of another connection do not wait for them
        assert await modest.run(lambda: "picture") == "picture"
        await until(lambda: len(at_work) == FRAMES_AT_WORK)
        assert await modest.run(lambda: len(at_work)) == FRAMES_AT_WORK
        release.set()
        await asyncio.gather(*jobs)
        assert len(at_work) == 12
        await greedy.close()
        await modest.close()

    asyncio.run(scenario())


def test_who_gives_up_waiting_leaves_its_place_taken() -> None:
    async def scenario() -> None:
        release = threading.Event()
        share = MediaShare()
        jobs = [asyncio.create_task(share.run(release.wait, 20)) for _ in range(2)]
        await asyncio.sleep(0)
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)
        next_one = asyncio.create_task(share.run(lambda: 1))
        for _ in range(5):
            await asyncio.sleep(0)
        assert not next_one.done()
        release.set()
        assert await next_one == 1
        await share.close()

    asyncio.run(scenario())


def test_the_threads_end_with_the_last_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(share_module, "_threads", share_module._Threads(2))

    async def scenario() -> None:
        gc.collect()
        before = set(threading.enumerate())
        first, second = MediaShare(), MediaShare()
        for share in (first, second):
            await share.run(int)
        await first.close()
        assert set(threading.enumerate()) - before
        await second.close()
        await second.close()
        assert set(threading.enumerate()) <= before
        assert await second.run(lambda: 2) == 2
        await second.close()
        assert set(threading.enumerate()) <= before

    asyncio.run(scenario())


def patience(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    for name in ("MAX_WAIT", "MAX_WORK"):
        monkeypatch.setattr(share_module, name, seconds)


async def hang(share: MediaShare, release: threading.Event) -> None:
    """Have a frame hang; a thread may be slow to begin."""
    with pytest.MonkeyPatch.context() as hasty:
        patience(hasty, 0.01)
        while True:
            try:
                await share.run(release.wait, 60)
            except HungError:
                return
            except NoThreadError:
                continue


def test_what_hangs_is_left_to_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """A decoder that never comes back keeps a thread, and nobody waiting: not its connection, which
    has a few of them, not others, not closing."""
    monkeypatch.setattr(share_module, "_threads", share_module._Threads(2))
    patience(monkeypatch, 60.0)

    async def scenario() -> None:
        release, share, other = threading.Event(), MediaShare(), MediaShare()
        try:
            for _ in range(MAX_HUNG):
                await hang(share, release)
                assert await other.run(lambda: "picture") == "picture"
            with pytest.raises(NoThreadError, match="already"):
                await share.run(int)
            forgotten = asyncio.create_task(other.run(release.wait, 60))
            await asyncio.sleep(0)
            forgotten.cancel()
            patience(monkeypatch, 0.01)
            await share.close()
            await other.close()
        finally:
            release.set()
        patience(monkeypatch, 60.0)
        assert await share.run(lambda: "again") == "again"
        await share.close()

    asyncio.run(scenario())


def test_so_is_what_hangs_when_nobody_waits_for_it_any_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(share_module, "_threads", share_module._Threads(2))
    patience(monkeypatch, 0.05)

    async def scenario() -> None:
        release, share = threading.Event(), MediaShare()
        try:
            jobs = [asyncio.create_task(share.run(release.wait, 60)) for _ in range(FRAMES_AT_WORK)]
            await asyncio.sleep(0)
            for job in jobs:
                job.cancel()
            monkeypatch.setattr(share_module, "MAX_WAIT", 60.0)
            assert await share.run(lambda: "picture") == "picture"
        finally:
            release.set()
        await share.close()

    asyncio.run(scenario())


def test_what_has_no_thread_does_not_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pictures of others are at work in all of them: its own are left out, and they go on."""
    threads = share_module._Threads(1)
    monkeypatch.setattr(share_module, "_threads", threads)
    patience(monkeypatch, 60.0)

    async def scenario() -> None:
        release, busy, late = threading.Event(), MediaShare(), MediaShare()
        called: list[int] = []
        job = asyncio.create_task(busy.run(release.wait, 60))
        await asyncio.sleep(0)
        same = threads.executor
        with monkeypatch.context() as hasty:
            patience(hasty, 0.01)
            for _ in range(MAX_HUNG + 1):
                with pytest.raises(NoThreadError, match="free"):
                    await late.run(called.append, 1)
        assert threads.executor is same
        release.set()
        assert await job
        assert await late.run(lambda: "picture") == "picture"
        assert not called
        await busy.close()
        await late.close()

    asyncio.run(scenario())


def test_what_fails_when_nobody_waits_for_it_is_no_news() -> None:
    async def scenario() -> list[object]:
        release, share = threading.Event(), MediaShare()
        told: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))

        def fail() -> None:
            assert release.wait(60)
            raise ValueError("too late")

        job = asyncio.create_task(share.run(fail))
        await asyncio.sleep(0)
        job.cancel()
        await asyncio.gather(job, return_exceptions=True)
        release.set()
        await share.close()
        gc.collect()
        return told

    assert not asyncio.run(scenario())


def test_what_a_function_raises_comes_through() -> None:
    async def scenario() -> None:
        share = MediaShare()
        with pytest.raises(ZeroDivisionError):
            await share.run(divmod, 1, 0)
        await share.close()

    asyncio.run(scenario())


def test_no_thread_left_has_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    async def scenario() -> None:
        share = MediaShare()
        monkeypatch.setattr(Threads, "submit", refuse)
        for _ in range(5):
            with pytest.raises(NoThreadError):
                await share.run(int)
        await share.close()

    asyncio.run(scenario())


@pytest.mark.parametrize("delay", [(-0.01, 1.0), (0.2, 0.1), (0.0, 41.0), (math.nan, 1.0)])
def test_delays_that_packets_cannot_tell(delay: tuple[float, float]) -> None:
    assert MediaConfig(playout_delay=(0.0, 40.95)).playout_delay == (0.0, 40.95)
    with pytest.raises(ValueError, match="playout_delay"):
        MediaConfig(playout_delay=delay)


def test_bytes_are_bounded_for_each_connection() -> None:
    share = MediaShare(MediaConfig(max_picture_bytes=100))
    assert share.take(60)
    assert not share.take(41)
    share.give_back(20)
    assert share.take(60)
    assert share.held == 100


def test_beyond_the_bound_of_the_process_each_has_an_equal_part(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(share_module, "_accounts", share_module._Accounts())
    config = MediaConfig(max_picture_bytes=1 << 40, max_process_bytes=1 << 39)
    hungry = MediaShare(config)
    assert hungry.take(1 << 39)
    # who holds nothing has no part
    late, *_idle = (MediaShare(config) for _ in range(9))
    assert not hungry.take(1)
    assert late.take(1 << 37)
    assert not late.take(1 << 38)
    del hungry
    gc.collect()
    assert late.take(1 << 38)
