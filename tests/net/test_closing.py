"""Closing at every stage: it returns, and leaves nothing in the loop."""

import asyncio
import gc
import socket
import threading
import warnings
from collections.abc import Awaitable, Callable
from unittest.mock import patch

import pytest

from peer.ice import CandidateGathered, GatheringCompleted, IceConfig, IceRole
from peer.net import IceServer

from .support import (
    BOUND,
    Side,
    assert_nothing_left,
    connect,
    eventually,
    net,
    pair,
    readers,
    run,
    timers,
)

Stage = Callable[[Side, Side], Awaitable[None]]


async def fresh(one: Side, other: Side) -> None:
    del one, other


async def gathering(one: Side, other: Side) -> None:
    one.driver.gather()
    other.driver.gather()


async def gathered(one: Side, other: Side) -> None:
    await gathering(one, other)
    await one.event(GatheringCompleted)


async def asking_a_silent_server(one: Side, other: Side) -> None:
    del other
    # The discard port of this machine: nobody answers.
    one.driver.gather([IceServer(("stun:127.0.0.1:9",))])
    await one.event(CandidateGathered)


async def connecting_to_a_turn_server(one: Side, other: Side) -> None:
    del other
    one.driver.gather(
        [IceServer(("turn:127.0.0.1:9?transport=tcp", "turns:127.0.0.1:9"), "user", "secret")]
    )
    await one.event(CandidateGathered)
    await eventually(lambda: one.driver._connections._open or len(one.events) > 2)


async def checking(one: Side, other: Side) -> None:
    await gathered(one, other)
    one.meet(other)
    other.meet(one)


async def connected(one: Side, other: Side) -> None:
    await connect(one, other)


async def restarting(one: Side, other: Side) -> None:
    await connect(one, other)
    one.driver.restart("0")
    other.driver.restart("0")


STAGES: list[Stage] = [
    fresh,
    gathering,
    gathered,
    asking_a_silent_server,
    connecting_to_a_turn_server,
    checking,
    connected,
    restarting,
]


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.__name__)
def test_close_leaves_nothing(stage: Stage) -> None:
    async def story() -> None:
        one, other = pair()
        await stage(one, other)
        await one.close()
        await other.close()
        count = len(one.events), len(one.data)
        await assert_nothing_left()
        await one.close()
        await other.close()
        await assert_nothing_left()
        assert (len(one.events), len(one.data)) == count

    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        run(story())
        gc.collect()


def test_nothing_is_handed_out_from_the_moment_of_closing() -> None:
    async def story() -> None:
        one, other = pair()
        await connect(one, other)
        for _ in range(5):
            one.driver.send("0", 1, b"\x80late")
        # What waits in the socket is not read any more.
        closing = asyncio.ensure_future(other.driver.close())
        events = len(other.events)
        await closing
        assert (len(other.events), other.data) == (events, [])
        await one.close()
        await assert_nothing_left()

    run(story())


def test_closing_twice_at_once() -> None:
    async def story() -> None:
        one, other = pair()
        await connect(one, other)
        await asyncio.gather(one.close(), one.close(), other.close(), other.close())
        await assert_nothing_left()

    run(story())


def test_neither_close_nor_the_loop_waits_for_a_resolver() -> None:
    async def story() -> None:
        one, other = pair()
        one.driver.gather([IceServer(("stun:stun.example.net",))])
        await eventually(asked.is_set)
        await one.close()
        await other.close()
        await assert_nothing_left()

    asked, release, answered = threading.Event(), threading.Event(), threading.Event()

    def silent(*_: object, **__: object) -> object:
        asked.set()
        release.wait(BOUND)
        answered.set()
        return []

    with patch("socket.getaddrinfo", silent):
        # The loop ends while the question is still open, and its late answer harms nobody.
        run(story())
        assert not answered.is_set()
        release.set()
        assert answered.wait(BOUND)


def test_close_does_not_wait_for_a_server_that_does_not_take_the_connection() -> None:
    """A TLS handshake nobody answers: the server accepts and is silent."""

    async def story() -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            one = Side(IceRole.CONTROLLING)
            one.driver.gather([IceServer((f"turns:127.0.0.1:{port}",), "user", "secret")])
            await eventually(lambda: one.driver._connections._open)
            await eventually(lambda: len(readers()) > 1)
            await one.close()
            await assert_nothing_left()

    run(story())


def test_closing_inside_of_an_event() -> None:
    async def story() -> None:
        closed: list[asyncio.Task[None]] = []
        one, other = pair()

        def listener(event: object) -> None:
            if not closed:
                closed.append(asyncio.ensure_future(one.driver.close()))

        with patch.object(one.driver, "_on_event", listener):
            one.driver.gather()
            await eventually(lambda: closed)
            await closed[0]
        await other.close()
        await assert_nothing_left()

    run(story())


def test_a_sink_that_closes_the_driver() -> None:
    async def story() -> None:
        one, other = pair()
        await connect(one, other)
        closing: list[asyncio.Task[None]] = []

        def sink(data: bytes, now: float) -> None:
            del data, now
            closing.append(asyncio.ensure_future(other.driver.close()))

        other.driver.set_sink("0", 1, sink)
        for _ in range(3):
            one.driver.send("0", 1, b"\x80x")
        await eventually(lambda: closing)
        await asyncio.gather(*closing)
        await one.close()
        await assert_nothing_left()

    run(story())


def test_cancelled_close_still_closes_the_sockets() -> None:
    async def story() -> None:
        one, other = pair()
        await connect(one, other)
        task = asyncio.ensure_future(one.driver.close())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        assert one.driver._sockets._ports == {}
        await one.close()
        await other.close()
        await assert_nothing_left()

    run(story())


def test_polling_ends_with_the_driver() -> None:
    async def story() -> None:
        one = Side(IceRole.CONTROLLED, config=net(poll_interval=60.0))
        one.driver.gather()
        await one.event(GatheringCompleted)
        assert len(timers()) == 1
        await one.close()
        await assert_nothing_left()

    run(story())


def test_a_driver_that_never_gathered_has_no_timer() -> None:
    async def story() -> None:
        one = Side(IceRole.CONTROLLED, ice=IceConfig())
        assert timers() == []
        await one.close()

    run(story())
