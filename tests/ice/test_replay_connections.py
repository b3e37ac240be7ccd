"""Runs over TCP and with a TURN server happen again from their traces."""

from typing import Any

from peer.ice import (
    CandidateGathered,
    ConnectionReleased,
    ConnectionRequested,
    Event,
    IceAgent,
    IceRole,
    IceState,
    Record,
    RemoteParameters,
    TcpType,
    Transmit,
    TransportAddress,
    TransportProtocol,
    dump_record,
    load_record,
    replay,
    stun,
)
from peer.ice.turn import TurnServer
from tests.ice.builders import entropy, events

LEFT, RIGHT = TransportAddress("10.0.0.1", 5000), TransportAddress("10.0.0.2", 5000)
SOURCE_PORT = TransportAddress(LEFT.host, 41000)
SERVER = TurnServer(TransportAddress("192.0.2.1", 3478), "turn:192.0.2.1", "user", "secret")
RELAYED = TransportAddress("192.0.2.1", 50000)


def traced(role: IceRole) -> tuple[IceAgent, list[Record]]:
    records: list[Record] = []
    seed = 1 if role is IceRole.CONTROLLED else 0
    return IceAgent(role=role, entropy=entropy(seed), trace=records.append), records


def check(records: list[Record]) -> None:
    again = replay([load_record(dump_record(record, secrets=True)) for record in records])
    assert again.divergence is None
    assert list(again.records) == records


class TcpRun:
    """An active agent on the left, a passive one on the right, one connection at a time."""

    def __init__(self) -> None:
        self.now = 0.0
        self.left, self.left_records = traced(IceRole.CONTROLLING)
        self.right, self.right_records = traced(IceRole.CONTROLLED)
        self.handles: dict[IceAgent, int] = {}
        ours, theirs = self.left.add_stream("0"), self.right.add_stream("0")
        for agent, address, tcp_type in (
            (self.left, LEFT, TcpType.ACTIVE),
            (self.right, RIGHT, TcpType.PASSIVE),
        ):
            agent.add_base("0", 1, address, transport=TransportProtocol.TCP, tcp_type=tcp_type)
        self.left.set_remote_parameters(
            "0", RemoteParameters(theirs.username_fragment, theirs.password)
        )
        self.right.set_remote_parameters(
            "0", RemoteParameters(ours.username_fragment, ours.password)
        )

    def run(self, steps: int) -> None:
        for _ in range(steps):
            self.now += 0.05
            for agent, peer in ((self.left, self.right), (self.right, self.left)):
                agent.get_timer()
                agent.handle_timer(now=self.now)
                for event in events(agent):
                    self.handle(agent, peer, event)
                for transmit in agent.transmits():
                    self.carry(peer, transmit)

    def handle(self, agent: IceAgent, peer: IceAgent, event: Event) -> None:
        if isinstance(event, CandidateGathered):
            peer.add_remote_candidate("0", event.candidate)
        elif isinstance(event, ConnectionRequested):
            known = peer.connection_opened(None, local=RIGHT, remote=SOURCE_PORT, now=self.now)
            assert known is not None
            self.handles = {agent: event.handle, peer: known}
            agent.connection_opened(event.handle, local=SOURCE_PORT, remote=RIGHT, now=self.now)
        elif isinstance(event, ConnectionReleased):
            self.handles.pop(agent, None)

    def carry(self, peer: IceAgent, transmit: Transmit) -> None:
        if peer in self.handles and transmit.connection is not None:
            for part in (transmit.data[:7], transmit.data[7:]):
                peer.receive_bytes(self.handles[peer], part, now=self.now)


def test_tcp() -> None:
    run = TcpRun()
    run.run(20)
    assert run.left.state("0", 1) is IceState.CONNECTED
    run.left.send("0", 1, b"\x80 media", now=run.now)
    run.run(5)
    run.left.connection_closed(run.handles[run.left], now=run.now, reason="reset")
    run.right.connection_closed(run.handles[run.right], now=run.now)
    run.run(20)
    check(run.left_records)
    check(run.right_records)


def answer(request: Transmit, key: bytes | None) -> bytes:
    """What the TURN server says to an Allocate request: a challenge, then an address."""
    tid = request.data[8:20]
    if key is None:
        challenge: list[tuple[stun.Attribute[Any], Any]] = [
            (stun.ERROR_CODE, stun.ErrorCode(401, "Unauthenticated")),
            (stun.REALM, "example.org"),
            (stun.NONCE, "nonce"),
        ]
        return stun.build(
            stun.Method.ALLOCATE, stun.MessageClass.ERROR, tid, challenge, fingerprint=False
        )
    allocated: list[tuple[stun.Attribute[Any], Any]] = [
        (stun.XOR_RELAYED_ADDRESS, RELAYED),
        (stun.XOR_MAPPED_ADDRESS, TransportAddress("198.51.100.1", 7000)),
        (stun.LIFETIME, 600),
    ]
    return stun.build(stun.Method.ALLOCATE, stun.MessageClass.SUCCESS, tid, allocated, key=key)


def test_turn() -> None:
    agent, records = traced(IceRole.CONTROLLING)
    agent.add_stream("0")
    agent.add_turn_server(SERVER)
    agent.add_base("0", 1, LEFT)
    agent.end_of_bases("0")
    found: list[Event] = []
    key = stun.long_term_key("user", "example.org", "secret", stun.KeyAlgorithm.MD5)
    for number, answer_key in enumerate((None, key)):
        now = 0.1 * number
        agent.handle_timer(now=now)
        (request,) = agent.transmits()
        agent.receive_datagram(
            answer(request, answer_key), local=LEFT, source=SERVER.address, now=now + 0.05
        )
        found += events(agent)
    gathered = [event.candidate for event in found if isinstance(event, CandidateGathered)]
    assert RELAYED in [candidate.address for candidate in gathered]
    relayed = [each for each in agent.stats().candidates if each.relay_protocol is not None]
    assert [(each.url, each.relay_protocol) for each in relayed] == [("turn:192.0.2.1", "udp")]
    (farewell,) = agent.close()
    assert farewell.remote == SERVER.address
    check(records)
