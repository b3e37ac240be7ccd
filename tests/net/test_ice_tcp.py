"""ICE over TCP (RFC 6544) on loopback."""

import asyncio
import socket

from peer.ice import (
    CandidateGathered,
    CandidateRemoved,
    GatheringCompleted,
    IceConfig,
    IceRole,
    TcpType,
    Timings,
    TransportProtocol,
)
from peer.net import InterfaceAddress, NetConfig

from .support import Side, assert_nothing_left, eventually, net, pair, run

ACTIVE = frozenset({TcpType.ACTIVE})
PASSIVE = frozenset({TcpType.PASSIVE})


def _tcp_only(side: Side) -> None:
    """Signal no UDP candidates, as where UDP is blocked."""
    original = side.signal

    def signal(event: object, peer: Side) -> None:
        if isinstance(event, CandidateGathered):
            if event.candidate.transport is TransportProtocol.UDP:
                return
        original(event, peer)  # type: ignore[arg-type]

    side.signal = signal  # type: ignore[method-assign]


def test_active_reaches_passive() -> None:
    async def story() -> None:
        one, other = pair(net(tcp_types=ACTIVE), net(tcp_types=PASSIVE))
        for side, peer in ((one, other), (other, one)):
            _tcp_only(side)
            side.driver.gather()
            side.meet(peer)
        assert (await one.nominated()).local.transport is TransportProtocol.TCP
        await other.nominated()
        assert not (await one.nominated()).direct
        assert one.driver.send("0", 1, b"\x80over")
        assert await other.received() == [b"\x80over"]
        assert other.driver.send("0", 1, b"\x80back")
        assert await one.received() == [b"\x80back"]
        await one.close()
        await other.close()
        await assert_nothing_left()

    run(story())


def test_candidates() -> None:
    """RFC 6544 §4.5: the port of an active candidate is 9, a passive one listens on its own."""

    async def story() -> None:
        side = Side(IceRole.CONTROLLING, config=net(tcp_types=ACTIVE | PASSIVE))
        side.driver.gather()
        await side.event(GatheringCompleted)
        tcp = {
            event.candidate.tcp_type: event.candidate.address.port
            for event in side.of(CandidateGathered)
            if event.candidate.transport is TransportProtocol.TCP
        }
        assert tcp.keys() == {TcpType.ACTIVE, TcpType.PASSIVE}
        assert tcp[TcpType.ACTIVE] == 9
        _, writer = await asyncio.open_connection("127.0.0.1", tcp[TcpType.PASSIVE])
        writer.close()
        await writer.wait_closed()
        await side.close()
        await assert_nothing_left()

    run(story())


def test_a_stranger_that_connects_and_says_nothing() -> None:
    """RFC 6544 §7.2: who does not authenticate is hung up on."""

    async def story() -> None:
        ice = IceConfig(allow_loopback=True, timings=Timings(tcp_idle=0.1))
        side = Side(IceRole.CONTROLLING, config=net(tcp_types=PASSIVE), ice=ice)
        side.driver.gather()
        await side.event(GatheringCompleted)
        (port,) = [local.port for local in side.driver._sockets._listeners]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        async with asyncio.timeout(5):
            assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()
        await side.close()
        await assert_nothing_left()

    run(story())


def test_closing_with_strangers_connected() -> None:
    async def story() -> None:
        side = Side(IceRole.CONTROLLING, config=net(tcp_types=PASSIVE))
        side.driver.gather()
        await side.event(GatheringCompleted)
        (port,) = [local.port for local in side.driver._sockets._listeners]
        with (
            socket.create_connection(("127.0.0.1", port)),
            socket.create_connection(("127.0.0.1", port)),
        ):
            await eventually(lambda: side.driver._connections._handles)
            await side.close()
        await assert_nothing_left()

    run(story())


def test_a_stream_that_is_removed_stops_listening() -> None:
    async def story() -> None:
        side = Side(IceRole.CONTROLLING, config=net(tcp_types=PASSIVE))
        side.driver.gather()
        await side.event(GatheringCompleted)
        side.driver.remove_stream("0")
        await eventually(lambda: not side.driver._sockets._listeners)
        await side.close()
        await assert_nothing_left()

    run(story())


def test_listeners_come_and_go_with_their_interface() -> None:
    """RFC 8445 §5.1.1.4."""

    async def story() -> None:
        hosts = ["127.0.0.1"]
        config = NetConfig(
            addresses=lambda: [InterfaceAddress("lo", host, 8) for host in hosts],
            poll_interval=0.01,
            tcp_types=ACTIVE | PASSIVE,
        )
        side = Side(IceRole.CONTROLLING, config=config)
        side.driver.gather()
        await side.event(CandidateGathered, 3)
        hosts[:] = ["127.0.0.2"]

        def listening() -> set[str]:
            return {local.host for local in side.driver._sockets._listeners}

        await eventually(lambda: listening() == {"127.0.0.2"})
        assert len(side.of(CandidateRemoved)) == 3
        await side.close()
        await assert_nothing_left()

    run(story())
