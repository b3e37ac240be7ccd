"""Chromium, over the Chrome DevTools Protocol."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from typing import Any

from .browser import Browser, Page
from .process import Process, require_program
from .wire import BOUND, BrowserError, Wire

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--no-first-run",
    "--remote-debugging-port=0",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-breakpad",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-device-for-media-stream",
)
PLAIN = ("--use-fake-ui-for-media-stream", "--disable-features=WebRtcHideLocalIpsWithMdns")
HIDDEN = ("--enable-features=WebRtcHideLocalIpsWithMdns",)
"""A page that may use the camera sees addresses, so here nobody grants that."""


class ChromiumPage(Page):
    """A tab of Chromium; each has a profile of its own."""

    def __init__(self, wire: Wire, context: str, session: str) -> None:
        super().__init__(wire)
        self._context = context
        self._session = session

    async def command(self, method: str, bound: float = BOUND, **params: Any) -> dict[str, Any]:
        """Give a command to this tab."""
        return await self._wire.call(
            method, owner=self, bound=bound, sessionId=self._session, params=params
        )

    async def load(self, url: str) -> None:
        """Go to an address and wait until all is there."""
        await self.command("Page.enable")
        loaded = asyncio.create_task(self._event("Page.loadEventFired"))
        try:
            went = await self.command("Page.navigate", url=url)
            if "errorText" in went:
                raise BrowserError("BrowserError", f"{url}: {went['errorText']}")
            await loaded
        finally:
            loaded.cancel()

    async def evaluate(self, expression: str, bound: float) -> str:
        """Await a JavaScript promise of a string."""
        answer = await self.command(
            "Runtime.evaluate",
            bound,
            expression=expression,
            awaitPromise=True,
            returnByValue=True,
        )
        if (details := answer.get("exceptionDetails")) is not None:
            name, _, message = details["exception"]["description"].partition(": ")
            raise BrowserError(name, message)
        value: str = answer["result"]["value"]
        return value

    async def picture(self) -> str:
        """Give a picture of the page, as PNG in base64."""
        data: str = (await self.command("Page.captureScreenshot"))["data"]
        return data

    async def kill(self) -> None:
        """Crash the tab's process."""
        await self.command("Inspector.enable")
        crashed = asyncio.create_task(self._event("Inspector.targetCrashed"))
        # It is never answered.
        command = asyncio.create_task(self.command("Page.crash"))
        try:
            await crashed
        finally:
            command.cancel()
            await asyncio.wait([command])
            self._wire.abandon(self)

    async def close(self) -> None:
        """Close the tab, with its profile."""
        params = {"browserContextId": self._context}
        await self._wire.call("Target.disposeBrowserContext", params=params)

    async def _event(self, method: str) -> dict[str, Any]:
        return await self._wire.event(method, lambda event: event["sessionId"] == self._session)


class Chromium(Browser):
    """A running Chromium."""

    kind = "chromium"

    @classmethod
    async def launch(
        cls,
        *,
        mdns: bool = False,
        trials: Sequence[str] = (),
        within: Callable[[list[str]], list[str]] = list,
        reach: Callable[[str], socket.socket] | None = None,
    ) -> "Chromium":
        """Start it; with `mdns` pages see names instead of this host's addresses.

        `trials` are field trials of libwebrtc to enable. `within` gives the command that runs it
        elsewhere, in another network, and `reach` what connects to a port of it there.
        """
        program = require_program("chromium", "chromium", "google-chrome", "chromium-browser")
        process = Process("chromium")
        try:
            profile = process.folder / "profile"
            flags = [*FLAGS, *(HIDDEN if mdns else PLAIN), f"--user-data-dir={profile}"]
            if trials:
                flags.append(
                    f"--force-fieldtrials={''.join(f'{each}/Enabled/' for each in trials)}"
                )
            process.start(within([program, *flags]))
            told = await process.wait_for_file(profile / "DevToolsActivePort")
            port, path = told.split()
            wire = await Wire.open(f"ws://127.0.0.1:{port}{path}", process.output, reach)
        except BaseException:
            process.close()
            raise
        return cls(process, wire)

    async def open(self, url: str) -> ChromiumPage:
        """Open a page in a fresh tab and wait until it has loaded."""
        call = self._wire.call
        made = await call("Target.createBrowserContext", params={"disposeOnDetach": True})
        context = made["browserContextId"]
        where = {"url": "about:blank", "browserContextId": context}
        target = (await call("Target.createTarget", params=where))["targetId"]
        params = {"targetId": target, "flatten": True}
        session = (await call("Target.attachToTarget", params=params))["sessionId"]
        page = ChromiumPage(self._wire, context, session)
        await page.load(url)
        return page
