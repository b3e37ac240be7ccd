"""Bots on a simulated network, where delays and losses are known."""

import asyncio

import pytest

from peer import RTCPeerConnection
from peer.testing import Conditions, Network, connect, run
from tools.command.load.bots import Join
from tools.command.load.crowd import SET_UP_TIMEOUT, Outcome, Plan, gather_crowd
from tools.command.load.echo import welcome
from tools.command.load.report import figures

ONE_WAY = 0.05


def call_an_echo(plan: Plan, line: Conditions) -> tuple[Outcome, list[str]]:
    """Have bots of one host call another, as they call an endpoint."""
    told: list[str] = []

    async def story() -> Outcome:
        network = Network(seed=3)
        here, there = network.host("bots", link=line), network.host("echo")
        echoes: list[RTCPeerConnection] = []

        async def join(pc: RTCPeerConnection) -> None:
            echoes.append(there.connection())
            welcome(echoes[-1], None)  # type: ignore[arg-type]
            await connect(pc, echoes[-1])

        def dial(number: int) -> tuple[RTCPeerConnection, Join]:
            return here.connection(), join

        def tell(what: str, done: int, total: int) -> None:
            told.append(what)

        outcome = await gather_crowd(plan, dial, tell)
        await asyncio.gather(*(pc.close() for pc in echoes))
        return outcome

    return run(story(), seed=3), told


@pytest.mark.parametrize("encoded", [False, True], ids=["live", "encoded"])
def test_the_delay_of_marks_is_that_of_the_line(*, encoded: bool) -> None:
    plan = Plan(bots=2, rate=2.0, seconds=3.0, encoded=encoded)
    outcome, told = call_an_echo(plan, Conditions(delay=ONE_WAY))
    found = figures(outcome)
    assert found.failed == 0
    assert told == ["calling"] * 2 + ["measuring"] * 3 + ["hanging up"]
    assert outcome.seconds == pytest.approx(3.0)
    for call in outcome.calls:
        assert len([when for when, _ in call.delays if when >= outcome.began]) in (5, 6, 7)
        for _, delay in call.delays:
            assert 2 * ONE_WAY < delay < 2 * ONE_WAY + 0.1
        assert call.lost == 0
        assert call.received > 3 * 50
    assert found.freezes == 0
    # Nothing varies in virtual time.
    assert found.added_delay[1] is not None
    assert found.added_delay[1] < 0.03


def test_what_the_line_loses_is_told() -> None:
    plan = Plan(bots=1, seconds=5.0, encoded=True)
    outcome, _ = call_an_echo(plan, Conditions(delay=ONE_WAY, loss=0.05))
    assert 0.01 < figures(outcome).lost < 0.15


def test_a_call_that_fails_costs_itself() -> None:
    async def story() -> list[str | None]:
        network = Network(seed=3)
        host = network.host("bots")

        async def refused(pc: RTCPeerConnection) -> None:
            raise ConnectionRefusedError("nobody there")

        async def silent(pc: RTCPeerConnection) -> None:
            await asyncio.sleep(SET_UP_TIMEOUT - 1)

        joins = (refused, silent)
        outcome = await gather_crowd(
            Plan(bots=2, seconds=1.0),
            lambda number: (host.connection(), joins[number]),
            lambda *progress: None,
        )
        return [call.failure for call in outcome.calls]

    assert run(story(), seed=3) == [
        "ConnectionRefusedError: nobody there",
        "nothing came back within 20 s",
    ]
