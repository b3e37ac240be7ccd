"""What is added to a call and taken away while it lasts."""

import pytest

from .browser import Page
from .call import Side, calling
from .flow import assert_flow, assert_keeps_flowing, let_page_send, send
from .media import BLUE, RED
from .stage import Stage

STOP_VIDEO = """
const {connection} = rtc.peer();
connection.removeTrack(connection.getSenders().find(({track}) => track?.kind === "video"));
"""


@pytest.mark.parametrize("second", Side)
@pytest.mark.parametrize("first", Side)
def test_video_joins_an_audio_call(stage: Stage, page: Page, first: Side, second: Side) -> None:
    """Whoever began the call, either side can go on from there."""

    async def scenario() -> None:
        async with calling(page) as call:
            send(call, 600)
            await let_page_send(page, 1000)
            await call.connect(first)
            await assert_flow(call, 1, 1)
            send(call, RED)
            await let_page_send(page, BLUE)
            await call.negotiate(second)
            await assert_flow(call, 2, 2)
            assert call.ours.connectionState == "connected"

    stage.run(scenario())


@pytest.mark.parametrize("side", Side)
def test_video_ends_and_audio_goes_on(stage: Stage, page: Page, side: Side) -> None:
    async def scenario() -> None:
        async with calling(page) as call:
            send(call, 600, RED)
            await let_page_send(page, 1000, BLUE)
            await call.connect(Side.OURS)
            await assert_flow(call, 2, 2)
            if side is Side.OURS:
                video = next(one for one in call.ours.getSenders() if one.kind == "video")
                call.ours.removeTrack(video)
            else:
                await page.run(STOP_VIDEO)
            await call.negotiate(side)
            await assert_flow(call, *((1, 2) if side is Side.OURS else (2, 1)))

    stage.run(scenario())


@pytest.mark.parametrize("side", Side)
def test_data_joins_a_call(stage: Stage, page: Page, side: Side) -> None:
    async def scenario() -> None:
        async with calling(page) as call:
            send(call, 600)
            await let_page_send(page, 1000)
            await call.connect(Side.BROWSER)
            if side is Side.OURS:
                call.create_channel("late")
            else:
                await page.run("rtc.peer().createChannel('late')")
            await call.negotiate(side)
            (await call.channel("late")).channel.send("hello")
            await page.run("await rtc.peer().channels.get('late').received(1)")
            await assert_flow(call, 1, 1)
            await assert_keeps_flowing(call)

    stage.run(scenario())
