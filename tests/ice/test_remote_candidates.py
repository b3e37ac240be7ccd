"""What signalling may bring: odd addresses, odd orders, candidates that call themselves learned."""

import pytest

from peer.ice import (
    CandidateType,
    DropReason,
    IceAgent,
    IceRole,
    RemoteParameters,
)
from tests.ice.builders import REMOTE, entropy, host_candidate


def connected_agent() -> IceAgent:
    """An agent with one base that knows the peer's credentials."""
    agent = IceAgent(role=IceRole.CONTROLLING, entropy=entropy())
    agent.add_stream("0")
    agent.add_base("0", 1, ("10.0.0.1", 5000))
    agent.set_remote_parameters("0", REMOTE)
    agent.handle_timer(now=0.0)
    return agent


def pair_count(agent: IceAgent) -> int:
    return len(agent.stats().pairs)


@pytest.mark.parametrize(
    ("host", "port"),
    [("192.0.2.1", 0), ("0.0.0.0", 5000), ("224.0.0.1", 5000), ("name.example", 5000)],
)
def test_what_nothing_can_be_sent_to_is_dropped(host: str, port: int) -> None:
    agent = connected_agent()
    agent.add_remote_candidate("0", host_candidate(host, port))
    agent.handle_timer(now=0.0)
    assert pair_count(agent) == 0
    assert agent.stats().drops == {DropReason.CANDIDATE_UNUSABLE.value: 1}


def test_a_candidate_signalled_as_peer_reflexive_pairs_like_any_other() -> None:
    """RFC 8839 §5.1 has the type; only candidates learned from checks are left unpaired."""
    agent = connected_agent()
    agent.add_remote_candidate("0", host_candidate(kind=CandidateType.PEER_REFLEXIVE))
    agent.add_base("0", 1, ("10.0.0.2", 5000))
    agent.handle_timer(now=0.0)
    assert pair_count(agent) == 2
    agent.add_remote_candidate("0", host_candidate(kind=CandidateType.PEER_REFLEXIVE))
    assert sum(agent.stats().drops.values()) == 1


@pytest.mark.parametrize("fragment", [None, REMOTE.username_fragment])
def test_end_of_candidates_may_come_before_the_description(fragment: str | None) -> None:
    agent = IceAgent(role=IceRole.CONTROLLING, entropy=entropy())
    agent.add_stream("0")
    agent.add_remote_candidate("0", host_candidate(), username_fragment=fragment)
    agent.end_of_remote_candidates("0", username_fragment=fragment)
    agent.set_remote_parameters("0", REMOTE)
    agent.add_base("0", 1, ("10.0.0.1", 5000))
    agent.handle_timer(now=0.0)
    assert pair_count(agent) == 1
    agent.add_remote_candidate("0", host_candidate(port=1))
    assert sum(agent.stats().drops.values()) == 1


def test_the_end_of_another_generation_ends_nothing() -> None:
    agent = IceAgent(role=IceRole.CONTROLLING, entropy=entropy())
    agent.add_stream("0")
    agent.end_of_remote_candidates("0", username_fragment="other")
    agent.set_remote_parameters("0", RemoteParameters("peer", "p" * 22))
    agent.add_base("0", 1, ("10.0.0.1", 5000))
    agent.handle_timer(now=0.0)
    agent.add_remote_candidate("0", host_candidate())
    agent.handle_timer(now=0.0)
    assert pair_count(agent) == 1
