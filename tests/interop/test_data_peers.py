"""Calls with Pion, libdatachannel and werift: trickle that nobody announced, and re-answers.

They put no candidates into their descriptions. Pion announces no trickle and answers every offer as
active, whatever DTLS role runs.
"""

import asyncio
from typing import Any

import pytest

from peer import RTCDataChannel, RTCPeerConnection
from sdp import Setup, parse
from tests.api.support import make, until
from tests.interop.peer import COMMANDS, calling

pytestmark = pytest.mark.interop


def ours() -> RTCPeerConnection:
    return make(trickle=True)


async def echo(channel: RTCDataChannel, text: str) -> None:
    """Send a text and wait until it comes back."""
    answers: asyncio.Queue[Any] = asyncio.Queue()
    channel.on("message", answers.put_nowait)
    await until(channel, "open", lambda: channel.readyState == "open")
    channel.send(text)
    async with asyncio.timeout(15):
        assert await answers.get() == f"echo {text}"


@pytest.mark.parametrize("name", COMMANDS)
def test_we_call(name: str) -> None:
    async def story() -> None:
        connection = ours()
        channel = connection.createDataChannel("ours")
        async with calling(name, connection) as peer:
            answer = parse(await peer.offer_to())
            assert all(not media.ice.candidates for media in answer.media)
            await peer.hear("state", "connected")
            await echo(channel, "one")

    asyncio.run(story())


@pytest.mark.parametrize("name", COMMANDS)
def test_we_are_called(name: str) -> None:
    async def story() -> None:
        connection = ours()
        came: asyncio.Queue[RTCDataChannel] = asyncio.Queue()
        connection.on("datachannel", came.put_nowait)
        async with calling(name, connection) as peer:
            peer.tell("channel", text="theirs")
            offer = parse(await peer.offer_from())
            assert all(not media.ice.candidates for media in offer.media)
            async with asyncio.timeout(15):
                channel = await came.get()
            assert channel.label == "theirs"
            await peer.hear("open", "theirs")
            await echo(channel, "two")

    asyncio.run(story())


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("called", [False, True], ids=["we call", "we are called"])
def test_the_candidates_that_trickle_in_are_used(name: str, called: bool) -> None:
    """Only they can connect: the peer does not know ours, as where we are behind a NAT."""

    async def story() -> None:
        connection = ours()
        channel = connection.createDataChannel("ours")
        async with calling(name, connection, reachable=False) as peer:
            if called:
                peer.tell("channel", text="theirs")
                await peer.offer_from()
            else:
                await peer.offer_to()
            await echo(channel, "three")

    asyncio.run(story())


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("called", [False, True], ids=["we call", "we are called"])
def test_later_offers_of_ours(name: str, called: bool) -> None:
    """Whoever began, and whatever role the answers speak of, the association goes on."""

    async def story() -> None:
        connection = ours()
        channel = connection.createDataChannel("ours")
        async with calling(name, connection) as peer:
            if called:
                peer.tell("channel", text="theirs")
                await peer.offer_from()
            else:
                await peer.offer_to()
            await echo(channel, "before")
            for _ in range(2):
                answer = parse(await peer.offer_to())
                if name == "pion":
                    assert answer.media[0].dtls.setup is Setup.ACTIVE
                assert connection.signalingState == "stable"
                assert connection.connectionState == "connected"
            await echo(channel, "after")

    asyncio.run(story())


def test_pion_offers_again() -> None:
    """With more media than before, to a side that began as DTLS server or as client."""

    async def story() -> None:
        connection = ours()
        channel = connection.createDataChannel("ours")
        async with calling("pion", connection) as peer:
            await peer.offer_to()
            await echo(channel, "before")
            peer.tell("audio")
            await peer.offer_from()
            assert connection.connectionState == "connected"
            assert [one.kind for one in connection.getTransceivers()] == ["audio"]
            await echo(channel, "after")

    asyncio.run(story())
