"""Candidates one by one, and host candidates behind names."""

import pytest

from .browser import Page
from .call import Call, Candidates, Side, calling
from .stage import Stage


def first_description(signals: list[dict[str, dict[str, str]]]) -> str:
    """Give the first description that was signalled."""
    return next(one["description"]["sdp"] for one in signals if "description" in one)


def candidates(signals: list[dict[str, dict[str, str] | None]]) -> list[str]:
    """Give the candidates that were signalled, without the ends."""
    found = [one["candidate"] for one in signals if one.get("candidate") is not None]
    return [one["candidate"] for one in found if one is not None and one["candidate"]]


async def open_chat(call: Call, offerer: Side) -> None:
    """Connect for a data channel."""
    if offerer is Side.OURS:
        call.create_channel("chat")
    else:
        await call.page.run("rtc.peer().createChannel('chat')")
    await call.connect(offerer)
    await call.channel("chat")


@pytest.mark.parametrize("offerer", Side)
def test_descriptions_wait_for_no_candidate(stage: Stage, page: Page, offerer: Side) -> None:
    async def scenario() -> None:
        async with calling(page) as call:
            await open_chat(call, offerer)
            for signals in (call.sent, call.received):
                assert "a=candidate" not in first_description(signals)
                assert "a=ice-options:trickle" in first_description(signals)
                assert candidates(signals)
            assert call.ours.canTrickleIceCandidates is True
            assert {"candidate": None} in call.sent

    stage.run(scenario())


@pytest.mark.parametrize("offerer", Side)
def test_all_candidates_in_the_description(stage: Stage, page: Page, offerer: Side) -> None:
    """Signalling that carries an offer and an answer only (RFC 8838 §3, half trickle)."""

    async def scenario() -> None:
        async with calling(page, candidates=Candidates.DESCRIBED) as call:
            await open_chat(call, offerer)
            for signals in (call.sent, call.received):
                assert "a=candidate" in first_description(signals)
                assert len(signals) == 1

    stage.run(scenario())


@pytest.mark.parametrize("offerer", Side)
def test_names_of_hidden_hosts_are_resolved(stage: Stage, hiding_page: Page, offerer: Side) -> None:
    """The page learns no candidate of ours, so that only checks of ours can connect."""

    async def scenario() -> None:
        async with calling(hiding_page, candidates=Candidates.WITHHELD) as call:
            await open_chat(call, offerer)
            told = candidates(call.received)
            assert told
            assert all(candidate.split()[4].endswith(".local") for candidate in told)

    stage.run(scenario())
