"""Handlers that fail do not break what emits."""

import asyncio
from typing import Any

import pytest

from peer.transports.emitter import Emitter


def test_what_handlers_raise_is_reported_and_the_others_run() -> None:
    async def scenario() -> None:
        reported: list[Any] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _loop, context: reported.append(context["exception"]))
        emitter = Emitter()
        called: list[str] = []

        def refuse(_value: str) -> None:
            raise KeyError("at once")

        async def refuse_later(_value: str) -> None:
            await asyncio.sleep(0)
            raise IndexError("later")

        emitter.on("event", refuse)
        emitter.on("event", refuse_later)
        emitter.on("event", called.append)
        assert emitter.emit("event", "value")
        for _ in range(5):
            await asyncio.sleep(0)
        assert called == ["value"]
        assert [type(error) for error in reported] == [KeyError, IndexError]

    asyncio.run(scenario())


@pytest.mark.parametrize("raised", [asyncio.CancelledError, GeneratorExit])
def test_who_emits_is_not_cancelled_by_a_handler(raised: type[BaseException]) -> None:
    """Such as one that asks a cancelled task for its result."""
    emitter = Emitter()
    errors: list[BaseException] = []

    def refuse() -> None:
        raise raised

    emitter.on("error", errors.append)
    emitter.on("event", refuse)
    assert emitter.emit("event")
    assert [type(error) for error in errors] == [raised]


@pytest.mark.parametrize("raised", [SystemExit, KeyboardInterrupt])
def test_the_end_of_the_program_is_not_held_up(raised: type[BaseException]) -> None:
    emitter = Emitter()

    def refuse() -> None:
        raise raised

    emitter.on("event", refuse)
    with pytest.raises(raised):
        emitter.emit("event")


def test_who_listens_for_errors_gets_them() -> None:
    emitter = Emitter()
    errors: list[BaseException] = []

    def refuse() -> None:
        raise KeyError("at once")

    emitter.on("error", errors.append)
    emitter.on("event", refuse)
    emitter.emit("event")
    assert [type(error) for error in errors] == [KeyError]


def test_a_handler_for_errors_that_fails_is_reported_and_not_called_for_it() -> None:
    async def scenario() -> None:
        reported: list[Any] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _loop, context: reported.append(context["exception"]))
        emitter = Emitter()

        def refuse(_error: object) -> None:
            raise KeyError("at once")

        async def refuse_later(_error: object) -> None:
            raise IndexError("later")

        emitter.on("error", refuse)
        emitter.on("error", refuse_later)
        emitter.emit("error", "reason")
        for _ in range(5):
            await asyncio.sleep(0)
        assert [type(error) for error in reported] == [KeyError, IndexError]

    asyncio.run(scenario())


def test_a_future_that_a_handler_returns_is_waited_for() -> None:
    async def scenario() -> None:
        emitter = Emitter()
        errors: list[BaseException] = []
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        emitter.on("error", errors.append)
        emitter.on("event", lambda: future)
        emitter.emit("event")
        future.set_exception(KeyError("later"))
        await emitter.wait_for_complete()
        assert [type(error) for error in errors] == [KeyError]

    asyncio.run(scenario())


def test_an_event_nobody_listens_to() -> None:
    assert not Emitter().emit("event")


def test_who_has_handlers() -> None:
    emitter = Emitter()
    assert not emitter.has_handler("event")
    emitter.on("event", print)
    assert emitter.has_handler("event")
    emitter.remove_listener("event", print)
    assert not emitter.has_handler("event")
    emitter.on("event", print)
    emitter.remove_all_listeners("event")
    assert not emitter.has_handler("event")


def test_handlers_that_come_and_go_meanwhile() -> None:
    """Those are called that were there when the event was emitted, and `once` just once."""
    emitter = Emitter()
    called: list[str] = []

    def add_another() -> None:
        called.append("first")
        emitter.on("event", lambda: called.append("late"))

    emitter.once("event", add_another)
    emitter.on("event", lambda: called.append("second"))
    emitter.emit("event")
    assert called == ["first", "second"]
    emitter.emit("event")
    assert called == ["first", "second", "second", "late"]
