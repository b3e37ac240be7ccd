"""Sums of packets of pictures: browsers rebuild what they miss, Chromium also by FlexFEC."""

import asyncio
from collections.abc import Iterator

import pytest

from peer import RTCInboundRtpStreamStats, RTCOutboundRtpStreamStats, RTCPeerConnection
from peer.rtp import LossEstimate
from peer.transports import TransportGroup
from peer.transports.outlet import Outlet

from .browser import Page
from .call import BOUND, Call, Side, calling
from .chromium import Chromium
from .flow import assert_flow, let_page_send, send
from .media import BLUE, RED
from .stage import Stage
from .test_redundancy import only

VP8, IN_RED = 96, 118
"""Payload types of what is protected, by FlexFEC and by ULPFEC (RFC 5109)."""
LOSS = 25
"""Of so many packets one gets lost."""
PICTURES = 100
TRIALS = "WebRTC-FlexFEC-03", "WebRTC-FlexFEC-03-Advertised"
RECEIVED = """
const report = await rtc.peer().connection.getStats();
return [...report.values()].find(({type}) => type === "inbound-rtp");
"""


@pytest.fixture
def losing(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """Have pictures protected on any path and nothing repeated; the payload types that get lost.

    No more of them than protection makes good.
    """
    monkeypatch.setattr("peer.transports.protecting.protection", lambda *path: 0.5)
    # Where nothing is lost protection is not thought of.
    monkeypatch.setattr(LossEstimate, "note", lambda self, *told: setattr(self, "fraction", 0.5))
    for name in ("repeat", "repair"):
        monkeypatch.setattr(Outlet, name, lambda *lost: True)
    send_rtp, types = TransportGroup.send_rtp, set[int]()

    def lose(self: TransportGroup, *packets: bytes) -> None:
        for data in packets:
            if data[1] & 0x7F not in types or int.from_bytes(data[2:4], "big") % LOSS:
                send_rtp(self, data)

    monkeypatch.setattr(TransportGroup, "send_rtp", lose)
    return types


@pytest.fixture
def flexible_page(stage: Stage) -> Iterator[Page]:
    """A tab of a Chromium that offers FlexFEC."""
    browser = stage.prepare(Chromium.launch(trials=TRIALS))
    page = stage.prepare(browser.open(stage.url))
    yield page
    stage.prepare(page.close())
    stage.prepare(browser.close())


async def sums_sent(connection: RTCPeerConnection) -> int:
    return (await only(connection, RTCOutboundRtpStreamStats)).fecPacketsSent or 0


async def lose(call: Call, types: set[int], losing: set[int]) -> None:
    """Lose packets of these types once they are protected, and see that nobody misses them."""
    page = call.page
    async with asyncio.timeout(3 * BOUND):
        # Protection begins with the first report of the peer.
        while not await sums_sent(call.ours):
            await page.run("await rtc.sleep(200)")
        losing |= types
        before = after = await page.run(RECEIVED)
        while after["framesDecoded"] < before["framesDecoded"] + PICTURES:
            await page.run("await rtc.sleep(200)")
            after = await page.run(RECEIVED)
    lost, asked = (after[name] - before[name] for name in ("packetsLost", "pliCount"))
    assert lost >= PICTURES // LOSS - 1
    # Without sums each loss costs one; a page that had no time for three seconds asks as well.
    assert asked < lost / 2


@pytest.mark.interop
def test_what_is_lost_comes_of_sums(stage: Stage, page: Page, losing: set[int]) -> None:
    async def scenario() -> None:
        async with calling(page) as call:
            send(call, RED)
            await let_page_send(page, BLUE)
            await call.connect(Side.OURS)
            await assert_flow(call, 1, 1)
            await lose(call, {IN_RED}, losing)
            # Theirs came inside of RED as well, where there is nothing to protect them from.
            figures = await only(call.ours, RTCInboundRtpStreamStats)
            assert figures.fecPacketsReceived == 0
            assert not {"malformed-payload", "unknown-payload-type"} & set(figures.drops or ())

    stage.run(scenario())


@pytest.mark.interop
@pytest.mark.slow
def test_chromium_takes_the_sums_of_flexfec(
    stage: Stage, flexible_page: Page, losing: set[int]
) -> None:
    async def scenario() -> None:
        async with calling(flexible_page) as call:
            send(call, RED)
            await let_page_send(flexible_page, BLUE)
            await call.connect(Side.BROWSER)
            await assert_flow(call, 1, 1)
            assert "a=ssrc-group:FEC-FR" in call.ours.localDescription.sdp
            await lose(call, {VP8}, losing)
            assert (await flexible_page.run(RECEIVED))["fecPacketsReceived"] > PICTURES // 2

    stage.run(scenario())
