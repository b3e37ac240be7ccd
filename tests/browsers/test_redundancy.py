"""Copies of sound in the packets that follow (RFC 2198), with Chromium; Firefox has none."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest

from peer import (
    RTCInboundRtpStreamStats,
    RTCOutboundRtpStreamStats,
    RTCPeerConnection,
    RTCRtpReceiver,
)
from peer.transports import TransportGroup

from .browser import Page
from .call import BOUND, Side, calling
from .flow import assert_flow, let_page_send, send
from .stage import Stage

Stats = TypeVar("Stats")

LOSS = 8
"""Of so many packets one gets lost."""
COPIES = 100
"""Packets with copies that have to arrive."""
WINDOWS = 6
"""Times that it is looked whether all is heard."""
RECEIVED = """
const report = await rtc.peer().connection.getStats();
return [...report.values()].find(({type}) => type === "inbound-rtp");
"""
pytestmark = pytest.mark.parametrize("kind", ["chromium"], indirect=True)


async def only(connection: RTCPeerConnection, kind: type[Stats]) -> Stats:
    """Return the statistics of the only stream of a kind."""
    report = await connection.getStats()
    (found,) = [one for one in report.values() if isinstance(one, kind)]
    return found


async def sent(connection: RTCPeerConnection) -> int | None:
    """Return how many packets with copies we sent."""
    return (await only(connection, RTCOutboundRtpStreamStats)).redundantPacketsSent


async def received(connection: RTCPeerConnection) -> int | None:
    """Return how many copies we received."""
    return (await only(connection, RTCInboundRtpStreamStats)).fecPacketsReceived


async def copies(page: Page, count: Callable[[], Awaitable[int | None]]) -> None:
    """Wait until there were enough."""
    async with asyncio.timeout(BOUND):
        while (await count() or 0) < COPIES:
            await page.run("await rtc.sleep(200)")


async def without_gaps(page: Page, samples: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give what the page has received before and after three seconds in which it heard all.

    At most so many samples were made up. Where packets stay lost that is true of no three seconds;
    a browser whose sound device stutters now and then is given several.
    """
    windows = []
    for _ in range(WINDOWS):
        before = await page.run(RECEIVED)
        await page.run("await rtc.sleep(3000)")
        after = await page.run(RECEIVED)
        concealed = after["concealedSamples"] - before["concealedSamples"]
        if concealed <= samples:
            return before, after
        windows.append(concealed)
    raise AssertionError(f"samples made up in three seconds each: {windows}")


def prefer_copies(transceiver: Any) -> None:
    """Prefer packets with copies to those without."""
    capabilities = RTCRtpReceiver.getCapabilities("audio")
    assert capabilities is not None
    transceiver.setCodecPreferences(
        sorted(capabilities.codecs, key=lambda codec: codec.mimeType != "audio/red")
    )


@pytest.fixture
def lossy(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lose some of what we send, what is repeated as well with the parameter True."""
    send_rtp, lost = TransportGroup.send_rtp, set[bytes]()

    def lose(self: TransportGroup, *packets: bytes) -> None:
        for data in packets:
            number = data[2:4]
            if int.from_bytes(number, "big") % LOSS or (number in lost and not request.param):
                send_rtp(self, data)
            lost.add(number)

    monkeypatch.setattr(TransportGroup, "send_rtp", lose)


@pytest.mark.interop
@pytest.mark.slow
@pytest.mark.parametrize("lossy", [False], indirect=True)
@pytest.mark.usefixtures("lossy")
def test_chromium_asks_for_what_it_misses(stage: Stage, page: Page) -> None:
    """It takes NACK for sound when we offer it (RFC 4585 §6.2.1)."""

    async def scenario() -> None:
        async with calling(page) as call:
            send(call, 600)
            await call.connect(Side.OURS)
            await assert_flow(call, 1, 0)
            before, after = await without_gaps(page, 4 * 960)
            sending = await only(call.ours, RTCOutboundRtpStreamStats)
            assert sending.nackCount >= 10
            assert sending.retransmittedPacketsSent >= 10
            assert after["packetsLost"] <= before["packetsLost"] + 2

    stage.run(scenario())


@pytest.mark.interop
@pytest.mark.slow
@pytest.mark.parametrize("lossy", [True], indirect=True)
@pytest.mark.usefixtures("lossy")
def test_chromium_gets_copies_when_it_misses_packets(stage: Stage, page: Page) -> None:
    async def scenario() -> None:
        async with calling(page) as call:
            send(call, 600)
            await call.connect(Side.OURS)
            # Its reports are up to 7.5 s apart.
            await copies(page, lambda: sent(call.ours))
            # It does not count copies; what was missing was not made up.
            before, after = await without_gaps(page, 0)
            assert after["packetsLost"] > before["packetsLost"] + 10
            await assert_flow(call, 1, 0)

    stage.run(scenario())


@pytest.mark.interop
@pytest.mark.parametrize("offerer", Side)
def test_chromium_sends_copies_when_we_prefer_them(stage: Stage, page: Page, offerer: Side) -> None:
    async def scenario() -> None:
        async with calling(page) as call:
            await let_page_send(page, 1000)
            if offerer is Side.OURS:
                prefer_copies(call.ours.addTransceiver("audio", direction="recvonly"))
            call.ours.addEventListener("track", lambda event: prefer_copies(event.transceiver))
            await call.connect(offerer)
            await assert_flow(call, 0, 1)
            await copies(page, lambda: received(call.ours))
            figures = await only(call.ours, RTCInboundRtpStreamStats)
            assert figures.concealedSamples == 0
            assert figures.drops is None

    stage.run(scenario())
