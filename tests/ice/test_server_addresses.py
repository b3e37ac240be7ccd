"""Servers that have several addresses, of which some are dead: whole gatherings in virtual time."""

import asyncio

import pytest

from peer import RTCConfiguration, RTCIceServer, RTCPeerConnection
from peer.ice import StunServer, TransportAddress, TurnServer
from peer.ice.server_addresses import next_address, time_for_one
from peer.testing import Network, run
from tests.testing.support import closing

PATIENCE = 40.0
"""A connection over TCP is given up after ten seconds, a request over UDP sooner."""
ADDRESSES = [TransportAddress("192.0.2.1", port) for port in range(3)]


def test_every_address_has_its_turn_and_its_share_of_the_time() -> None:
    server = StunServer(ADDRESSES[0], "stun:x", tuple(ADDRESSES[1:]))
    assert time_for_one(server, 9.0) == 3.0
    seen = []
    for _ in range(4):
        seen.append(server.address)
        server = next_address(server)
    assert seen == [*ADDRESSES, ADDRESSES[0]]
    relay = TurnServer(ADDRESSES[0], "turn:x", "user", "secret", others=(ADDRESSES[1],))
    assert next_address(relay).address == ADDRESSES[1]
    assert time_for_one(StunServer(ADDRESSES[0], "stun:x"), 9.0) == 9.0


async def gathered(connection: RTCPeerConnection) -> tuple[set[str], list[str]]:
    """The kinds of candidates, and the URLs that were told as failed."""
    failed: list[str] = []
    connection.addEventListener("icecandidateerror", lambda event: failed.append(event.url))
    ended = asyncio.Event()
    connection.addEventListener(
        "icecandidate", lambda event: ended.set() if event.candidate is None else None
    )
    connection.createDataChannel("chat")
    await connection.setLocalDescription()
    async with asyncio.timeout(PATIENCE):
        await ended.wait()
    lines = connection.localDescription.sdp.splitlines()
    return {line.split()[7] for line in lines if line.startswith("a=candidate:")}, failed


@pytest.mark.parametrize("dead", [1, 2])
@pytest.mark.parametrize("url", ["stun:s", "turn:s?transport=udp", "turn:s?transport=tcp"])
def test_the_next_address_is_asked_when_one_is_silent(url: str, dead: int) -> None:
    async def story() -> tuple[set[str], list[str]]:
        net = Network()
        simulation = net.simulation
        net.turn_server("alive", transports=("udp", "tcp"))
        alive = simulation.dns.resolve("alive")
        nobody = [simulation.internet.allocate_ipv4() for _ in range(dead)]
        simulation.dns.add("s", *nobody, *alive)
        servers = [RTCIceServer(url, "user", "password")]
        connection = net.host("host", nat="symmetric").connection(
            RTCConfiguration(servers, trickle=True)
        )
        async with closing(connection):
            return await gathered(connection)

    kinds, failed = run(story())
    assert failed == []
    assert ("srflx" if url.startswith("stun") else "relay") in kinds


def test_when_all_are_silent_that_is_told_once() -> None:
    async def story() -> tuple[set[str], list[str]]:
        net = Network()
        simulation = net.simulation
        simulation.dns.add("s", *(simulation.internet.allocate_ipv4() for _ in range(3)))
        connection = net.host("host").connection(RTCConfiguration([RTCIceServer("stun:s")]))
        async with closing(connection):
            return await gathered(connection)

    kinds, failed = run(story())
    assert (kinds, failed) == ({"host"}, ["stun:s"])
