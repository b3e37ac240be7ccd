"""UDP sockets: batches, errors, options, and loops of other kinds."""

import asyncio
import errno
import socket
import sys
from collections.abc import Coroutine
from typing import Any
from unittest.mock import Mock, patch

import pytest

from peer.net.faults import Fault
from peer.net.segmentation import receive_coalesced
from peer.net.udp import BATCH, MAX_DATAGRAM, UdpSocket, bind

from .support import assert_nothing_left, eventually, run


class Inbox:
    """What a socket received, batch by batch."""

    def __init__(self) -> None:
        self.datagrams: list[tuple[bytes, tuple[str, int], float]] = []
        self.batches: list[int] = []

    def receive(self, data: bytes, source: tuple[str, int], now: float) -> None:
        self.datagrams.append((data, source, now))

    def done(self) -> None:
        self.batches.append(len(self.datagrams) - sum(self.batches))

    async def holds(self, count: int) -> None:
        await eventually(lambda: len(self.datagrams) >= count)

    @property
    def data(self) -> list[bytes]:
        return [data for data, _, _ in self.datagrams]


def open_socket(host: str = "127.0.0.1", **settings: Any) -> tuple[UdpSocket, Inbox]:
    inbox = Inbox()
    loop = asyncio.get_running_loop()
    return UdpSocket(loop, bind(host, **settings), inbox.receive, inbox.done), inbox


async def _exchange(host: str) -> None:
    one, _ = open_socket(host)
    other, inbox = open_socket(host)
    before = asyncio.get_running_loop().time()
    assert one.send(b"hello", other.address)
    await eventually(lambda: inbox.datagrams)
    ((data, source, now),) = inbox.datagrams
    assert (data, source) == (b"hello", one.address)
    assert before <= now <= asyncio.get_running_loop().time()
    for each in (one, other):
        each.close()
        each.close()
        await each.wait_closed()


def test_a_datagram_with_its_source_and_time() -> None:
    async def story() -> None:
        await _exchange("127.0.0.1")
        await assert_nothing_left()

    run(story())


def test_ipv6() -> None:
    """Sources are pairs, whatever the family."""
    run(_exchange("::1"))


def test_uvloop() -> None:
    uvloop = pytest.importorskip("uvloop")
    uvloop.run(_exchange("127.0.0.1"))


def _run_without_add_reader(story: Coroutine[Any, Any, None]) -> None:
    """Run on a loop like the proactor loop of Windows."""
    loop = asyncio.SelectorEventLoop()
    try:
        with patch.object(loop, "add_reader", Mock(side_effect=NotImplementedError)):
            loop.run_until_complete(story)
    finally:
        loop.close()


def test_a_loop_without_add_reader() -> None:
    async def story() -> None:
        await _exchange("127.0.0.1")
        await assert_nothing_left()

    _run_without_add_reader(story())


def test_closing_at_once_on_a_loop_without_add_reader() -> None:
    async def story() -> None:
        one, _ = open_socket()
        one.close()
        await one.wait_closed()
        await assert_nothing_left()

    _run_without_add_reader(story())


def test_a_flood_is_read_in_batches() -> None:
    async def story() -> None:
        one, _ = open_socket()
        other, inbox = open_socket()
        for number in range(3 * BATCH):
            one.send(b"%d" % number, other.address)
        await eventually(lambda: len(inbox.datagrams) == 3 * BATCH)
        assert inbox.data == [b"%d" % number for number in range(3 * BATCH)]
        assert inbox.batches == [BATCH] * 3
        one.close()
        other.close()

    run(story())


def test_reading_on_demand() -> None:
    """As after a stall: more than a batch, and the count of what there was."""

    async def story() -> None:
        one, _ = open_socket()
        other, inbox = open_socket()
        for _ in range(100):
            one.send(b"x", other.address)
        assert other.read(1000) == 100
        assert other.read(1000) == 0
        assert len(inbox.datagrams) == 100
        one.close()
        other.close()

    run(story())


def _path(remote: tuple[str, int]) -> Mock:
    return Mock(remote=remote)


def _equal(count: int) -> list[bytes]:
    return [b"%04d" % number * 300 for number in range(count)]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_bursts_arrive_whole_and_in_order(host: str) -> None:
    """Whatever the system sends and reads in one call."""

    async def story() -> None:
        one, _ = open_socket(host)
        other, inbox = open_socket(host)
        path = _path(other.address)
        burst = [*_equal(20), b"the shorter end", *_equal(3)]
        for turn in range(1, 6):
            for data in burst:
                assert one.outbox.post(data, path)
            await inbox.holds(turn * len(burst))
        assert inbox.data == 5 * burst
        assert {source for _, source, _ in inbox.datagrams} == {one.address}
        sent = [call.args[:2] for call in path.note_sent.call_args_list]
        assert sum(count for count, _ in sent) == 5 * len(burst)
        assert sum(size for _, size in sent) == 5 * sum(map(len, burst))
        one.close()
        other.close()

    run(story())


def test_what_leaves_at_once_does_not_overtake() -> None:
    """STUN among media."""

    async def story() -> None:
        one, _ = open_socket()
        other, inbox = open_socket()
        for data in _equal(3):
            one.outbox.post(data, _path(other.address))
        assert one.send(b"check", other.address)
        await eventually(lambda: len(inbox.data) == 4)
        assert inbox.data == [*_equal(3), b"check"]
        one.close()
        other.close()

    run(story())


def test_closing_sends_what_was_held_back() -> None:
    async def story() -> None:
        one, _ = open_socket()
        other, inbox = open_socket()
        path = _path(other.address)
        for data in _equal(3):
            one.outbox.post(data, path)
        one.close()
        assert not one.outbox.post(b"late", path)
        await eventually(lambda: len(inbox.data) == 3)
        assert inbox.data == _equal(3)
        other.close()
        await assert_nothing_left()

    run(story())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has the offload")
def test_a_kernel_that_refuses_to_cut_loses_nothing() -> None:
    """It does for sockets that send without checksums (SO_NO_CHECK), as for some devices."""

    async def story() -> None:
        other, inbox = open_socket()
        loop, bound = asyncio.get_running_loop(), bind("127.0.0.1")
        bound.setsockopt(socket.SOL_SOCKET, 11, 1)
        one = UdpSocket(loop, bound, Mock(), Mock())
        path = _path(other.address)
        with patch.object(one, "_sendto", wraps=one._sendto) as alone:
            for data in _equal(5):
                assert one.outbox.post(data, path)
            await inbox.holds(5)
        assert alone.call_count == 5
        assert inbox.data == _equal(5)
        one.close()
        other.close()

    run(story())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has the offload")
def test_coalescing_begins_with_the_first_burst() -> None:
    async def story() -> None:
        one, _ = open_socket()
        other, inbox = open_socket()
        path = _path(other.address)
        with patch("peer.net.udp.receive_coalesced", wraps=receive_coalesced) as together:
            one.send(b"x", other.address)
            assert other.read() == 1
            for data in _equal(20):
                one.outbox.post(data, path)
            one.outbox.flush()
            assert other.read() == 20
            assert not together.called
            for data in _equal(20):
                one.outbox.post(data, path)
            one.outbox.flush()
            assert other.read() == 20
            assert together.call_count == 1
        assert inbox.data == [b"x", *_equal(20) * 2]
        one.close()
        other.close()

    run(story())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has the offload")
def test_reading_together_ends_like_reading_one_by_one() -> None:
    """With an error, a datagram that is too long, nothing more to read, and closing."""

    async def story() -> None:
        one, inbox = open_socket()
        one._coalesced = True
        source = ("192.0.2.1", 1)
        glued = [b"aa", b"bb", b"c"]
        answers = [
            ConnectionRefusedError(errno.ECONNREFUSED, "no"),
            (glued, source),
            ([bytes(MAX_DATAGRAM + 100)], source),
            BlockingIOError(errno.EAGAIN, "empty"),
        ]
        with (
            patch("peer.net.udp.receive_coalesced", Mock(side_effect=answers)),
            patch("peer.net.udp.is_empty", lambda *_: False),
        ):
            assert one.read() == 5
        assert inbox.data == [b"aa", b"bb", b"c", bytes(MAX_DATAGRAM)]
        inbox.datagrams.clear()

        def receive(data: bytes, source: tuple[str, int], now: float) -> None:
            inbox.receive(data, source, now)
            one.close()

        with (
            patch("peer.net.udp.receive_coalesced", Mock(return_value=(glued, source))),
            patch.object(one, "_receive", receive),
        ):
            assert one.read() == 1
        assert inbox.data == [b"aa"]

    run(story())


def test_closing_while_a_batch_is_read() -> None:
    async def story() -> None:
        one, _ = open_socket()
        received: list[bytes] = []

        def receive(data: bytes, source: tuple[str, int], now: float) -> None:
            received.append(data)
            other.close()

        loop = asyncio.get_running_loop()
        other = UdpSocket(loop, bind("127.0.0.1"), receive, lambda: None)
        for _ in range(5):
            one.send(b"x", other.address)
        await eventually(lambda: received)
        one.close()
        await assert_nothing_left()
        assert received == [b"x"]

    run(story())


def test_longer_datagrams_are_cut_and_not_collected() -> None:
    async def story() -> None:
        one, _ = open_socket()
        other, inbox = open_socket()
        one.send(bytes(MAX_DATAGRAM + 100), other.address)
        one.send(b"next", other.address)
        await eventually(lambda: len(inbox.datagrams) == 2)
        assert [len(data) for data in inbox.data] == [MAX_DATAGRAM, 4]
        one.close()
        other.close()

    run(story())


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        (errno.EAGAIN, Fault.BUFFER_FULL),
        (errno.ENOBUFS, Fault.BUFFER_FULL),
        (errno.EMSGSIZE, Fault.TOO_LONG),
        (errno.ECONNREFUSED, None),
    ],
)
def test_what_is_no_fault_of_the_way_is_dropped_and_counted(
    number: int, fault: Fault | None
) -> None:
    """A full buffer loses datagrams as the network does; other errors concern this one only."""

    async def story() -> None:
        one, _ = open_socket()
        with patch.object(one, "_sendto", Mock(side_effect=OSError(number, "no"))):
            assert not one.send(b"x", one.address)
            assert not one.send(b"x", one.address)
        assert one.faults == ({} if fault is None else {fault: 2})
        one.close()

    run(story())


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        (errno.ENETUNREACH, Fault.UNREACHABLE),
        (errno.EHOSTUNREACH, Fault.UNREACHABLE),
        (errno.EADDRNOTAVAIL, Fault.ADDRESS_GONE),
        (errno.EPERM, Fault.FORBIDDEN),
        (errno.EINVAL, Fault.OTHER),
    ],
)
def test_a_closed_way_is_an_error(number: int, fault: Fault) -> None:
    async def story() -> None:
        one, _ = open_socket()
        with (
            patch.object(one, "_sendto", Mock(side_effect=OSError(number, "no"))),
            pytest.raises(OSError, match="no"),
        ):
            one.send(b"x", one.address)
        assert one.faults == {fault: 1}
        one.close()

    run(story())


@pytest.mark.parametrize(
    ("number", "faults"),
    [
        (errno.EIO, {Fault.RUN_REFUSED: 1}),
        (errno.EMSGSIZE, {Fault.RUN_REFUSED: 1}),
        (errno.EOPNOTSUPP, {Fault.RUN_REFUSED: 1}),
        (errno.EAGAIN, {}),
        (errno.ENETUNREACH, {}),
    ],
)
def test_a_run_is_refused_where_plain_datagrams_may_pass(
    number: int, faults: dict[Fault, int]
) -> None:
    """What is wrong with each of its datagrams is counted when they are sent one by one."""

    async def story() -> None:
        one, _ = open_socket()
        with (
            patch.object(one, "_socket", Mock(sendmsg=Mock(side_effect=OSError(number, "no")))),
            pytest.raises(OSError, match="no"),
        ):
            one.send_run([b"x", b"x"], 1, one.address)
        assert one.faults == faults
        one.close()

    run(story())


def test_a_really_full_send_buffer() -> None:
    async def story() -> None:
        bound = bind("127.0.0.1")
        one = UdpSocket(asyncio.get_running_loop(), bound, Mock(), Mock())
        assert not one.send(bytes(70_000), one.address)
        assert one.faults == {Fault.TOO_LONG: 1}
        one.close()

    run(story())


def test_errors_of_earlier_datagrams_do_not_hide_the_next() -> None:
    async def story() -> None:
        one, inbox = open_socket()
        answers = [ConnectionRefusedError(errno.ECONNREFUSED, "no"), (b"x", ("192.0.2.1", 1))]
        answers += [BlockingIOError(errno.EAGAIN, "empty")]
        with (
            patch.object(one, "_recvfrom", Mock(side_effect=answers)),
            patch("peer.net.udp.is_empty", lambda *_: False),
        ):
            one.read()
        assert inbox.data == [b"x"]
        one.close()

    run(story())


def test_a_closed_socket_sends_nothing() -> None:
    async def story() -> None:
        one, _ = open_socket()
        one.close()
        assert not one.send(b"x", one.address)
        assert one.faults == {}

    run(story())


def test_a_system_that_allows_no_large_buffer() -> None:
    """BSD refuses what is over its limit; Linux gives less."""

    async def story() -> None:
        class Strict(socket.socket):
            def setsockopt(self, *option: Any) -> None:
                if option[1] == socket.SO_RCVBUF:
                    raise OSError(errno.ENOBUFS, "No buffer space available")
                super().setsockopt(*option)

        bound = Strict(socket.AF_INET, socket.SOCK_DGRAM)
        bound.setblocking(False)
        bound.bind(("127.0.0.1", 0))
        inbox = Inbox()
        strict = UdpSocket(asyncio.get_running_loop(), bound, inbox.receive, inbox.done)
        assert strict.send(b"hello", strict.address)
        await inbox.holds(1)
        strict.close()
        await strict.wait_closed()

    run(story())


def test_ports_are_tried_in_order() -> None:
    with bind("127.0.0.1") as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=r"[Aa]ddress already in use"):
            bind("127.0.0.1", ports=[port])
        with bind("127.0.0.1", ports=[port, 0]) as free:
            assert free.getsockname()[1] != port
    with pytest.raises(OSError, match="no free port"):
        bind("127.0.0.1", ports=[])


def test_an_address_of_another_machine_cannot_be_bound() -> None:
    with pytest.raises(OSError, match="assign"):
        bind("192.0.2.1", ports=[0, 0, 0])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ignores IP_TOS")
def test_datagrams_are_marked() -> None:
    """RFC 8837 §5: audio in EF, DSCP 46."""
    with bind("127.0.0.1", tos=46 << 2) as marked:
        assert marked.getsockopt(socket.IPPROTO_IP, socket.IP_TOS) == 46 << 2
    with bind("::1", tos=46 << 2) as marked:
        assert marked.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS) == 46 << 2


def test_sockets_of_ipv6_do_not_take_ipv4() -> None:
    with bind("::1") as bound:
        assert bound.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY) == 1
        assert not bound.getblocking()
