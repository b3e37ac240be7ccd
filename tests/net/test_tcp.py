"""TCP and TLS connections."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from peer.ice import ConnectionRequested, ConnectionTransport, TransportAddress
from peer.net.listener import Listener
from peer.net.tcp import MAX_BUFFERED, TcpConnection

from .certificates import Certificates, make_certificates
from .support import assert_nothing_left, eventually, reset, run


class Owner:
    """What a connection told."""

    def __init__(self) -> None:
        self.opened: tuple[tuple[str, int], tuple[str, int]] | None = None
        self.data = b""
        self.closed: list[str] = []

    def connection_opened(
        self, connection: TcpConnection, local: tuple[str, int], remote: tuple[str, int]
    ) -> None:
        self.opened = local, remote

    def bytes_received(self, connection: TcpConnection, data: bytes) -> None:
        self.data += data

    def connection_closed(self, connection: TcpConnection, reason: str) -> None:
        self.closed.append(reason)


def _request(
    port: int, transport: ConnectionTransport = ConnectionTransport.TCP, name: str | None = None
) -> ConnectionRequested:
    local, remote = TransportAddress("127.0.0.2", 0), TransportAddress("127.0.0.1", port)
    return ConnectionRequested(1, transport, local, remote, name)


def _connect(
    request: ConnectionRequested, context: ssl.SSLContext | None = None
) -> tuple[TcpConnection, Owner]:
    owner = Owner()
    connection = TcpConnection(owner, asyncio.get_running_loop())
    connection.connect(request, context)
    return connection, owner


@asynccontextmanager
async def _echo_server(context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1000):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


def _server_context(files: Certificates) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    return context


def test_bytes_both_ways_over_tcp() -> None:
    async def story() -> None:
        async with _echo_server() as port:
            connection, owner = _connect(_request(port))
            await eventually(lambda: owner.opened)
            assert owner.opened is not None
            assert owner.opened[0][0] == "127.0.0.2"
            assert owner.opened[1] == ("127.0.0.1", port)
            assert connection.write(b"hello")
            await eventually(lambda: owner.data == b"hello")
            connection.close()
            await connection.wait_closed()
        assert owner.closed == []

    run(story())


def test_nobody_listens() -> None:
    async def story() -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
            connection, owner = _connect(_request(port))
            await eventually(lambda: owner.closed)
        assert len(owner.closed) == 1
        assert owner.opened is None
        assert not connection.write(b"x")
        connection.close()
        await connection.wait_closed()
        await assert_nothing_left()

    run(story())


def test_a_server_that_does_not_answer_in_time() -> None:
    async def story() -> None:
        with (
            socket.create_server(("127.0.0.1", 0)) as server,
            patch("peer.net.tcp.CONNECT_TIMEOUT", 0.05),
        ):
            request = _request(server.getsockname()[1], ConnectionTransport.TLS)
            connection, owner = _connect(request, ssl.create_default_context())
            await eventually(lambda: owner.closed)
        assert owner.closed == ["no connection in time"]
        await connection.wait_closed()
        await assert_nothing_left()

    run(story())


def test_the_peer_closes() -> None:
    async def story() -> None:
        async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.close()

        server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
        connection, owner = _connect(_request(server.sockets[0].getsockname()[1]))
        await eventually(lambda: owner.closed)
        assert owner.closed == ["closed by the peer"]
        assert not connection.write(b"x")
        await connection.wait_closed()
        server.close()
        await server.wait_closed()
        await assert_nothing_left()

    run(story())


def test_the_peer_has_reset_a_connection_before_it_is_looked_at() -> None:
    """The system knows no peer of it any more: it was never open, and nothing escapes."""

    async def story() -> None:
        loop = asyncio.get_running_loop()
        escaped: list[dict[str, Any]] = []
        loop.set_exception_handler(lambda _, context: escaped.append(context))
        owner = Owner()
        connection = TcpConnection(owner, loop)
        listener = Listener(loop, "127.0.0.1", connection.adopt)
        reset(listener.address)
        await eventually(lambda: owner.closed)
        await connection.wait_closed()
        listener.close()
        assert (owner.opened, len(owner.closed), escaped) == (None, 1, [])
        await assert_nothing_left()

    run(story())


def test_a_slow_peer_loses_whole_messages() -> None:
    """What does not fit is dropped and counted; memory stays bounded."""

    async def story() -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            connection, owner = _connect(_request(server.getsockname()[1]))
            await eventually(lambda: owner.opened)
            message = bytes(64 * 1024)
            written = 0
            while connection.write(message):
                written += 1
            assert connection.dropped == 1
            assert written >= MAX_BUFFERED // len(message)
            connection.close()
            # Nobody reads: what waits is given up.
            async with asyncio.timeout(5):
                await connection.wait_closed()
        await assert_nothing_left()

    run(story())


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", None])
def test_certificate_with_the_right_name(tmp_path: Path, name: str | None) -> None:
    async def story() -> None:
        files = make_certificates(tmp_path)
        trusting = ssl.create_default_context(cafile=files.authority)
        async with _echo_server(_server_context(files)) as port:
            connection, owner = _connect(_request(port, ConnectionTransport.TLS, name), trusting)
            await eventually(lambda: owner.opened)
            assert connection.write(b"hello")
            await eventually(lambda: owner.data == b"hello")
            connection.close()
            await connection.wait_closed()

    run(story())


def test_certificate_of_another_server(tmp_path: Path) -> None:
    """RFC 8489 §6.2.3."""

    async def story() -> None:
        files = make_certificates(tmp_path)
        trusting = ssl.create_default_context(cafile=files.authority)
        async with _echo_server(_server_context(files)) as port:
            request = _request(port, ConnectionTransport.TLS, "turn.example.org")
            connection, owner = _connect(request, trusting)
            await eventually(lambda: owner.closed)
        assert "turn.example.org" in owner.closed[0]
        assert owner.opened is None
        await connection.wait_closed()

    run(story())


@pytest.mark.parametrize("name", [".example.org", "a" * 64 + ".example", "x..example"])
def test_name_no_certificate_can_carry(name: str) -> None:
    """A server may redirect to any name (RFC 8656 §19.1)."""

    async def story() -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            request = _request(server.getsockname()[1], ConnectionTransport.TLS, name)
            connection, owner = _connect(request, ssl.create_default_context())
            await eventually(lambda: owner.closed)
            connection.close()
            await connection.wait_closed()
        assert len(owner.closed) == 1
        await assert_nothing_left()

    run(story())


def test_certificate_nobody_vouches_for(tmp_path: Path) -> None:
    """Without a context of the application's the system's authorities decide."""

    async def story() -> None:
        files = make_certificates(tmp_path)
        async with _echo_server(_server_context(files)) as port:
            connection, owner = _connect(_request(port, ConnectionTransport.TLS, "localhost"))
            await eventually(lambda: owner.closed)
        assert "verify failed" in owner.closed[0]
        await connection.wait_closed()

    run(story())


def test_closing_while_connecting() -> None:
    async def story() -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            for _ in range(3):
                request = _request(server.getsockname()[1], ConnectionTransport.TLS)
                connection, owner = _connect(request, ssl.create_default_context())
                connection.close()
                connection.close()
                await connection.wait_closed()
                assert (owner.opened, owner.closed) == (None, [])
        await assert_nothing_left()

    run(story())
