"""Audio and video between us and browsers, seen and heard at both ends."""

import pytest

from peer import RTCRtpReceiver

from .browser import Page
from .call import Call, Side, calling
from .flow import assert_flow, assert_keeps_flowing, let_page_send, send
from .media import BLUE, GREEN, HEIGHT, RED, WHITE, WIDTH, Telephone
from .stage import Stage

TRANSPORTS = """
const {connection} = rtc.peer();
const all = connection.getTransceivers().flatMap(({sender, receiver}) => [sender, receiver]);
return new Set([...all, connection.sctp].map(({transport}) => transport)).size;
"""

SIZE = """
const player = rtc.play(rtc.peer().tracks.get(args[0]).track);
return [player.videoWidth, player.videoHeight];
"""


async def assert_one_transport(call: Call) -> None:
    """Everything is bundled, as both sides see it."""
    ours = call.ours
    transports = {id(one.sender.transport) for one in ours.getTransceivers()}
    transports |= {id(one.receiver.transport) for one in ours.getTransceivers()}
    assert ours.sctp is not None
    assert transports == {id(ours.sctp.transport)}
    assert await call.page.run(TRANSPORTS) == 1


@pytest.mark.parametrize("offerer", Side)
def test_audio_and_video_both_ways_in_one_bundle(stage: Stage, page: Page, offerer: Side) -> None:
    async def scenario() -> None:
        async with calling(page) as call:
            call.create_channel("chat")
            await page.run("rtc.peer().createChannel('other')")
            send(call, 600, GREEN)
            await let_page_send(page, 1000, RED)
            await call.connect(offerer)
            await assert_flow(call, 2, 2)
            await assert_one_transport(call)
            await assert_keeps_flowing(call)

    stage.run(scenario())


@pytest.mark.parametrize("offerer", Side)
def test_two_of_each_are_told_apart(stage: Stage, page: Page, offerer: Side) -> None:
    async def scenario() -> None:
        async with calling(page) as call:
            send(call, 400, 1200, RED, GREEN)
            await let_page_send(page, 700, 2000, BLUE, WHITE)
            await call.connect(offerer)
            await assert_flow(call, 4, 4)

    stage.run(scenario())


@pytest.mark.parametrize("sender", Side)
def test_one_way(stage: Stage, page: Page, sender: Side) -> None:
    """The offerer alone has something to send."""

    async def scenario() -> None:
        async with calling(page) as call:
            if sender is Side.OURS:
                send(call, 600, BLUE)
            else:
                await let_page_send(page, 600, BLUE)
            await call.connect(sender)
            await assert_flow(call, *((2, 0) if sender is Side.OURS else (0, 2)))

    stage.run(scenario())


def test_a_picture_that_is_not_upright_is_seen_upright(stage: Stage, page: Page) -> None:
    """3GPP TS 26.114 §7.4.5: whoever turns it."""

    async def scenario() -> None:
        async with calling(page) as call:
            call.ours.addTrack(Telephone(GREEN))
            await call.connect(Side.OURS)
            await assert_flow(call, 1, 0)
            size = await call.page.run(SIZE, call.ours.getTransceivers()[0].mid)
            assert size == [HEIGHT, WIDTH]

    stage.run(scenario())


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        *(("chromium", name) for name in ("H264", "VP9", "AV1")),
        # It has H.264 only when its plug-in is installed.
        *(("firefox", name) for name in ("VP9", "AV1")),
    ],
    indirect=["kind"],
)
def test_pictures_of_other_codecs_both_ways(stage: Stage, page: Page, name: str) -> None:
    """Those that are agreed only when nothing before them is."""

    async def scenario() -> None:
        async with calling(page) as call:
            send(call, GREEN)
            (transceiver,) = call.ours.getTransceivers()
            capabilities = RTCRtpReceiver.getCapabilities("video")
            assert capabilities is not None
            wanted = (f"video/{name}", "video/rtx")
            transceiver.setCodecPreferences(
                [codec for codec in capabilities.codecs if codec.mimeType in wanted]
            )
            await let_page_send(page, RED)
            await call.connect(Side.OURS)
            await assert_flow(call, 1, 1)

    stage.run(scenario())
