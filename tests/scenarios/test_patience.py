"""Patience (RFC 8863): no failure before every peer had time to show up."""

import pytest

from peer.ice import IceConfig, IceState, Timings

from .lab import CONTROLLED, CONTROLLING, Lab, at, base_of


@pytest.mark.parametrize("end", [False, True])
def test_failure_comes_when_patience_is_over(lab: Lab, end: bool) -> None:
    """RFC 8863 §4: 39.5 s after both sides' credentials are known, candidates or not."""
    alice, peer = lab.agent(), lab.peer()
    peer.know(alice.open())
    lab.run_until(10)
    peer.meet(alice, silent=True, end=end)
    lab.run_until(100)
    assert alice.states() == [(at(49.5), IceState.FAILED)]


@pytest.mark.parametrize("controlling", [False, True])
def test_peer_without_candidates_may_come_late(lab: Lab, controlling: bool) -> None:
    """RFC 8863 §3: its check shows where it is."""
    role = CONTROLLED if controlling else CONTROLLING
    alice, peer = lab.agent(role=role), lab.peer(controlling=controlling)
    peer.meet(alice, silent=True, end=True)
    lab.run_until(20)
    peer.port.check(base_of(alice))
    lab.run_until(21)
    assert alice.states()[1:2] == [(at(20.03), IceState.CONNECTED)]


def test_failed_checks_are_no_reason_to_give_up_early(lab: Lab) -> None:
    """RFC 8863 §4: all known pairs have failed, an unknown one may come."""
    alice, peer = lab.agent(), lab.peer()
    peer.on_request = lambda request: request.port.refuse(request, 500)
    peer.meet(alice, end=True)
    lab.run_until(39.4)
    assert alice.state() is IceState.CHECKING
    lab.run_until(40)
    assert alice.states()[-1] == (at(39.5), IceState.FAILED)


def test_check_under_way_is_waited_for(lab: Lab) -> None:
    """RFC 8863 §4: after patience the normal rules apply, and they wait for checks."""
    alice, peer = lab.agent(), lab.peer()
    peer.on_request = peer.ignore
    peer.meet(alice, silent=True)
    lab.run_until(30)
    alice.agent.add_remote_candidate("0", peer.port.candidate())
    alice.pump()
    lab.run_until(200)
    assert alice.states()[-1] == (at(69.5), IceState.FAILED)


def test_patience_is_configurable(lab: Lab) -> None:
    """RFC 8863 §5: a driver that knows better may shorten it."""
    alice = lab.agent(config=IceConfig(timings=Timings(patience=5.0)))
    lab.peer().meet(alice, silent=True, end=True)
    lab.run_until(10)
    assert alice.states()[-1] == (at(5.0), IceState.FAILED)


def test_restart_is_patient_again(lab: Lab) -> None:
    """RFC 8863 §4: for every generation."""
    alice, peer = lab.agent(), lab.peer()
    peer.meet(alice, silent=True, end=True)
    lab.run_until(50)
    assert alice.state() is IceState.FAILED
    # W3C RTCIceTransportState: a restart of what has failed is checking at once.
    peer.know(alice.restart())
    lab.run_until(60)
    peer.meet(alice, silent=True, end=True)
    lab.run_until(200)
    assert alice.states()[-2:] == [
        (at(50.0), IceState.CHECKING),
        (at(99.5), IceState.FAILED),
    ]
