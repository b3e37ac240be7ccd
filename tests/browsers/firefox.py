"""Firefox, over WebDriver BiDi."""

import json
import os
import signal
from pathlib import Path
from typing import Any

from .browser import Browser, Page
from .process import Process, require_program
from .sound import Sound
from .wire import BOUND, BrowserError, Wire

FLAGS = (
    "--headless",
    "--no-remote",
    "--remote-debugging-port=0",
    "--remote-allow-system-access",
)
"""System access tells which process a tab has."""
PREFERENCES: dict[str, bool | int | str] = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.autoplay.default": 0,
    "media.autoplay.blocking_policy": 0,
    "media.gmp-manager.updateEnabled": False,
    "app.update.enabled": False,
    "browser.aboutwelcome.enabled": False,
    "browser.newtab.preload": False,
    "browser.newtabpage.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "browser.tabs.crashReporting.sendReport": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "dom.ipc.processPrelaunch.enabled": False,
    "dom.min_background_timeout_value": 4,
    "dom.timeout.enable_budget_timer_throttling": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.max_socket_process_failed_count": 1000,
    "remote.active-protocols": 1,
    "toolkit.telemetry.reportingpolicy.firstRun": False,
}
HIDING = "media.peerconnection.ice.obfuscate_host_addresses"


def write_profile(folder: Path, *, mdns: bool) -> None:
    """Make a fresh profile with our preferences."""
    folder.mkdir()
    lines = [
        f"user_pref({json.dumps(name)}, {json.dumps(value)});\n"
        for name, value in {**PREFERENCES, HIDING: mdns}.items()
    ]
    (folder / "user.js").write_text("".join(lines))


FIND_PROCESSES = """
(async () => {{
  for (let tries = 0; tries < 500; tries++) {{
    const tab = gBrowser.tabs.find(tab => tab.linkedBrowser.contentTitle === {title});
    if (tab) {{
      const {{osPid}} = tab.linkedBrowser.browsingContext.currentWindowGlobal;
      return `${{Services.io.socketProcessId}} ${{osPid}}`;
    }}
    await new Promise(resolve => setTimeout(resolve, 10));
  }}
  throw new Error("there is no such tab");
}})()
"""
"""Run in the browser's own window; the title of a page gets there a little later.

WebRTC's transports are in the socket process: when only the page's process goes, that one ends
DTLS properly.
"""
AWAIT_END = """
(async () => {{
  for (let tries = 0; tries < 1000; tries++) {{
    const {{children}} = await ChromeUtils.requestProcInfo();
    const isThere = children.some(({{pid}}) => pid === {page});
    if (!isThere && Services.io.socketProcessId !== {sockets}) return "";
    await new Promise(resolve => setTimeout(resolve, 10));
  }}
  throw new Error("the processes are still there");
}})()
"""
"""Until the browser knows: connections that any page makes before are lost, and never tell it."""


class FirefoxPage(Page):
    """A tab of Firefox; each has a profile of its own."""

    def __init__(self, wire: Wire, user: str, context: str) -> None:
        super().__init__(wire)
        self._user = user
        self._context = context

    async def command(self, method: str, bound: float = BOUND, **params: Any) -> dict[str, Any]:
        """Give a command about this tab."""
        params["context"] = self._context
        return await self._wire.call(method, owner=self, bound=bound, params=params)

    async def evaluate(self, expression: str, bound: float) -> str:
        """Await a JavaScript promise of a string."""
        value: str = await self._script(self._context, expression, bound)
        return value

    async def picture(self) -> str:
        """Give a picture of the page, as PNG in base64."""
        data: str = (await self.command("browsingContext.captureScreenshot"))["data"]
        return data

    async def kill(self) -> None:
        """Kill the tab's process, and the one that its connections are in."""
        title = f"to be killed: {self._context}"
        await self.run("document.title = args[0]", title)
        params = {"moz:scope": "chrome"}
        tree = await self._wire.call("browsingContext.getTree", params=params)
        window = tree["contexts"][0]["context"]
        expression = FIND_PROCESSES.format(title=json.dumps(title))
        sockets, page = map(int, (await self._script(window, expression, BOUND)).split())
        for pid in filter(None, (sockets, page)):
            os.kill(pid, signal.SIGKILL)
        self._wire.abandon(self)
        await self._script(window, AWAIT_END.format(sockets=sockets or -1, page=page), BOUND)

    async def close(self) -> None:
        """Close the tab, with its profile."""
        await self._wire.call("browser.removeUserContext", params={"userContext": self._user})

    async def _script(self, context: str, expression: str, bound: float) -> Any:
        params = {"expression": expression, "target": {"context": context}, "awaitPromise": True}
        answer = await self._wire.call("script.evaluate", owner=self, bound=bound, params=params)
        if answer["type"] == "exception":
            name, _, message = answer["exceptionDetails"]["text"].partition(": ")
            raise BrowserError(name, message)
        return answer["result"]["value"]


class Firefox(Browser):
    """A running Firefox, with a sound device where it can have one."""

    kind = "firefox"

    def __init__(self, process: Process, wire: Wire, sound: Sound | None) -> None:
        super().__init__(process, wire)
        self._sound = sound

    @classmethod
    async def launch(cls, *, mdns: bool = False) -> "Firefox":
        """Start it; with `mdns` pages see names instead of this host's addresses."""
        program = require_program("firefox-esr", "firefox-esr", "firefox")
        sound = await Sound.start()
        try:
            process = Process("firefox")
            try:
                wire = await cls._start(process, program, sound, mdns=mdns)
            except BaseException:
                process.close()
                raise
        except BaseException:
            if sound is not None:
                sound.close()
            raise
        return cls(process, wire, sound)

    @classmethod
    async def _start(
        cls, process: Process, program: str, sound: Sound | None, *, mdns: bool
    ) -> Wire:
        profile = process.folder / "profile"
        write_profile(profile, mdns=mdns)
        environment = {"HOME": str(process.folder), "MOZ_CRASHREPORTER_DISABLE": "1"}
        process.start(
            [program, *FLAGS, "--profile", str(profile)],
            {**environment, **(sound.environment if sound is not None else {})},
        )
        told = json.loads(await process.wait_for_file(profile / "WebDriverBiDiServer.json"))
        url = f"ws://{told['ws_host']}:{told['ws_port']}/session"
        wire = await Wire.open(url, process.output)
        await wire.call("session.new", params={"capabilities": {}})
        return wire

    async def open(self, url: str) -> FirefoxPage:
        """Open a page in a fresh tab and wait until it has loaded."""
        user = (await self._wire.call("browser.createUserContext", params={}))["userContext"]
        params = {"type": "tab", "userContext": user}
        made = await self._wire.call("browsingContext.create", params=params)
        page = FirefoxPage(self._wire, user, made["context"])
        await page.command("browsingContext.navigate", url=url, wait="complete")
        return page

    async def close(self) -> None:
        """End the browser and its sound device."""
        try:
            await super().close()
        finally:
            if self._sound is not None:
                self._sound.close()
