"""Methods that act at once and are coroutine functions, in every habit of aiortc's programs."""

import asyncio
import gc
import inspect
import threading
import warnings
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any
from unittest.mock import AsyncMock, MagicMock, create_autospec

import pytest

from peer import AudioStreamTrack, RTCPeerConnection, RTCRtpSender, RTCRtpTransceiver
from peer.api.awaitable import Begun, Done, Ending, prompt
from peer.api.errors import InvalidStateError
from tests.api.support import BOUND, QUICK, Call, calling, make, nothing_left, run, within

METHODS = [
    RTCPeerConnection.close,
    RTCRtpTransceiver.stop,
    RTCRtpSender.replaceTrack,
    RTCRtpSender.setParameters,
]


@contextmanager
def no_warning() -> Iterator[None]:
    """What is collected inside and after warns of nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield
        gc.collect()


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__qualname__)
def test_they_are_coroutine_functions_to_all_who_ask(method: Callable[..., Any]) -> None:
    assert inspect.iscoroutinefunction(method)
    assert asyncio.iscoroutinefunction(method)
    assert method.__doc__
    assert next(iter(inspect.signature(method).parameters)) == "self"


def test_what_they_return_is_a_coroutine_to_all_who_ask() -> None:
    pc = make()
    assert inspect.iscoroutinefunction(pc.close)
    assert asyncio.iscoroutinefunction(pc.close)
    assert pc.close == pc.close
    closing = pc.close()
    assert inspect.iscoroutine(closing)
    assert asyncio.iscoroutine(closing)
    assert inspect.isawaitable(closing)
    assert isinstance(closing, Coroutine)
    assert inspect.getcoroutinestate(closing) == inspect.CORO_CREATED
    asyncio.run(closing)
    assert inspect.getcoroutinestate(closing) == inspect.CORO_CLOSED
    with pytest.raises(RuntimeError):
        closing.send(None)


def test_mocks_of_the_objects_have_them_as_coroutines() -> None:
    async def story() -> None:
        mocked = MagicMock(spec=RTCPeerConnection)
        assert isinstance(mocked.close, AsyncMock)
        await mocked.close()
        mocked.close.assert_awaited_once_with()
        transceiver = MagicMock(spec=RTCRtpTransceiver)
        await transceiver.stop()
        await create_autospec(RTCRtpTransceiver, instance=True).stop()

    run(story)


def test_they_act_before_the_caller_goes_on() -> None:
    async def story() -> None:
        pc, track = make(), AudioStreamTrack()
        transceiver = pc.addTransceiver("audio")
        with no_warning():
            transceiver.sender.replaceTrack(track)
            assert transceiver.sender.track is track
            _ = transceiver.stop()
            assert transceiver.direction == "stopped"
            _ = pc.close()
            assert pc.connectionState == "closed"
        await pc.close()

    run(story)


async def awaited(call: Coroutine[Any, Any, None]) -> None:
    await call


async def as_a_task(call: Coroutine[Any, Any, None]) -> None:
    await asyncio.create_task(call)


async def in_a_group(call: Coroutine[Any, Any, None]) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(call)


async def gathered(call: Coroutine[Any, Any, None]) -> None:
    await asyncio.gather(call, asyncio.sleep(0))


async def with_a_limit(call: Coroutine[Any, Any, None]) -> None:
    await asyncio.wait_for(call, BOUND)


async def shielded(call: Coroutine[Any, Any, None]) -> None:
    await asyncio.shield(call)


async def threadsafe(call: Coroutine[Any, Any, None]) -> None:
    await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(call, asyncio.get_running_loop()))


@pytest.mark.parametrize(
    "habit", [awaited, as_a_task, in_a_group, gathered, with_a_limit, shielded, threadsafe]
)
def test_closing_in_every_form_waits_until_nothing_is_left(
    habit: Callable[[Coroutine[Any, Any, None]], Awaitable[None]],
) -> None:
    async def story() -> None:
        async with nothing_left():
            call = Call(QUICK, QUICK)
            await call.negotiate()
            await call.opened()
            await habit(call.offerer.close())
            await habit(call.answerer.close())
            call.middle.close()

    run(story)


def test_closing_that_nobody_waits_for_goes_on() -> None:
    async def story() -> None:
        call = Call(QUICK, QUICK)
        await call.negotiate()
        await call.opened()
        async with nothing_left():
            with no_warning():
                for pc in call.sides.values():
                    _ = pc.close()
            rest = asyncio.all_tasks() - {asyncio.current_task()}
            await within(asyncio.wait(rest))
            call.middle.close()

    run(story)


def test_giving_up_waiting_does_not_keep_it_from_closing() -> None:
    async def story() -> None:
        call = Call(QUICK, QUICK)
        await call.negotiate()
        await call.opened()
        waiting = asyncio.create_task(call.offerer.close())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await call.close()

    run(story)


def elsewhere(call: Callable[[], object]) -> threading.Thread:
    """Call something in a thread without an event loop."""
    thread = threading.Thread(target=call)
    thread.start()
    return thread


def test_calls_from_another_thread_are_carried_to_the_loop() -> None:
    """Five connections, closed by threads that wait for nothing."""

    async def story() -> None:
        calls = [Call(QUICK, QUICK) for _ in range(5)]
        for call in calls:
            await call.negotiate()
            await call.opened()
        with no_warning():
            threads = [elsewhere(pc.close) for call in calls for pc in call.sides.values()]
            for thread in threads:
                await asyncio.to_thread(thread.join)
        for call in calls:
            for pc in call.sides.values():
                await within(pc.close())
                assert pc.connectionState == "closed"
            call.middle.close()
        # What carried the calls hears of their end after this did.
        if rest := asyncio.all_tasks() - {asyncio.current_task()}:
            await within(asyncio.wait(rest))

    run(story)


def test_a_thread_waits_for_what_it_called() -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()

        def close() -> None:
            asyncio.run_coroutine_threadsafe(pc.close(), loop).result(BOUND)

        def close_in_a_loop_of_its_own() -> None:
            asyncio.run(other.close())

        async with calling() as call:
            await call.negotiate()
            await call.opened()
            pc, other = call.offerer, call.answerer
            for way in (close, close_in_a_loop_of_its_own):
                await within(asyncio.to_thread(way))
            assert pc.connectionState == other.connectionState == "closed"

    run(story)


def test_what_a_call_from_another_thread_raises_is_raised_where_it_is_awaited() -> None:
    async def story() -> None:
        pc = make()
        transceiver = pc.addTransceiver("audio")
        await pc.close()
        stopping = await asyncio.to_thread(transceiver.stop)
        with pytest.raises(InvalidStateError):
            await stopping
        with pytest.raises(InvalidStateError):
            _ = transceiver.stop()

    run(story)


def test_closing_after_the_loop_has_ended() -> None:
    loop = asyncio.new_event_loop()
    call: list[Call] = []

    async def story() -> None:
        call.append(Call(QUICK, QUICK))
        await call[0].negotiate()
        await call[0].opened()

    loop.run_until_complete(story())
    for pc in call[0].sides.values():
        loop.run_until_complete(within(pc.close()))
    call[0].middle.close()
    loop.close()


def test_an_ending_without_a_loop_begins_when_it_is_awaited() -> None:
    done: list[str] = []

    async def finish() -> None:
        done.append("finished")

    class Owner:
        event_loop = None

        @prompt
        def end(self) -> Begun[None]:
            done.append("called")
            return Begun(Ending(finish))

        @prompt
        def nothing(self, answer: int = 1) -> Begun[None]:
            done.append(f"{answer}")
            return Begun(Done())

    with no_warning():
        ending = Owner().end()
        assert done == ["called"]
        asyncio.run(ending)
        Owner().nothing(answer=2)
    assert done == ["called", "finished", "2"]
    assert isinstance(Owner.end, type(Owner.nothing))


def test_errors_are_thrown_into_what_waits() -> None:
    begun = Begun(Done())
    with pytest.raises(KeyError):
        begun.throw(KeyError("thrown"))
    waiting: Begun[None] = Begun(Future[None]())  # type: ignore[arg-type]
    waiting.close()
    assert inspect.getcoroutinestate(waiting) == inspect.CORO_CLOSED
