"""From URLs to servers."""

import asyncio

import pytest

from peer.ice import (
    InvalidParameterError,
    RelayFamily,
    StunServer,
    TransportAddress,
    TurnServer,
    TurnTransport,
)
from peer.net import IceServer
from peer.net.servers import Resolve, Server, Servers, parse_servers
from peer.net.system import MACHINE

from .support import eventually, run

TURN = IceServer(("turn:192.0.2.1?transport=tcp",), "user", "secret")


class Told:
    """What came out of a `Servers`."""

    def __init__(self, resolve: Resolve = MACHINE.resolve) -> None:
        self.used: list[Server] = []
        self.failed: list[tuple[str, str]] = []
        self.idle = 0
        self.servers = Servers(
            asyncio.get_running_loop(),
            use=self.used.append,
            fail=lambda url, reason: self.failed.append((url, reason)),
            idle=self._idle,
            resolve=resolve,
            within=1.0,
        )

    def _idle(self) -> None:
        self.idle += 1


def test_literals_are_used_at_once() -> None:
    async def story() -> None:
        told = Told()
        stun = IceServer(("stun:[2001:db8::1]:99",))
        assert told.servers.add(parse_servers([stun, TURN])) == []
        assert told.used == [
            StunServer(TransportAddress("2001:db8::1", 99), "stun:[2001:db8::1]:99"),
            TurnServer(
                TransportAddress("192.0.2.1", 3478),
                "turn:192.0.2.1?transport=tcp",
                "user",
                "secret",
                TurnTransport.TCP,
                RelayFamily.IPV4,
            ),
        ]
        assert not told.servers.resolving

    run(story())


def test_both_addresses_of_a_name_are_used() -> None:
    async def story() -> None:
        addresses = [TransportAddress("192.0.2.1", 3478), TransportAddress("2001:db8::1", 3478)]

        async def resolve(*_: object, **__: object) -> list[TransportAddress]:
            return addresses

        told = Told(resolve)
        told.servers.add(parse_servers([IceServer(("stun:stun.example",))]))
        assert told.servers.resolving
        await eventually(lambda: told.idle)
        assert [server.address for server in told.used] == addresses
        assert told.idle == 1

    run(story())


def test_a_server_is_used_once() -> None:
    async def story() -> None:
        told = Told()
        told.servers.add(parse_servers([TURN]))
        (known,) = told.servers.add(parse_servers([IceServer(TURN.urls, "user", "renewed")]))
        assert (known.url, known.given.credential) == (TURN.urls[0], "renewed")
        assert len(told.used) == 1

    run(story())


def test_a_server_that_failed_is_tried_again() -> None:
    async def story() -> None:
        told = Told()
        secure = parse_servers([IceServer(("stuns:stun.example",))])
        told.servers.add(secure)
        told.servers.add(secure)
        assert told.failed == [("stuns:stun.example", "STUN over TLS is not supported")] * 2

    run(story())


@pytest.mark.parametrize(
    "server",
    [
        IceServer(("turn:192.0.2.1",)),
        IceServer(("turn:192.0.2.1",), "user"),
        IceServer(("turn:192.0.2.1",), "u" * 509, "secret"),
        IceServer(("http://192.0.2.1",)),
        IceServer(("stun:",)),
    ],
    ids=repr,
)
def test_mistakes_are_told_before_anything_is_done(server: IceServer) -> None:
    with pytest.raises(InvalidParameterError):
        parse_servers([TURN, server])


def test_credentials_do_not_show() -> None:
    assert "secret" not in repr(TURN)
