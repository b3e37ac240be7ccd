"""Checks that are repeated under loss (RFC 8445 §14.3, RFC 8489 §6.2.1)."""

import pytest

from peer.ice import (
    IceAgent,
    IceRole,
    IceState,
    PacingBudget,
    StunServer,
    Transmit,
    TransportAddress,
    stun,
)
from peer.ice.checks import request_timeout
from tests.ice.builders import REMOTE, entropy, host_candidate
from tests.ice.wire import Wire

SERVER = TransportAddress("192.0.2.3", 3478)


def is_check(transmit: Transmit) -> bool:
    """Tell whether a transmit is a check, not a request to the server."""
    if transmit.data[0] != 0 or transmit.remote == SERVER:
        return False
    return stun.parse(transmit.data).message_class is stun.MessageClass.REQUEST


class LossyStart:
    """A pair of agents whose first agent's checks and responses are filtered by the test."""

    def __init__(self) -> None:
        self.wire = Wire(latency=0.01)
        budget = PacingBudget()
        self.alice = IceAgent(role=IceRole.CONTROLLING, entropy=entropy(1), budget=budget)
        self.bob = IceAgent(role=IceRole.CONTROLLED, entropy=entropy(2), budget=budget)
        self.nominations: list[tuple[float, bytes]] = []
        self.seen: set[bytes] = set()
        self.wire.passes = self.passes
        self.wire.add(self.alice, "0", "10.0.0.1")
        self.wire.add(self.bob, "0", "10.0.0.2")

    def passes(self, transmit: Transmit) -> bool:
        """Lose the first transmission of every request, and all nominations until 5 s."""
        if transmit.data[0] != 0:
            return True
        message = stun.parse(transmit.data)
        if message.get(stun.USE_CANDIDATE):
            self.nominations.append((round(self.wire.now, 6), message.transaction_id))
            return self.wire.now > 5
        fresh = message.transaction_id not in self.seen
        self.seen.add(message.transaction_id)
        return not fresh


def test_under_loss_what_nomination_waits_for_is_checked_once_a_second() -> None:
    """A nomination that gets no answer is a new transaction each second, not 1, 2, 4 s later."""
    start = LossyStart()
    start.wire.introduce(start.alice, start.bob)
    start.wire.run(6.0)
    times = [time for time, _ in start.nominations]
    first = times[0]
    assert [round(time - first, 6) for time in times[:7]] == [0, 0.5, 1.5, 2.5, 3, 4, 5]
    assert start.alice.state("0", 1) is start.bob.state("0", 1) is IceState.COMPLETED


def test_without_loss_nothing_is_repeated() -> None:
    """A check nobody answers keeps to the times of RFC 8489 §6.2.1."""
    wire = Wire()
    agent = IceAgent(role=IceRole.CONTROLLING, entropy=entropy())
    times: list[float] = []

    def note(transmit: Transmit) -> bool:
        times.append(round(wire.now, 6))
        return False

    wire.passes = note
    wire.add(agent, "0", "10.0.0.1")
    agent.set_remote_parameters("0", REMOTE)
    agent.add_remote_candidate("0", host_candidate())
    wire.run(60)
    assert times == [0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5]


@pytest.mark.parametrize(
    ("pairs", "timeout"), [(1, 0.5), (10, 0.5), (12, 0.6), (20, 1.0), (60, 1.0)]
)
def test_the_timeout_grows_with_the_pairs_up_to_its_ceiling(pairs: int, timeout: float) -> None:
    """RFC 8445 §14.3: Ta for each pair that is waiting or in progress, 500 ms at least."""
    agent = IceAgent(role=IceRole.CONTROLLING, entropy=entropy())
    agent.add_stream("0")
    agent.add_base("0", 1, ("10.0.0.1", 5000))
    agent.set_remote_parameters("0", REMOTE)
    for i in range(pairs):
        agent.add_remote_candidate("0", host_candidate(port=5000 + i, foundation=str(i)))
    agent.add_stun_server(StunServer(SERVER, "stun:192.0.2.3"))
    agent.handle_timer(now=0.0)
    assert request_timeout(agent._session) == pytest.approx(timeout)
