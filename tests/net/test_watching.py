"""Noticing that the machine's addresses have changed."""

import asyncio
import gc
import socket
import weakref
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest

from peer.net import MACHINE
from peer.net.address_cache import shared
from peer.net.watching import Watcher, open_netlink, watch

from .support import assert_nothing_left, run


@pytest.fixture
def kernel() -> Iterator[socket.socket]:
    """What stands for the kernel: a datagram from here is a change."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    theirs.setblocking(False)
    with ours, patch("peer.net.watching.open_netlink", lambda: theirs):
        yield ours


def test_everybody_is_told_once_of_what_changes_together(kernel: socket.socket) -> None:
    async def story() -> None:
        told: list[str] = []
        heard = asyncio.Event()

        def last() -> None:
            told.append("two")
            heard.set()

        one = watch(lambda: told.append("one"))
        two = MACHINE.watch(last)
        before = shared.addresses()
        for _ in range(3):
            kernel.send(b"anything")
        await heard.wait()
        assert told == ["one", "two"]
        assert shared.addresses() == before
        one.close()
        heard.clear()
        kernel.send(b"more")
        await heard.wait()
        assert told == ["one", "two", "two"]
        two.close()
        two.close()
        await assert_nothing_left()

    run(story())


def test_one_who_fails_keeps_it_from_no_other(kernel: socket.socket) -> None:
    async def story() -> None:
        reported: list[dict[str, Any]] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, what: reported.append(what))
        heard = asyncio.Event()
        mistake = ValueError("a mistake")

        def fail() -> None:
            raise mistake

        listening = [watch(fail), watch(heard.set)]
        kernel.send(b"anything")
        await heard.wait()
        assert [what["exception"] for what in reported] == [mistake]
        for each in listening:
            each.close()

    run(story())


def test_loops_are_not_kept(kernel: socket.socket) -> None:
    async def story() -> "weakref.ref[asyncio.AbstractEventLoop]":
        watch(lambda: None).close()
        return weakref.ref(asyncio.get_running_loop())

    kept = asyncio.run(story())
    gc.collect()
    assert kept() is None


def test_nobody_is_told_after_the_end(kernel: socket.socket) -> None:
    async def story() -> None:
        told: list[str] = []
        listening = watch(lambda: told.append("late"))
        kernel.send(b"anything")
        await asyncio.sleep(0)
        listening.close()
        await assert_nothing_left()
        assert told == []

    run(story())


def test_without_the_kernel_s_word_it_is_looked_at_now_and_then() -> None:
    async def story() -> None:
        heard = asyncio.Event()
        listening = watch(heard.set)
        for _ in range(2):
            heard.clear()
            await heard.wait()
        listening.close()
        await assert_nothing_left()

    silent = patch("peer.net.watching.open_netlink", lambda: None)
    with silent, patch("peer.net.watching.POLL", 0.001):
        run(story())


def test_a_loop_that_cannot_watch_sockets(kernel: socket.socket) -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        heard = asyncio.Event()
        with patch.object(loop, "add_reader", side_effect=NotImplementedError):
            listening = Watcher(loop).add(heard.set)
        await heard.wait()
        listening.close()

    with patch("peer.net.watching.POLL", 0.001):
        run(story())


def test_a_system_without_such_sockets() -> None:
    with patch("peer.net.watching.sys.platform", "darwin"):
        assert open_netlink() is None
    with patch("peer.net.watching.socket.socket", side_effect=OSError("not permitted")):
        assert open_netlink() is None
