"""Calls whose candidates lead nowhere, beside an honest one in the same process."""

import pytest

from peer.ice import (
    Candidate,
    CandidateType,
    IceAgent,
    IceRole,
    IceState,
    PacingBudget,
    RemoteParameters,
    TransportAddress,
    TransportProtocol,
)
from peer.ice.pacer import GLOBAL_INTERVAL
from tests.ice.builders import entropy
from tests.ice.wire import Wire

DEAD = 64
"""Candidates of each hostile call."""


def _dead_candidate(number: int) -> Candidate:
    return Candidate(
        foundation=str(number),
        component=1,
        transport=TransportProtocol.UDP,
        priority=2130706431 - number,
        address=TransportAddress("203.0.113.5", 2000 + number),
        type=CandidateType.HOST,
    )


def _make(budget: PacingBudget, seed: int, role: IceRole = IceRole.CONTROLLING) -> IceAgent:
    return IceAgent(role=role, entropy=entropy(seed), budget=budget)


def _add_hostile_call(wire: Wire, budget: PacingBudget, number: int) -> None:
    agent = _make(budget, number)
    wire.add(agent, "0", f"10.1.{number // 256}.{number % 256}")
    agent.set_remote_parameters("0", RemoteParameters("evil", "password-of-22-characters"))
    for each in range(DEAD):
        agent.add_remote_candidate("0", _dead_candidate(each))


def _connect(wire: Wire, budget: PacingBudget) -> float:
    """Give the time an honest call takes."""
    one = _make(budget, 1001)
    other = _make(budget, 1002, IceRole.CONTROLLED)
    wire.add(one, "0", "10.0.0.1")
    wire.add(other, "0", "10.0.0.2")
    wire.introduce(one, other)
    begin = wire.now
    ready = (IceState.CONNECTED, IceState.COMPLETED)
    while not all(agent.state("0", 1) in ready for agent in (one, other)):
        wire.run(0.005)
        assert wire.now < begin + 30
    return wire.now - begin


@pytest.mark.parametrize("calls", [20, 120])
@pytest.mark.parametrize("after", [0.5, 5.0])
def test_calls_that_lead_nowhere_do_not_hold_up_an_honest_one(calls: int, after: float) -> None:
    """RFC 8445 §14.2 has all share 200 transactions a second: who has had fewest goes first."""
    quiet = _connect(Wire(), PacingBudget())
    wire, budget = Wire(), PacingBudget()
    for number in range(calls):
        _add_hostile_call(wire, budget, number)
    # Each of them has had its first turn.
    wire.run(calls * GLOBAL_INTERVAL + after)
    assert _connect(wire, budget) <= quiet + 4 * GLOBAL_INTERVAL
