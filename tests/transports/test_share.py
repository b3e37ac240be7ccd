"""What one connection may take of the process."""

import asyncio
import gc
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import peer.transports.share as share_module
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


def test_what_hangs_is_left_to_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """A decoder that never comes back keeps a thread, and nobody waiting: not its connection, which
    has a few of them, not others, not closing."""
    monkeypatch.setattr(share_module, "_threads", share_module._Threads(2))
    monkeypatch.setattr(share_module, "MAX_WORK", 60.0)

    async def scenario() -> None:
        release, share, other = threading.Event(), MediaShare(), MediaShare()
        try:
            for _ in range(MAX_HUNG):
                with monkeypatch.context() as hasty:
                    hasty.setattr(share_module, "MAX_WORK", 0.01)
                    with pytest.raises(HungError):
                        await share.run(release.wait, 60)
                assert await other.run(lambda: "picture") == "picture"
            with pytest.raises(HungError, match="already"):
                await share.run(int)
            forgotten = asyncio.create_task(other.run(release.wait, 60))
            await asyncio.sleep(0)
            forgotten.cancel()
            monkeypatch.setattr(share_module, "MAX_WORK", 0.01)
            await share.close()
            await other.close()
        finally:
            release.set()
        monkeypatch.setattr(share_module, "MAX_WORK", 60.0)
        assert await share.run(lambda: "again") == "again"
        await share.close()

    asyncio.run(scenario())


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
        monkeypatch.setattr(ThreadPoolExecutor, "submit", refuse)
        for _ in range(5):
            with pytest.raises(NoThreadError):
                await share.run(int)
        await share.close()

    asyncio.run(scenario())


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
