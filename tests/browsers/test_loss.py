"""The other side is gone without a word."""

import asyncio

import pytest

from peer import RTCConfiguration
from tests.net.support import readers, timers

from .browser import Page
from .call import Call, Side, calling, until
from .flow import let_page_send, send
from .media import RED
from .stage import Stage

DISCONNECTED = 6.0
"""Seconds within which a silent peer is reported."""
CONSENT = 30.0
"""Seconds that consent lasts by default (RFC 7675 §5.1)."""


async def lose(call: Call, consent: float) -> None:
    """Kill the page in a call, and wait for all the consequences."""
    states: list[tuple[str, str, float]] = []
    clock = asyncio.get_running_loop().time

    def note(kind: str, value: str) -> None:
        states.append((kind, value, clock() - killed))

    ours = call.ours
    ours.on("connectionstatechange", lambda: note("connection", ours.connectionState))
    ours.on("iceconnectionstatechange", lambda: note("ice", ours.iceConnectionState))
    await call.kill()
    killed = clock()
    await until(lambda: ours.connectionState == "failed", f"failed: {states}", consent + 5)
    assert sorted((kind, value) for kind, value, _ in states) == [
        ("connection", "disconnected"),
        ("connection", "failed"),
        ("ice", "disconnected"),
        ("ice", "failed"),
    ]
    for _, value, after in states:
        if value == "disconnected":
            assert after < DISCONNECTED
        else:
            # The last answer may be as old as a check and its interval.
            assert consent - DISCONNECTED < after < consent + 2


async def scenario(page: Page, consent: float | None) -> None:
    """Lose the peer of a call with everything, and close what is left."""
    before = len(readers()), len(timers())
    configuration = RTCConfiguration(iceServers=[])
    if consent is not None:
        configuration.consentTimeout = consent
    async with calling(page, configuration) as call:
        await page.run("rtc.peer().createChannel('chat')")
        send(call, 600, RED)
        await let_page_send(page, 1000, RED)
        await call.connect(Side.BROWSER)
        await call.channel("chat")
        await lose(call, CONSENT if consent is None else consent)
    # Transports close their sockets in a callback of their own.
    await asyncio.sleep(0)
    assert (len(readers()), len(timers())) == before


def test_a_killed_tab(stage: Stage, page: Page) -> None:
    """It is noticed, then given up when consent expires; closing leaves nothing behind."""
    stage.run(scenario(page, 8.0))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["chromium"], indirect=True)
def test_a_killed_tab_by_default(stage: Stage, page: Page) -> None:
    """The same with the consent of RFC 7675 §5.1."""
    stage.run(scenario(page, None))
