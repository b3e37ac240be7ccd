"""A TCP port that many share: the first frame of a connection says whom it is for."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from peer.ice.stun import USERNAME, MessageClass, Method, build
from peer.net.shared_tcp import (
    DECIDE,
    MAX_FIRST_FRAME,
    MAX_UNDECIDED,
    MAX_UNDECIDED_PER_HOST,
    SharedTcp,
)
from peer.net.strangers import Stranger, Strangers
from peer.net.system import MACHINE
from peer.testing import Host, Network, run
from peer.testing.internet import SimConnection

from .support import assert_nothing_left, eventually, reset

PORT = 443


def frame(data: bytes) -> bytes:
    return len(data).to_bytes(2, "big") + data


def check(username: str | None = "a:remote", kind: MessageClass = MessageClass.REQUEST) -> bytes:
    attributes: list[Any] = [] if username is None else [(USERNAME, username)]
    return frame(build(Method.BINDING, kind, bytes(12), attributes))


class Bench:
    """A shared port of a simulated host, and what its shares were given."""

    def __init__(self, visitors: int = 1) -> None:
        net = Network()
        self.host = net.host("central")
        self.visitors = [net.host(f"visitor{number}") for number in range(visitors)]
        self.strangers: Strangers = Counter()
        self.ended = 0
        loop = asyncio.get_running_loop()
        self.shared = SharedTcp(
            loop, self.host.system, self.host.addresses[0], PORT, self.strangers, self._end
        )
        self.got: dict[str, list[bytes]] = {}
        self.shares = {name: self.shared.share(self._taker(name)) for name in "ab"}
        for name, share in self.shares.items():
            share.call({name})
        self.closed: list[SimConnection] = []

    def _end(self) -> None:
        self.ended += 1

    def _taker(self, name: str) -> Callable[[asyncio.Transport, bytes], object]:
        def take(transport: asyncio.Transport, data: bytes) -> None:
            self.got.setdefault(name, []).append(data)
            transport.set_protocol(asyncio.Protocol())

        return take

    def connect(self, visitor: Host | None = None) -> SimConnection:
        below = (visitor or self.visitors[0]).below
        connection = below.connect(below.addresses[0], (self.host.addresses[0], PORT))
        connection.on_close = lambda reason: self.closed.append(connection)
        return connection

    async def send(self, *pieces: bytes) -> SimConnection:
        """Connect, send these pieces one after the other, and wait a moment."""
        connection = self.connect()
        await asyncio.sleep(0.5)
        for piece in pieces:
            connection.send(piece)
            await asyncio.sleep(0.1)
        return connection


def bench(story: Callable[[Bench], Awaitable[None]], visitors: int = 1) -> None:
    async def main() -> None:
        made = Bench(visitors)
        try:
            await story(made)
        finally:
            for share in made.shares.values():
                share.close()
                await share.wait_closed()
        assert made.ended == 1

    run(main())


def test_the_first_check_decides() -> None:
    async def story(made: Bench) -> None:
        more = frame(b"\x16 the beginning of DTLS")
        await made.send(check("b:remote") + more)
        await made.send(*(bytes([each]) for each in check("a:remote")))
        assert made.got == {"b": [check("b:remote") + more], "a": [check("a:remote")]}
        assert made.strangers == {}
        await asyncio.sleep(2 * DECIDE)
        assert made.closed == []

    bench(story)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (check("nobody:remote"), Stranger.UNKNOWN_FRAGMENT),
        (check(None), Stranger.NO_FRAGMENT),
        (check(kind=MessageClass.SUCCESS), Stranger.NOT_A_CHECK),
        (frame(b"\x16 DTLS"), Stranger.NOT_A_CHECK),
        (frame(b""), Stranger.NOT_A_CHECK),
        ((MAX_FIRST_FRAME + 1).to_bytes(2, "big"), Stranger.NOT_A_CHECK),
        (b"GET / HTTP/1.1\r\n\r\n", Stranger.NOT_A_CHECK),
    ],
)
def test_strangers_are_counted_and_closed(data: bytes, reason: Stranger) -> None:
    async def story(made: Bench) -> None:
        connection = await made.send(data)
        assert made.closed == [connection]
        assert (made.got, made.strangers) == ({}, {reason: 1})

    bench(story)


@pytest.mark.parametrize("data", [b"", b"\x00", check()[:-1]])
def test_who_says_nothing_is_not_waited_for(data: bytes) -> None:
    async def story(made: Bench) -> None:
        connection = await made.send(data)
        assert made.closed == []
        await asyncio.sleep(DECIDE)
        assert made.closed == [connection]
        assert made.strangers == {Stranger.SILENT: 1}

    bench(story)


def test_who_leaves_is_counted_once() -> None:
    async def story(made: Bench) -> None:
        connection = await made.send(b"\x00")
        connection.abort()
        await asyncio.sleep(2 * DECIDE)
        assert made.strangers == {Stranger.SILENT: 1}

    bench(story)


def test_the_oldest_gives_way() -> None:
    """Of those of one address first: a crowd there keeps nobody else out."""

    async def story(made: Bench) -> None:
        crowd, other = made.visitors[:2]
        await made.send()
        for _ in range(MAX_UNDECIDED_PER_HOST):
            made.connect(crowd)
        made.connect(other)
        await asyncio.sleep(1)
        assert made.strangers == {Stranger.TOO_MANY_CONNECTIONS: 1}
        await made.send(check())
        assert made.got == {"a": [check()]}

    bench(story, visitors=2)


def test_all_of_them_are_bounded() -> None:
    async def story(made: Bench) -> None:
        for visitor in made.visitors:
            for _ in range(MAX_UNDECIDED_PER_HOST):
                made.connect(visitor)
        await asyncio.sleep(1)
        assert made.strangers[Stranger.TOO_MANY_CONNECTIONS] == len(made.closed)
        assert len(made.closed) == len(made.visitors) * MAX_UNDECIDED_PER_HOST - MAX_UNDECIDED

    bench(story, visitors=MAX_UNDECIDED // MAX_UNDECIDED_PER_HOST + 2)


def test_the_end_closes_those_who_have_said_nothing() -> None:
    async def story(made: Bench) -> None:
        await made.send(b"\x00")
        made.shares["a"].close()
        made.shares["a"].close()
        assert made.ended == 0
        assert await made.send(check()) in made.closed
        waiting = made.connect()
        made.shares["b"].close()
        assert made.ended == 1
        await asyncio.sleep(1)
        assert waiting in made.closed
        assert made.strangers == {Stranger.UNKNOWN_FRAGMENT: 1}

    bench(story)


def test_who_has_reset_the_connection_before_it_is_looked_at() -> None:
    """The system knows no peer of it any more: it is counted, and nothing escapes."""

    async def story() -> tuple[Strangers, list[dict[str, Any]]]:
        loop = asyncio.get_running_loop()
        escaped: list[dict[str, Any]] = []
        loop.set_exception_handler(lambda _, context: escaped.append(context))
        strangers: Strangers = Counter()
        shared = SharedTcp(loop, MACHINE, "127.0.0.1", 0, strangers, lambda: None)
        share = shared.share(lambda transport, data: None)
        reset(share.address)
        await eventually(lambda: strangers or escaped)
        share.close()
        await share.wait_closed()
        await assert_nothing_left()
        return strangers, escaped

    assert asyncio.run(story()) == ({Stranger.SILENT: 1}, [])
