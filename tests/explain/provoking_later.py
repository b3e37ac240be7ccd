"""Calls that are connected, and what goes wrong then."""

import asyncio
import re
from dataclasses import replace
from typing import Any

from peer import RTCPeerConnection
from peer.explain import Explanation
from peer.net import NetConfig
from peer.testing import Conditions, Host, Network, PictureTrack, ToneTrack, connect
from tests.explain.provoking import connection, exchange, pair, provokes, without

# Lost


async def established(
    network: Network, one: Host | None = None, other: Host | None = None
) -> tuple[RTCPeerConnection, RTCPeerConnection]:
    """A call with sound that is connected."""
    a, b = pair(network, one or network.host("alice"), other or network.host("bob"))
    a.addTrack(ToneTrack())
    await connect(a, b)
    await asyncio.sleep(3)
    return a, b


@provokes("path-died")
async def the_line_is_cut(network: Network) -> Explanation:
    a, _ = await established(network)
    network.hosts["bob"].line.cut()
    await asyncio.sleep(60)
    return a.explain()


@provokes("path-died")
async def the_line_is_cut_and_not_given_up(network: Network) -> Explanation:
    a, _ = await established(network)
    network.hosts["bob"].line.cut()
    await asyncio.sleep(15)
    return a.explain()


@provokes("peer-closed")
async def the_peer_hangs_up(network: Network) -> Explanation:
    a, b = await established(network)
    await b.close()
    await asyncio.sleep(5)
    return a.explain()


@provokes("allocation-lost")
async def the_relay_is_restarted_and_takes_nobody(network: Network) -> Explanation:
    server = network.turn_server()
    one = network.host("alice", nat="symmetric")
    a, b = pair(network, one, settings={"iceTransportPolicy": "relay"})
    network.ice_servers.clear()
    await connect(a, b)
    await asyncio.sleep(525)  # the next refresh is sooner than the end of consent
    server.forget_allocations()
    server.relay.quota = 0  # else we have another allocation at once
    await asyncio.sleep(60)
    return a.explain()


@provokes("interface-gone")
async def the_interface_goes_down(network: Network) -> Explanation:
    host = network.host("alice")
    watching = {"network": replace(host.configuration().network or NetConfig(), poll_interval=1.0)}
    a, b = pair(network, host, network.host("bob"), watching)
    await connect(a, b)
    await asyncio.sleep(5)
    host.below.interfaces[0].go_down()
    await asyncio.sleep(60)
    return a.explain()


@provokes("restart-unanswered")
async def the_restart_is_lost(network: Network) -> Explanation:
    a, _ = await established(network)
    a.restartIce()
    await a.setLocalDescription()
    await asyncio.sleep(20)
    return a.explain()


# DTLS, SCTP


def other_fingerprint(text: str) -> str:
    return re.sub(
        r"(a=fingerprint:sha-256 )(\w\w)", lambda m: f"{m[1]}{int(m[2], 16) ^ 255:02X}", text
    )


@provokes("fingerprint-mismatch")
async def a_certificate_of_somebody_else(network: Network) -> Explanation:
    a, b = pair(network, network.host("alice"), network.host("bob"))
    await exchange(a, b, answer=other_fingerprint, wait=20)
    return a.explain()


@provokes("dtls-not-begun")
async def both_wait_for_the_handshake(network: Network) -> Explanation:
    a, b = pair(network, network.host("alice"), network.host("bob"))

    # Each is told that the other begins.
    def active(text: str) -> str:
        return re.sub("a=setup:(passive|actpass)", "a=setup:active", text)

    await exchange(a, b, offer=active, answer=active, wait=35)
    return a.explain()


@provokes("dtls-unanswered")
async def flights_are_too_large(network: Network) -> Explanation:
    small = Conditions(mtu=600)
    a, b = pair(network, network.host("alice", link=small), network.host("bob", link=small))
    plain = without("a=ice-options")
    await exchange(a, b, offer=plain, answer=plain, wait=40)
    return a.explain()


# Media


@provokes("loss-without-queue")
async def a_radio_that_loses(network: Network) -> Explanation:
    a, _ = await established(network, network.host("alice", link=Conditions(delay=0.02, loss=0.08)))
    await asyncio.sleep(10)
    return a.explain()


@provokes("loss-of-received")
async def the_other_side_of_it(network: Network) -> Explanation:
    _, b = await established(network, network.host("alice", link=Conditions(delay=0.02, loss=0.08)))
    await asyncio.sleep(10)
    return b.explain()


@provokes("jitter")
async def packets_are_late(network: Network) -> Explanation:
    late = Conditions(delay=0.02, reordering=0.4, reordering_delay=0.3)
    _, b = await established(network, network.host("alice", link=late))
    await asyncio.sleep(6)
    return b.explain()


async def listen(track: Any, lasting: float = 0.0) -> None:
    """Take what a track gives."""
    while True:
        await track.recv()
        await asyncio.sleep(lasting)


@provokes("track-not-read")
async def nobody_looks_at_pictures(network: Network) -> Explanation:
    a, b = pair(network, network.host("alice"), network.host("bob"))
    a.addTrack(PictureTrack())
    await connect(a, b)
    await asyncio.sleep(20)
    return b.explain()


class Silent(ToneTrack):
    """A track of silence."""

    def __init__(self) -> None:
        super().__init__()
        self._wave = bytes(len(self._wave))


@provokes("source-silent")
async def the_microphone_is_muted(network: Network) -> Explanation:
    a, b = pair(network, network.host("alice"), network.host("bob"))
    a.addTrack(Silent())
    tasks: list[asyncio.Task[None]] = []
    b.on("track", lambda track: tasks.append(asyncio.ensure_future(listen(track))))
    await connect(a, b)
    await asyncio.sleep(10)
    explanation = b.explain()
    for task in tasks:
        task.cancel()
    return explanation


@provokes("line-full")
async def pictures_on_a_thin_line(network: Network) -> Explanation:
    thin = Conditions(delay=0.02, rate=60_000, queue=3.0)
    a, b = pair(network, network.host("alice", link=thin), network.host("bob"))
    channel = a.createDataChannel("bulk")
    a.addTrack(ToneTrack())
    await connect(a, b)
    a.explain()
    for _ in range(8):
        await asyncio.sleep(2)
        channel.send(bytes(60_000))
        a.explain()
    return a.explain()


@provokes("two-relays")
async def both_sides_use_relays(network: Network) -> Explanation:
    network.turn_server()
    one, other = network.host("alice"), network.host("bob")
    settings = {"iceTransportPolicy": "relay"}
    a, b = connection(one, **settings), connection(other, **settings)
    a.createDataChannel("chat")
    await connect(a, b)
    await asyncio.sleep(10)
    return a.explain()


class Broken(ToneTrack):
    """A track that never gives a frame."""

    async def recv(self) -> Any:
        await asyncio.sleep(3600)
        return await super().recv()


@provokes("nothing-sent")
async def a_track_that_gives_nothing(network: Network) -> Explanation:
    a, b = pair(network, network.host("alice"), network.host("bob"))
    a.addTrack(Broken())
    await connect(a, b)
    await asyncio.sleep(10)
    return a.explain()


@provokes("source-dried-up")
async def a_track_that_ends(network: Network) -> Explanation:
    a, b = pair(network, network.host("alice"), network.host("bob"))
    track = ToneTrack()
    a.addTrack(track)
    await connect(a, b)
    await asyncio.sleep(5)
    track.stop()
    await asyncio.sleep(1)
    a.explain()
    await asyncio.sleep(10)
    return a.explain()


@provokes("no-data-section")
async def a_channel_made_too_late(network: Network) -> Explanation:
    host = network.host("alice")
    a, b = connection(host), connection(network.host("bob"))
    a.addTrack(ToneTrack())
    await connect(a, b)
    a.createDataChannel("late")
    await asyncio.sleep(10)
    return a.explain()


@provokes("section-rejected")
async def no_codec_in_common(network: Network) -> Explanation:
    a, b = pair(network, network.host("alice"), network.host("bob"))
    a.addTrack(PictureTrack())

    def unknown(text: str) -> str:
        before, video = text.split("m=video")
        return before + "m=video" + re.sub(r"(a=rtpmap:\d+ )[\w-]+(/90000)", r"\1X-NONE\2", video)

    await exchange(a, b, offer=unknown, wait=10)
    return a.explain()
