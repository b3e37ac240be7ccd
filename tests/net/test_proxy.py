"""Proxies on the way to TURN servers: a small one of each kind on loopback."""

import asyncio
import contextlib
import socket
import ssl
import sys
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from unittest.mock import patch

import pytest

from peer.ice import (
    CandidateGathered,
    CandidateType,
    GatheringCompleted,
    GatheringFailed,
    IceRole,
    TransportAddress,
)
from peer.net import IceServer, Proxy
from tests.ice.turn.server import FakeServer

from .certificates import make_certificates
from .support import Side, assert_nothing_left, net, run

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
SCHEMES = ["http", "socks5"]


@asynccontextmanager
async def serving(serve: Serve, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A TCP server, all of whose connections end with it."""
    tasks: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await serve(reader, writer)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


class SmallProxy:
    """Understands HTTP CONNECT and SOCKS5, and asks for a password."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.readexactly(1)
        target = await (self._socks if first == b"\x05" else self._http)(reader, writer)
        if target is None:
            return
        self.asked.append(target)
        there, back = await asyncio.open_connection(*target)
        try:
            await asyncio.gather(self._pump(reader, back), self._pump(there, writer))
        finally:
            back.close()

    async def _http(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> tuple[str, int] | None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        if b64encode(b"user:secret").decode() not in head:
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
            return None
        host, _, port = head.split()[1].rpartition(":")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        return host, int(port)

    async def _socks(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> tuple[str, int] | None:
        await reader.readexactly((await reader.readexactly(1))[0])
        writer.write(b"\x05\x02")
        await reader.readexactly(1)
        user = await reader.readexactly((await reader.readexactly(1))[0])
        password = await reader.readexactly((await reader.readexactly(1))[0])
        right = (user, password) == (b"user", b"secret")
        writer.write(b"\x01\x00" if right else b"\x01\x01")
        if not right:
            return None
        _, _, _, kind = await reader.readexactly(4)
        assert kind == 1
        host = socket.inet_ntoa(await reader.readexactly(4))
        port = int.from_bytes(await reader.readexactly(2), "big")
        writer.write(b"\x05\x00\x00\x01" + bytes(6))
        return host, port

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1000):
            writer.write(data)
        writer.write_eof()


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A TURN server on a connection."""
    answers = FakeServer()
    answers.relayed = [TransportAddress("127.0.0.1", 50000)]
    while True:
        header = await reader.readexactly(20)
        body = await reader.readexactly(int.from_bytes(header[2:4], "big"))
        writer.write(answers.answer(header + body))


async def gather(proxy: Proxy, url: str, context: ssl.SSLContext | None = None) -> Side:
    """Gather with a TURN server behind a proxy."""
    side = Side(IceRole.CONTROLLING, config=net(proxy=proxy, ssl_context=context))
    side.driver.gather([IceServer((url,), "user", "secret")])
    await side.event(GatheringCompleted)
    await side.close()
    return side


def relayed(side: Side) -> bool:
    kinds = [event.candidate.type for event in side.of(CandidateGathered)]
    return CandidateType.RELAYED in kinds


@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_turn_server_behind_a_proxy(scheme: str, secure: bool, tmp_path: Path) -> None:
    pytest.importorskip("python_socks")
    files = make_certificates(tmp_path)
    there = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    there.load_cert_chain(files.certificate, files.key)
    ours = ssl.create_default_context(cafile=str(files.authority))

    async def story() -> None:
        small = SmallProxy()
        async with (
            serving(small.serve) as port,
            serving(answer, there if secure else None) as turn,
        ):
            proxy = Proxy(f"{scheme}://user:secret@127.0.0.1:{port}")
            url = f"turn{'s' * secure}:127.0.0.1:{turn}?transport=tcp"
            side = await gather(proxy, url, ours)
            assert relayed(side)
            assert small.asked == [("127.0.0.1", turn)]
        await assert_nothing_left()

    run(story())


async def hang_up(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """A proxy that says nothing."""


async def babble(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"\xff\x00 no protocol at all\r\n\r\n")


@pytest.mark.parametrize("serve", [SmallProxy().serve, hang_up, babble])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_proxy_that_refuses_is_told(scheme: str, serve: Serve) -> None:
    """Nothing escapes, no socket stays, and the password is in no message."""
    pytest.importorskip("python_socks")

    async def story() -> None:
        async with serving(serve) as port:
            proxy = Proxy(f"{scheme}://user:wrong@127.0.0.1:{port}")
            side = await gather(proxy, "turn:127.0.0.1:9?transport=tcp")
        assert not relayed(side)
        failed = side.of(GatheringFailed)
        assert failed
        assert "wrong" not in repr(failed)
        await assert_nothing_left()

    run(story())


def test_a_proxy_that_is_not_there_is_told() -> None:
    pytest.importorskip("python_socks")

    async def story() -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            proxy = Proxy(f"socks5://127.0.0.1:{free.getsockname()[1]}")
            side = await gather(proxy, "turn:127.0.0.1:9?transport=tcp")
        assert side.of(GatheringFailed)

    run(story())


@pytest.mark.parametrize(
    "url", ["", "127.0.0.1:80", "http://host", "https://host:1", "socks4://host:1", "http://:1"]
)
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="a proxy is"):
        Proxy(url)


def test_without_the_library() -> None:
    with (
        patch.dict(sys.modules, {"python_socks.async_.asyncio": None, "python_socks": None}),
        pytest.raises(ImportError, match=r"aiopeer\[proxy\]"),
    ):
        Proxy("http://127.0.0.1:1")


def test_nothing_secret_is_shown() -> None:
    pytest.importorskip("python_socks")
    assert repr(Proxy("http://user:secret@127.0.0.1:1")) == "<Proxy http://127.0.0.1:1>"
