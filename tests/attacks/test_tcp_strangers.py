"""Strangers at a passive TCP candidate: they get little, and keep nobody out."""

import asyncio
import errno
import socket
import time
from collections.abc import Callable
from random import Random
from unittest.mock import patch

import pytest

from peer.ice import (
    ConnectionReleased,
    DropReason,
    GatheringCompleted,
    IceAgent,
    IceConfig,
    IceParameters,
    IceRole,
    Limits,
    TcpType,
    TransportAddress,
    TransportProtocol,
    stun,
)
from peer.ice.framing import frame
from peer.net.listener import Listener
from peer.net.tcp import SLICE, TcpConnection
from tests.ice.builders import REMOTE, binding_request, make_valid
from tests.net.support import Side, eventually, net, run

LOCAL = TransportAddress("192.0.2.1", 7000)
PASSIVE = frozenset({TcpType.PASSIVE})
OURS = IceParameters("ours", "o" * 22)
MANY_TURNS = 100
"""Of the loop: enough to see one that spins."""
CHECK = frame(
    binding_request(
        f"{OURS.username_fragment}:{REMOTE.username_fragment}",
        OURS.password.encode(),
        extra=[(stun.ICE_CONTROLLING, 1)],
    )
)
JUNK = frame(b"\x16\xfe\xfd" + bytes(200))
"""As long as the beginning of DTLS, and as little authenticated."""


class Victim:
    """An agent that listens."""

    def __init__(self, limits: Limits | None = None) -> None:
        config = IceConfig(limits=limits or Limits())
        self.agent = IceAgent(config, role=IceRole.CONTROLLED, entropy=Random(1).randbytes)
        self.agent.add_stream("0", parameters=OURS)
        self.agent.add_base(
            "0", 1, LOCAL, transport=TransportProtocol.TCP, tcp_type=TcpType.PASSIVE
        )
        self.agent.set_remote_parameters("0", REMOTE)
        self.agent.handle_timer(now=0.0)
        self.open: list[int] = []
        self.hosts: dict[int, str] = {}

    def connect(self, host: str, port: int = 4000) -> int:
        handle = self.agent.connection_opened(
            None, local=LOCAL, remote=TransportAddress(host, port), now=0.0
        )
        assert handle is not None
        self.open.append(handle)
        self.hosts[handle] = host
        self._look()
        return handle

    def take(self, handle: int, data: bytes) -> float:
        """Give the seconds of CPU that bytes cost."""
        begin = time.thread_time()
        self.agent.receive_bytes(handle, data, now=0.0)
        cost = time.thread_time() - begin
        self._look()
        return cost

    def _look(self) -> None:
        while (event := self.agent.next_event()) is not None:
            if isinstance(event, ConnectionReleased):
                self.open.remove(event.handle)

    def drops(self, reason: DropReason) -> int:
        return self.agent.stats().drops.get(reason.value, 0)


def test_silent_strangers_keep_nobody_out() -> None:
    """The newest may always try: the oldest gives way."""
    victim = Victim()
    handles = [victim.connect(f"203.0.113.{number}") for number in range(64)]
    assert victim.open == handles
    for number in range(100):
        newest = victim.connect("198.51.100.1", 4000 + number)
        assert newest in victim.open
        assert len(victim.open) == 64
    assert victim.drops(DropReason.TOO_MANY_CONNECTIONS) == 100


@pytest.mark.parametrize("host", ["203.0.113.9", "2001:db8::{}"])
def test_one_source_has_a_share(host: str) -> None:
    """An IPv6 network counts as one source: its owner has all of its addresses."""
    victim = Victim()
    other = victim.connect("2001:db8:0:1::1")
    for number in range(1, 1000):
        victim.connect(host.format(f"{number:x}"), 1024 + number)
    assert other in victim.open
    assert len(victim.open) == 1 + 8


def test_the_source_with_the_most_makes_room() -> None:
    victim = Victim()
    honest = victim.connect("198.51.100.1")
    for number in range(8):
        for source in range(9):
            victim.connect(f"203.0.113.{source}", 1024 + number)
    assert len(victim.open) == 64
    assert honest in victim.open


def test_a_peer_opens_a_bounded_number() -> None:
    """The connection of a valid pair stays; of the others the oldest give way."""
    victim = Victim()
    first = victim.connect("198.51.100.1")
    victim.take(first, CHECK)
    session = victim.agent._session
    stream = session.streams["0"]
    (pair,) = stream.current.checklist.pairs
    make_valid(session, stream, pair)
    for number in range(200):
        newest = victim.connect("198.51.100.1", 5000 + number)
        victim.take(newest, CHECK)
        assert newest in victim.open
        assert len(victim.open) <= 64
    assert first in victim.open
    assert len(session.connections.all()) == len(victim.open) == 64
    assert victim.drops(DropReason.TOO_MANY_CONNECTIONS) == 201 - 64


def test_no_connection_of_a_valid_pair_gives_way() -> None:
    victim = Victim(Limits(peer_connections=2))
    session = victim.agent._session
    stream = session.streams["0"]
    handles = [victim.connect("198.51.100.1", 4000 + number) for number in range(3)]
    for handle in handles[:2]:
        victim.take(handle, CHECK)
    make_valid(session, stream, *stream.current.checklist.pairs)
    victim.take(handles[2], CHECK + CHECK)
    assert victim.open == handles[:2]
    assert victim.drops(DropReason.TOO_MANY_CONNECTIONS) == 1


@pytest.mark.parametrize("size", [2, 4, 1024, 1 << 20])
def test_empty_frames_end_it(size: int) -> None:
    victim = Victim()
    handle = victim.connect("203.0.113.9")
    cost = victim.take(handle, bytes(size))
    assert victim.open == []
    assert victim.drops(DropReason.STRANGER_EMPTY_FRAME) == 1
    assert sum(victim.agent.stats().drops.values()) == 1
    assert cost < 0.05  # 2 ms on an idle machine


@pytest.mark.parametrize("piece", [1, 100, 1 << 20])
def test_few_frames(piece: int) -> None:
    victim = Victim()
    handle = victim.connect("203.0.113.9")
    data, cost = frame(b"\x00") * 100_000, 0.0
    for at in range(0, len(data), piece):
        if victim.open:
            cost = max(cost, victim.take(handle, data[at : at + piece]))
    assert victim.open == []
    assert victim.drops(DropReason.STRANGER_TOO_MUCH) == 1
    assert sum(victim.agent.stats().drops.values()) == 32 + 1
    assert cost < 0.05


@pytest.mark.parametrize("piece", [100, 1 << 20])
def test_few_bytes(piece: int) -> None:
    """Of a frame that never ends no more is kept than of others."""
    victim = Victim()
    handle = victim.connect("203.0.113.9")
    data, sent = b"\xff\xff" + b"\x01" * 60_000, 0
    for at in range(0, len(data), piece):
        if victim.open:
            victim.take(handle, data[at : at + piece])
            sent += len(data[at : at + piece])
    assert victim.open == []
    assert sent <= 16_384 + piece
    assert victim.drops(DropReason.STRANGER_TOO_MUCH) == 1


def test_a_peer_that_authenticates_is_no_stranger() -> None:
    """What comes after the check is bounded no more, in the same read even."""
    victim = Victim()
    handle = victim.connect("203.0.113.9")
    victim.take(handle, JUNK * 10 + CHECK + JUNK * 1000 + bytes(1000) + JUNK)
    assert victim.open == [handle]
    victim.take(handle, JUNK * 1000)
    for number in range(200):
        victim.connect(f"198.51.100.{number}")
    assert handle in victim.open
    assert len(victim.open) == 1 + 64


class Owner:
    """Counts what a connection hands on in one iteration of the loop."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.turns: list[int] = []
        self.turn = 0

    def connection_opened(
        self, connection: TcpConnection, local: tuple[str, int], remote: tuple[str, int]
    ) -> None: ...

    def bytes_received(self, connection: TcpConnection, data: bytes) -> None:
        self.pieces.append(data)
        self.turns.append(self.turn)

    def connection_closed(self, connection: TcpConnection, reason: str) -> None: ...


def test_a_read_is_worked_on_in_slices() -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        owner = Owner()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        theirs.setblocking(False)
        connection = TcpConnection(owner, loop)
        data = Random(1).randbytes(1 << 20)
        with patch.object(TcpConnection, "connection_made", _made):
            connection.adopt(ours)
            await asyncio.sleep(0)
            owner.turn = 1
            counting = loop.create_task(_count(owner))
            await loop.sock_sendall(theirs, data)
            await eventually(lambda: sum(map(len, owner.pieces)) == len(data))
        counting.cancel()
        assert b"".join(owner.pieces) == data
        assert max(map(len, owner.pieces)) <= SLICE
        assert len(set(owner.turns)) == len(owner.turns)  # never two in one iteration
        connection.abort()
        await connection.wait_closed()
        theirs.close()

    run(story())


async def _count(owner: Owner) -> None:
    while True:
        owner.turn += 1
        await asyncio.sleep(0)


def _made(self: TcpConnection, transport: asyncio.Transport) -> None:
    self._transport = transport


def test_without_room_for_another_connection_nobody_is_accepted_for_a_while() -> None:
    """EMFILE leaves who waits waiting, and the socket readable: without a pause the loop spins."""

    async def story() -> None:
        loop = asyncio.get_running_loop()
        accepted: list[socket.socket] = []
        with patch("peer.net.listener.PAUSE", 0.5):
            listener = Listener(loop, "127.0.0.1", accepted.append)
            tries: list[int] = []
            real = listener._socket
            listener._socket = Refusing(real, tries.append)  # type: ignore[assignment]
            with socket.create_connection(listener.address):
                await eventually(lambda: tries)
                for _ in range(MANY_TURNS):
                    await asyncio.sleep(0)
                assert tries == [errno.EMFILE]
                listener._socket = real
                await eventually(lambda: accepted)
            listener.close()
        for each in accepted:
            each.close()

    run(story())


class Refusing:
    """A listening socket on a machine that has no file descriptor left."""

    def __init__(self, real: socket.socket, tried: Callable[[int], object]) -> None:
        self._real = real
        self._tried = tried

    def accept(self) -> tuple[socket.socket, object]:
        self._tried(errno.EMFILE)
        raise OSError(errno.EMFILE, "Too many open files")

    def fileno(self) -> int:
        return self._real.fileno()


def test_strangers_over_sockets() -> None:
    """A megabyte of empty frames, and 64 silent connections: who comes last is let in."""

    async def story() -> None:
        side = Side(IceRole.CONTROLLING, config=net(tcp_types=PASSIVE))
        side.driver.gather()
        await side.event(GatheringCompleted)
        (local,) = side.driver._sockets._listeners
        reader, writer = await asyncio.open_connection(*local)
        begin = time.thread_time()
        writer.write(bytes(1 << 20))
        async with asyncio.timeout(10):
            assert await _ended(reader)
        assert time.thread_time() - begin < 0.25
        writer.close()
        silent = [await asyncio.open_connection(*local) for _ in range(64)]
        reader, writer = await asyncio.open_connection(*local)
        await eventually(lambda: len(side.driver._connections._handles) == 8)
        assert not reader.at_eof()
        for _, each in [*silent, (reader, writer)]:
            each.close()
        await side.close()

    run(story())


async def _ended(reader: asyncio.StreamReader) -> bool:
    try:
        return await reader.read() == b""
    except ConnectionError:
        return True
