"""One port for all connections of a process: whole connections in virtual time."""

import asyncio
import errno
import itertools
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from peer import RTCConfiguration, RTCPeerConnection
from peer.ice import CandidateGathered, IceRole, TcpType, TransportProtocol
from peer.net import DriverEvent, NetConfig, SharedPorts
from peer.net.system import Machine
from peer.net.udp import UdpSocket
from peer.testing import Host, Network, connect, run
from peer.testing.internet import BLOCK_UDP
from tests.testing.support import closing, first_message, now

from .support import LOOPS, Side, assert_nothing_left, net, pair

PORT = 40000


def shared(ports: SharedPorts, **settings: Any) -> RTCConfiguration:
    return RTCConfiguration(network=NetConfig(shared=ports, **settings))


def ports_told(connection: RTCPeerConnection) -> set[int]:
    """The ports of the host candidates that a connection has told of."""
    lines = connection.localDescription.sdp.splitlines()
    fields = [line.split() for line in lines if line.startswith("a=candidate:")]
    return {int(each[5]) for each in fields if each[7] == "host"}


def is_free(host: Host) -> bool:
    """Whether the shared port is closed on a host."""
    try:
        host.below.bind(host.addresses[0], PORT, lambda data, source: None).close()
    except OSError as error:
        return error.errno != errno.EADDRINUSE
    return True


async def greet(
    one: RTCPeerConnection, other: RTCPeerConnection, text: str, **options: Any
) -> None:
    """Connect both, and have a message go each way."""
    channel = one.createDataChannel("chat")
    answered: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    channel.on("message", answered.set_result)
    channel.addEventListener("open", lambda _: channel.send(text))

    def echo(event: Any) -> None:
        event.channel.on("message", lambda data: event.channel.send(f"{data}!"))

    other.addEventListener("datachannel", echo)
    await connect(one, other, delay=0.02, **options)
    async with asyncio.timeout(10):
        assert await answered == f"{text}!"


def say(connection: RTCPeerConnection, text: str) -> None:
    """Send a message over a new channel."""
    channel = connection.createDataChannel("late")
    channel.addEventListener("open", lambda _: channel.send(text))


def test_many_connections_on_one_port() -> None:
    async def story() -> None:
        network = Network()
        ports = SharedPorts(udp=PORT)
        central = network.host("central", ipv6=True)
        visitors = [
            network.host(f"visitor{i}", nat="symmetric", ipv6=i % 2 == 0) for i in range(12)
        ]
        ours = [central.connection(shared(ports)) for _ in visitors]
        theirs = [visitor.connection() for visitor in visitors]
        async with closing(*ours, *theirs):
            pairs = enumerate(zip(theirs, ours, strict=True))
            await asyncio.gather(*(greet(a, b, f"hello {i}") for i, (a, b) in pairs))
            assert {port for each in ours for port in ports_told(each)} == {PORT}
            figures = ports.stats()
            # One of each family.
            assert (figures.sockets, figures.connections) == (2, 2 * len(visitors))
            assert figures.dropped == {}
            assert not is_free(central)
        assert ports.stats().sockets == ports.stats().remote_addresses == 0
        assert is_free(central)

    run(story())


def test_the_side_with_the_port_may_offer_and_need_not_bundle() -> None:
    """Each section has a stream until the answer bundles them, all of them on the port."""

    async def story() -> None:
        network = Network()
        ports = SharedPorts(udp=PORT)
        ours = network.host("central").connection(shared(ports))
        theirs = network.host("visitor", nat="port-restricted").connection()
        async with closing(ours, theirs):
            ours.addTransceiver("audio")
            ours.addTransceiver("video")
            await greet(ours, theirs, "hello")
            assert ports_told(ours) == {PORT}

    run(story())


def test_closing_one_touches_no_other() -> None:
    async def story() -> None:
        network = Network()
        ports = SharedPorts(udp=PORT)
        central, visitor = network.host("central"), network.host("visitor", nat="symmetric")
        ours = [central.connection(shared(ports)) for _ in range(6)]
        theirs = [visitor.connection() for _ in ours]
        channels = []
        async with closing(*ours, *theirs):
            for a, b in zip(theirs, ours, strict=True):
                channels.append(a.createDataChannel("early"))
                await greet(a, b, "hello")
            await asyncio.gather(*(each.close() for each in ours[::2]))
            # Longer than consent lasts.
            await asyncio.sleep(40)
            assert [each.connectionState for each in theirs[1::2]] == ["connected"] * 3
            heard = [first_message(each) for each in ours[1::2]]
            for each in theirs[1::2]:
                say(each, "hello again")
            assert await asyncio.gather(*heard) == ["hello again"] * 3
            assert ports.stats().connections == 3

    run(story())


def test_a_restart_and_another_address() -> None:
    async def story() -> None:
        network = Network()
        ports = SharedPorts(udp=PORT)
        ours = network.host("central").connection(shared(ports))
        visitor = network.host("visitor", nat="port-restricted")
        theirs = visitor.connection()
        async with closing(ours, theirs):
            await greet(theirs, ours, "hello")
            visitor.site.renumber()
            await asyncio.sleep(10)
            assert theirs.connectionState == "connected"
            ours.restartIce()
            await connect(ours, theirs, delay=0.02)
            await asyncio.sleep(10)
            heard = first_message(ours)
            say(theirs, "still here")
            assert await heard == "still here"

    run(story())


def test_two_that_share_ports_have_several_connections() -> None:
    """Data between the same two addresses could be for any of them: all but one have a port of
    their own beside it."""

    async def story() -> None:
        network = Network()
        here, there = SharedPorts(udp=PORT), SharedPorts(udp=PORT)
        one, other = network.host("one"), network.host("other")
        ours = [one.connection(shared(here)) for _ in range(3)]
        theirs = [other.connection(shared(there)) for _ in range(3)]
        async with closing(*ours, *theirs):
            for number, (a, b) in enumerate(zip(ours, theirs, strict=True)):
                await greet(a, b, f"hello {number}")
            assert now() < 5
            assert here.stats().dropped.keys() == {"address-taken"}

    run(story())


def test_relays_are_asked_from_ports_of_their_own() -> None:
    """RFC 8656 §2: a server knows an allocation by the client's address and port."""

    async def story() -> None:
        network = Network()
        network.turn_server()
        ports = SharedPorts(udp=PORT)
        central = network.host("central", nat="symmetric")
        ours = [central.connection(shared(ports)) for _ in range(2)]
        theirs = [network.host(f"visitor{i}", nat="symmetric").connection() for i in range(2)]
        async with closing(*ours, *theirs):
            await asyncio.gather(*(greet(a, b, "hi") for a, b in zip(theirs, ours, strict=True)))

    run(story())


@pytest.mark.parametrize("udp", [None, PORT])
def test_one_tcp_port(udp: int | None) -> None:
    """RFC 6544, RFC 4571."""

    async def story() -> None:
        network = Network()
        ports = SharedPorts(udp=udp, tcp=443)
        central = network.host("central")
        visitors = [
            network.host(f"visitor{i}", nat="symmetric", firewall=BLOCK_UDP) for i in range(5)
        ]
        ours = [central.connection(shared(ports)) for _ in visitors]
        active = RTCConfiguration(network=NetConfig(tcp_types=frozenset({TcpType.ACTIVE})))
        theirs = [visitor.connection(active) for visitor in visitors]
        async with closing(*ours, *theirs):
            pairs = enumerate(zip(theirs, ours, strict=True))
            await asyncio.gather(*(greet(a, b, f"hello {i}") for i, (a, b) in pairs))
            await asyncio.gather(ours[0].close(), theirs[0].close())
            await asyncio.sleep(40)
            assert [each.connectionState for each in theirs[1:]] == ["connected"] * 4
        assert ports.stats().sockets == 0

    run(story())


@pytest.mark.parametrize("transport", TransportProtocol)
@pytest.mark.parametrize("runner", LOOPS)
def test_sockets_of_this_machine(runner: Callable[..., None], transport: TransportProtocol) -> None:
    """On the loops there are: a TCP connection changes hands with what it has brought."""

    async def story() -> None:
        tcp = transport is TransportProtocol.TCP
        ports = SharedPorts(udp=0, tcp=0 if tcp else None)
        active = net(tcp_types=frozenset({TcpType.ACTIVE}))
        pairs = [pair(net(shared=ports), active) for _ in range(3)]
        for one, other in pairs:
            for side, peer in ((one, other), (other, one)):
                tell_only(side, transport)
                side.driver.gather()
                side.meet(peer)
        for number, (one, other) in enumerate(pairs):
            assert (await one.nominated()).local.transport is transport
            await other.nominated()
            assert other.driver.send("0", 1, b"\x80%d" % number)
            assert await one.received() == [b"\x80%d" % number]
            assert one.driver.send("0", 1, b"\x80back")
            assert await other.received() == [b"\x80back"]
        assert ports.stats().dropped == {}
        for side in itertools.chain(*pairs):
            await side.close()
        assert ports.stats().sockets == 0
        await assert_nothing_left()

    runner(story())


def tell_only(side: Side, transport: TransportProtocol) -> None:
    """Signal no candidates of the other transport."""
    signal = side.signal

    def filtered(event: DriverEvent, peer: Side) -> None:
        if not isinstance(event, CandidateGathered) or event.candidate.transport is transport:
            signal(event, peer)

    side.signal = filtered  # type: ignore[method-assign]


def test_a_port_that_is_taken_is_told() -> None:
    async def story() -> list[str]:
        network = Network()
        central = network.host("central")
        central.below.bind(central.addresses[0], PORT, lambda data, source: None)
        ours = central.connection(shared(SharedPorts(udp=PORT)), trickle=False)
        told: list[str] = []
        ours.addEventListener("icecandidateerror", lambda event: told.append(event.errorText))
        async with closing(ours):
            ours.createDataChannel("chat")
            await ours.setLocalDescription()
        return told

    (text,) = run(story())
    assert text.startswith(f"UDP port {PORT}: ")


def test_a_stream_that_was_removed_needs_no_port_of_its_own() -> None:
    """Its base may be there still, until its allocations are deleted."""

    async def story() -> None:
        ports = SharedPorts()
        side = Side(IceRole.CONTROLLED, config=net(shared=ports), streams=("0", "1"))
        side.driver.gather()
        await side.event(CandidateGathered, 2)
        (shared,) = ports._udp.values()
        share = shared.fragments[side.parameters["1"].username_fragment]
        side.driver.remove_stream("0")
        share.refused(("127.0.0.1", 9), asyncio.get_running_loop().time())
        added = await side.event(CandidateGathered, 3)
        assert added.stream == "1"
        assert added.candidate.address.port != share.address[1]
        await side.close()
        await assert_nothing_left()

    asyncio.run(story())


def test_a_port_of_its_own_is_tried_for_now_and_then() -> None:
    """There may be none, and each check of the peer asks for one."""
    tried: list[Iterable[int]] = []

    class Full(Machine):
        def open_udp(self, host: str, *, ports: Iterable[int], **more: Any) -> UdpSocket:
            tried.append(ports)
            if len(tried) > 1:
                raise OSError(errno.EMFILE, "no more files")
            return super().open_udp(host, ports=ports, **more)

    async def story() -> None:
        ports = SharedPorts()
        side = Side(IceRole.CONTROLLED, config=net(shared=ports, system=Full()))
        side.driver.gather()
        await side.event(CandidateGathered)
        (shared,) = ports._udp.values()
        share = shared.fragments[side.parameters["0"].username_fragment]
        begin = asyncio.get_running_loop().time()
        for step in range(100):
            share.refused(("127.0.0.1", 9), begin + step / 10)
        assert len(tried) == 1 + 2
        await side.close()
        await assert_nothing_left()

    asyncio.run(story())


@pytest.mark.parametrize("port", [-1, 65536])
def test_what_is_no_port_is_refused(port: int) -> None:
    with pytest.raises(ValueError, match="no port"):
        SharedPorts(udp=port)
    with pytest.raises(ValueError, match="no port"):
        SharedPorts(tcp=port)
