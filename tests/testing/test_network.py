"""Whole calls over a simulated network, in virtual time."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from peer import RTCConfiguration, RTCPeerConnection, set_default_configuration
from peer.ice import TransportAddress
from peer.net import NetConfig
from peer.testing import (
    NATS,
    Conditions,
    ConnectError,
    DropReason,
    GilbertElliott,
    Host,
    Network,
    Record,
    connect,
    run,
)

from .support import closing, first_message, now

SETTLED = 5.0
"""Seconds after which ICE has found the best pair."""
BAD = Conditions(delay=0.05, jitter=0.02, loss=0.1, rate=500_000, queue=0.25)


async def say_hello(alice: Host, bob: Host, configuration: RTCConfiguration | None = None) -> str:
    """Connect two hosts, send a message, and tell over which kind of candidate it went."""
    a, b = alice.connection(configuration), bob.connection(configuration)
    async with closing(a, b):
        channel = a.createDataChannel("chat")
        channel.addEventListener("open", lambda _: channel.send("hello"))
        heard = first_message(b)
        await connect(a, b, delay=0.05)
        assert await heard == "hello"
        await asyncio.sleep(SETTLED)
        assert a.sctp is not None
        pair = a.sctp.transport.iceTransport.getSelectedCandidatePair()
        assert pair is not None
        return f"{pair.local.type} {pair.remote.type}"


def test_two_hosts_of_a_site() -> None:
    async def story() -> None:
        office = Network().site("office", nat="port-restricted")
        assert await say_hello(office.host("alice"), office.host("bob")) == "host host"
        assert now() < SETTLED + 1

    run(story())


@pytest.mark.parametrize("one", [None, *NATS])
@pytest.mark.parametrize("other", [None, *NATS])
def test_every_pair_of_nats(one: str | None, other: str | None) -> None:
    async def story() -> str:
        net = Network()
        net.stun_server()
        net.turn_server()
        return await say_hello(net.host("alice", nat=one), net.host("bob", nat=other))

    strict = {"symmetric", "port-restricted"}
    needs_relay = {one, other} <= strict and "symmetric" in (one, other)
    assert ("relay" in run(story())) is needs_relay


def test_hidden_addresses_are_found_on_the_same_network() -> None:
    async def story() -> None:
        net = Network()
        office = net.site("office")
        hidden = RTCConfiguration(network=NetConfig(hide_addresses=True))
        alice, bob, other = office.host("alice"), office.host("bob"), net.host("other")
        assert await say_hello(alice, bob, hidden) == "host host"
        a, b = alice.connection(hidden), other.connection(hidden)
        async with closing(a, b):
            a.createDataChannel("chat")
            with pytest.raises(ConnectError):
                await connect(a, b)
            assert a.localDescription.sdp.count(".local") > 0

    run(story())


def test_ipv6_needs_no_relay() -> None:
    async def story() -> None:
        net = Network()
        net.stun_server()
        net.turn_server()
        alice = net.host("alice", nat="symmetric", ipv6=True)
        bob = net.host("bob", nat="symmetric", ipv6=True)
        assert await say_hello(alice, bob) == "host host"
        assert [len(each.addresses) for each in (alice, bob)] == [2, 2]

    run(story())


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_relays(transport: str) -> None:
    async def story() -> None:
        net = Network()
        net.turn_server(transports=[transport])
        only_relays = RTCConfiguration(iceTransportPolicy="relay")  # type: ignore[arg-type]
        alice, bob = net.host("alice", nat="symmetric"), net.host("bob", nat="symmetric")
        assert await say_hello(alice, bob, only_relays) == "relay relay"

    run(story())


def test_a_bad_network() -> None:
    async def story() -> None:
        net = Network(seed=4)
        net.stun_server()
        net.turn_server()
        alice = net.host("alice", nat="symmetric", link=BAD)
        await say_hello(alice, net.host("bob", nat="port-restricted", link=BAD))
        assert alice.line.sent.lost > 0

    run(story())


def test_who_cannot_be_reached_is_not_connected() -> None:
    async def story() -> None:
        net = Network()
        alice, bob = net.host("alice", nat="symmetric"), net.host("bob", nat="symmetric")
        async with closing(alice.connection(), bob.connection()) as (a, b):
            a.createDataChannel("chat")
            with pytest.raises(ConnectError, match=r"failed|after 60 s"):
                await connect(a, b)

    run(story())


def recorded(seed: int, conditions: Conditions) -> list[Record]:
    async def story() -> list[Record]:
        net = Network(seed)
        log = net.log()
        net.stun_server()
        net.turn_server()
        alice = net.host("alice", nat="symmetric", link=conditions)
        await say_hello(alice, net.host("bob", nat="port-restricted", link=conditions))
        return log.records

    return run(story(), seed=seed)


@pytest.mark.parametrize(
    "conditions",
    [BAD, Conditions(delay=0.03, burst=GilbertElliott(0.02, 0.3), reordering=0.1)],
    ids=["rate", "bursts"],
)
def test_a_seed_gives_the_same_packets_at_the_same_times(conditions: Conditions) -> None:
    first = recorded(7, conditions)
    assert recorded(7, conditions) == first
    assert recorded(8, conditions) != first


Change = Callable[[Network, Host], None]


@pytest.mark.parametrize(
    "change",
    [
        lambda _net, alice: alice.site.rebind(),
        lambda _net, alice: alice.site.renumber(),
        lambda _net, alice: alice.change_address(),
        lambda _net, alice: alice.line.change(delay=0.4),
    ],
    ids=["NAT rebinds", "NAT with another address", "host with another address", "slow"],
)
def test_a_call_goes_on_when_the_network_changes(change: Change) -> None:
    async def story() -> None:
        net = Network()
        net.stun_server()
        net.turn_server()
        alice, bob = net.host("alice", nat="port-restricted"), net.host("bob", nat="full-cone")
        a, b = alice.connection(), bob.connection()
        async with closing(a, b):
            channel = a.createDataChannel("chat")
            heard: list[float] = []
            b.on("datachannel", lambda other: other.on("message", lambda _: heard.append(now())))
            await connect(a, b)
            await asyncio.sleep(5)
            states: list[str] = []
            a.on("connectionstatechange", lambda: states.append(a.connectionState))
            change(net, alice)
            changed = now()
            channel.send("still there")
            await asyncio.sleep(20)
            assert len(heard) == 1
            assert heard[0] - changed < 10
            assert "failed" not in states
            assert a.connectionState == "connected"

    run(story())


def test_an_outage_is_noticed_and_ends() -> None:
    async def story() -> list[tuple[float, str]]:
        net = Network()
        alice, bob = net.host("alice"), net.host("bob")
        async with closing(alice.connection(), bob.connection()) as (a, b):
            a.createDataChannel("chat")
            await connect(a, b)
            states: list[tuple[float, str]] = []
            began = now()
            a.on(
                "connectionstatechange",
                lambda: states.append((round(now() - began, 1), a.connectionState)),
            )
            await bob.line.outage(8)
            await asyncio.sleep(10)
        return states

    states = run(story())
    assert [state for _, state in states][:2] == ["disconnected", "connected"]


def test_ten_hosts_in_one_conference() -> None:
    async def story() -> int:
        net = Network()
        net.stun_server()
        net.turn_server()
        hosts = [net.host(f"host {i}", nat=nat) for i, nat in enumerate([*NATS, *NATS])]
        await asyncio.gather(
            *(say_hello(one, other) for i, one in enumerate(hosts) for other in hosts[:i])
        )
        return len(hosts)

    assert run(story()) == 10


def test_a_nat_without_a_name() -> None:
    async def story() -> None:
        with pytest.raises(ValueError, match="symmetric"):
            Network().host("alice", nat="strict")

    run(story())


def test_a_program_that_makes_its_own_connections() -> None:
    async def story() -> None:
        net = Network()
        set_default_configuration(net.host("bot", nat="full-cone").configuration())
        try:
            bot, user = RTCPeerConnection(), net.host("user").connection()
        finally:
            set_default_configuration(None)
        async with closing(bot, user):
            user.createDataChannel("chat")
            await connect(user, bot)

    run(story())


def test_what_goes_over_a_line_is_counted() -> None:
    async def story() -> None:
        net = Network(seed=2)
        log = net.log()
        alice, bob = net.host("alice", link=Conditions(loss=0.4)), net.host("bob")
        await say_hello(alice, bob)
        sent = [each for each in log.records if each.what == "sent" and each.place == "alice"]
        assert alice.line.sent.packets == len(sent)
        assert alice.line.sent.octets == sum(each.size + 28 for each in sent)
        lost = alice.line.sent.lost + alice.line.received.lost
        assert 0 < lost == log.count(DropReason.LOSS.value)

    run(story())


def test_what_a_connection_brings_before_it_is_taken_is_kept() -> None:
    """As in a socket's buffer: its first data may come with the end of its handshake."""

    async def story() -> None:
        network = Network()
        one, other = network.host("one"), network.host("other")
        came: asyncio.Queue[Any] = asyncio.Queue()
        listener = one.system.listen(one.addresses[0], came.put_nowait)
        sending, taking = Collecting(), Collecting()
        await other.system.connect(
            sending,
            TransportAddress(*listener.address),
            host=other.addresses[0],
            server_name=None,
            context=None,
            shutdown_timeout=1.0,
            proxy=None,
        )
        assert sending.transport is not None
        sending.transport.write(b"early")
        await asyncio.sleep(1)
        await one.system.adopt(taking, await came.get())
        assert taking.data == b"early"
        sending.transport.write(b", and late")
        await asyncio.sleep(1)
        assert taking.data == b"early, and late"
        listener.close()

    run(story())


class Collecting(asyncio.Protocol):
    """Keeps what it is given."""

    transport: asyncio.Transport | None = None
    data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember who it belongs to."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Keep it."""
        self.data += data
