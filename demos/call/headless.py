"""Visits the page with a browser without a window, and says how the call went."""

import asyncio
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from websockets.exceptions import WebSocketException

from demos.call.chromium import BrowserError, Page, browser

WIDTH, HEIGHT = 1280, 1150
CALL_SECONDS = 30.0
ANSWER_SECONDS = 5.0
"""For the answer to a message of the chat, once the call is up."""
PICTURES = 75
"""Decoded pictures of the bot that make a call: two to three seconds of them."""

ENDED = ("failed", "closed")
"""States of a connection that no waiting mends."""

GREETING = "Hello, Python. Do you hear me?"

START = """
  globalThis.report && !document.getElementById("start").classList.contains("ends")
    && (document.getElementById("start").click(), true)
"""
WRITE = """
  document.getElementById("text").value = %s;
  document.getElementById("compose").requestSubmit();
"""

Report = dict[str, Any]
"""What the page's `report()` gives."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a visit went."""

    passed: bool
    text: str

    def __str__(self) -> str:
        return f"{'OK' if self.passed else 'FAILED'} {self.text}"


async def visit(address: str, screenshot: Path) -> Verdict:
    """Call the bot from a headless browser; never raises for what goes wrong there."""
    try:
        async with browser() as page:
            return await call(page, address, screenshot)
    except (BrowserError, WebSocketException, OSError, TimeoutError) as error:
        return Verdict(False, str(error) or type(error).__name__)


async def call(page: Page, address: str, screenshot: Path) -> Verdict:
    """Make the call and take the picture of it, whether it succeeded or not."""
    await page.open(address, WIDTH, HEIGHT)
    await until(page, START, 10, "the page did not load")
    deadline = time.monotonic() + CALL_SECONDS
    unwritten = [GREETING]
    while True:
        report: Report = await page.evaluate("report()")
        missing = what_is_missing(report)
        if not missing or report["state"] in ENDED or time.monotonic() > deadline:
            break
        if "chat open" in report["happened"] and unwritten:
            await page.evaluate(WRITE % json.dumps(unwritten.pop()))
        await asyncio.sleep(0.1)
    try:
        if not missing:
            await page.evaluate(WRITE % json.dumps("stats"))
            answered = f"report().heard.length > {len(report['heard'])}"
            await until(page, answered, ANSWER_SECONDS, "no answer to a second message")
    finally:
        await asyncio.to_thread(screenshot.write_bytes, await page.screenshot())
    if missing:
        seconds = CALL_SECONDS - (deadline - time.monotonic())
        return Verdict(False, f"{', '.join(missing)} after {seconds:.0f} s; see {screenshot}")
    return Verdict(True, f"{describe(report)}; screenshot {screenshot}")


async def until(page: Page, expression: str, seconds: float, failure: str) -> None:
    """Evaluate an expression until it is true; raises BrowserError when it takes too long."""
    for _ in range(int(seconds / 0.05)):
        if await page.evaluate(expression):
            return
        await asyncio.sleep(0.05)
    raise BrowserError(f"{failure} in {seconds:.0f} s")


def what_is_missing(report: Report) -> list[str]:
    """List what has not happened yet in a call."""
    figures = report["figures"] or {}
    missing = []
    if report["state"] != "connected":
        missing.append(f"not connected (state {report['state']}: {report['status']})")
    if figures.get("framesDecoded", 0) < PICTURES:
        missing.append(f"only {figures.get('framesDecoded', 0)} pictures decoded")
    if not figures.get("soundEnergy"):
        missing.append("no sound")
    if GREETING not in report["heard"]:
        missing.append("no answer in the chat")
    return missing


def describe(report: Report) -> str:
    """Sum up a call that succeeded."""
    figures = report["figures"]
    kind, protocol = figures["local"].split()[-2:]
    return (
        f"connected in {report['happened']['DTLS connected']:.0f} ms, "
        f"{kind}/{protocol} pair, RTT {figures['roundTrip']:.1f} ms, "
        f"{figures['framesDecoded']} frames decoded, chat answered"
    )
