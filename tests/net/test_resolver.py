"""Server names to addresses."""

import asyncio
import socket
from typing import Any
from unittest.mock import patch

import pytest

from peer.net.resolver import ResolutionError, resolve

from .support import run

Entry = tuple[int, int, int, str, tuple[Any, ...]]


def _entry(host: str) -> Entry:
    if ":" in host:
        return (socket.AF_INET6, socket.SOCK_DGRAM, 17, "", (host, 3478, 0, 0))
    return (socket.AF_INET, socket.SOCK_DGRAM, 17, "", (host, 3478))


def _answering(*hosts: str) -> Any:
    async def getaddrinfo(*_: object, **__: object) -> list[Entry]:
        return [_entry(host) for host in hosts]

    return patch.object(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)


def test_one_address_of_each_family() -> None:
    async def story() -> None:
        with _answering("2001:db8::1", "192.0.2.1", "192.0.2.2", "2001:db8::2"):
            assert await resolve("turn.example", 3478) == [
                ("2001:db8::1", 3478),
                ("192.0.2.1", 3478),
            ]

    run(story())


def test_literals_need_no_resolver() -> None:
    async def story() -> None:
        assert await resolve("127.0.0.1", 1) == [("127.0.0.1", 1)]

    run(story())


def test_no_usable_address() -> None:
    async def story() -> None:
        with _answering(), pytest.raises(ResolutionError, match="no address"):
            await resolve("turn.example", 3478)

    run(story())


def test_unknown_name() -> None:
    async def story() -> None:
        async def getaddrinfo(*_: object, **__: object) -> list[Entry]:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

        loop = asyncio.get_running_loop()
        with (
            patch.object(loop, "getaddrinfo", getaddrinfo),
            pytest.raises(ResolutionError, match=r"turn\.example: .*not known"),
        ):
            await resolve("turn.example", 3478)

    run(story())


def test_name_that_cannot_be_encoded() -> None:
    async def story() -> None:
        with pytest.raises(ResolutionError):
            await resolve("a..example", 3478)

    run(story())


def test_resolver_that_does_not_answer() -> None:
    async def story() -> None:
        async def getaddrinfo(*_: object, **__: object) -> list[Entry]:
            await asyncio.Event().wait()
            return []

        loop = asyncio.get_running_loop()
        with (
            patch.object(loop, "getaddrinfo", getaddrinfo),
            pytest.raises(ResolutionError, match=r"within 0\.05 s"),
        ):
            await resolve("turn.example", 3478, within=0.05)

    run(story())
