"""When an agent wakes."""

import pytest

from peer.ice import IceAgent, IceRole, PacingBudget, StunServer, TransportAddress, schedule, stun
from tests.ice.builders import entropy
from tests.ice.wire import Wire

SERVER = StunServer(TransportAddress("192.0.2.1", 3478), "stun:192.0.2.1")
LOCAL = TransportAddress("10.0.0.1", 5000)


def wake_up(agent: IceAgent, budget: PacingBudget, due: float) -> None:
    """Something is due while another agent has just used the budget: one wake-up, one request."""
    budget.commit(SERVER.address.host, due - 0.001)
    agent.handle_timer(now=due)
    assert agent.transmits() == []
    slot = agent.get_timer()
    assert slot == pytest.approx(due + 0.004)
    agent.handle_timer(now=due + 0.004)
    assert len(agent.transmits()) == 1
    later = agent.get_timer()
    assert later is not None
    assert later > due + 0.004


def test_a_consent_check_leaves_when_it_is_due() -> None:
    """RFC 7675 §5.1: it has an interval of its own, whoever gathers or checks."""
    budget = PacingBudget()
    left, right = (
        IceAgent(role=role, entropy=entropy(seed), budget=budget)
        for seed, role in enumerate(IceRole)
    )
    wire = Wire()
    wire.add(left, "0", *LOCAL)
    wire.add(right, "0", "10.0.0.2")
    wire.introduce(left, right)
    wire.run(3.9)
    due = left.get_timer()
    assert due is not None
    assert due > 4.0
    budget.commit("10.0.0.2", due - 0.001)
    left.handle_timer(now=due)
    assert len(left.transmits()) == 1
    later = left.get_timer()
    assert later is not None
    assert later > due


def test_due_keepalive_to_a_server_waits_for_its_slot() -> None:
    """RFC 8445 §5.1.1.4: the mapping is kept alive every 15 seconds."""
    budget = PacingBudget()
    agent = IceAgent(role=IceRole.CONTROLLING, entropy=entropy(), budget=budget)
    agent.add_stream("0")
    agent.add_stun_server(SERVER)
    agent.add_base("0", 1, LOCAL)
    agent.end_of_bases("0")
    agent.handle_timer(now=0.0)
    (request,) = agent.transmits()
    response = stun.build(
        stun.Method.BINDING,
        stun.MessageClass.SUCCESS,
        request.data[8:20],
        [(stun.XOR_MAPPED_ADDRESS, TransportAddress("198.51.100.1", 7000))],
    )
    agent.receive_datagram(response, local=LOCAL, source=SERVER.address, now=0.1)
    assert agent.get_timer() == 15.0
    wake_up(agent, budget, 15.0)


def test_data_costs_no_look_at_the_schedule(monkeypatch: pytest.MonkeyPatch) -> None:
    """A media packet makes nothing due, so neither it nor the driver's timer asks what is."""
    left, right = (IceAgent(role=role, entropy=entropy(seed)) for seed, role in enumerate(IceRole))
    wire = Wire()
    wire.add(left, "0", *LOCAL)
    wire.add(right, "0", "10.0.0.2")
    wire.introduce(left, right)
    wire.run(1.0)
    looks: list[str] = []
    monkeypatch.setattr(schedule, "run", lambda session, *, timeouts: looks.append("run"))
    monkeypatch.setattr(schedule, "next_time", lambda session: looks.append("next"))
    timer = left.get_timer()
    for number in range(10):
        left.receive_datagram(b"\x80", local=LOCAL, source=("10.0.0.2", 5000), now=1 + number / 100)
        left.send("0", 1, b"\x80", now=1 + number / 100)
        assert left.get_timer() == timer
    assert len(left.transmits()) == 10
    assert looks == []
