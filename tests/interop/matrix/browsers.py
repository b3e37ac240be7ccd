"""Chromium and Firefox."""

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from peer import RTCConfiguration
from tests.browsers import call as browser_call
from tests.browsers.browser import Browser, Page
from tests.browsers.call import Call, Candidates
from tests.browsers.chromium import Chromium
from tests.browsers.flow import assert_flow, let_page_send, send
from tests.browsers.launch import launch
from tests.browsers.media import BLUE, RED, Color

from .party import Kind, Party, Side, Signalling, Talk

_SIDES = {Side.OURS: browser_call.Side.OURS, Side.THEIRS: browser_call.Side.BROWSER}
_CANDIDATES = {
    Signalling.TRICKLED: Candidates.TRICKLED,
    Signalling.COMPLETE: Candidates.DESCRIBED,
    Signalling.WITHHELD: Candidates.WITHHELD,
}
TRIALS = ("WebRTC-IceHandshakeDtls", "WebRTC-Sctp-Snap")
_ANSWER = """
const channel = await rtc.peer().channel(args[0]);
await rtc.until(() => channel.log.some(({text}) => text === args[1]), args[1]);
channel.send({text: `echo ${args[1]}`});
"""


class BrowserTalk(Talk):
    """A call with a page."""

    def __init__(self, call: Call) -> None:
        self.ours = call.ours
        self._call = call
        self._tracks = 0

    @property
    def _page(self) -> Page:
        return self._call.page

    async def make_channel(self, maker: Side, label: str) -> None:
        """Have a side make a data channel."""
        if maker is Side.OURS:
            self._call.create_channel(label)
        else:
            await self._page.run("rtc.peer().createChannel(args[0])", label)

    async def add(self, *kinds: Kind) -> None:
        """Have both sides send tracks."""
        for kind in kinds:
            ours: int | Color = RED if kind is Kind.VIDEO else 500
            theirs: int | Color = BLUE if kind is Kind.VIDEO else 800
            send(self._call, ours)
            await let_page_send(self._page, theirs)
            self._tracks += 1

    async def negotiate(self, offerer: Side) -> None:
        """Exchange an offer and an answer."""
        await self._call.negotiate(_SIDES[offerer])

    async def connected(self) -> None:
        """Wait until both sides are."""
        await self._call.connected()

    async def echo(self, label: str, text: str) -> None:
        """Send a text and wait until it comes back."""
        channel = await self._call.channel(label)
        before = len(channel.log)
        channel.channel.send(text)
        await self._page.run(_ANSWER, label, text)
        assert (await channel.received(before + 1))[-1] == f"echo {text}"

    async def flows(self) -> None:
        """Wait until each track is seen and heard to be what was sent."""
        await assert_flow(self._call, self._tracks, self._tracks)

    async def restart(self, side: Side) -> None:
        """Have a side restart ICE."""
        if side is Side.OURS:
            self.ours.restartIce()
        else:
            await self._page.run("rtc.peer().connection.restartIce()")
        await self.negotiate(side)


class BrowserParty(Party):
    """A browser, which is started once."""

    def __init__(
        self,
        name: str,
        start: Callable[[], Coroutine[Any, Any, Browser]],
        url: str,
        lacks: dict[str, str],
    ) -> None:
        self.name = name
        self.lacks = lacks
        self._start = start
        self._url = url
        self._browser: Browser | None = None

    @asynccontextmanager
    async def call(
        self, configuration: RTCConfiguration, signalling: Signalling
    ) -> AsyncIterator[Talk]:
        """Begin a call in a tab of its own."""
        if self._browser is None or not self._browser.is_running:
            self._browser = await self._start()
        page = await self._browser.open(self._url)
        try:
            candidates = _CANDIDATES[signalling]
            async with browser_call.calling(page, configuration, candidates=candidates) as call:
                yield BrowserTalk(call)
        finally:
            if self._browser.is_running:
                await page.close()

    async def close(self) -> None:
        """End the browser."""
        if self._browser is not None:
            await self._browser.close()


def browsers(url: str) -> list[Party]:
    """Give the browsers; `url` is where the page is that they open."""
    plain = {"early handshakes": "it embeds no handshakes unless field trials ask it to"}
    return [
        BrowserParty("chromium", lambda: launch("chromium"), url, plain),
        BrowserParty("chromium+warp", lambda: Chromium.launch(trials=TRIALS), url, {}),
        BrowserParty(
            "firefox", lambda: launch("firefox"), url, {"early handshakes": "it has none"}
        ),
    ]
