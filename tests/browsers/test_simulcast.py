"""Simulcast that Chromium sends us (RFC 8853), and one encoding of it on its way back."""

import asyncio

import pytest

from peer import RTCConfiguration, RTCEncodedVideoFrame
from peer.transports import MediaConfig

from .browser import Page
from .call import BOUND, Side, calling, until
from .flow import COLOR
from .media import Color
from .stage import Stage

SEND = """
const canvas = Object.assign(document.createElement("canvas"), {width: 960, height: 540});
const context = canvas.getContext("2d");
let count = 0;
setInterval(() => {
  context.fillStyle = `rgb(${args[0]})`;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = "black";
  context.fillRect(count++ % 900, 0, 4, 4);
}, 50);
rtc.peer().connection.addTransceiver(canvas.captureStream(20).getVideoTracks()[0], {
  direction: "sendonly",
  sendEncodings: [
    {rid: "l", scaleResolutionDownBy: 4}, {rid: "m", scaleResolutionDownBy: 2}, {rid: "h"},
  ],
});
"""
SENT = """
await rtc.until(async () => {
  const report = [...(await rtc.peer().connection.getStats()).values()];
  return report.filter(one => one.type === "outbound-rtp" && one.framesSent > 5).length >= 2;
}, "encodings");
"""
SIZES = {"l": (240, 135), "m": (480, 270), "h": (960, 540)}
CONFIGURATION = RTCConfiguration(iceServers=[], media=MediaConfig(receive_simulcast=True))
COLOURED = Color(200, 40, 40)
pytestmark = pytest.mark.parametrize("kind", ["chromium"], indirect=True)


@pytest.mark.interop
@pytest.mark.slow
def test_chromium_sends_several_encodings_and_gets_one_of_them_back(
    stage: Stage, page: Page
) -> None:
    async def scenario() -> None:
        async with calling(page, CONFIGURATION) as call:
            await page.run(SEND, list(COLOURED))
            await call.connect(Side.BROWSER)
            (receiver,) = call.ours.getReceivers()
            await page.run(SENT)
            # The largest one comes when Chromium has found out that there is room for it.
            await until(lambda: {"l", "m"} <= set(receiver.encodings), "encodings")
            for rid, size in [(rid, SIZES[rid]) for rid in ("l", "m")]:
                frames = receiver.encoded_frames(rid)
                async with asyncio.timeout(BOUND):
                    frame = await anext(frames)
                assert isinstance(frame, RTCEncodedVideoFrame)
                metadata = frame.getMetadata()
                assert (frame.type, (metadata.width, metadata.height)) == ("key", size)
                await frames.aclose()
            # What comes back is not decoded and encoded again.
            call.ours.addTransceiver(receiver.encoded_track("m"), "sendonly")
            await call.negotiate(Side.OURS)
            mid = call.ours.getTransceivers()[1].mid
            await page.run("await rtc.peer().decoding(1)")
            found = await page.run(COLOR, mid)
            assert COLOURED.near(Color(*found))

    stage.run(scenario())
