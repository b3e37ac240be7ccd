"""The other side is gone without a word."""

import asyncio

import pytest

from peer import RTCConfiguration

from .browser import Page
from .call import Call, Side, calling, until
from .flow import let_page_send, send
from .media import RED
from .stage import Stage

DISCONNECTED = 6.0
"""Seconds within which a silent peer is reported."""
SHORT_CONSENT = 6.0 + DISCONNECTED
"""Seconds. When the silence begins the last check may be 6 s old; the rest has to be longer."""
CONSENT = 30.0
"""Seconds that consent lasts by default (RFC 7675 §5.1)."""
STALLS = 10.0
"""Seconds that a busy machine may add: a stall of the event loop prolongs consent by its length."""


async def lose(call: Call, consent: float) -> None:
    """Kill the page in a call, and wait for all the consequences."""
    await call.kill()
    killed = asyncio.get_running_loop().time()
    failed = "connectionState failed"
    await until(lambda: call.states[-1][1] == failed, f"{failed}: {call.states}", consent + STALLS)
    times = {state: time - killed for time, state in call.states}
    for name in ("connectionState", "iceConnectionState"):
        states = [state for _, state in call.states if state.startswith(name)]
        assert states[-2:] == [f"{name} disconnected", f"{name} failed"], call.states
        # None came twice.
        assert len(states) == len(set(states)), call.states
        assert times[f"{name} disconnected"] < DISCONNECTED
        # The last answer may be as old as a check and its interval.
        assert consent - DISCONNECTED < times[f"{name} failed"]


async def scenario(page: Page, consent: float | None) -> None:
    """Lose the peer of a call with everything, and close what is left; `run` looks for leaks."""
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


def test_a_killed_tab(stage: Stage, page: Page) -> None:
    """It is noticed, then given up when consent expires; closing leaves nothing behind."""
    stage.run(scenario(page, SHORT_CONSENT))


@pytest.mark.slow
@pytest.mark.interop
@pytest.mark.parametrize("kind", ["chromium"], indirect=True)
def test_a_killed_tab_by_default(stage: Stage, page: Page) -> None:
    """The same with the consent of RFC 7675 §5.1."""
    stage.run(scenario(page, None))
