"""Set-up with Chromium when its checks carry DTLS (`a=ice-options:sped`, `googspedv1`) and its
descriptions the INIT of SCTP (`a=sctp-init`)."""

from collections.abc import Iterator

import pytest

from peer import RTCPeerConnection
from peer.ice import EmbeddingState

from .browser import Page
from .call import Side, calling
from .chromium import Chromium
from .stage import Stage

TRIALS = ("WebRTC-IceHandshakeDtls", "WebRTC-Sctp-Snap")
ENDED = (EmbeddingState.PENDING, EmbeddingState.COMPLETE)


@pytest.fixture(scope="module")
def embedding_browser(stage: Stage) -> Iterator[Chromium]:
    """A Chromium of its own, with the field trials."""
    browser = stage.prepare(Chromium.launch(trials=TRIALS))
    yield browser
    stage.prepare(browser.close())


@pytest.fixture
def embedding_page(stage: Stage, embedding_browser: Chromium) -> Iterator[Page]:
    """A fresh tab of it."""
    page = stage.prepare(embedding_browser.open(stage.url))
    yield page
    stage.prepare(page.close())


def embedding(connection: RTCPeerConnection) -> EmbeddingState:
    """How far the embedding of a connection's only handshake is."""
    (link,) = connection._session.links.all.values()
    return link.driver.component(link.stream).embedding


@pytest.mark.interop
@pytest.mark.parametrize("lost", ["googspedv1", "sped"], ids=["draft", "goog"])
@pytest.mark.parametrize("offerer", Side)
def test_checks_carry_the_handshake(
    stage: Stage, embedding_page: Page, offerer: Side, lost: str
) -> None:
    """In either profile; the other one's option gets lost."""
    page = embedding_page

    async def scenario() -> None:
        async with calling(page, lost_option=lost) as call:
            if offerer is Side.OURS:
                call.create_channel("first")
            else:
                await page.run("rtc.peer().createChannel('first')")
            await call.connect(offerer)
            assert embedding(call.ours) in ENDED
            (await call.channel("first")).channel.send("hello")
            heard = "return await (await rtc.peer().channel('first')).received(1)"
            assert await page.run(heard) == [{"text": "hello"}]
            assert embedding(call.ours) is EmbeddingState.COMPLETE

    stage.run(scenario())


@pytest.mark.interop
@pytest.mark.parametrize("offerer", Side)
def test_descriptions_carry_the_handshake_of_data(
    stage: Stage, embedding_page: Page, offerer: Side
) -> None:
    """draft-hancke-tsvwg-snap: nobody answers an INIT, and everything works."""
    page = embedding_page

    async def scenario() -> None:
        async with calling(page) as call:
            if offerer is Side.OURS:
                call.create_channel("first")
            else:
                await page.run("rtc.peer().createChannel('first')")
            await call.connect(offerer)
            ours = (await call.channel("first")).channel
            ours.send("x" * 100000)
            heard = "return await (await rtc.peer().channel('first')).received(1)"
            assert await page.run(heard) == [{"text": "x" * 100000}]
            assert call.ours.remoteDescription is not None
            assert "a=sctp-init:" in call.ours.remoteDescription.sdp
            below = call.ours._session.data._below
            assert below is not None
            # Its cookie would say who has made it.
            assert below.statistics().maker == ""

    stage.run(scenario())


@pytest.mark.parametrize("offerer", Side)
def test_a_browser_that_does_not_embed_costs_nothing(
    stage: Stage, page: Page, offerer: Side
) -> None:
    async def scenario() -> None:
        async with calling(page) as call:
            if offerer is Side.OURS:
                call.create_channel("first")
            else:
                await page.run("rtc.peer().createChannel('first')")
            await call.connect(offerer)
            assert embedding(call.ours) is EmbeddingState.OFF

    stage.run(scenario())
