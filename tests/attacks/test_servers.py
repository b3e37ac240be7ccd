"""What a STUN or TURN server, or who answers in its place, makes us believe and do."""

import pytest

from peer.ice import (
    CandidateGathered,
    CandidateType,
    DropReason,
    GatheringCompleted,
    GatheringFailed,
    IceAgent,
    IceConfig,
    IceRole,
    StunServer,
    TransportAddress,
    stun,
)
from peer.ice.destination import may_redirect
from tests.ice.builders import entropy

SERVER = TransportAddress("203.0.113.1", 3478)
NO_CANDIDATE = [
    ("0.0.0.0", 5000),
    ("127.0.0.1", 5000),
    ("224.0.0.1", 5000),
    ("255.255.255.255", 5000),
    ("198.51.100.1", 0),
]


def _gather(
    mapped: tuple[str, int], base: str = "10.0.0.1", server: TransportAddress = SERVER
) -> IceAgent:
    """An agent whose STUN server has answered."""
    agent = IceAgent(IceConfig(allow_loopback=True), role=IceRole.CONTROLLING, entropy=entropy())
    agent.add_stream("0")
    agent.add_stun_server(StunServer(server, "stun:server"))
    agent.add_base("0", 1, (base, 5000))
    agent.end_of_bases("0")
    agent.handle_timer(now=0.0)
    (request,) = agent.transmits()
    response = stun.build(
        stun.Method.BINDING,
        stun.MessageClass.SUCCESS,
        request.data[8:20],
        [(stun.XOR_MAPPED_ADDRESS, TransportAddress(*mapped))],
    )
    agent.receive_datagram(response, local=(base, 5000), source=server, now=0.1)
    return agent


@pytest.mark.parametrize("mapped", NO_CANDIDATE)
def test_a_mapped_address_that_cannot_be_a_candidate_is_dropped(mapped: tuple[str, int]) -> None:
    """RFC 8445 §5.1.1.1: told to the peer it would lead its checks there."""
    agent = _gather(mapped)
    events = []
    while (event := agent.next_event()) is not None:
        events.append(event)
    gathered = [event for event in events if isinstance(event, CandidateGathered)]
    assert [event.candidate.type for event in gathered] == [CandidateType.HOST]
    assert sum(isinstance(event, GatheringFailed) for event in events) == 1
    assert sum(isinstance(event, GatheringCompleted) for event in events) == 1
    assert agent.stats().drops == {DropReason.MAPPED_ADDRESS_UNUSABLE.value: 1}


def test_a_server_on_this_machine_sees_this_machine() -> None:
    server = TransportAddress("127.0.0.1", 3478)
    agent = _gather(("127.0.0.1", 6000), base="127.0.0.2", server=server)
    assert agent.stats().drops == {}


@pytest.mark.parametrize(
    ("server", "to", "unsigned", "signed"),
    [
        ("203.0.113.1", "198.51.100.1", True, True),
        ("203.0.113.1", "10.0.0.1", False, True),
        ("203.0.113.1", "100.64.0.1", False, True),
        ("10.0.0.1", "192.168.0.1", True, True),
        ("10.0.0.1", "198.51.100.1", True, True),
        ("203.0.113.1", "127.0.0.1", False, False),
        ("10.0.0.1", "127.0.0.1", False, False),
        ("203.0.113.1", "169.254.169.254", False, False),
        ("203.0.113.1", "0.1.2.3", False, False),
        ("203.0.113.1", "240.0.0.1", False, False),
        ("127.0.0.1", "127.0.0.2", True, True),
        ("2001:db8::1", "fd00::1", False, True),
        ("2001:db8::1", "::1", False, False),
        ("2001:db8::1", "fe80::1", False, False),
    ],
)
def test_where_a_server_may_send_us_on_to(
    server: str, to: str, unsigned: bool, signed: bool
) -> None:
    """RFC 8489 §10: who answers a request without integrity may be anybody."""
    assert may_redirect(server, to, authenticated=False) is unsigned
    assert may_redirect(server, to, authenticated=True) is signed
