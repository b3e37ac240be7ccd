"""Calls of many kinds in virtual time, healthy and not, and what is to be said of each side first.

Each is explained twice: from a trace, as `aiopeer trace` does, and by the connection itself, which
has no figures but those of the moment. Of a healthy call nothing is said.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from peer import RTCPeerConnection
from peer.explain import Explanation, explain
from peer.ice.stun import Method
from peer.net import wall_time
from peer.testing import (
    Conditions,
    FirewallPolicy,
    GilbertElliott,
    Host,
    Network,
    PictureTrack,
    ToneTrack,
    connect,
    run,
)
from peer.trace import TraceEntry
from tests.explain.provoking import try_to_connect


class Ends:
    """Two connections, which write traces, and those who read what comes."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.traces: tuple[list[TraceEntry], list[TraceEntry]] = [], []
        self.readers: list[asyncio.Task[None]] = []
        self.a: RTCPeerConnection
        self.b: RTCPeerConnection

    def make(self, one: Host | None = None, other: Host | None = None, **settings: Any) -> None:
        """Make both, on lines without a fault unless hosts are given."""
        one = one or self.network.host("alice")
        other = other or self.network.host("bob")
        self.a = one.connection(trace=self.traces[0].append, **settings)
        self.b = other.connection(trace=self.traces[1].append, **settings)
        for each in (self.a, self.b):
            each.on("track", self.read)

    def read(self, track: Any) -> None:
        """Take what comes of a track until it ends."""
        self.readers.append(asyncio.ensure_future(_read(track)))

    async def close(self) -> None:
        """Close both."""
        for reader in self.readers:
            reader.cancel()
        await self.a.close()
        await self.b.close()


async def _read(track: Any) -> None:
    while True:
        await track.recv()


Course = Callable[[Ends], Awaitable[object]]


class Kind(NamedTuple):
    """A kind of call, and the causes that are told first on either side; None for nothing."""

    course: Course
    ours: str | None
    theirs: str | None


KINDS: dict[str, Kind] = {}


def kind(ours: str | None = None, theirs: str | None = None) -> Callable[[Course], Course]:
    """Say what is told first of a call on the side that calls, and on the other."""

    def note(course: Course) -> Course:
        KINDS[course.__name__] = Kind(course, ours, theirs)
        return course

    return note


class Told(NamedTuple):
    """What is said of both sides: from traces, and by the connections."""

    traced: tuple[Explanation, Explanation]
    asked: tuple[Explanation, Explanation]


def told_of(name: str) -> Told:
    """Hold a call, and give what is said of it."""

    async def call() -> Told:
        ends = Ends(Network(seed=7))
        try:
            await KINDS[name].course(ends)
            asked = ends.a.explain(), ends.b.explain()
            now = wall_time()
            one, other = (explain(trace, now=now) for trace in ends.traces)
            return Told((one, other), asked)
        finally:
            await ends.close()

    return run(call())


async def talk(ends: Ends, seconds: float, *tracks: Any) -> None:
    """Connect with sound in both directions, and tracks of the caller's, and go on for a while."""
    ends.a.addTrack(ToneTrack())
    ends.b.addTrack(ToneTrack())
    for track in tracks:
        ends.a.addTrack(track)
    await connect(ends.a, ends.b)
    await asyncio.sleep(seconds)


# Healthy


@kind()
async def sound_on_one_network(ends: Ends) -> None:
    ends.make()
    await talk(ends, 8)


@kind()
async def a_long_talk(ends: Ends) -> None:
    ends.make()
    await talk(ends, 40)


@kind()
async def it_has_just_connected(ends: Ends) -> None:
    ends.make()
    await talk(ends, 0.05)


@kind()
async def nothing_has_begun(ends: Ends) -> None:
    ends.make()


@kind()
async def the_answer_has_just_been_made(ends: Ends) -> None:
    ends.make()
    ends.a.addTrack(ToneTrack())
    await ends.a.setLocalDescription()
    await ends.b.setRemoteDescription(ends.a.localDescription)
    await asyncio.sleep(1)


@kind()
async def the_offer_has_just_left(ends: Ends) -> None:
    ends.make()
    ends.a.addTrack(ToneTrack())
    await ends.a.setLocalDescription()
    await asyncio.sleep(1)


@kind()
async def behind_home_routers(ends: Ends) -> None:
    network = ends.network
    network.stun_server()
    ends.make(*(network.host(name, nat="port-restricted") for name in ("alice", "bob")))
    await talk(ends, 8)


@kind()
async def through_a_relay_where_it_is_needed(ends: Ends) -> None:
    network = ends.network
    network.stun_server()
    network.turn_server()
    ends.make(*(network.host(name, nat="symmetric") for name in ("alice", "bob")))
    await talk(ends, 8)


@kind()
async def over_ipv6(ends: Ends) -> None:
    network = ends.network
    ends.make(*(network.host(name, nat="port-restricted", ipv6=True) for name in ("al", "bo")))
    await talk(ends, 8)


@kind()
async def across_an_ocean(ends: Ends) -> None:
    network = ends.network
    ends.make(*(network.host(name, link=Conditions(delay=0.06)) for name in ("alice", "bob")))
    await talk(ends, 10, PictureTrack())


@kind()
async def over_usual_wifi(ends: Ends) -> None:
    """With a percent of loss, and some jitter."""
    network = ends.network
    wifi = Conditions(delay=0.005, jitter=0.02, loss=0.005)
    ends.make(network.host("alice", link=wifi), network.host("bob", link=wifi))
    await talk(ends, 10)


@kind()
async def pictures(ends: Ends) -> None:
    ends.make()
    await talk(ends, 8, PictureTrack())


@kind()
async def pictures_on_a_line_that_is_just_enough(ends: Ends) -> None:
    network = ends.network
    line = Conditions(delay=0.02, rate=1_500_000, queue=0.3)
    ends.make(network.host("alice", link=line), network.host("bob"))
    await talk(ends, 15, PictureTrack())


@kind()
async def data_alone(ends: Ends) -> None:
    ends.make()
    ends.a.createDataChannel("chat")
    await connect(ends.a, ends.b)
    await asyncio.sleep(10)


@kind()
async def a_transfer(ends: Ends) -> None:
    network = ends.network
    line = Conditions(delay=0.02, rate=5_000_000, queue=0.2)
    ends.make(network.host("alice", link=line), network.host("bob"))
    channel = ends.a.createDataChannel("bulk")
    await connect(ends.a, ends.b)
    for _ in range(8):
        channel.send(bytes(200_000))
        await asyncio.sleep(1)


@kind()
async def one_side_listens(ends: Ends) -> None:
    ends.make()
    ends.a.addTransceiver("audio", direction="recvonly")
    ends.b.addTrack(ToneTrack())
    await connect(ends.a, ends.b)
    await asyncio.sleep(8)


@kind()
async def one_side_is_put_on_hold(ends: Ends) -> None:
    ends.make()
    await talk(ends, 3)
    ends.a.getTransceivers()[0].direction = "inactive"
    await connect(ends.a, ends.b)
    await asyncio.sleep(8)


@kind()
async def a_track_is_added_later(ends: Ends) -> None:
    ends.make()
    await talk(ends, 3)
    ends.a.addTrack(PictureTrack())
    await connect(ends.a, ends.b)
    await asyncio.sleep(6)


@kind()
async def a_track_is_taken_away(ends: Ends) -> None:
    ends.make()
    await talk(ends, 3)
    ends.a.removeTrack(ends.a.getSenders()[0])
    await connect(ends.a, ends.b)
    await asyncio.sleep(8)


@kind()
async def ice_is_restarted(ends: Ends) -> None:
    ends.make()
    await talk(ends, 3)
    ends.a.restartIce()
    await connect(ends.a, ends.b)
    await asyncio.sleep(5)


@kind()
async def the_network_changes(ends: Ends) -> None:
    network = ends.network
    network.stun_server()
    host = network.host("alice", nat="full-cone")
    ends.make(host, network.host("bob", nat="full-cone"))
    await talk(ends, 3)
    host.change_address()
    await asyncio.sleep(8)


@kind()
async def a_short_outage(ends: Ends) -> None:
    """As where a radio changes cells."""
    ends.make()
    await talk(ends, 10)
    await ends.network.hosts["bob"].line.outage(0.2)
    await asyncio.sleep(5)


@kind()
async def it_was_closed_here(ends: Ends) -> None:
    ends.make()
    await talk(ends, 3)
    await ends.a.close()
    await ends.b.close()


@kind()
async def video_is_declined(ends: Ends) -> None:
    """A side that offers to receive pictures, and one that has none to send."""
    ends.make()
    ends.a.addTransceiver("video", direction="recvonly")
    await talk(ends, 6)


# Not healthy, and connected


@kind("peer-closed", None)
async def the_peer_hangs_up(ends: Ends) -> None:
    ends.make()
    await talk(ends, 3)
    await ends.b.close()
    await asyncio.sleep(2)


@kind("outage", "outage")
async def an_outage_on_a_narrow_line(ends: Ends) -> None:
    network = ends.network
    line = Conditions(delay=0.02, rate=400_000, queue=0.3)
    ends.make(network.host("alice", link=line), network.host("bob"))
    await talk(ends, 10, PictureTrack())
    await network.hosts["alice"].line.outage(4)
    await asyncio.sleep(15)


@kind("outage", "outage")
async def an_outage(ends: Ends) -> None:
    ends.make()
    await talk(ends, 10)
    await ends.network.hosts["alice"].line.outage(4)
    await asyncio.sleep(10)


@kind("loss-without-queue", "loss-without-queue")
async def a_radio_that_loses(ends: Ends) -> None:
    network = ends.network
    ends.make(network.host("alice", link=Conditions(delay=0.02, loss=0.08)), network.host("bob"))
    await talk(ends, 20)


@kind("loss-without-queue", "loss-without-queue")
async def a_radio_that_loses_in_bursts(ends: Ends) -> None:
    network = ends.network
    bursts = Conditions(delay=0.02, burst=GilbertElliott(enter=0.02, leave=0.3))
    ends.make(network.host("alice", link=bursts), network.host("bob"))
    await talk(ends, 20)


@kind("loss-without-queue", "loss-without-queue")
async def pictures_over_a_radio_that_loses(ends: Ends) -> None:
    network = ends.network
    ends.make(network.host("alice", link=Conditions(delay=0.02, loss=0.08)), network.host("bob"))
    await talk(ends, 15, PictureTrack())


@kind("bandwidth-low", None)
async def pictures_on_a_narrow_line(ends: Ends) -> None:
    network = ends.network
    line = Conditions(delay=0.02, rate=150_000, queue=0.3)
    ends.make(network.host("alice", link=line), network.host("bob"))
    await talk(ends, 20, PictureTrack(640, 480, 15))


@kind("line-full", "line-full")
async def somebody_fills_the_line(ends: Ends) -> None:
    network = ends.network
    line = Conditions(delay=0.02, rate=100_000, queue=1.5)
    ends.make(network.host("alice", link=line), network.host("bob"))
    channel = ends.a.createDataChannel("bulk")
    task = asyncio.ensure_future(talk(ends, 12))
    for _ in range(10):
        await asyncio.sleep(1)
        if channel.readyState == "open":
            channel.send(bytes(30_000))
    await task


@kind("jitter", "jitter")
async def packets_are_late(ends: Ends) -> None:
    network = ends.network
    late = Conditions(delay=0.02, reordering=0.4, reordering_delay=0.3)
    ends.make(network.host("alice", link=late), network.host("bob"))
    await talk(ends, 8)


@kind("two-relays", "two-relays")
async def both_use_relays(ends: Ends) -> None:
    ends.network.turn_server()
    ends.make(iceTransportPolicy="relay")
    await talk(ends, 8)


@kind("path-died", "path-died")
async def the_line_is_cut(ends: Ends) -> None:
    ends.make()
    await talk(ends, 5)
    ends.network.hosts["bob"].line.cut()
    await asyncio.sleep(50)


@kind("source-dried-up", None)
async def a_track_ends(ends: Ends) -> None:
    ends.make()
    track = ToneTrack()
    ends.a.addTrack(track)
    await connect(ends.a, ends.b)
    await asyncio.sleep(5)
    track.stop()
    await asyncio.sleep(10)


# Never connected


@kind("no-answer", "answer-not-made")
async def the_answer_is_never_made(ends: Ends) -> None:
    ends.make()
    ends.a.addTrack(ToneTrack())
    await ends.a.setLocalDescription()
    await ends.b.setRemoteDescription(ends.a.localDescription)
    await asyncio.sleep(20)


@kind("nats-too-strict", "nats-too-strict")
async def nats_that_cannot_be_crossed(ends: Ends) -> None:
    network = ends.network
    network.stun_server()
    network.stun_server("stun.other")
    ends.make(*(network.host(name, nat="symmetric") for name in ("alice", "bob")))
    await fail(ends)


@kind("udp-blocked", "checks-unanswered")
async def no_udp_leaves(ends: Ends) -> None:
    network = ends.network
    network.stun_server()
    one = network.host("alice", nat="symmetric", firewall=FirewallPolicy(block_udp=True))
    ends.make(one, network.host("bob", nat="symmetric"))
    await fail(ends)


@kind("turn-quota", "turn-quota")
async def the_quota_is_used_up(ends: Ends) -> None:
    network = ends.network
    network.stun_server()
    network.turn_server().faults.fail(Method.ALLOCATE, 486)
    ends.make(*(network.host(name, nat="symmetric") for name in ("alice", "bob")))
    await fail(ends)


@kind("checks-unanswered", "checks-unanswered")
async def the_peer_is_unreachable(ends: Ends) -> None:
    ends.make()
    ends.network.hosts["bob"].line.cut()
    await fail(ends)


async def fail(ends: Ends) -> None:
    """Try to connect until both have failed."""
    ends.a.addTrack(ToneTrack())
    await try_to_connect(ends.a, ends.b)
    await asyncio.sleep(1)
