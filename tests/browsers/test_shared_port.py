"""Two calls with a browser on one UDP port."""

import asyncio
from collections.abc import Iterator

import pytest

from peer import RTCConfiguration
from peer.net import NetConfig, SharedPorts

from .browser import Browser, Page
from .call import Call, Side, calling
from .stage import Stage


@pytest.fixture
def other_page(stage: Stage, browser: Browser) -> Iterator[Page]:
    """Another tab of the same browser."""
    page = stage.prepare(browser.open(stage.url))
    yield page
    stage.prepare(page.close())


async def say_hello(call: Call, page: Page, offerer: Side) -> None:
    if offerer is Side.OURS:
        call.create_channel("first")
    else:
        await page.run("rtc.peer().createChannel('first')")
    await call.connect(offerer)
    await hear(call, page, 1)


async def hear(call: Call, page: Page, count: int) -> None:
    """Say hello once more, and wait until the page has heard it so often."""
    (await call.channel("first")).channel.send("hello")
    heard = f"return await (await rtc.peer().channel('first')).received({count})"
    assert await page.run(heard) == [{"text": "hello"}] * count


@pytest.mark.parametrize("offerer", Side)
def test_two_calls_on_one_port(stage: Stage, page: Page, other_page: Page, offerer: Side) -> None:
    """The end of one is nothing to the other."""
    ports = SharedPorts()
    shared = RTCConfiguration([], network=NetConfig(shared=ports))

    async def scenario() -> None:
        async with calling(page, shared) as call:
            async with calling(other_page, shared) as other:
                await asyncio.gather(
                    say_hello(call, page, offerer), say_hello(other, other_page, offerer)
                )
                figures = ports.stats()
                assert figures.connections == 2 * figures.sockets
            await hear(call, page, 2)
            assert ports.stats().connections == figures.sockets
        assert ports.stats().sockets == 0

    stage.run(scenario())
