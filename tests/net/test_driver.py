"""Two drivers on loopback: connecting, data, restarts, failures."""

import asyncio
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from unittest.mock import Mock, patch

import pytest

from peer.ice import (
    CandidateGathered,
    FreePolicy,
    GatheringCompleted,
    GatheringFailed,
    IceConfig,
    IceParameters,
    IceRole,
    IceState,
    InvalidParameterError,
    PathValidated,
    RemoteParameters,
    SelectedPairChanged,
    StateChanged,
    Timings,
    TransportAddress,
)
from peer.net import AddressPolicy, IceServer, InterfaceAddress, InterfacesChanged, NetConfig

from .support import BOUND, LOOPS, Side, assert_nothing_left, connect, eventually, net, pair, run


@pytest.mark.parametrize("loop", LOOPS, ids=lambda loop: loop.__name__)
def test_two_drivers_connect_and_exchange_data(loop: Callable[[Any], None]) -> None:
    async def story() -> None:
        one, other = pair()
        await connect(one, other)
        assert one.driver.send("0", 1, b"\x80ping")
        assert await other.received() == [b"\x80ping"]
        assert other.driver.send("0", 1, b"\x80pong")
        assert await one.received() == [b"\x80pong"]
        await one.close()
        await other.close()
        await assert_nothing_left()

    loop(story())


def test_data_bypasses_the_agent_and_counts_all_the_same() -> None:
    """The W3C's packetsSent and bytesReceived tell the truth about what went directly."""

    async def story() -> None:
        one, other = pair()
        await connect(one, other)
        with patch.object(other.driver._agent, "receive_datagram") as receive:
            for _ in range(40):
                one.driver.send("0", 1, b"\x80" + bytes(99))
            # What is held back until the end of the loop's iteration counts already.
            assert one.driver.stats().transports[0].packets_sent == 40
            await other.received(40)
            assert receive.call_count == 0
        sent, received = one.driver.stats().transports[0], other.driver.stats().transports[0]
        assert (sent.packets_sent, sent.bytes_sent) == (40, 4000)
        assert (received.packets_received, received.bytes_received) == (40, 4000)
        (used,) = [pair for pair in other.driver.stats().pairs if pair.packets_received]
        assert used.last_packet_received_timestamp == other.arrivals[-1]
        await one.close()
        await other.close()
        assert one.driver.stats().transports[0].packets_sent == 40

    run(story())


def test_data_from_strangers_does_not_reach_the_sink() -> None:
    """RFC 8445 §19.3."""

    async def story() -> None:
        one, other = pair()
        await connect(one, other)
        target = (await other.nominated()).base
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.sendto(b"\x80evil", target)
        one.driver.send("0", 1, b"\x80good")
        assert await other.received() == [b"\x80good"]
        # Both came over the same socket, the stranger's first.
        assert other.driver.stats().drops == {"unvalidated-source": 1}
        await one.close()
        await other.close()

    run(story())


def test_data_before_there_is_a_sink_is_kept() -> None:
    """DTLS may begin before the answer is applied (RFC 8842 §5.5)."""

    async def story() -> None:
        one, other = pair()
        other.driver.set_sink("0", 1, None)
        await connect(one, other)
        one.driver.send("0", 1, b"\x16hello")
        # Nothing but the statistics tells that it has arrived.
        await eventually(lambda: other.driver.stats().transports[0].packets_received)
        other.driver.set_sink("0", 1, other._take)
        assert other.data == [b"\x16hello"]
        await one.close()
        await other.close()

    run(story())


def test_two_components_and_two_streams() -> None:
    async def story() -> None:
        one, other = pair(components=(1, 2), streams=("a", "b"))
        await connect(one, other)

        def complete() -> bool:
            return len([e for e in one.of(SelectedPairChanged) if e.nominated]) >= 4

        await one.until(complete)
        bases = {(e.stream, e.component): e.base for e in one.of(SelectedPairChanged)}
        assert len(set(bases.values())) == 4
        got: list[tuple[str, int, bytes]] = []
        arrived = asyncio.Event()
        for stream in ("a", "b"):
            for number in (1, 2):

                def sink(data: bytes, _: float, key: tuple[str, int] = (stream, number)) -> None:
                    got.append((*key, data))
                    if len(got) == 4:
                        arrived.set()

                other.driver.set_sink(stream, number, sink)
        for stream, number in bases:
            assert one.driver.send(stream, number, b"\x80" + stream.encode() + bytes([number]))
        async with asyncio.timeout(10):
            await arrived.wait()
        assert sorted(got) == [
            (stream, number, b"\x80" + stream.encode() + bytes([number]))
            for stream in ("a", "b")
            for number in (1, 2)
        ]
        await one.close()
        await other.close()
        await assert_nothing_left()

    run(story())


def test_a_removed_component_gives_its_sockets_back() -> None:
    """RFC 5761 §5.1.1: the answer multiplexes RTCP."""

    async def story() -> None:
        one, other = pair(components=(1, 2))
        one.driver.gather()
        await one.event(GatheringCompleted)
        assert len(one.driver._sockets._ports) == 2
        one.driver.remove_component("0", 2)
        await one.until(lambda: len(one.driver._sockets._ports) == 1)
        with pytest.raises(InvalidParameterError):
            one.driver.component("0", 2)
        one.driver.remove_stream("0")
        await one.until(lambda: not one.driver._sockets._ports)
        await one.close()
        await other.close()
        await assert_nothing_left()

    run(story())


def test_a_restart_keeps_the_data_flowing() -> None:
    """RFC 8445 §9."""

    async def story() -> None:
        one, other = pair()
        await connect(one, other)
        for side in (one, other):
            side.parameters["0"] = side.driver.restart("0")
        before = len(one.of(SelectedPairChanged)), len(other.of(SelectedPairChanged))
        assert one.driver.send("0", 1, b"\x80meanwhile")
        assert await other.received() == [b"\x80meanwhile"]
        gathered = {side: list(side.events) for side in (one, other)}
        for side, peer in ((one, other), (other, one)):
            ours = side.parameters["0"]
            remote = RemoteParameters(ours.username_fragment, ours.password)
            peer.driver.set_remote_parameters("0", remote)
            for event in gathered[side]:
                if isinstance(event, CandidateGathered):
                    if event.username_fragment == ours.username_fragment:
                        side.signal(event, peer)
        await one.until(lambda: len(one.of(SelectedPairChanged)) > before[0])
        await other.until(lambda: len(other.of(SelectedPairChanged)) > before[1])
        assert one.driver.send("0", 1, b"\x80after")
        assert await other.received(2) == [b"\x80meanwhile", b"\x80after"]
        await one.close()
        await other.close()
        await assert_nothing_left()

    run(story())


def test_a_restart_opens_again_what_was_freed() -> None:
    """RFC 8445 §8.3.1 frees unused candidates, §9 gathers anew."""

    async def story() -> None:
        ice = IceConfig(
            allow_loopback=True,
            free_policy=FreePolicy.FREE,
            timings=Timings(free_after=0.05),
        )
        one, other = pair(net("127.0.0.1", "127.0.0.2"), ice=ice)
        await connect(one, other)
        selected = (await one.nominated()).base
        await eventually(lambda: list(one.driver._sockets._ports) == [selected])
        fragment = one.driver.restart("0").username_fragment

        def renewed() -> set[str]:
            return {
                event.candidate.address.host
                for event in one.of(CandidateGathered)
                if event.username_fragment == fragment
            }

        await one.until(lambda: renewed() == {"127.0.0.1", "127.0.0.2"})
        await one.event(GatheringCompleted, 2)
        assert selected in one.driver._sockets._ports
        await one.close()
        await other.close()
        await assert_nothing_left()

    run(story())


def test_credentials_may_be_given() -> None:
    """A description may have them before there is a transport (RFC 9429 §5.2.1)."""

    async def story() -> None:
        one = Side(IceRole.CONTROLLING, streams=())
        first, second = IceParameters("abcd", "p" * 22), IceParameters("efgh", "q" * 22)
        assert one.driver.add_stream("0", parameters=first) == first
        assert one.driver.restart("0", parameters=second) == second
        await one.close()

    run(story())


def test_events_come_from_the_loop_and_never_from_inside_a_call() -> None:
    async def story() -> None:
        one, other = pair()
        one.driver.gather()
        one.driver.set_remote_parameters("0", RemoteParameters("abcd", "p" * 22))
        assert one.events == []
        await one.event(CandidateGathered)
        await one.close()
        await other.close()

    run(story())


def test_a_listener_or_sink_that_raises_stops_nothing() -> None:
    async def story() -> None:
        reported: list[object] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: reported.append(context["exception"]))
        one, other = pair()
        await connect(one, other)
        error = RuntimeError("the application's mistake")

        def sink(data: bytes, now: float) -> None:
            other._take(data, now)
            raise error

        other.driver.set_sink("0", 1, sink)
        one.driver.send("0", 1, b"\x80a")
        one.driver.send("0", 1, b"\x80b")
        assert await other.received(2) == [b"\x80a", b"\x80b"]
        assert reported == [error, error]
        await one.close()
        await other.close()

    run(story())


def test_sending_without_a_pair_is_refused_and_counted() -> None:
    async def story() -> None:
        one, other = pair()
        assert not one.driver.send("0", 1, b"\x80early")
        assert one.driver.stats().drops == {"no-path": 1}
        await one.close()
        await other.close()
        assert not one.driver.send("0", 1, b"\x80late")

    run(story())


def test_no_way_to_a_candidate_fails_its_checks_at_once() -> None:
    """RFC 8445 §7.2.5.2.2: a hard error of the socket counts like an ICMP error."""

    async def story() -> None:
        one, other = pair()
        one.driver.gather()
        other.driver.gather()
        candidate = (await other.event(CandidateGathered)).candidate
        # From 127.0.0.1 there is no way to the outside: EINVAL.
        address = TransportAddress("192.0.2.1", 9999)
        one.driver.set_remote_parameters("0", RemoteParameters("abcd", "p" * 22))
        one.driver.add_remote_candidate("0", replace(candidate, address=address))
        await one.reached(IceState.CHECKING)

        def failed() -> bool:
            return "failed" in [each.state.value for each in one.driver.stats().pairs]

        await eventually(failed)
        await one.close()
        await other.close()

    run(story())


def test_a_dead_name_of_a_server_delays_nobody() -> None:
    """A failed resolution is reported with the W3C's 701, and gathering ends."""

    async def story() -> None:
        one, other = pair()
        server = IceServer(("stun:stun.example.net", "stuns:stun.example.net"))
        error = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        with patch("socket.getaddrinfo", Mock(side_effect=error)):
            one.driver.gather([server])
            await one.event(GatheringCompleted)
        failures = {event.url: (event.code, event.reason) for event in one.of(GatheringFailed)}
        assert failures["stuns:stun.example.net"] == (701, "STUN over TLS is not supported")
        code, reason = failures["stun:stun.example.net"]
        assert code == 701
        assert "Name or service not known" in reason
        order = [type(event) for event in one.events]
        assert order.index(CandidateGathered) < order.index(GatheringCompleted)
        await one.close()
        await other.close()
        await assert_nothing_left()

    run(story())


def test_host_candidates_do_not_wait_for_names() -> None:
    async def story() -> None:
        one, other = pair()
        loop = asyncio.get_running_loop()
        release = threading.Event()

        def late(host: str, port: int, **_: object) -> object:
            release.wait(BOUND)
            return [(socket.AF_INET, socket.SOCK_DGRAM, 0, "", ("127.0.0.1", port))]

        with (
            patch("socket.getaddrinfo", late),
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server,
        ):
            server.setblocking(False)
            server.bind(("127.0.0.1", 0))
            port = server.getsockname()[1]
            one.driver.gather([IceServer((f"stun:stun.example.net:{port}",))])
            await one.event(CandidateGathered)
            assert one.of(GatheringCompleted) == []
            release.set()
            async with asyncio.timeout(5):
                request = await loop.sock_recv(server, 1500)
        # A Binding request (RFC 8489 §5), from the base that was there before the server.
        assert request[:2] == b"\x00\x01"
        await one.close()
        await other.close()
        await assert_nothing_left()

    run(story())


def test_addresses_are_hidden_when_the_policy_says_so() -> None:
    """RFC 8828 §5.2, mode 3: the private address of the default route is not told."""

    async def story() -> None:
        config = replace(net(), policy=AddressPolicy.DEFAULT_ROUTE_PUBLIC)
        with patch("peer.net.interfaces.default_route_address", lambda *_: "127.0.0.1"):
            one, other = pair(config)
            one.driver.gather()
            await one.event(GatheringCompleted)
        assert one.of(CandidateGathered) == []
        await one.close()
        await other.close()

    run(story())


def test_interfaces_that_come_and_go() -> None:
    """RFC 8445 §5.1.1.4: candidates go with their interface."""

    async def story() -> None:
        hosts = ["127.0.0.1", "127.0.0.2"]
        config = NetConfig(
            addresses=lambda: [InterfaceAddress("lo", host, 8) for host in hosts],
            poll_interval=0.01,
        )
        one, other = pair(config)
        one.driver.gather()
        await one.event(CandidateGathered, 2)
        hosts[:] = ["127.0.0.2", "127.0.0.3"]
        changed = await one.event(InterfacesChanged)
        assert changed == InterfacesChanged(("127.0.0.3",), ("127.0.0.1",))

        def used() -> set[str]:
            return {local.host for local in one.driver._sockets._ports}

        await one.until(lambda: used() == {"127.0.0.2", "127.0.0.3"})
        await one.close()
        await other.close()
        await assert_nothing_left()

    run(story())


def test_ports_and_addresses_may_be_limited() -> None:
    async def story() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
            ports = range(port, min(port + 20, 65536))
            config = net(
                "127.0.0.1", "127.0.0.2", ports=ports, keep=lambda it: it.host == "127.0.0.1"
            )
            one, other = pair(config)
            one.driver.gather()
            await one.event(GatheringCompleted)
        (event,) = one.of(CandidateGathered)
        assert event.candidate.address.host == "127.0.0.1"
        assert event.candidate.address.port in ports[1:]
        await one.close()
        await other.close()

    run(story())


def test_misuse_is_told_at_once_and_changes_nothing() -> None:
    async def story() -> None:
        one, other = pair()
        with pytest.raises(InvalidParameterError):
            one.driver.gather([IceServer(("stun:ok.example", "http://no.example"))])
        with pytest.raises(InvalidParameterError):
            one.driver.gather([IceServer(("turn:no-credentials.example",))])
        with pytest.raises(InvalidParameterError):
            one.driver.send("1", 1, b"\x80")
        with pytest.raises(InvalidParameterError):
            one.driver.end_of_remote_candidates("1")
        one.driver.gather()
        await one.event(GatheringCompleted)
        await one.close()
        await other.close()

    run(story())


def test_states_are_told() -> None:
    async def story() -> None:
        one, other = pair()
        assert one.driver.state("0") is IceState.NEW
        await connect(one, other)
        await one.reached(IceState.COMPLETED)
        assert one.driver.state("0", 1) is IceState.COMPLETED
        assert one.driver.role is IceRole.CONTROLLING
        assert one.of(StateChanged)[0].state is IceState.CHECKING
        assert one.of(PathValidated)
        await one.close()
        await other.close()
        assert one.driver.state("0", 1) is IceState.CLOSED

    run(story())
