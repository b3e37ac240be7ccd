"""Listeners of both kinds, handler attributes, and what they raise."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from peer.api.event_target import EventHandler, EventTarget
from peer.api.events import Event, MessageEvent


class Target(EventTarget):
    """What is tested."""

    onmessage = EventHandler[MessageEvent]()
    onerror = EventHandler[Event]()


HELLO = MessageEvent("hello")


@contextmanager
def reports() -> Iterator[list[BaseException]]:
    """Collect what goes to the exception handler of the running loop."""
    found: list[BaseException] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, context: found.append(context["exception"]))
    yield found
    loop.set_exception_handler(None)


async def turn() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_each_kind_of_listener_gets_its_own() -> None:
    target = Target()
    got: list[tuple[str, Any]] = []

    @target.on("message")
    def bare(data: str) -> None:
        got.append(("on", data))

    target.addEventListener("message", lambda event: got.append(("listener", event)))
    target.onmessage = lambda event: got.append(("attribute", event))
    target.dispatch("message", HELLO, "hello")
    assert got == [("on", "hello"), ("listener", HELLO), ("attribute", HELLO)]


def test_an_announcement_says_no_more_than_its_name() -> None:
    target = Target()
    got: list[object] = []
    target.announce("open")
    target.on("open", lambda: got.append("on"))
    target.addEventListener("open", got.append)
    target.announce("open")
    assert got == ["on", Event("open")]


def test_listeners_without_arguments() -> None:
    target = Target()
    got: list[str] = []
    target.on("open", lambda: got.append("open"))
    target.dispatch("open", Event("open"))
    assert got == ["open"]


def test_coroutine_functions_in_every_form() -> None:
    async def scenario() -> None:
        target = Target()
        got: list[object] = []

        async def take(value: object) -> None:
            await asyncio.sleep(0)
            got.append(value)

        target.on("message", take)
        target.addEventListener("message", take)
        target.onmessage = take
        target.dispatch("message", HELLO, "hello")
        await turn()
        assert got == ["hello", HELLO, HELLO]

    asyncio.run(scenario())


@pytest.mark.parametrize("name", ["message", "error"])
def test_what_listeners_raise_is_reported_and_stops_nothing(name: str) -> None:
    async def scenario() -> None:
        target = Target()
        got: list[object] = []

        def refuse(_value: object) -> None:
            raise KeyError("at once")

        async def refuse_later(_value: object) -> None:
            await asyncio.sleep(0)
            raise IndexError("later")

        for add in (target.on, target.addEventListener):
            add(name, refuse)
            add(name, refuse_later)
        setattr(target, f"on{name}", refuse)
        target.on(name, got.append)
        target.addEventListener(name, got.append)
        with reports() as found:
            target.dispatch(name, HELLO, "hello")
            await turn()
        assert got == ["hello", HELLO]
        kinds = [type(error) for error in found]
        assert kinds == [KeyError, KeyError, KeyError, IndexError, IndexError]

    asyncio.run(scenario())


def test_what_listeners_raise_is_an_error_for_the_listeners_of_on_alone() -> None:
    async def scenario() -> None:
        target = Target()
        errors: list[object] = []
        events: list[object] = []

        def refuse(_event: Event) -> None:
            raise KeyError("at once")

        async def refuse_later(_event: Event) -> None:
            raise IndexError("later")

        target.on("error", errors.append)
        target.onerror = events.append
        target.onmessage = refuse
        target.addEventListener("message", refuse_later)
        with reports() as found:
            target.dispatch("message", HELLO, "hello")
            await turn()
        assert [type(error) for error in errors] == [KeyError, IndexError]
        assert (events, found) == ([], [])

    asyncio.run(scenario())


@pytest.mark.parametrize("name", ["message", "error"])
def test_what_listeners_raise_outside_of_a_loop_is_logged(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_event: Event) -> None:
        raise KeyError("at once")

    target = Target()
    target.addEventListener(name, refuse)
    target.dispatch(name, HELLO, "hello")
    (record,) = caplog.records
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], KeyError)


def test_an_error_event_nobody_listens_to() -> None:
    target = Target()
    target.dispatch("error", Event("error"), Event("error"))
    got: list[Event] = []
    target.onerror = got.append
    target.dispatch("error", Event("error"), Event("error"))
    assert got == [Event("error")]


def test_a_listener_is_added_once_and_removed() -> None:
    target = Target()
    got: list[Event] = []
    target.addEventListener("message", got.append)
    target.addEventListener("message", got.append)
    target.dispatch("message", HELLO, "hello")
    assert got == [HELLO]
    target.removeEventListener("message", got.append)
    target.removeEventListener("message", got.append)
    target.dispatch("message", HELLO, "hello")
    assert got == [HELLO]


def test_a_listener_for_one_event() -> None:
    target = Target()
    got: list[Event] = []
    target.addEventListener("message", got.append, {"once": True})
    target.dispatch("message", HELLO, "hello")
    target.dispatch("message", HELLO, "hello")
    assert got == [HELLO]


def test_the_attribute_is_replaced_cleared_and_apart_from_listeners() -> None:
    target = Target()
    first: list[Event] = []
    second: list[Event] = []
    assert target.onmessage is None
    target.addEventListener("message", first.append)
    target.onmessage = first.append
    assert target.onmessage == first.append
    target.dispatch("message", HELLO, "hello")
    assert first == [HELLO, HELLO]
    target.onmessage = second.append
    target.removeEventListener("message", first.append)
    target.dispatch("message", HELLO, "hello")
    assert (first, second) == ([HELLO, HELLO], [HELLO])
    target.onmessage = None
    assert target.onmessage is None
    target.dispatch("message", HELLO, "hello")
    assert second == [HELLO]


def test_attributes_of_two_objects_are_apart() -> None:
    one, other = Target(), Target()
    one.onmessage = print
    assert other.onmessage is None
    assert isinstance(Target.onmessage, EventHandler)


def test_what_is_no_function_is_refused() -> None:
    target = Target()
    with pytest.raises(TypeError):
        target.onmessage = "print"  # type: ignore[assignment]
    with pytest.raises(TypeError):
        target.addEventListener("message", None)  # type: ignore[arg-type]


def test_who_listens() -> None:
    target = Target()
    ways: list[tuple[Callable[[], object], Callable[[], object]]] = [
        (
            lambda: target.on("message", print),
            lambda: target.remove_listener("message", print),
        ),
        (
            lambda: target.addEventListener("message", print),
            lambda: target.removeEventListener("message", print),
        ),
        (
            lambda: target.set_handler("message", print),
            lambda: target.set_handler("message", None),
        ),
    ]
    assert not target.has_listener("message")
    for add, remove in ways:
        add()
        assert target.has_listener("message")
        assert not target.has_listener("error")
        remove()
        assert not target.has_listener("message")


def test_all_listeners_are_removed_together() -> None:
    target = Target()
    target.on("message", print)
    target.onmessage = print
    target.addEventListener("message", print)
    target.remove_all_listeners()
    assert not target.has_listener("message")
    assert target.handler("message") is None
    target.onmessage = print
    assert target.has_listener("message")
