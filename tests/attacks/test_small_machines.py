"""A machine that runs out of files, memory or threads, loses an interface, or has its clock set.

Each ends in an error with a name, or in a candidate less; nothing hangs, and nothing escapes.
"""

import asyncio
import errno
import os
import resource
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest

from peer import RTCPeerConnection
from peer.ice import (
    CandidateGathered,
    ConnectionRequested,
    ConnectionTransport,
    GatheringCompleted,
    GatheringFailed,
    IceRole,
    IceState,
    SelectedPairLost,
    TransportAddress,
)
from peer.net import (
    AddressPolicy,
    IceServer,
    InterfaceAddress,
    Mdns,
    MdnsSettings,
    NetConfig,
    enumerate_addresses,
)
from peer.net.system import default_ssl_context
from peer.net.tcp import TcpConnection
from tests.api.support import configured, run, state_is
from tests.net.support import Side, eventually, net
from tests.net.support import run as run_plainly
from tests.transports.associations import Associations, associated, collect
from tests.transports.test_dtls import run as run_transports
from tests.transports.wire import Pair, until

DAY = 86_400.0


@contextmanager
def no_files() -> Iterator[None]:
    """Every file descriptor there may be is in use."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.open(os.devnull, os.O_RDONLY)
    held = [lowest]
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + 8, hard))
    try:
        while True:
            try:
                held.append(os.open(os.devnull, os.O_RDONLY))
            except OSError:
                break
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for each in held:
            os.close(each)


def no_memory(*_args: object, **_settings: object) -> Any:
    raise MemoryError


def no_thread(_thread: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


def out_of(number: int) -> Callable[..., Any]:
    def fail(*_args: object, **_settings: object) -> Any:
        raise OSError(number, os.strerror(number))

    return fail


async def gathered(network: NetConfig, **changes: Any) -> tuple[str, list[tuple[str, str]]]:
    """Gather on a machine as it is: the description, and the errors that were told."""
    connection = RTCPeerConnection(configured(network=network, **changes))
    told: list[tuple[str, str]] = []
    connection.on("icecandidateerror", lambda event: told.append((event.url, event.errorText)))
    connection.createDataChannel("x")
    await connection.setLocalDescription()
    description = await connection.completeLocalDescription(5)
    assert connection.iceGatheringState == "complete"
    await connection.close()
    assert description is not None
    return description.sdp, told


async def connects() -> None:
    """The same process can make calls once it has again what it lacked."""
    one, other = RTCPeerConnection(configured()), RTCPeerConnection(configured())
    one.createDataChannel("x")
    await one.setLocalDescription()
    await other.setRemoteDescription(await one.completeLocalDescription())
    await other.setLocalDescription()
    await one.setRemoteDescription(await other.completeLocalDescription())
    await asyncio.gather(state_is(one, "connected"), state_is(other, "connected"))
    await one.close()
    await other.close()


@pytest.mark.parametrize("policy", AddressPolicy)
def test_without_files_gathering_ends_and_says_why(policy: AddressPolicy) -> None:
    async def story() -> None:
        with no_files():
            sdp, told = await gathered(NetConfig(policy=policy), iceServers=[])
        assert "a=candidate" not in sdp
        assert "a=end-of-candidates" in sdp
        assert told
        assert {url for url, _ in told} == {""}
        assert all("Too many open files" in text for _, text in told)
        await connects()

    run(story)


@pytest.mark.parametrize("fail", [no_memory, out_of(errno.ENOBUFS), out_of(errno.ENOMEM)])
@pytest.mark.parametrize(
    "what",
    [
        "peer.net.system.bind",
        "peer.net.system.UdpSocket",
        "peer.net.interfaces.ifaddr.get_adapters",
    ],
)
def test_without_memory_there_is_a_candidate_less(what: str, fail: Callable[..., Any]) -> None:
    async def story() -> None:
        network = net() if "system" in what else NetConfig(addresses=enumerate_addresses)
        with patch(what, fail):
            sdp, told = await gathered(network, iceServers=[])
        assert "a=candidate" not in sdp
        assert len(told) == 1
        await connects()

    run(story)


def test_an_address_that_went_meanwhile_is_nothing_to_tell() -> None:
    """RFC 8445 §5.1.1.4: between listing and binding."""

    async def story() -> None:
        addresses = [InterfaceAddress("eth0", host, 8) for host in ("192.0.2.1", "127.0.0.1")]
        sdp, told = await gathered(NetConfig(addresses=lambda: addresses), iceServers=[])
        assert sdp.count("a=candidate") == 1
        assert told == []

    run(story)


def test_addresses_that_cannot_be_listed_do_not_end_a_connection() -> None:
    """What was known last is true until something else is known."""

    async def story() -> None:
        failing, failed = False, 0

        def addresses() -> list[InterfaceAddress]:
            nonlocal failed
            if failing:
                failed += 1
                raise OSError(errno.EMFILE, "Too many open files")
            return [InterfaceAddress("lo", "127.0.0.1", 8)]

        config = NetConfig(addresses=addresses, poll_interval=0.01)
        one, other = Side(IceRole.CONTROLLING, config=config), Side(IceRole.CONTROLLED)
        for side, peer in ((one, other), (other, one)):
            side.driver.gather()
            side.meet(peer)
        await one.reached(IceState.COMPLETED)
        failing = True
        await eventually(lambda: failed > 2)
        assert one.driver.state("0") is IceState.COMPLETED
        assert one.driver.send("0", 1, b"\x80still here")
        assert await other.received() == [b"\x80still here"]
        await one.close()
        await other.close()

    run_plainly(story())


def test_an_interface_that_vanishes_takes_its_candidate_with_it() -> None:
    async def story() -> None:
        hosts = ["127.0.0.1", "127.0.0.2"]
        config = NetConfig(
            addresses=lambda: [InterfaceAddress("lo", host, 8) for host in hosts],
            poll_interval=0.01,
        )
        one, other = Side(IceRole.CONTROLLING, config=config), Side(IceRole.CONTROLLED)
        for side, peer in ((one, other), (other, one)):
            side.driver.gather()
            side.meet(peer)
        await one.reached(IceState.COMPLETED)
        await one.event(CandidateGathered, 2)
        hosts.clear()
        await one.reached(IceState.DISCONNECTED)
        assert one.of(SelectedPairLost)[-1].reason == "the interface is gone"
        assert not one.driver.send("0", 1, b"\x80")
        await one.close()
        await other.close()

    run_plainly(story())


def test_without_threads_a_name_is_no_server() -> None:
    """A resolver that cannot be asked is as one that does not know."""

    async def story() -> None:
        side = Side(IceRole.CONTROLLING)
        with patch.object(threading.Thread, "start", no_thread):
            side.driver.gather([IceServer(("stun:stun.example.org",))])
            await side.event(GatheringCompleted)
        (failed,) = side.of(GatheringFailed)
        assert failed.url == "stun:stun.example.org"
        assert "no thread" in failed.reason
        await side.close()

    run_plainly(story())


class Owner:
    """Hears why a connection failed."""

    def __init__(self) -> None:
        self.closed: list[str] = []

    def connection_opened(self, *_: object) -> None: ...

    def bytes_received(self, *_: object) -> None: ...

    def connection_closed(self, _connection: TcpConnection, reason: str) -> None:
        self.closed.append(reason)


@pytest.mark.parametrize("lack", ["threads", "files", "memory"])
def test_a_connection_to_a_server_that_cannot_be_made_says_why(lack: str) -> None:
    async def story() -> None:
        default_ssl_context.cache_clear()
        owner = Owner()
        connection = TcpConnection(owner, asyncio.get_running_loop())
        request = ConnectionRequested(
            1,
            ConnectionTransport.TLS if lack == "threads" else ConnectionTransport.TCP,
            TransportAddress("127.0.0.1", 0),
            TransportAddress("127.0.0.1", 9),
        )
        lacking: Any = {
            "threads": patch.object(threading.Thread, "start", no_thread),
            "files": no_files(),
            "memory": patch("socket.socket.__init__", no_memory),
        }[lack]
        with lacking:
            connection.connect(request, None)
            await eventually(lambda: owner.closed)
        assert len(owner.closed) == 1
        await connection.wait_closed()

    run_plainly(story())


def test_without_files_names_are_unknown() -> None:
    async def story() -> None:
        mdns = Mdns(asyncio.get_running_loop(), MdnsSettings())
        with no_files():
            mdns.acquire()
        name = "1b8bf1a4-6f43-4d3a-9c0e-1d2c3b4a5f60.local"
        assert await mdns.resolve(name, within=0.01) is None
        assert mdns.publish("192.0.2.1").endswith(".local")
        mdns.release()

    run_plainly(story())


def test_a_socket_that_cannot_be_watched_is_closed() -> None:
    """epoll has a bound of its own."""

    async def story() -> None:
        loop = asyncio.get_running_loop()
        side = Side(IceRole.CONTROLLING)
        with patch.object(type(loop), "add_reader", out_of(errno.ENOSPC)):
            side.driver.gather()
            await side.event(GatheringCompleted)
        assert side.of(CandidateGathered) == []
        await side.close()

    run_plainly(story())


@contextmanager
def clock_set(seconds: Callable[[], float]) -> Iterator[None]:
    """A wall clock that is so many seconds ahead."""
    real = time.time
    with patch("time.time", lambda: real() + seconds()):
        yield


@pytest.mark.parametrize("jump", [DAY, -DAY])
def test_a_clock_that_is_set_delays_no_message(jump: float) -> None:
    """A packet lost afterwards is repeated after a second, not after a minute."""

    async def story() -> None:
        ahead = 0.0
        with clock_set(lambda: ahead):
            async with associated() as both:
                mine, theirs = await both.channel()
                got = collect(theirs)

                def set_clock(_data: bytes) -> bool:
                    nonlocal ahead
                    ahead = jump
                    return True

                both.pair.link.to_right.passes = set_clock
                mine.send("under way while the clock is set")
                await until(lambda: len(got) == 1)
                await until(lambda: both.left.statistics().unacknowledged == 0)
                lost = 0

                def lose_one(_data: bytes) -> bool:
                    nonlocal lost
                    lost += 1
                    return lost > 1

                both.pair.link.to_right.passes = lose_one
                mine.send("lost at first")
                await until(lambda: len(got) == 2)
                both.pair.link.to_right.passes = lambda _data: True

    run_transports(story)


@pytest.mark.parametrize("jump", [DAY, -DAY])
def test_a_clock_that_is_set_while_connecting_disturbs_nothing(jump: float) -> None:
    async def story() -> None:
        ahead = 0.0
        with clock_set(lambda: ahead):
            both = Associations(Pair())
            both.pair.connect()
            packets = 0

            def set_clock(_data: bytes) -> bool:
                nonlocal ahead, packets
                packets += 1
                ahead = jump * packets
                return True

            both.pair.link.to_left.passes = set_clock
            both.connect()
            await both.connected()
            await both.left.close()
            await both.right.close()
            await both.pair.close()

    run_transports(story)
