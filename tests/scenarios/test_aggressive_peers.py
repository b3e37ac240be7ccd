"""Controlling peers that nominate more than once (RFC 8445 §8.1.1)."""

from dataclasses import replace

import pytest

from peer.ice import IceConfig, IceState, SelectedPairLost, stun
from peer.ice.stun import NetworkInfo

from .lab import CONTROLLED, Lab, at, base_of
from .scripted_peer import Port, ScriptedPeer

WIFI = (stun.GOOG_NETWORK_INFO, NetworkInfo(1, 10))
"""What libwebrtc puts into its checks."""


def _ports(peer: ScriptedPeer, count: int) -> list[Port]:
    """Ports, best first."""
    return [peer.open(6000 + number) for number in range(count)]


def test_selection_moves_up_with_nominations_of_higher_priority(lab: Lab) -> None:
    """RFC 8445 §8.1.1: an RFC 5245 peer nominates what works, worst first."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    ports = _ports(peer, 4)
    peer.meet(alice, *(port.candidate(foundation=f"f{n}") for n, port in enumerate(ports)))
    lab.run_until(0.5)
    for number, port in enumerate(reversed(ports)):
        lab.run_until(0.5 + 0.1 * number)
        port.check(base_of(alice), use_candidate=True)
    lab.run_until(2)
    assert [(time, pair.remote.address) for time, pair in alice.nominated()] == [
        (at(0.51 + 0.1 * number), port.address) for number, port in enumerate(reversed(ports))
    ]


def test_selection_never_moves_down(lab: Lab) -> None:
    """RFC 8445 §8.1.1: both ends agree on the highest priority among the nominated."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    ports = _ports(peer, 4)
    peer.meet(alice, *(port.candidate(foundation=f"f{n}") for n, port in enumerate(ports)))
    lab.run_until(0.5)
    for port in ports:
        port.check(base_of(alice), use_candidate=True)
        lab.run(0.1)
    assert [pair.remote.address for _, pair in alice.nominated()] == [ports[0].address]
    assert alice.selected().remote.address == ports[0].address


def test_every_check_nominates(lab: Lab) -> None:
    """Aggressive nomination (RFC 5245 §8.1.1.2): USE-CANDIDATE from the first check on."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    ports = _ports(peer, 3)
    peer.meet(alice, *(port.candidate(foundation=f"f{n}") for n, port in enumerate(ports)))
    for _ in range(3):
        for port in ports:
            port.check(base_of(alice), use_candidate=True)
            lab.run(0.05)
    lab.run_until(5)
    assert alice.selected().remote.address == ports[0].address
    assert alice.selected().nominated
    assert alice.state() is IceState.CONNECTED


def test_better_pair_is_checked_when_nominated_after_completion(lab: Lab) -> None:
    """RFC 8445 §8.1.2: its check was stopped, so it must succeed before it is used."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    best, good = _ports(peer, 2)
    peer.on_request = lambda request: (
        request.port.answer(request) if request.port is good or lab.sim.now > 1 else None
    )
    peer.meet(alice, best.candidate(foundation="a"), good.candidate(foundation="b"))
    good.check(base_of(alice), use_candidate=True)
    lab.run_until(1.5)
    assert [pair.remote.address for _, pair in alice.nominated()] == [good.address]
    best.check(base_of(alice), use_candidate=True)
    lab.run_until(2.0)
    assert [(time, pair.remote.address) for time, pair in alice.nominated()][1:] == [
        (at(1.53), best.address)
    ]


def test_peer_that_moves_its_pair_is_followed(lab: Lab) -> None:
    """libwebrtc sends on the pair it nominated last, of whatever priority."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    wired, mobile = _ports(peer, 2)
    peer.meet(alice, wired.candidate(foundation="a"), mobile.candidate(foundation="b"))
    lab.run_until(0.5)
    for time, port in ((0.5, wired), (1.0, mobile), (1.5, wired), (2.0, mobile), (90.0, wired)):
        lab.run_until(time)
        port.check(base_of(alice), WIFI, use_candidate=True)
    lab.run_until(100)
    assert [(time, pair.remote.address) for time, pair in alice.nominated()] == [
        (at(0.51), wired.address),
        (at(1.01), mobile.address),
        (at(1.51), wired.address),
        (at(2.01), mobile.address),
        # It was checked as a spare meanwhile, so that there is consent to send there.
        (at(90.01), wired.address),
    ]
    assert alice.of_type(SelectedPairLost) == []


def test_peer_that_moves_to_a_new_network_is_followed(lab: Lab) -> None:
    """libwebrtc on a phone: another source, long after completion, nominates itself."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    wifi = peer.port
    peer.meet(alice, end=True)
    wifi.check(base_of(alice), WIFI, use_candidate=True)
    lab.run_until(20)
    assert alice.selected().remote.address == wifi.address
    cellular = peer.open(7000)
    cellular.check(base_of(alice), WIFI, use_candidate=True, priority=1)
    lab.run_until(20.1)
    assert alice.nominated()[-1][0] == at(20.03)
    assert alice.selected().remote.address == cellular.address


def test_libwebrtc_with_renomination_offered_by_us_alone(lab: Lab) -> None:
    """One side only means plain nomination (draft-thatcher-ice-renomination §3)."""
    alice = lab.agent(role=CONTROLLED, config=IceConfig(renomination=True))
    peer = lab.peer(controlling=True)
    best, good = _ports(peer, 2)
    peer.meet(alice, best.candidate(foundation="a"), good.candidate(foundation="b"))
    lab.run_until(0.5)
    best.check(base_of(alice), use_candidate=True)
    lab.run(0.1)
    good.check(base_of(alice), (stun.NOMINATION, 9))
    good.check(base_of(alice), use_candidate=True)
    lab.run(0.1)
    assert [pair.remote.address for _, pair in alice.nominated()] == [best.address]


def test_pairs_that_were_given_up_are_not_checked_again(lab: Lab) -> None:
    """RFC 8445 §8.1.2: nothing of a concluded component is, while another one goes on."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    ports = _ports(peer, 4)
    peer.on_request = lambda request: peer.accept(request) if request.port is ports[0] else None
    peer.know(alice.open(components=(1, 2)))
    candidates = [port.candidate(foundation=f"f{n}") for n, port in enumerate(ports)]
    alice.meet(peer.remote, candidates)
    first = next(iter(alice.sockets))
    lab.run(0)
    ports[0].check(first, use_candidate=True)
    lab.run_until(2)
    assert alice.selected().nominated
    for _ in range(3):
        for port in ports[1:]:
            port.check(first, use_candidate=True)
        lab.run(1)
    late = peer.open(7000)
    alice.agent.add_remote_candidate("0", replace(late.candidate(), component=2))
    alice.pump()
    lab.run(1)
    assert {sent.remote for sent in alice.log.checks()} == {ports[0].address, late.address}


@pytest.mark.parametrize("pause", [20, 25, 27, 29])
def test_peer_that_moves_to_a_pair_with_old_consent(lab: Lab, pause: int) -> None:
    """RFC 7675 §5.1: the consent of when the pair was checked is still good, but not for long."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    wired, mobile = _ports(peer, 2)
    peer.meet(alice, wired.candidate(foundation="a"), mobile.candidate(foundation="b"))
    for port in (mobile, wired):
        port.check(base_of(alice), WIFI, use_candidate=True)
        lab.run(0.1)
    lab.run_until(pause)
    mobile.check(base_of(alice), WIFI, use_candidate=True)
    lab.run_until(100)
    assert alice.selected().remote.address == mobile.address
    assert alice.of_type(SelectedPairLost) == []


def test_peer_that_moves_to_and_fro(lab: Lab) -> None:
    """RFC 7675 §5.1: every move puts consent checks off no further."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    ports = _ports(peer, 2)
    peer.meet(alice, *(port.candidate(foundation=f"f{n}") for n, port in enumerate(ports)))
    for number in range(30):
        ports[number % 2].check(base_of(alice), WIFI, use_candidate=True)
        lab.run(2)
    assert alice.of_type(SelectedPairLost) == []
    assert len(alice.nominated()) == 30
