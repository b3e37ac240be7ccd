"""Calls whose packets somebody on the way drops, alters, or answers in a way of their own."""

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest import mock

from peer import RTCIceServer
from peer.explain import Explanation
from peer.ice import IceRole, Protocol, TransportAddress, classify
from peer.ice.responder import Accepted, Conflict
from peer.ice.stun import MessageClass, StunError, parse
from peer.testing import (
    Conditions,
    DropReason,
    Host,
    Network,
    PictureTrack,
    TurnServer,
    VirtualLoop,
    connect,
)
from peer.testing.internet import Packet
from peer.testing.internet.link import Pipe
from tests.explain.provoking import connection, exchange, pair, provokes, try_to_connect, without
from tests.explain.provoking_later import established, listen

Rule = Callable[[Packet], bool]
"""May alter a packet, and tells whether it is lost."""


@contextmanager
def on_the_way(host: Host, rule: Rule) -> Iterator[None]:
    """Ask a rule about each packet that leaves a host; its line is none that is ideal."""
    carried, (source, *_) = Pipe.refusal, host.addresses
    host.line.up = replace(host.line.up, loss=1e-12)

    def refusal(pipe: Pipe, packet: Packet) -> DropReason | None:
        if packet.source[0] == source and rule(packet):
            return DropReason.RULE
        return carried(pipe, packet)

    with mock.patch.object(Pipe, "refusal", refusal):
        yield


def is_media(packet: Packet) -> bool:
    """Tell RTP from RTCP and everything else (RFC 5761 §4)."""
    return classify(packet.payload) is Protocol.RTP and not 192 <= packet.payload[1] < 224


def is_report(packet: Packet) -> bool:
    """Tell RTCP from RTP and everything else."""
    return classify(packet.payload) is Protocol.RTP and 192 <= packet.payload[1] < 224


def message_class(packet: Packet) -> MessageClass | None:
    """Give the class of a STUN message, None of anything else."""
    try:
        return parse(packet.payload).message_class
    except StunError:
        return None


@provokes("nothing-received")
async def a_filter_takes_media_alone(network: Network) -> Explanation:
    one, other = network.host("alice"), network.host("bob")
    with on_the_way(one, is_media):
        _, b = await established(network, one, other)
        await asyncio.sleep(8)
    return b.explain()


@provokes("sent-not-received")
async def a_filter_takes_media_after_a_while(network: Network) -> Explanation:
    one, other = network.host("alice"), network.host("bob")
    _, b = await established(network, one, other)
    with on_the_way(one, is_media):
        await asyncio.sleep(1)
        b.explain()
        await asyncio.sleep(8)
    return b.explain()


@provokes("srtp-refused")
async def media_is_altered(network: Network) -> Explanation:
    one, other = network.host("alice"), network.host("bob")

    def alter(packet: Packet) -> bool:
        if is_media(packet):
            packet.payload = packet.payload[:-1] + bytes([packet.payload[-1] ^ 1])
        return False

    with on_the_way(one, alter):
        _, b = await established(network, one, other)
        await asyncio.sleep(8)
    return b.explain()


@provokes("no-key-frame")
async def nobody_hears_that_a_key_frame_is_missing(network: Network) -> Explanation:
    """The first pictures are lost, and so is whatever asks for another key frame."""
    one, other = network.host("alice"), network.host("bob")
    a, b = pair(network, one, other)
    a.addTrack(PictureTrack())
    tasks: list[asyncio.Task[None]] = []
    b.on("track", lambda track: tasks.append(asyncio.ensure_future(listen(track))))
    with on_the_way(other, is_report):
        with on_the_way(one, is_media):
            await connect(a, b)
            await asyncio.sleep(1)
        await asyncio.sleep(12)
        explanation = b.explain()
    for task in tasks:
        task.cancel()
    return explanation


@provokes("answers-from-elsewhere")
async def a_machine_with_two_addresses(network: Network) -> Explanation:
    """It answers from another than that which was asked, as some do without a route for each."""
    one, other = network.host("alice"), network.host("bob")

    def readdress(packet: Packet) -> bool:
        if message_class(packet) is MessageClass.SUCCESS and packet.source[1] < 60000:
            packet.source = TransportAddress(packet.source[0], 60000)
        return message_class(packet) is MessageClass.REQUEST

    a, b = pair(network, one, other)
    with on_the_way(other, readdress):
        await try_to_connect(a, b)
    return a.explain()


@provokes("dtls-refused")
async def there_is_no_cipher_in_common(network: Network) -> Explanation:
    """What the client offers is nothing that a server takes."""
    one, other = network.host("alice"), network.host("bob")

    def offer_nothing(packet: Packet) -> bool:
        hello = packet.payload
        if hello[:1] == b"\x16" and hello[13:14] == b"\x01":
            at = 13 + 12 + 34
            at += 1 + hello[at]
            at += 1 + hello[at]
            size = int.from_bytes(hello[at : at + 2], "big")
            none = bytes.fromhex("00ff") * (size // 2)
            packet.payload = hello[: at + 2] + none + hello[at + 2 + size :]
        return False

    a, b = pair(network, one, other)
    plain = without("a=ice-options")
    with on_the_way(other, offer_nothing):
        await exchange(a, b, offer=plain, answer=plain, wait=10)
    return a.explain()


def insisting(role: IceRole, tie_breaker: int, check: Accepted) -> Conflict:
    """Judge a check as who never gives way."""
    return Conflict.REJECT if check.claims is role else Conflict.NONE


@provokes("role-conflict")
async def both_sides_insist(network: Network) -> Explanation:
    """Each has made an offer, and takes that of the other for the answer; nobody gives way."""
    a, b = pair(network, network.host("alice"), network.host("bob"))
    b.createDataChannel("chat")
    for each in (a, b):
        await each.setLocalDescription()
        await each.completeLocalDescription(15)

    def answered(text: str, setup: str) -> dict[str, str]:
        return {"type": "answer", "sdp": re.sub("a=setup:actpass", f"a=setup:{setup}", text)}

    told_a, told_b = (
        answered(b.localDescription.sdp, "active"),
        answered(a.localDescription.sdp, "passive"),
    )
    with mock.patch("peer.ice.requests.resolve_conflict", insisting):
        await a.setRemoteDescription(told_a)
        await b.setRemoteDescription(told_b)
        await asyncio.sleep(45)
    return a.explain()


@provokes("relay-address-private")
async def a_relay_that_does_not_know_its_own_address(network: Network) -> Explanation:
    """It is behind a translator, and tells the address that it has inside."""
    site = network.site("data centre", nat="one-to-one")
    host = site.host("relay")
    TurnServer(host.below, users={"user": "password"})
    outside = site.router.external_addresses[0]
    site.router.pair(host.addresses[0], outside)
    server = RTCIceServer(f"turn:{outside}?transport=udp", "user", "password")
    network.stun_server()
    one = network.host("alice", nat="symmetric")
    settings: dict[str, Any] = {"iceServers": [server], "iceTransportPolicy": "relay"}
    a, b = connection(one, **settings), connection(network.host("bob", nat="symmetric"))
    a.createDataChannel("chat")
    await try_to_connect(a, b)
    return a.explain()


@provokes("loss")
async def a_radio_whose_round_trips_vary(network: Network) -> Explanation:
    """Not as much as where a queue fills."""
    radio = Conditions(delay=0.005, jitter=0.06, loss=0.08)
    a, _ = await established(network, network.host("alice", link=radio))
    for _ in range(4):
        await asyncio.sleep(3)
        a.explain()
    return a.explain()


@provokes("event-loop-stalled")
async def something_takes_three_seconds(network: Network) -> Explanation:
    a, _ = await established(network)
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    loop.call_soon(loop.stall, 3.0)
    await asyncio.sleep(5)
    return a.explain()
