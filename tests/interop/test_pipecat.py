"""A call with a bot of Pipecat, by its own request handler."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from peer import RTCPeerConnection
from peer.signaling import SmallWebRtcClient
from tests.signaling.support import speaking

from .build import PIPECAT
from .peer import ended, missing

BOUND = 60.0
pytestmark = pytest.mark.interop


@asynccontextmanager
async def running_bot() -> AsyncIterator[str]:
    """Run the bot; gives the URL of its offers."""
    if not (PIPECAT / "pipecat").is_dir():
        missing("Pipecat", "PyPI: pipecat-ai")
    command = [sys.executable, "-m", "tests.interop.pipecat_bot", str(PIPECAT)]
    pipe = asyncio.subprocess.PIPE
    bot = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    assert bot.stdin is not None
    assert bot.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(await bot.stdout.readline())}/api/offer"
    finally:
        bot.stdin.close()
        await ended(bot)


def settled_again(pc: RTCPeerConnection) -> asyncio.Event:
    """Give what is set when another offer was answered."""
    answered = asyncio.Event()

    @pc.on("signalingstatechange")
    def look() -> None:
        if pc.signalingState == "stable":
            answered.set()

    return answered


def test_a_bot_hears_answers_and_asks_for_offers() -> None:
    async def talk() -> None:
        async with (
            asyncio.timeout(BOUND),
            running_bot() as url,
            speaking() as pc,
            SmallWebRtcClient(url, request_data={"who": "Ada"}) as client,
        ):
            client.send({"type": "hello"})
            await client.connect(pc)
            said = client.messages()
            assert await anext(said) == {"echo": {"type": "hello"}, "data": {"who": "Ada"}}
            await pc.getReceivers()[0].track.recv()
            client.set_enabled(0, False)
            assert await anext(said) == {"index": 0, "enabled": False}
            renegotiated = settled_again(pc)
            client.send({"type": "renegotiate, please"})
            await renegotiated.wait()
            assert (await anext(said))["echo"] == {"type": "renegotiate, please"}
            first = client.pc_id
            async with speaking() as another:
                await client.connect(another)
                assert client.pc_id != first
                client.send({"type": "here again"})
                assert (await anext(said))["echo"] == {"type": "here again"}

    asyncio.run(talk())


def test_candidates_may_come_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("peer.signaling.small_webrtc.GATHERING", 0.0)

    async def talk() -> None:
        async with (
            asyncio.timeout(BOUND),
            running_bot() as url,
            speaking() as pc,
            SmallWebRtcClient(url) as client,
        ):
            await client.connect(pc)
            await pc.getReceivers()[0].track.recv()

    asyncio.run(talk())
