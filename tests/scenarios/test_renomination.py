"""Renomination (draft-thatcher-ice-renomination), when both sides offer it."""

from peer.ice import IceConfig, IceState, RemoteParameters, stun
from tests.sim.agent_host import AgentHost

from .lab import CONTROLLED, Lab, at, base_of
from .scripted_peer import Port, ScriptedPeer

CONFIG = IceConfig(renomination=True)


def _meet(alice: AgentHost, peer: ScriptedPeer, *ports: Port) -> None:
    peer.know(alice.open())
    credentials = peer.parameters
    remote = RemoteParameters(
        credentials.username_fragment, credentials.password, renomination=True
    )
    alice.meet(remote, [p.candidate(foundation=str(n)) for n, p in enumerate(ports)], end=True)


def test_last_nomination_is_followed(lab: Lab) -> None:
    """Draft §3: of whatever priority; the larger value wins."""
    alice, peer = lab.agent(role=CONTROLLED, config=CONFIG), lab.peer(controlling=True)
    best, good = peer.open(6000), peer.open(6001)
    _meet(alice, peer, best, good)
    lab.run_until(0.5)
    best.check(base_of(alice), (stun.NOMINATION, 1))
    lab.run_until(1.0)
    good.check(base_of(alice), (stun.NOMINATION, 2))
    lab.run_until(1.5)
    assert [(time, pair.remote.address) for time, pair in alice.nominated()] == [
        (at(0.51), best.address),
        (at(1.01), good.address),
    ]


def test_overtaken_nomination_is_not_followed(lab: Lab) -> None:
    """Draft §4: 3, then 2, on the network in this order."""
    alice, peer = lab.agent(role=CONTROLLED, config=CONFIG), lab.peer(controlling=True)
    one, two, three = (peer.open(6000 + n) for n in range(3))
    _meet(alice, peer, one, two, three)
    lab.run_until(0.5)
    for port, value in ((one, 1), (three, 3), (two, 2)):
        port.check(base_of(alice), (stun.NOMINATION, value))
        lab.run(0.1)
    assert [pair.remote.address for _, pair in alice.nominated()] == [one.address, three.address]


def test_value_is_remembered_until_the_pair_is_valid(lab: Lab) -> None:
    """Draft §4: the nomination came with the first check from there; a smaller one later."""
    alice, peer = lab.agent(role=CONTROLLED, config=CONFIG), lab.peer(controlling=True)
    known = peer.open(6000)
    _meet(alice, peer, known)
    lab.run_until(0.5)
    fresh = peer.open(6001)
    fresh.check(base_of(alice), (stun.NOMINATION, 5))
    lab.run_until(1.0)
    assert [time for time, _ in alice.nominated()] == [at(0.53)]
    known.check(base_of(alice), (stun.NOMINATION, 3))
    lab.run_until(1.5)
    assert [pair.remote.address for _, pair in alice.nominated()] == [fresh.address]


def test_any_value_beats_none(lab: Lab) -> None:
    """Draft §4: plain USE-CANDIDATE ranks below a numbered nomination."""
    alice, peer = lab.agent(role=CONTROLLED, config=CONFIG), lab.peer(controlling=True)
    best, good = peer.open(6000), peer.open(6001)
    _meet(alice, peer, best, good)
    lab.run_until(0.5)
    best.check(base_of(alice), use_candidate=True)
    lab.run(0.1)
    good.check(base_of(alice), (stun.NOMINATION, 1))
    lab.run(0.1)
    best.check(base_of(alice), use_candidate=True)
    lab.run(0.1)
    assert [pair.remote.address for _, pair in alice.nominated()] == [best.address, good.address]


def test_controlling_side_numbers_its_nominations(lab: Lab) -> None:
    """Draft §4: and repeats them until acknowledged, as any check."""
    alice, peer = lab.agent(config=CONFIG), lab.peer()
    worse = peer.open(6000)
    peer.on_request = lambda request: (
        request.port.answer(request) if request.port is worse or lab.sim.now > 2 else None
    )
    _meet(alice, peer, peer.port, worse)
    lab.run_until(2)
    assert [sent.remote for sent in alice.log.nominations()] == [worse.address]
    # The better pair begins to work: its check is still being repeated.
    lab.run_until(10)
    nominations = alice.log.nominations()
    assert [sent.remote for sent in nominations] == [worse.address, peer.port.address]
    assert [sent.read().get(stun.NOMINATION) for sent in nominations] == [1, 2]
    assert alice.selected().remote.address == peer.port.address


def test_one_side_alone_means_plain_nomination(lab: Lab) -> None:
    """Draft §3: no NOMINATION attribute, one nomination."""
    call = lab.call(offerer=CONFIG, answerer=IceConfig(renomination=False)).start()
    call.run()
    lab.run(10)
    (nomination,) = call.offerer.log.nominations()
    assert not nomination.has(stun.NOMINATION)
    assert call.answerer.state() is IceState.COMPLETED


def test_base_that_comes_after_completion(lab: Lab) -> None:
    """Draft §4: a better pair may be nominated at any time, so it is checked at any time."""
    alice, peer = lab.agent(config=CONFIG), lab.peer()
    _meet(alice, peer, peer.port)
    lab.run_until(5)
    alice.bind(alice.host.addresses[0])
    alice.pump()
    lab.run_until(6)
    late = list(alice.sockets)[-1]
    assert [sent.remote for sent in alice.log.checks() if sent.local == late] == [peer.port.address]


def test_numbers_go_on_when_the_roles_change(lab: Lab) -> None:
    """Draft §4: the peer follows larger values only, its own former ones included."""
    alice, peer = lab.agent(role=CONTROLLED, config=CONFIG), lab.peer(controlling=True)
    best, good = peer.open(6000), peer.open(6001)
    peer.on_request = lambda request: (
        request.port.answer(request) if request.port is good or lab.sim.now > 2 else None
    )
    _meet(alice, peer, best, good)
    lab.run_until(0.5)
    good.check(base_of(alice), (stun.NOMINATION, 7))
    lab.run_until(1.0)
    good.check(base_of(alice), controlling=False, tie_breaker=0)
    lab.run_until(10)
    assert alice.selected().remote.address == best.address
    assert [sent.read().get(stun.NOMINATION) for sent in alice.log.nominations()] == [8]
