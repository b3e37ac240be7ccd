"""Several data streams that are not bundled: order, freezing, states (RFC 8445 §6.1)."""

import pytest

from peer.ice import IceConfig, IceState, Limits, Timings
from tests.sim.agent_host import AgentHost

from .lab import CONTROLLED, Lab, at
from .scripted_peer import Port, Received, ScriptedPeer


def _meet(
    alice: AgentHost, peer: ScriptedPeer, plan: dict[str, dict[str, Port]], *, end: bool = False
) -> None:
    """Open streams; `plan` tells the ports of each stream by their foundation."""
    for stream in plan:
        parameters = alice.open(stream)
        peer.know(parameters)
    for stream, ports in plan.items():
        candidates = [port.candidate(foundation=name) for name, port in ports.items()]
        alice.meet(peer.remote, candidates, stream=stream, end=end)


def _ports(peer: ScriptedPeer, first: int, names: str) -> dict[str, Port]:
    return {name: peer.open(first + number) for number, name in enumerate(names.split())}


def test_streams_take_turns(lab: Lab) -> None:
    """RFC 8445 §6.1.4.2: each tick serves the next running checklist."""
    alice, peer = lab.agent(), lab.peer()
    peer.on_request = peer.ignore
    audio, video = _ports(peer, 6000, "a1 a2 a3"), _ports(peer, 7000, "v1 v2 v3")
    _meet(alice, peer, {"audio": audio, "video": video})
    lab.run(0.5)
    expected = [audio["a1"], video["v1"], audio["a2"], video["v2"], audio["a3"], video["v3"]]
    assert [(sent.time, sent.remote) for sent in alice.log.checks()] == [
        (at(0.05 * number), port.address) for number, port in enumerate(expected)
    ]


def test_empty_stream_costs_no_turn(lab: Lab) -> None:
    """RFC 8445 §6.1.4.2 step 4, RFC 8838 §7."""
    alice, peer = lab.agent(), lab.peer()
    peer.on_request = peer.ignore
    _meet(alice, peer, {"empty": {}, "video": _ports(peer, 7000, "v1 v2 v3"), "none": {}})
    lab.run(0.5)
    assert [sent.time for sent in alice.log.checks()] == [at(0.05 * n) for n in range(3)]


def test_one_pair_of_each_foundation_is_checked_first(lab: Lab) -> None:
    """RFC 8445 §6.1.2.6, its example: m1 f1 f2 f3, m2 f4, m3 f5; not just the first stream."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    plan = {
        "m1": _ports(peer, 6000, "f1 f2 f3"),
        "m2": _ports(peer, 7000, "f1 f2 f3 f4"),
        "m3": _ports(peer, 8000, "f1 f2 f3 f4 f5"),
    }
    # The port of the first foundation in m1 answers after a second.
    peer.on_request = peer.ignore
    _meet(alice, peer, plan)
    lab.run_until(0.45)
    assert [sent.remote for sent in alice.log.checks()] == [
        plan["m1"]["f1"].address,
        plan["m2"]["f4"].address,
        plan["m3"]["f5"].address,
        plan["m1"]["f2"].address,
        plan["m1"]["f3"].address,
    ]


def test_success_unfreezes_the_foundation_everywhere(lab: Lab) -> None:
    """RFC 8445 §7.2.5.3.3."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    plan = {
        "m1": _ports(peer, 6000, "f1 f2"),
        "m2": _ports(peer, 7000, "f1 f2"),
        "m3": _ports(peer, 8000, "f1 f2"),
    }

    def answer(request: Received) -> None:
        if request.port is plan["m1"]["f1"]:
            lab.sim.call_at(0.2, lambda: request.port.answer(request))

    peer.on_request = answer
    _meet(alice, peer, plan)
    lab.run_until(0.45)
    assert [(sent.time, sent.remote) for sent in alice.log.checks()] == [
        (0.0, plan["m1"]["f1"].address),
        (at(0.05), plan["m1"]["f2"].address),
        (at(0.21), plan["m2"]["f1"].address),
        (at(0.26), plan["m3"]["f1"].address),
    ]


def test_foundation_thaws_when_its_check_failed(lab: Lab) -> None:
    """RFC 8445 §6.1.4.2 step 2: nobody is checking it, so the next one has a try."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    plan = {"m1": _ports(peer, 6000, "f1"), "m2": _ports(peer, 7000, "f1")}

    def answer(request: Received) -> None:
        if request.port is plan["m1"]["f1"]:
            lab.sim.call_at(0.2, lambda: request.port.refuse(request, 500))

    peer.on_request = answer
    _meet(alice, peer, plan)
    lab.run_until(0.45)
    assert [(sent.time, sent.remote) for sent in alice.log.checks()] == [
        (0.0, plan["m1"]["f1"].address),
        (at(0.21), plan["m2"]["f1"].address),
    ]


@pytest.mark.parametrize("first", ["works", "broken"])
def test_streams_fail_and_complete_on_their_own(lab: Lab, first: str) -> None:
    """RFC 8445 §6.1.3, §8.1.2: what one stream comes to does not end the other."""
    alice, peer = lab.agent(config=IceConfig(timings=Timings(patience=1.0))), lab.peer()
    works, broken = _ports(peer, 6000, "w"), _ports(peer, 7000, "b")
    peer.on_request = lambda request: (
        request.port.answer(request)
        if request.port is works["w"]
        else request.port.refuse(request, 500)
    )
    plan = {"works": works, "broken": broken}
    order = ["works", "broken"] if first == "works" else ["broken", "works"]
    _meet(alice, peer, {name: plan[name] for name in order}, end=True)
    lab.run(10)
    assert alice.state("works") is IceState.COMPLETED
    assert alice.state("broken") is IceState.FAILED
    assert alice.states("broken")[-1][0] == at(1.0)


def test_limit_of_pairs_is_shared_evenly(lab: Lab) -> None:
    """RFC 8445 §6.1.2.5: ten candidates each and room for ten pairs make five each."""
    alice = lab.agent(role=CONTROLLED, config=IceConfig(limits=Limits(pairs=10)))
    peer = lab.peer(controlling=True)
    peer.on_request = peer.ignore
    audio = _ports(peer, 6000, " ".join(f"a{n}" for n in range(10)))
    video = _ports(peer, 7000, " ".join(f"v{n}" for n in range(10)))
    _meet(alice, peer, {"audio": audio, "video": video})
    lab.run(5)
    checked = [sent.remote.port for sent in alice.log.checks()]
    assert sorted(checked) == [*range(6000, 6005), *range(7000, 7005)]


def test_removed_stream_is_silent(lab: Lab) -> None:
    """RFC 8445 §8.1.2: the controlling agent may go on without a stream."""
    call = lab.call(streams=("audio", "video")).start()
    call.run()
    lab.run(10)
    alice = call.offerer
    gone = alice.selected("video").base
    alice.agent.remove_stream("video")
    alice.pump()
    lab.run(60)
    assert gone not in alice.sockets
    assert not [sent for sent in alice.log.since(10.1) if sent.local == gone]
    assert alice.state("audio") is IceState.COMPLETED
    assert call.answerer.state("audio") is IceState.COMPLETED
    assert call.answerer.state("video") is IceState.FAILED


def test_multiplexed_rtcp_needs_no_second_component(lab: Lab) -> None:
    """RFC 8445 §5.1.1.1: both components are gathered until the answer multiplexes."""
    alice, peer = lab.agent(), lab.peer()
    peer.know(alice.open("0", (1, 2)))
    lab.run(0)
    assert len(alice.sockets) == 2
    alice.agent.remove_component("0", 2)
    alice.meet(peer.remote, [peer.port.candidate()], end=True)
    lab.run(1)
    assert len(alice.sockets) == 1
    assert alice.state("0", 1) is IceState.COMPLETED
