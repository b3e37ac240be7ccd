"""Calls with what is wrong in servers, candidates, data and media, beside the common faults."""

import asyncio
import re

import pytest

from peer import OperationError, RTCIceServer
from peer.explain import Explanation
from peer.testing import Network, ToneTrack
from tests.explain.provoking import (
    Rewrite,
    exchange,
    failing_server,
    pair,
    provokes,
    with_servers,
    without,
)


@provokes("turn-family")
async def the_server_has_no_addresses_of_the_family(network: Network) -> Explanation:
    return (await with_servers(network, failing_server(network, 440))).explain()


@provokes("server-name-unknown")
async def nobody_knows_the_server(network: Network) -> Explanation:
    nowhere = RTCIceServer("turn:nowhere.example?transport=udp", "user", "hush-hush")
    return (await with_servers(network, [nowhere])).explain()


@provokes("server-unconnected")
async def the_server_takes_no_connections(network: Network) -> Explanation:
    network.turn_server(transports=("udp",))
    network.ice_servers.clear()
    over_tcp = RTCIceServer("turn:turn.example?transport=tcp", "user", "hush-hush")
    return (await with_servers(network, [over_tcp])).explain()


@provokes("candidates-refused")
async def signalling_spoils_candidates(network: Network) -> Explanation:
    a, b = pair(network)
    strip = without("a=candidate|a=end-of-candidates")
    await exchange(a, b, offer=strip, answer=strip, wait=0)
    with pytest.raises(OperationError):
        await a.addIceCandidate({"candidate": "candidate:1 1 udp", "sdpMid": "0"})
    await asyncio.sleep(50)
    return a.explain()


@provokes("sctp-unanswered")
async def the_association_is_elsewhere(network: Network) -> Explanation:
    """The answer tells of a port where nobody is, so that INIT is not answered."""
    a, b = pair(network, network.host("alice"), network.host("bob"))

    def elsewhere(text: str) -> str:
        return without("a=sctp-init")(text).replace("a=sctp-port:5000", "a=sctp-port:5001")

    await exchange(a, b, offer=without("a=sctp-init"), answer=elsewhere, wait=20)
    return a.explain()


@provokes("media-not-negotiated")
async def signalling_numbers_formats_anew(network: Network) -> Explanation:
    """The peer hears of another number for Opus than we do, and sends by that."""
    a, b = pair(network, network.host("alice"), network.host("bob"))
    a.addTransceiver("audio", direction="recvonly")
    b.addTrack(ToneTrack())

    def rename(old: str, new: str) -> Rewrite:
        lines = re.compile(r"(?m)^(?:m=audio|a=rtpmap:|a=fmtp:|a=rtcp-fb:).*$")
        number = re.compile(rf"(?<![\w.]){old}(?!\w)")
        return lambda text: lines.sub(lambda line: number.sub(new, line[0]), text)

    await exchange(a, b, offer=rename("111", "120"), answer=rename("120", "111"), wait=10)
    return a.explain()
