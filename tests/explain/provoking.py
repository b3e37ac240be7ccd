"""Calls in virtual time in which one thing is wrong, and what the one or the other side says."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest

from peer import InvalidStateError, OperationError, RTCIceServer, RTCPeerConnection
from peer.explain import Explanation
from peer.testing import (
    Conditions,
    ConnectError,
    FirewallPolicy,
    Host,
    Network,
    Signalling,
    connected,
    run,
)

Story = Callable[[Network], Awaitable[Explanation]]
STORIES: dict[str, Story] = {}


def provokes(cause: str) -> Callable[[Story], Story]:
    """Say what a call is to be explained by."""

    def note(story: Story) -> Story:
        STORIES[f"{cause}:{story.__name__}"] = story
        return story

    return note


def explained(name: str) -> Explanation:
    """Run a call, and give what was said of it."""

    async def call() -> Explanation:
        network = Network(seed=5)
        try:
            return await STORIES[name](network)
        finally:
            while _made:
                await _made.pop().close()

    return run(call())


_made: list[RTCPeerConnection] = []


def connection(host: Host, **settings: Any) -> RTCPeerConnection:
    """Make a connection that is closed in the end."""
    pc = host.connection(**settings)
    _made.append(pc)
    return pc


def pair(
    network: Network,
    one: Host | None = None,
    other: Host | None = None,
    settings: dict[str, Any] | None = None,
) -> tuple[RTCPeerConnection, RTCPeerConnection]:
    """Two connections with a channel, behind usual NATs unless hosts are given."""
    one = one or network.host("alice", nat="port-restricted")
    other = other or network.host("bob", nat="port-restricted")
    a, b = connection(one, **(settings or {})), connection(other)
    a.createDataChannel("chat")
    return a, b


async def try_to_connect(a: RTCPeerConnection, b: RTCPeerConnection, within: float = 60) -> None:
    """Exchange everything, and wait until it is over whether it works."""
    signalling = Signalling(a, b)
    await signalling.negotiate()
    with suppress(ConnectError, TimeoutError):
        async with asyncio.timeout(within):
            await connected(a)


Rewrite = Callable[[str], str]


def as_is(text: str) -> str:
    """Leave a description as it is."""
    return text


async def exchange(
    a: RTCPeerConnection,
    b: RTCPeerConnection,
    *,
    offer: Rewrite = as_is,
    answer: Rewrite = as_is,
    wait: float = 50,
) -> None:
    """Exchange complete descriptions, altered on their way, and wait."""
    await a.setLocalDescription()
    await a.completeLocalDescription(15)
    await b.setRemoteDescription({"type": "offer", "sdp": offer(a.localDescription.sdp)})
    await b.setLocalDescription()
    await b.completeLocalDescription(15)
    await a.setRemoteDescription({"type": "answer", "sdp": answer(b.localDescription.sdp)})
    await asyncio.sleep(wait)


def without(pattern: str) -> Rewrite:
    """Leave lines out."""
    return lambda text: re.sub(rf"(?m)^(?:{pattern})[^\n]*\n", "", text)


# Signalling


@provokes("no-answer")
async def the_answer_is_lost(network: Network) -> Explanation:
    a, _ = pair(network)
    await a.setLocalDescription()
    await asyncio.sleep(30)
    return a.explain()


@provokes("answer-not-made")
async def the_answer_is_not_made(network: Network) -> Explanation:
    a, b = pair(network)
    await a.setLocalDescription()
    await b.setRemoteDescription(a.localDescription)
    await asyncio.sleep(30)
    return b.explain()


@provokes("no-candidates-from-peer")
async def candidates_are_not_forwarded(network: Network) -> Explanation:
    a, b = pair(network)
    strip = without("a=candidate|a=end-of-candidates")
    await exchange(a, b, offer=strip, answer=strip)
    return a.explain()


CANDIDATE = "candidate:1 1 udp 2130706431 198.51.100.7 4000 typ host"


@provokes("candidates-too-early")
async def candidates_before_the_description(network: Network) -> Explanation:
    a, b = pair(network)
    with pytest.raises(InvalidStateError):
        await a.addIceCandidate({"candidate": CANDIDATE, "sdpMid": "0"})
    strip = without("a=candidate|a=end-of-candidates")
    await exchange(a, b, offer=strip, answer=strip)
    return a.explain()


@provokes("candidates-of-another-generation")
async def candidates_of_an_old_description(network: Network) -> Explanation:
    a, b = pair(network)
    strip = without("a=candidate|a=end-of-candidates")
    await exchange(a, b, offer=strip, answer=strip, wait=0)
    old = {"candidate": CANDIDATE, "sdpMid": "0", "usernameFragment": "old1"}
    with pytest.raises(OperationError):
        await a.addIceCandidate(old)
    await asyncio.sleep(50)
    return a.explain()


@provokes("call-refused")
async def an_answer_in_the_wrong_state(network: Network) -> Explanation:
    a, b = pair(network)
    await a.setLocalDescription()
    await b.setRemoteDescription(a.localDescription)
    await b.setLocalDescription()
    with pytest.raises(InvalidStateError):
        await b.setRemoteDescription({"type": "answer", "sdp": b.localDescription.sdp})
    await asyncio.sleep(1)
    return b.explain()


@provokes("candidates-unusable")
async def only_a_loopback_address(network: Network) -> Explanation:
    a, b = pair(network)
    strip = without("a=candidate|a=end-of-candidates")
    loopback = "a=candidate:1 1 udp 2130706431 127.0.0.1 4000 typ host\r\n"
    await exchange(a, b, offer=strip, answer=lambda text: strip(text) + loopback)
    return a.explain()


@provokes("no-common-family")
async def one_side_has_ipv6_alone(network: Network) -> Explanation:
    one = network.host("alice")
    other = network.host("bob", ipv6=True)
    a, b = pair(network, one, other)
    ipv4 = r"a=candidate:\S+ \d \w+ \d+ \d+\.|a=end-of-candidates"
    await exchange(a, b, offer=without("a=candidate"), answer=without(ipv4))
    return a.explain()


@provokes("names-unresolved")
async def the_peer_hides_its_addresses(network: Network) -> Explanation:
    a, b = pair(network)

    def hide(text: str) -> str:
        name = "0b35c8a1-2b1a-4d4e-a2b1-7d0f5c1f2a3b.local"
        return re.sub(r"(a=candidate:\S+ \d udp \d+ )\S+( \d+ typ host)", rf"\g<1>{name}\2", text)

    await exchange(a, b, offer=without("a=candidate"), answer=hide)
    return a.explain()


# Servers


async def with_servers(
    network: Network, servers: list[RTCIceServer], **changes: Any
) -> RTCPeerConnection:
    """A call between NATs that need a relay, with these servers."""
    one = network.host("alice", nat="symmetric", **changes)
    a, b = pair(network, one, network.host("bob", nat="symmetric"), {"iceServers": servers})
    await try_to_connect(a, b)
    return a


@provokes("turn-credentials")
async def a_wrong_credential(network: Network) -> Explanation:
    network.turn_server()
    network.ice_servers.clear()
    wrong = RTCIceServer("turn:turn.example?transport=udp", "user", "wrong")
    return (await with_servers(network, [wrong])).explain()


@provokes("turn-credentials-expired")
async def an_expired_credential(network: Network) -> Explanation:
    network.turn_server()
    network.ice_servers.clear()
    name = f"{int(time.time()) - 600}:user"
    old = RTCIceServer("turn:turn.example?transport=udp", name, "wrong")
    return (await with_servers(network, [old])).explain()


def failing_server(network: Network, code: int) -> list[RTCIceServer]:
    from peer.ice.stun import Method

    server = network.turn_server()
    server.faults.fail(Method.ALLOCATE, code)
    servers, network.ice_servers = network.ice_servers, []
    return servers


@provokes("turn-quota")
async def the_quota_is_used_up(network: Network) -> Explanation:
    return (await with_servers(network, failing_server(network, 486))).explain()


@provokes("turn-capacity")
async def the_server_is_full(network: Network) -> Explanation:
    return (await with_servers(network, failing_server(network, 508))).explain()


@provokes("turn-forbidden")
async def the_user_is_shut_out(network: Network) -> Explanation:
    return (await with_servers(network, failing_server(network, 403))).explain()


@provokes("turn-port-taken")
async def the_port_is_taken(network: Network) -> Explanation:
    return (await with_servers(network, failing_server(network, 437))).explain()


@provokes("turn-nonce")
async def nonces_are_not_shared(network: Network) -> Explanation:
    return (await with_servers(network, failing_server(network, 438))).explain()


@provokes("turn-silent")
async def the_turn_server_is_down(network: Network) -> Explanation:
    network.stun_server()
    stun = list(network.ice_servers)
    network.turn_server().faults.is_silent = True
    servers = list(network.ice_servers)
    network.ice_servers = stun
    return (await with_servers(network, servers)).explain()


@provokes("stun-silent")
async def the_stun_server_is_down(network: Network) -> Explanation:
    network.stun_server("stun.other")
    network.stun_server().faults.is_silent = True
    servers = list(network.ice_servers)
    return (await with_servers(network, servers)).explain()


@provokes("server-name-unknown")
async def a_name_nobody_knows(network: Network) -> Explanation:
    unknown = RTCIceServer("turn:nowhere.example", "user", "password")
    return (await with_servers(network, [unknown])).explain()


@provokes("server-unconnected")
async def nobody_listens_for_tcp(network: Network) -> Explanation:
    network.turn_server()
    network.ice_servers.clear()
    over_tcp = RTCIceServer("turn:turn.example?transport=tcp", "user", "password")
    return (await with_servers(network, [over_tcp])).explain()


@provokes("udp-blocked")
async def no_udp_leaves(network: Network) -> Explanation:
    network.stun_server()
    blocked = FirewallPolicy(block_udp=True)
    return (await with_servers(network, list(network.ice_servers), firewall=blocked)).explain()


@provokes("relay-only-without-relay")
async def a_policy_without_a_server(network: Network) -> Explanation:
    network.stun_server()
    one = network.host("alice", nat="symmetric")
    a, b = pair(network, one, settings={"iceTransportPolicy": "relay"})
    await try_to_connect(a, b)
    return a.explain()


@provokes("turn-refuses-peer")
async def a_relay_that_may_not_send(network: Network) -> Explanation:
    from peer.ice.stun import Method

    server = network.turn_server()
    server.faults.fail(Method.CREATE_PERMISSION, 403)
    one = network.host("alice", nat="symmetric")
    a, b = pair(network, one, settings={"iceTransportPolicy": "relay"})
    network.ice_servers.clear()
    await try_to_connect(a, b)
    return a.explain()


# Checks


@provokes("nats-too-strict")
async def nats_that_cannot_be_crossed(network: Network) -> Explanation:
    network.stun_server()
    network.stun_server("stun.other")
    return (await with_servers(network, list(network.ice_servers))).explain()


@provokes("checks-unanswered")
async def the_peer_is_unreachable(network: Network) -> Explanation:
    a, b = pair(network, network.host("alice"), network.host("bob"))
    network.hosts["bob"].line.cut()
    await try_to_connect(a, b)
    return a.explain()


@provokes("one-way")
async def nothing_of_ours_arrives(network: Network) -> Explanation:
    a, b = pair(network, network.host("alice"), network.host("bob"))
    network.hosts["alice"].line.up = Conditions(loss=1.0)
    await try_to_connect(a, b)
    return a.explain()


def other_password(text: str) -> str:
    return re.sub(r"(?m)^a=ice-pwd:.*$", "a=ice-pwd:" + "x" * 24 + "\r", text)


@provokes("peer-rejects-our-credentials")
async def their_password_is_mixed_up_here(network: Network) -> Explanation:
    a, b = pair(network, network.host("alice"), network.host("bob"))
    await exchange(a, b, answer=other_password, wait=20)
    return a.explain()


@provokes("peer-has-other-credentials")
async def our_password_is_mixed_up_there(network: Network) -> Explanation:
    a, b = pair(network, network.host("alice"), network.host("bob"))
    await exchange(a, b, answer=other_password, wait=20)
    return b.explain()


@provokes("peer-rejects-our-credentials")
async def a_password_is_mixed_up_on_one_machine(network: Network) -> Explanation:
    """Both sides have the same address."""
    host = network.host("alice")
    a, b = pair(network, host, host)
    await exchange(a, b, answer=other_password, wait=20)
    return a.explain()


@provokes("peer-has-other-credentials")
async def the_other_side_on_one_machine(network: Network) -> Explanation:
    host = network.host("alice")
    a, b = pair(network, host, host)
    await exchange(a, b, answer=other_password, wait=20)
    return b.explain()


@provokes("turn-credentials")
async def both_sides_have_a_wrong_credential(network: Network) -> Explanation:
    """So that the peer tells no address either."""
    network.turn_server()
    network.ice_servers.clear()
    wrong = RTCIceServer("turn:turn.example?transport=udp", "user", "wrong")
    settings = {"iceServers": [wrong], "iceTransportPolicy": "relay"}
    a = connection(network.host("alice"), **settings)
    b = connection(network.host("bob"), **settings)
    a.createDataChannel("chat")
    await try_to_connect(a, b)
    return a.explain()


@provokes("checks-lost")
async def a_lossy_path(network: Network) -> Explanation:
    bad = Conditions(delay=0.05, loss=0.5)
    a, b = pair(network, network.host("alice", link=bad), network.host("bob", link=bad))
    await try_to_connect(a, b, within=120)
    return a.explain()
