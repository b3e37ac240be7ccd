"""Server names to addresses."""

import socket
import threading
from typing import Any
from unittest.mock import Mock, patch

import pytest

from peer.net.resolver import ResolutionError, resolve

from .support import BOUND, run

Entry = tuple[int, int, int, str, tuple[Any, ...]]


def _entry(host: str) -> Entry:
    if ":" in host:
        return (socket.AF_INET6, socket.SOCK_DGRAM, 17, "", (host, 3478, 0, 0))
    return (socket.AF_INET, socket.SOCK_DGRAM, 17, "", (host, 3478))


def _answering(*hosts: str) -> Any:
    return patch("socket.getaddrinfo", Mock(return_value=[_entry(host) for host in hosts]))


def test_all_addresses_once_in_the_order_of_the_system() -> None:
    async def story() -> None:
        known = ("2001:db8::1", "192.0.2.1", "192.0.2.2", "2001:db8::2")
        with _answering(*known, known[0]):
            assert await resolve("turn.example", 3478) == [(host, 3478) for host in known]

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
        error = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        with (
            patch("socket.getaddrinfo", Mock(side_effect=error)),
            pytest.raises(ResolutionError, match=r"turn\.example: .*not known"),
        ):
            await resolve("turn.example", 3478)

    run(story())


@pytest.mark.parametrize("name", ["a..example", "nul\0.example"])
def test_name_that_cannot_be_asked_for(name: str) -> None:
    async def story() -> None:
        with pytest.raises(ResolutionError):
            await resolve(name, 3478)

    run(story())


def test_resolver_that_does_not_answer() -> None:
    release = threading.Event()

    async def story() -> None:
        with pytest.raises(ResolutionError, match=r"within 0\.05 s"):
            await resolve("turn.example", 3478, within=0.05)

    with patch("socket.getaddrinfo", lambda *_, **__: release.wait(BOUND)):
        run(story())
        release.set()
