"""ICE restart: the call goes on with new credentials, and loses nothing."""

import asyncio
import re
from typing import Any

import pytest

from .browser import Page
from .call import Call, Channel, Side, calling
from .flow import assert_flow, assert_keeps_flowing, let_page_send, send
from .media import BLUE, RED
from .stage import Stage

INTERVAL = 0.01
"""Seconds between two messages."""
COUNT = """
const chat = await rtc.peer().channel("chat");
rtc.sent = 0;
rtc.counting = setInterval(() => chat.send({text: String(rtc.sent++)}), args[0] * 1000);
"""


def fragments(signals: list[dict[str, Any]]) -> list[set[str]]:
    """Give the username fragments of each description that was signalled."""
    found = [one["description"]["sdp"] for one in signals if "description" in one]
    return [set(re.findall(r"a=ice-ufrag:(\S+)", sdp)) for sdp in found]


async def count(channel: Channel, stop: asyncio.Event) -> int:
    """Send numbered messages until told to stop; gives how many."""
    number = 0
    while not stop.is_set():
        channel.channel.send(str(number))
        number += 1
        await asyncio.sleep(INTERVAL)
    return number


async def restart(call: Call, side: Side) -> None:
    """Have one side restart, and wait for a while longer than it takes."""
    if side is Side.OURS:
        call.ours.restartIce()
    else:
        await call.page.run("rtc.peer().connection.restartIce()")
    await call.negotiate(side)
    await asyncio.sleep(1)
    await call.connected()


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("offerer", Side)
def test_no_message_is_lost(stage: Stage, page: Page, offerer: Side, side: Side) -> None:
    async def scenario() -> None:
        async with calling(page) as call:
            call.create_channel("chat")
            await page.run("rtc.peer().createChannel('other')")
            await call.connect(offerer)
            channel = await call.channel("chat")
            stop = asyncio.Event()
            counting = asyncio.create_task(count(channel, stop))
            await page.run(COUNT, INTERVAL)
            await restart(call, side)
            await restart(call, side)
            stop.set()
            ours = await counting
            theirs = await page.run("clearInterval(rtc.counting); return rtc.sent")
            log = await page.run(
                "return await rtc.peer().channels.get('chat').received(args[0])", ours
            )
            assert [int(one["text"]) for one in log] == list(range(ours))
            assert list(map(int, await channel.received(theirs))) == list(range(theirs))
            for signals in (call.sent, call.received):
                first, second, third = fragments(signals)
                assert not first & second | second & third | third & first

    stage.run(scenario())


@pytest.mark.parametrize("side", Side)
def test_media_goes_on(stage: Stage, page: Page, side: Side) -> None:
    async def scenario() -> None:
        async with calling(page) as call:
            send(call, 600, RED)
            await let_page_send(page, 1000, BLUE)
            await call.connect(Side.OURS)
            await assert_flow(call, 2, 2)
            await restart(call, side)
            await assert_keeps_flowing(call)
            await assert_flow(call, 2, 2)

    stage.run(scenario())
