"""Channels with Pion, libdatachannel and werift, whoever calls: sizes, limits, hundreds."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from peer import RTCDataChannel, RTCPeerConnection
from peer.ice import EmbeddingState
from tests.api.support import make, until
from tests.interop.peer import BOUND, COMMANDS, Peer, calling

pytestmark = [
    pytest.mark.interop,
    pytest.mark.parametrize("name", COMMANDS),
    pytest.mark.parametrize("called", [False, True], ids=["we call", "we are called"]),
]

ECHOED = 65535
"""Bytes of the largest message that Pion hands to its application."""
COUNT, CLOSED = 300, 100


class Call:
    """A connection of ours, a peer, and the channels that the peer made."""

    def __init__(self, ours: RTCPeerConnection, peer: Peer) -> None:
        self.ours, self.peer = ours, peer
        self._came: dict[str, asyncio.Future[RTCDataChannel]] = {}
        ours.on("datachannel", lambda channel: self._expected(channel.label).set_result(channel))

    def _expected(self, label: str) -> asyncio.Future[RTCDataChannel]:
        return self._came.setdefault(label, asyncio.get_running_loop().create_future())

    async def theirs(self, label: str, **options: object) -> RTCDataChannel:
        """Have the peer make a channel, and return our end."""
        self.peer.tell("channel", text=label, **options)
        async with asyncio.timeout(BOUND):
            return await self._expected(label)


@asynccontextmanager
async def connected(name: str, *, called: bool) -> AsyncIterator[Call]:
    """A call that has one channel open."""
    ours = make(trickle=True)
    first = ours.createDataChannel("first")
    async with calling(name, ours) as peer:
        call = Call(ours, peer)
        if called:
            peer.tell("channel", text="caller")
            await peer.offer_from()
        else:
            await peer.offer_to()
        await opened(first)
        yield call


def gather(channel: RTCDataChannel) -> asyncio.Queue[str | bytes]:
    """Keep what comes over a channel."""
    queue: asyncio.Queue[str | bytes] = asyncio.Queue()
    channel.on("message", queue.put_nowait)
    return queue


async def opened(channel: RTCDataChannel) -> None:
    """Wait until messages may be sent."""
    await until(channel, "open", lambda: channel.readyState == "open")


async def closed(channel: RTCDataChannel) -> None:
    """Wait for the end of a channel."""
    await until(channel, "close", lambda: channel.readyState == "closed")


def test_a_peer_that_does_not_carry_dtls_in_checks_is_met_without(name: str, called: bool) -> None:
    async def story() -> None:
        async with connected(name, called=called) as call:
            (link,) = call.ours._session.links.all.values()
            assert link.driver.component(link.stream).embedding is EmbeddingState.OFF

    asyncio.run(story())


def test_messages_of_all_sizes_come_back(name: str, called: bool) -> None:
    async def story() -> None:
        async with connected(name, called=called) as call:
            channel = call.ours.createDataChannel("bytes")
            came = gather(channel)
            await opened(channel)
            assert call.ours.sctp is not None
            largest = int(min(ECHOED, call.ours.sctp.maxMessageSize))
            messages = [
                bytes(index * 7 % 251 for index in range(size))
                for size in (1, 1200, 16384, largest)
            ]
            for message in messages:
                channel.send(message)
            async with asyncio.timeout(BOUND):
                assert [await came.get() for _ in messages] == messages

    asyncio.run(story())


def test_limits_are_known_on_both_sides(name: str, called: bool) -> None:
    """Channels that give up, and are not ordered: ours and the peer's."""

    async def story() -> None:
        async with connected(name, called=called) as call:
            theirs = await call.theirs("theirs", unordered=True, repeats=2)
            # werift tells one of them alone.
            assert (theirs.ordered, theirs.maxRetransmits) == (name == "werift", 2)
            ours = call.ours.createDataChannel("ours", ordered=False, maxRetransmits=0)
            await opened(ours)
            for channel in (theirs, ours):
                came = gather(channel)
                numbers = [number.to_bytes(2, "big") * 600 for number in range(50)]
                for message in numbers:
                    channel.send(message)
                async with asyncio.timeout(BOUND):
                    # Nothing gets lost on the way, and nothing comes twice.
                    assert sorted([await came.get() for _ in numbers]) == numbers

    asyncio.run(story())


def test_either_side_closes_and_numbers_are_free_again(name: str, called: bool) -> None:
    async def story() -> None:
        async with connected(name, called=called) as call:
            numbers = set()
            for turn in range(5):
                label = f"ours {turn}"
                ours = call.ours.createDataChannel(label)
                await call.peer.hear("open", label)
                numbers.add(ours.id)
                if turn % 2:
                    call.peer.tell("close", text=label)
                else:
                    ours.close()
                await closed(ours)
                await call.peer.hear("closed", label)
            assert len(numbers) == 1
            theirs = await call.theirs("theirs")
            theirs.close()
            await closed(theirs)
            await call.peer.hear("closed", "theirs")

    asyncio.run(story())


def test_hundreds_of_channels_some_closed_while_sending(name: str, called: bool) -> None:
    async def story() -> None:
        async with connected(name, called=called) as call:
            channels = [call.ours.createDataChannel(f"bulk {number}") for number in range(COUNT)]
            kept = channels[CLOSED:]
            came = [gather(channel) for channel in kept]
            for number, channel in enumerate(channels):
                await opened(channel)
                channel.send(f"{number} " + "x" * 2000)
            for channel in channels[:CLOSED]:
                channel.close()
            for channel in channels[:CLOSED]:
                await closed(channel)
            await call.peer.hear("closed", count=CLOSED)
            async with asyncio.timeout(BOUND):
                for number, queue in enumerate(came, CLOSED):
                    assert await queue.get() == f"echo {number} " + "x" * 2000
            # Of a channel that was closed libdatachannel drops what nobody has read yet.
            texts = [one["text"] for one in call.peer.said if "text" in one]
            assert len(texts) == len(set(texts))
            assert all(channel.readyState == "open" for channel in kept)

    asyncio.run(story())
