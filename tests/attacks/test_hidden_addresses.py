"""Addresses that are not to be known show nowhere, before and after connecting."""

import asyncio
import io
import json
import logging
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from unittest.mock import patch

import pytest

from peer import RTCConfiguration, RTCPeerConnection
from peer.api import RTCPeerConnectionIceErrorEvent
from peer.ice import NetworkType
from peer.net import AddressPolicy, InterfaceAddress, Mdns, MdnsSettings, NetConfig
from tests.api.support import configured, run, state_is, until

HOST = "127.0.0.7"


class Names(Mdns):
    """Names that need no network."""

    def __init__(self) -> None:
        super().__init__(asyncio.get_running_loop(), MdnsSettings(interfaces=()))

    async def resolve(self, name: str, *, within: float = 3.0) -> str | None:
        return self._responder.host_of(name)


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind((HOST, 0))
        return int(one.getsockname()[1])


def hiding(port: int, **settings: object) -> NetConfig:
    """The settings of a machine with one address, and one port that may be used."""
    addresses = [InterfaceAddress("eth0", HOST, 8, NetworkType.WIRED)]
    plain = NetConfig(addresses=lambda: addresses, ports=range(port, port + 1))
    return replace(plain, **settings)  # type: ignore[arg-type]


class Everything:
    """All that a connection tells its application, and with it the peer."""

    def __init__(self, connection: RTCPeerConnection) -> None:
        self.connection = connection
        self.told: list[str] = []
        connection.on("icecandidate", lambda found: self.note(found and found.toJSON()))
        connection.on("icecandidateerror", self.failed)

    def failed(self, event: RTCPeerConnectionIceErrorEvent) -> None:
        self.note([event.url, event.address, event.port, event.errorCode, event.errorText])

    def note(self, what: object) -> None:
        self.told.append(json.dumps(what, default=str))

    async def look(self) -> None:
        """Look at everything that can be asked for."""
        pc = self.connection
        descriptions = (pc.localDescription, pc.currentLocalDescription, pc.remoteDescription)
        self.note([each and each.sdp for each in descriptions])
        self.note((await pc.getStats()).values())
        assert pc.sctp is not None
        ice = pc.sctp.transport.iceTransport
        self.note([each.candidate for each in ice.getLocalCandidates()])
        pair = ice.getSelectedCandidatePair()
        assert pair is not None
        self.note([pair.local.candidate, pair.local.toJSON(), repr(pair)])

    def shows(self, word: str) -> list[str]:
        """What of it has a word in it."""
        pattern = re.compile(rf"(?<![\w.]){re.escape(word)}(?![\w.])")
        return [text for text in self.told if pattern.search(text)]


@contextmanager
def logged() -> Iterator[io.StringIO]:
    """Every log at its greatest detail."""
    stream, root = io.StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(stream), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield stream
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


async def exchange(one: RTCPeerConnection, other: RTCPeerConnection) -> None:
    await one.setLocalDescription()
    await other.setRemoteDescription(await one.completeLocalDescription())
    await other.setLocalDescription()
    await one.setRemoteDescription(await other.completeLocalDescription())


async def life(one: RTCPeerConnection, other: RTCPeerConnection) -> None:
    """Connect, describe again, restart, and connect again."""
    await asyncio.gather(state_is(one, "connected"), state_is(other, "connected"))
    await exchange(one, other)
    await exchange(other, one)
    one.restartIce()
    await exchange(one, other)
    await until(one, "iceconnectionstatechange", lambda: one.iceConnectionState == "completed")


async def story(settings: RTCConfiguration, secret: list[str]) -> None:
    victim = RTCPeerConnection(settings)
    other = RTCPeerConnection(configured())
    victim.createDataChannel("x")
    seen = Everything(victim)
    peers = Everything(other)
    with logged() as log:
        await exchange(victim, other)
        await life(victim, other)
        await seen.look()
        await peers.look()
        await victim.close()
        await other.close()
    assert len(seen.told) > 4
    seen.note((await victim.getStats()).values())
    seen.told.append(log.getvalue())
    for word in secret:
        assert seen.shows(word) == []
    # The port of what a check alone told of shows, as in browsers; the address does not.
    assert peers.shows(HOST) == []


def test_a_named_address_shows_nowhere() -> None:
    """draft-ietf-mmusic-mdns-ice-candidates §3.1.2, RFC 8839 §5.1."""

    async def named() -> None:
        port = free_port()
        names = Names()
        network = hiding(port, hide_addresses=True, mdns=names)
        with patch.object(Mdns, "resolve", lambda _self, name, **_: names.resolve(name)):
            await story(configured(network=network), [HOST])

    run(named)


def test_a_private_address_of_the_default_route_shows_nowhere() -> None:
    """RFC 8828 §5.2, mode 3."""

    async def unnamed() -> None:
        port = free_port()
        network = hiding(port, policy=AddressPolicy.DEFAULT_ROUTE_PUBLIC)
        with patch("peer.net.interfaces.default_route_address", lambda *_: HOST):
            await story(configured(network=network), [HOST, str(port)])

    run(unnamed)


@pytest.mark.parametrize("policy", ["relay", "all"])
def test_a_server_that_fails_tells_of_no_address_that_is_hidden(policy: str) -> None:
    """W3C webrtc-pc §4.8.2: `address` is that of a candidate the application knows, or null."""

    async def failing() -> None:
        port = free_port()
        server = {"urls": "turn:127.0.0.1:9", "username": "u", "credential": "c"}
        network = hiding(port, hide_addresses=policy == "all", mdns=Names())
        settings = configured(network=network, iceServers=[server], iceTransportPolicy=policy)
        victim = RTCPeerConnection(settings)
        seen = Everything(victim)
        victim.createDataChannel("x")
        await victim.setLocalDescription()
        await victim.completeLocalDescription(5)
        assert [text for text in seen.told if "turn:127.0.0.1:9" in text]
        assert seen.shows(HOST) == []
        assert seen.shows(str(port)) == ([] if policy == "relay" else seen.shows("typ"))
        await victim.close()

    run(failing)
