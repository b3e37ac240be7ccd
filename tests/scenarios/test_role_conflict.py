"""Role conflicts (RFC 8445 §7.2.5.1, §7.3.1.1)."""

import pytest

from peer.ice import IceRole, IceState, RoleChanged, stun

from .lab import CONTROLLED, CONTROLLING, Lab, at, base_of
from .scripted_peer import Received


@pytest.mark.parametrize("difference", [-1, 0, 1])
@pytest.mark.parametrize("role", list(IceRole))
def test_request_of_the_same_role(lab: Lab, role: IceRole, difference: int) -> None:
    """RFC 8445 §7.3.1.1: the larger tie-breaker controls; with equal ones the server does."""
    controls = role is CONTROLLING
    alice, peer = lab.agent(role=role), lab.peer(controlling=controls)
    peer.on_request = peer.ignore
    peer.meet(alice)
    lab.run(0)
    own = stun.ICE_CONTROLLING if controls else stun.ICE_CONTROLLED
    ours = alice.log.checks()[0].read().get(own)
    assert ours is not None
    peer.port.check(base_of(alice), tie_breaker=ours + difference)
    lab.run(0.1)
    (response,) = [each.read() for each in peer.port.responses]
    is_larger = difference <= 0
    # Both claim one role: the larger is right to claim control, wrong to leave it to the peer.
    keeps = is_larger is controls
    assert alice.agent.role is (role if keeps else IceRole(_OTHER[role.value]))
    assert [event.role for event in alice.of_type(RoleChanged)] == (
        [] if keeps else [alice.agent.role]
    )
    error = response.get(stun.ERROR_CODE)
    assert (error.code if error else None) == (487 if keeps else None)
    assert stun.verify_integrity(response, peer.agent_parameters.password.encode())


_OTHER = {"controlling": "controlled", "controlled": "controlling"}


@pytest.mark.parametrize("role", list(IceRole))
def test_role_conflict_response_switches_the_role(lab: Lab, role: IceRole) -> None:
    """RFC 8445 §7.2.5.1: other role, other tie-breaker, and the pair is checked again."""
    alice, peer = lab.agent(role=role), lab.peer()
    peer.on_request = lambda request: (
        request.port.refuse(request, 487)
        if len(peer.requests) == 1
        else request.port.answer(request)
    )
    peer.meet(alice)
    lab.run_until(0.08)
    assert alice.times_of(RoleChanged) == [at(0.02)]
    assert alice.agent.role is not role
    first, second = (sent.read() for sent in alice.log.checks())
    assert [sent.time for sent in alice.log.checks()] == [0.0, at(0.05)]
    before, after = stun.ICE_CONTROLLING, stun.ICE_CONTROLLED
    if role is CONTROLLED:
        before, after = after, before
    assert first.get(before) is not None
    assert second.get(after) not in (None, first.get(before))
    assert second.get(before) is None


def test_second_conflict_response_does_not_switch_back(lab: Lab) -> None:
    """A 487 to a request sent in a role we have left tells nothing new; its pair is rechecked."""
    alice, peer = lab.agent(), lab.peer()
    other = peer.open(6000)

    def refuse_late(request: Received) -> None:
        if request.get(stun.ICE_CONTROLLING) is not None:
            lab.sim.call_later(0.2, lambda: request.port.refuse(request, 487))
        else:
            request.port.answer(request)

    peer.on_request = refuse_late
    peer.meet(alice, peer.port.candidate(foundation="a"), other.candidate(foundation="b"))
    lab.run(1)
    assert alice.times_of(RoleChanged) == [at(0.22)]
    assert alice.agent.role is CONTROLLED
    checks = [(sent.time, sent.remote) for sent in alice.log.checks()]
    assert checks == [
        (0.0, peer.port.address),
        (at(0.05), other.address),
        (at(0.22), peer.port.address),
        (at(0.27), other.address),
    ]


def test_forged_conflict_response_changes_nothing(lab: Lab) -> None:
    """RFC 8445 §19.2: unauthenticated responses are dropped."""
    alice, peer = lab.agent(), lab.peer()

    def forge(request: Received) -> None:
        request.port.refuse(request, 487, key="")
        request.port.refuse(request, 487, key="a" * 24)

    peer.on_request = forge
    peer.meet(alice)
    lab.run(0.4)
    assert alice.agent.role is CONTROLLING
    assert len(alice.log.checks()) == 1


@pytest.mark.parametrize("role", list(IceRole))
def test_two_agents_of_one_role_agree(lab: Lab, role: IceRole) -> None:
    """RFC 8445 §7.3.1.1: after one round trip one controls and the other does not."""
    call = lab.call(roles=(role, role)).start()
    lab.run_until(0.04)
    roles = {call.offerer.agent.role, call.answerer.agent.role}
    assert roles == {CONTROLLING, CONTROLLED}
    settled = call.offerer.agent.role
    call.run()
    lab.run(60)
    assert call.offerer.agent.role is settled
    switches = call.offerer.of_type(RoleChanged) + call.answerer.of_type(RoleChanged)
    assert len(switches) == 1
    assert call.offerer.selected().nominated
    assert call.answerer.selected().nominated


def test_nomination_of_the_former_controlling_side_is_void(lab: Lab) -> None:
    """RFC 8445 §7.3.1.1: after losing the role nothing more is nominated."""
    alice, peer = lab.agent(), lab.peer(controlling=True, tie_breaker=(1 << 64) - 1)
    peer.meet(alice)
    peer.port.check(base_of(alice))
    lab.run(10)
    assert alice.agent.role is CONTROLLED
    assert alice.log.nominations() == []
    assert alice.nominated() == []
    peer.port.check(base_of(alice), use_candidate=True)
    lab.run(1)
    assert [time for time, _ in alice.nominated()] == [at(10.01)]


def test_role_lost_while_waiting_to_nominate(lab: Lab) -> None:
    """The time to nominate came and went: no timer may ring for it (the driver would notice)."""
    alice, peer = lab.agent(), lab.peer(controlling=True)
    better, worse = peer.port, peer.open(6000)
    peer.on_request = lambda request: (
        request.port.answer(request) if request.port is worse else None
    )
    peer.meet(alice, better.candidate(foundation="a"), worse.candidate(foundation="b"), end=True)
    lab.run_until(0.1)
    worse.check(base_of(alice), tie_breaker=(1 << 64) - 1)
    lab.run_until(5)
    assert alice.agent.role is CONTROLLED
    assert alice.log.nominations() == []


def test_nomination_by_a_peer_that_gave_up_the_role_is_void(lab: Lab) -> None:
    """RFC 8445 §7.3.1.5: USE-CANDIDATE counts for a controlled agent; now we are to nominate."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    peer.on_request = lambda request: peer.accept(request) if lab.sim.now > 0.2 else None
    peer.meet(alice, end=True)
    lab.run(0)
    peer.port.check(base_of(alice), use_candidate=True)
    lab.run_until(0.1)
    peer.port.check(base_of(alice), controlling=False, tie_breaker=0)
    lab.run_until(3)
    assert alice.agent.role is CONTROLLING
    (nomination,) = alice.log.nominations()
    assert alice.nominated()[0][0] == at(nomination.time + 0.02)


def test_conflict_without_end_ends_with_the_check(lab: Lab) -> None:
    """A peer that answers every check with 487 is asked for the time of one transaction."""
    alice, peer = lab.agent(), lab.peer()
    peer.on_request = lambda request: request.port.refuse(request, 487)
    peer.meet(alice, end=True)
    lab.run_until(60)
    assert alice.state() is IceState.FAILED
    assert alice.log.checks()[-1].time < 39.5 + 0.1
