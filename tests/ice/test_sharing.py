"""Bases of several streams on one socket."""

from random import Random

import pytest

from peer.ice import (
    BaseReleased,
    BaseRequested,
    CandidateGathered,
    CandidateType,
    DropReason,
    IceAgent,
    IceParameters,
    IceRole,
    InvalidParameterError,
    PathValidated,
    StunServer,
    Traffic,
    TransportAddress,
    TransportProtocol,
    TurnServer,
    TurnTransport,
    stun,
)
from tests.ice.builders import REMOTE, binding_request

LOCAL = TransportAddress("192.0.2.1", 40000)
PEERS = {"0": TransportAddress("192.0.2.2", 5000), "1": TransportAddress("192.0.2.2", 5001)}
OURS = {name: IceParameters(f"ours{name}", name * 22) for name in PEERS}


def make() -> IceAgent:
    """An agent with two streams that share a socket."""
    agent = IceAgent(role=IceRole.CONTROLLED, entropy=Random(1).randbytes)
    for name, ours in OURS.items():
        agent.add_stream(name, parameters=ours)
        agent.add_base(name, 1, LOCAL, shared=True)
        agent.set_remote_parameters(name, REMOTE)
    agent.handle_timer(now=0.0)
    return agent


def events(agent: IceAgent) -> list[object]:
    return list(iter(agent.next_event, None))


def check(agent: IceAgent, name: str, source: TransportAddress | None = None) -> None:
    ours = OURS[name]
    data = binding_request(
        f"{ours.username_fragment}:{REMOTE.username_fragment}",
        ours.password.encode(),
        extra=[(stun.ICE_CONTROLLING, 1)],
    )
    agent.receive_datagram(data, local=LOCAL, source=source or PEERS[name], now=1.0)


def test_a_check_is_for_the_stream_it_names() -> None:
    agent = make()
    events(agent)
    for name in ("1", "0"):
        check(agent, name)
        assert PathValidated(name, 1, LOCAL, PEERS[name]) in events(agent)
    assert not agent.stats().drops


def test_data_is_of_the_stream_whose_peer_is_there() -> None:
    agent = make()
    for name in PEERS:
        check(agent, name)
    events(agent)
    agent.receive_datagram(b"\x80data", local=LOCAL, source=PEERS["1"], now=1.0)
    (event,) = events(agent)
    assert (event.stream, event.data) == ("1", b"\x80data")  # type: ignore[attr-defined]
    agent.note_traffic(local=LOCAL, remote=PEERS["1"], traffic=Traffic(packets_received=7))
    stats = agent.stats()
    counts = {pair.stream: pair.packets_received for pair in stats.pairs}
    assert counts["1"] == 8
    assert counts["0"] == 0


def test_a_response_is_of_the_stream_that_asked() -> None:
    agent = make()
    agent.add_stun_server(StunServer(TransportAddress("192.0.2.3", 3478), "stun:x"))
    server = TransportAddress("192.0.2.3", 3478)
    now = 1.0
    found: list[TransportAddress] = []
    for _ in range(20):
        now += 0.05
        agent.handle_timer(now=now)
        for transmit in agent.transmits():
            request = stun.parse(transmit.data)
            mapped = TransportAddress("198.51.100.1", 1000 + len(found))
            found.append(mapped)
            response = stun.build(
                stun.Method.BINDING,
                stun.MessageClass.SUCCESS,
                request.transaction_id,
                [(stun.XOR_MAPPED_ADDRESS, mapped)],
            )
            agent.receive_datagram(response, local=LOCAL, source=server, now=now)
    gathered = [each for each in events(agent) if isinstance(each, CandidateGathered)]
    reflexive = CandidateType.SERVER_REFLEXIVE
    streams = {each.stream for each in gathered if each.candidate.type is reflexive}
    assert streams == set(PEERS)


def test_a_way_that_is_closed_is_closed_to_all() -> None:
    agent = make()
    for name in PEERS:
        check(agent, name, PEERS["0"])
    agent.handle_timer(now=1.05)
    agent.transmit_failed(local=LOCAL, remote=PEERS["0"], now=1.1, reason="no route")
    assert {pair.state.value for pair in agent.stats().pairs} == {"failed"}


def test_it_goes_with_the_last_of_them() -> None:
    agent = make()
    agent.remove_stream("0")
    assert BaseReleased("0", 1, LOCAL) in events(agent)
    check(agent, "1")
    assert PathValidated("1", 1, LOCAL, PEERS["1"]) in events(agent)
    agent.remove_base(LOCAL)
    assert BaseReleased("1", 1, LOCAL) in events(agent)
    check(agent, "1")
    assert agent.stats().drops == {DropReason.UNKNOWN_LOCAL_ADDRESS.value: 1}


def test_who_does_not_share_keeps_others_out() -> None:
    agent = make()
    agent.add_stream("2")
    with pytest.raises(InvalidParameterError):
        agent.add_base("2", 1, LOCAL)
    other = TransportAddress("192.0.2.1", 40001)
    agent.add_base("2", 1, other)
    with pytest.raises(InvalidParameterError):
        agent.add_base("0", 1, other, shared=True)


@pytest.mark.parametrize("transport", [TurnTransport.UDP, TurnTransport.TCP])
def test_an_allocation_over_udp_needs_a_port_of_its_own(transport: TurnTransport) -> None:
    """RFC 8656 §2: an allocation belongs to a 5-tuple."""
    agent = make()
    events(agent)
    server = TransportAddress("192.0.2.3", 3478)
    for number in range(2):
        url = f"turn:{number}"
        agent.add_turn_server(TurnServer(server, url, "user", "password", transport))
    wanted = [each for each in events(agent) if isinstance(each, BaseRequested)]
    udp = transport is TurnTransport.UDP
    assert wanted == [BaseRequested(name, 1, LOCAL.host) for name in PEERS if udp]
    if udp:
        agent.add_base("0", 1, ("192.0.2.1", 40001))
        agent.handle_timer(now=1.0)
        agent.add_turn_server(TurnServer(server, "turn:2", "user", "password", transport))
        assert not [each for each in events(agent) if each == BaseRequested("0", 1, LOCAL.host)]


def test_addresses_of_nats_are_candidates_without_a_server() -> None:
    agent = IceAgent(role=IceRole.CONTROLLED, entropy=Random(1).randbytes)
    agent.add_stream("0")
    outside = [("198.51.100.1", 40000), ("198.51.100.2", 40000)]
    agent.add_base("0", 1, LOCAL, external=outside)
    told = [each for each in events(agent) if isinstance(each, CandidateGathered)]
    assert [(each.candidate.type.value, each.candidate.address) for each in told] == [
        ("host", LOCAL),
        ("srflx", outside[0]),
        ("srflx", outside[1]),
    ]
    assert [each.candidate.related_address for each in told] == [None, LOCAL, LOCAL]
    agent.restart("0")
    again = [each for each in events(agent) if isinstance(each, CandidateGathered)]
    assert len(again) == 3
    assert all(each.candidate.transport is TransportProtocol.UDP for each in again)
