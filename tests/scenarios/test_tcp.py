"""ICE over TCP (RFC 6544)."""

import pytest

from peer.ice import (
    Candidate,
    CandidateType,
    ConnectionReleased,
    ConnectionRequested,
    DataReceived,
    IceConfig,
    IceState,
    TcpType,
    Timings,
    TransportAddress,
    TransportProtocol,
    stun,
)
from peer.testing.internet import BLOCK_UDP, SimConnection
from tests.sim.agent_host import AgentHost
from tests.sim.call import Call

from .lab import CONTROLLED, CONTROLLING, Lab, at
from .scripted_peer import HOST_PRIORITY, PEER_REFLEXIVE_PRIORITY, ScriptedPeer

ACTIVE, PASSIVE = TcpType.ACTIVE, TcpType.PASSIVE


class TcpCall(Call):
    """A call in which either side has TCP bases."""

    def __init__(
        self, offerer: AgentHost, answerer: AgentHost, types: tuple[TcpType, TcpType], *, udp: bool
    ) -> None:
        super().__init__(offerer, answerer)
        self._types = dict(zip((offerer, answerer), types, strict=True))
        for agent, tcp_type in self._types.items():
            self._wrap(agent, tcp_type, udp=udp)

    @staticmethod
    def _wrap(agent: AgentHost, tcp_type: TcpType, *, udp: bool) -> None:
        original = agent.open

        def open_with_tcp(*args: object, **keywords: object) -> object:
            addresses = None if udp else ()
            parameters = original("0", (1,), addresses=addresses, end=False)
            port = 9 if tcp_type is ACTIVE else 7000
            assert agent.bind_tcp(agent.host.addresses[0], tcp_type, port=port)
            agent.agent.end_of_bases("0")
            return parameters

        agent.open = open_with_tcp  # type: ignore[method-assign,assignment]


def _call(
    lab: Lab,
    types: tuple[TcpType, TcpType] = (ACTIVE, PASSIVE),
    *,
    udp: bool = False,
) -> TcpCall:
    alice = lab.agent("alice", role=CONTROLLING)
    bob = lab.agent("bob", role=CONTROLLED)
    return TcpCall(alice, bob, types, udp=udp)


def _passive_agent(lab: Lab) -> tuple[AgentHost, ScriptedPeer, TransportAddress]:
    """A controlled agent that listens, and a peer without candidates."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    parameters = alice.add_stream()
    peer.know(parameters)
    alice.bind_tcp(alice.host.addresses[0], PASSIVE, port=7000)
    alice.agent.end_of_bases("0")
    alice.meet(peer.remote)
    return alice, peer, TransportAddress(alice.host.addresses[0], 7000)


def _check(peer: ScriptedPeer, *, use_candidate: bool = False) -> bytes:
    """A framed check."""
    attributes: list[object] = [
        (stun.USERNAME, peer.username),
        (stun.PRIORITY, PEER_REFLEXIVE_PRIORITY),
        (stun.ICE_CONTROLLING, peer.tie_breaker),
    ]
    if use_candidate:
        attributes.append((stun.USE_CANDIDATE, True))
    data = stun.build(
        stun.Method.BINDING,
        stun.MessageClass.REQUEST,
        peer.random.randbytes(12),
        attributes,  # type: ignore[arg-type]
        key=peer.agent_parameters.password.encode(),
    )
    return len(data).to_bytes(2, "big") + data


@pytest.mark.parametrize("types", [(ACTIVE, PASSIVE), (PASSIVE, ACTIVE)])
def test_active_reaches_passive(lab: Lab, types: tuple[TcpType, TcpType]) -> None:
    """RFC 6544 §7.1: the active side connects; checks and data share the connection."""
    call = _call(lab, types).start()
    call.run()
    lab.run(10)
    for agent, other in ((call.offerer, call.answerer), (call.answerer, call.offerer)):
        assert agent.state() is IceState.COMPLETED
        assert agent.send(b"\x80hello")
        lab.run(1)
        assert [event.data for event in other.of_type(DataReceived)] == [b"\x80hello"]
    requested = {agent: len(agent.of_type(ConnectionRequested)) for agent in lab.agents}
    active = call.offerer if types[0] is ACTIVE else call.answerer
    assert requested == {active: 1, call.other(active): 0}


@pytest.mark.parametrize("types", [(ACTIVE, ACTIVE), (PASSIVE, PASSIVE)])
def test_like_types_do_not_pair(lab: Lab, types: tuple[TcpType, TcpType]) -> None:
    """RFC 6544 §6.2: nobody to connect, or nobody to accept."""
    call = _call(lab, types).start()
    lab.run(60)
    for agent in lab.agents:
        assert agent.state() is IceState.FAILED
        assert agent.of_type(ConnectionRequested) == []
    assert call.is_open


def test_candidates_of_tcp(lab: Lab) -> None:
    """RFC 6544 §4.2: direction in the local preference; TCP below UDP; active on port 9."""
    alice = lab.agent()
    alice.add_stream()
    address = alice.host.addresses[0]
    alice.bind_tcp(address, ACTIVE)
    alice.bind_tcp(address, PASSIVE, port=7000)
    alice.agent.end_of_bases("0")
    alice.pump()
    active, passive = sorted(alice.candidates, key=lambda c: -c.priority)
    assert (active.tcp_type, active.address) == (ACTIVE, TransportAddress(address, 9))
    assert (passive.tcp_type, passive.address) == (PASSIVE, TransportAddress(address, 7000))
    assert [(c.priority >> 8) & 0xFFFF for c in (active, passive)] == [57343, 40959]
    assert active.priority < HOST_PRIORITY
    assert {c.transport for c in (active, passive)} == {TransportProtocol.TCP}
    assert {c.type for c in (active, passive)} == {CandidateType.HOST}


def test_udp_is_preferred(lab: Lab) -> None:
    """RFC 6544 §4.2: when both work."""
    call = _call(lab, udp=True).start()
    call.run()
    lab.run(10)
    for agent in lab.agents:
        assert agent.selected().local.transport is TransportProtocol.UDP
        assert agent.state() is IceState.COMPLETED


def test_tcp_where_udp_is_blocked(lab: Lab) -> None:
    """RFC 6544 §1: the reason to have it."""
    office = lab.sim.network("office", "70.0.0.0/24")
    lab.sim.router("office router", inside=office, firewall=BLOCK_UDP)
    alice = lab.agent("alice", host=lab.host("alice", network=office), role=CONTROLLING)
    bob = lab.agent("bob", host=lab.public("bob"), role=CONTROLLED)
    call = TcpCall(alice, bob, (ACTIVE, PASSIVE), udp=True).start()
    call.run()
    lab.run(20)
    for agent in (alice, bob):
        assert agent.selected().local.transport is TransportProtocol.TCP
        assert agent.state() is IceState.COMPLETED


def _active_agent(lab: Lab, config: IceConfig | None = None) -> tuple[AgentHost, ScriptedPeer]:
    """A controlling agent that connects to port 7000 of the peer."""
    alice, peer = lab.agent(config=config), lab.peer()
    peer.know(alice.add_stream())
    alice.bind_tcp(alice.host.addresses[0], ACTIVE)
    alice.agent.end_of_bases("0")
    remote = Candidate(
        foundation="t",
        component=1,
        transport=TransportProtocol.TCP,
        priority=1000,
        address=TransportAddress(peer.host.addresses[0], 7000),
        type=CandidateType.HOST,
        tcp_type=PASSIVE,
    )
    alice.meet(peer.remote, [remote], end=True)
    return alice, peer


def test_refused_connection_fails_the_check_at_once(lab: Lab) -> None:
    """RFC 6544 §7.1: no need to wait for a timeout."""
    alice, _ = _active_agent(lab, IceConfig(timings=Timings(patience=0.0)))
    lab.run(1)
    assert alice.states() == [(0.0, IceState.CHECKING), (at(0.02), IceState.FAILED)]


def test_check_over_tcp_is_sent_once(lab: Lab) -> None:
    """RFC 8489 §6.2.2: TCP retransmits; the transaction fails after 39.5 s."""
    accepted: list[SimConnection] = []
    alice, peer = _active_agent(lab, IceConfig(timings=Timings(patience=0.0)))
    peer.host.listen(peer.host.addresses[0], 7000, accepted.append)
    lab.run(100)
    (check,) = alice.log.checks()
    assert alice.log.transmissions(check.transaction_id) == [check.time]
    assert alice.states()[-1] == (at(check.time + 39.5), IceState.FAILED)
    assert len(accepted) == 1


def test_silent_connection_is_closed(lab: Lab) -> None:
    """RFC 6544 §7.2: ten seconds to show who it is."""
    alice, peer, address = _passive_agent(lab)
    ended: list[float] = []
    connection = peer.host.connect(peer.host.addresses[0], address)
    connection.on_close = lambda _: ended.append(lab.sim.now)
    lab.run(60)
    assert len(alice.of_type(ConnectionReleased)) == 1
    # The handshake took one and a half round trips.
    assert alice.times_of(ConnectionReleased) == [at(10.03)]
    assert len(ended) == 1


def test_connection_of_a_stranger_is_closed(lab: Lab) -> None:
    """RFC 6544 §7.2: what does not authenticate counts for nothing."""
    alice, peer, address = _passive_agent(lab)
    peer.parameters = type(peer.parameters)("strange", "password-of-a-stranger")
    good = peer.agent_parameters
    peer.know(type(good)(good.username_fragment, "not-the-right-password"))
    connection = peer.host.connect(peer.host.addresses[0], address)
    for _ in range(9):
        connection.send(_check(peer))
        lab.run(1)
    lab.run(60)
    assert len(alice.of_type(ConnectionReleased)) == 1
    assert alice.selections() == []


def test_connection_that_makes_no_sense_is_survived(lab: Lab) -> None:
    """RFC 4571 §2: a length of zero, of 65535, and bytes that are no packet."""
    alice, peer, address = _passive_agent(lab)
    connections = [peer.host.connect(peer.host.addresses[0], address) for _ in range(3)]
    nonsense = (bytes(100), b"\xff" * 70_000, b"GET / HTTP/1.1\r\n" * 9)
    for connection, data in zip(connections, nonsense, strict=True):
        connection.send(data)
    lab.run(60)
    assert alice.selections() == []
    assert len(alice.connections.open) == 0


def test_frames_are_cut_anywhere(lab: Lab) -> None:
    """RFC 4571 §2: one byte at a time, and many frames at a time."""
    alice, peer, address = _passive_agent(lab)
    answers: list[bytes] = []
    connection = peer.host.connect(peer.host.addresses[0], address)
    connection.on_data = answers.append
    data = _check(peer, use_candidate=True)
    for position in range(len(data)):
        connection.send(data[position : position + 1])
    lab.run(1)
    received = b"".join(answers)
    length = int.from_bytes(received[:2], "big")
    response = stun.parse(received[2 : 2 + length])
    assert response.message_class is stun.MessageClass.SUCCESS
    assert response.get(stun.XOR_MAPPED_ADDRESS) == connection.local
    connection.send(b"\x00\x03\x80ab" + b"\x00\x03\x80cd" + b"\x00\x02\x80")
    connection.send(b"e")
    lab.run(1)
    assert [event.data for event in alice.of_type(DataReceived)] == [b"\x80ab", b"\x80cd", b"\x80e"]


def test_lost_connection_is_opened_again(lab: Lab) -> None:
    """RFC 6544 §11: by the active side, while consent lasts."""
    call = _call(lab).start()
    call.run()
    lab.run(10)
    alice, bob = call.offerer, call.answerer
    next(iter(bob.connections.open.values())).abort()
    lab.run(20)
    assert len(alice.of_type(ConnectionRequested)) == 2
    for agent, other in ((alice, bob), (bob, alice)):
        assert agent.send(b"\x80again")
        lab.run(1)
        assert other.of_type(DataReceived)[-1].data == b"\x80again"
        assert IceState.FAILED not in [state for _, state in agent.states()]


def test_consent_expires_over_tcp_as_well(lab: Lab) -> None:
    """RFC 7675 §5.1: acknowledgements of TCP are no consent."""
    call = _call(lab).start()
    call.run()
    lab.run(10)
    call.answerer.agent.close()
    lab.run(60)
    assert call.offerer.state() is IceState.FAILED
    assert not call.offerer.send(b"\x80data")


def test_closing_closes_the_connections(lab: Lab) -> None:
    """The other side sees the end of the connection."""
    call = _call(lab).start()
    call.run()
    lab.run(10)
    assert len(call.answerer.connections.open) == 1
    call.offerer.close()
    lab.run(1)
    assert call.answerer.connections.open == {}


def test_lost_connection_shows_at_once(lab: Lab) -> None:
    """Nothing can be sent meanwhile (RFC 6544 §11), whatever the next consent check will say."""
    call = _call(lab).start()
    call.run()
    lab.run(10)
    alice, bob = call.offerer, call.answerer
    bob.connections.stop_listening(bob.selected().base)
    next(iter(bob.connections.open.values())).abort()
    lab.run(0.1)
    assert alice.state() is IceState.DISCONNECTED


def test_connection_that_is_refused_again_is_not_hammered(lab: Lab) -> None:
    """RFC 6544 §11 says to reopen, and consent checks tell how often: every five seconds."""
    call = _call(lab).start()
    call.run()
    lab.run(10)
    alice, bob = call.offerer, call.answerer
    local = bob.selected().base
    bob.connections.stop_listening(local)
    next(iter(bob.connections.open.values())).abort()
    lab.run(12)
    attempts = len(alice.of_type(ConnectionRequested)) - 1
    assert 2 <= attempts <= 5
    bob.connections.listen(local)
    lab.run(8)
    assert alice.state() is IceState.COMPLETED
    assert alice.send(b"\x80again")


@pytest.mark.parametrize("types", [(ACTIVE, PASSIVE), (PASSIVE, ACTIVE)])
def test_connection_lost_while_nominating(lab: Lab, types: tuple[TcpType, TcpType]) -> None:
    """RFC 6544 §11.1: the active side opens another one, and the nomination goes on there."""
    call = _call(lab, types).start()
    alice, bob = call.offerer, call.answerer
    assert lab.sim.run_until(lambda: bool(alice.log.nominations()), 10)
    (handle, connection) = bob.connections.open.popitem()
    connection.abort()
    bob.agent.connection_closed(handle, now=bob.now)
    bob.pump()
    lab.run(60)
    assert alice.state() is bob.state() is IceState.COMPLETED
    assert IceState.FAILED not in [state for _, state in alice.states()]
    assert alice.selected().nominated
    assert bob.selected().nominated
