"""Fuzz targets of the ICE agent: each takes bytes and lets an agent have them in many ways.

The agent is a fresh one each time, new, checking or connected, so that one input tells all.
"""

from collections.abc import Iterator
from random import Random
from typing import Any

from peer.ice import (
    Candidate,
    CandidateType,
    IceAgent,
    IceParameters,
    IceRole,
    RemoteParameters,
    StunServer,
    TcpType,
    TransportAddress,
    TransportProtocol,
    stun,
)
from peer.ice.framing import FrameSplitter, frame
from peer.ice.turn import TurnServer, TurnTransport

LOCAL = TransportAddress("192.0.2.1", 5000)
PEER = TransportAddress("198.51.100.7", 5001)
SERVER = TransportAddress("203.0.113.1", 3478)
REMOTE = RemoteParameters("peer", "p" * 22)
STAGES = 3
_MOST = 4
"""Datagrams that one input may cause: an answer, a check, and two requests to servers."""


def fuzz_framing(data: bytes) -> None:
    """Cut frames in one piece and byte by byte: the same comes out, and fits in again."""
    whole = FrameSplitter().feed(data)
    slow = FrameSplitter()
    assert whole == [packet for byte in data for packet in slow.feed(bytes([byte]))]
    assert data.startswith(b"".join(map(frame, whole)))


def fuzz_agent(data: bytes) -> None:
    """Let agents receive a datagram from the peer, from their server and from nowhere."""
    for agent, _ in _agents():
        for source in (PEER, SERVER, TransportAddress("203.0.113.9", 5002)):
            agent.receive_datagram(data, local=LOCAL, source=source, now=1.0)
            _drain(agent)
        _finish(agent)


def fuzz_signed(data: bytes) -> None:
    """Let agents receive the input as the attributes of a check with good credentials."""
    attributes = list(_attributes(data))
    for agent, parameters in _agents():
        agent.receive_datagram(check(parameters, attributes), local=LOCAL, source=PEER, now=1.0)
        _drain(agent)
        _finish(agent)


def fuzz_agent_connections(data: bytes) -> None:
    """Let agents receive the input on an incoming connection and on one to a server."""
    for agent, _ in _agents():
        server = TurnServer(SERVER, "turn:fuzz", "user", "secret", TurnTransport.TCP)
        agent.add_turn_server(server)
        base = TransportAddress("192.0.2.1", 9)
        agent.add_base("0", 1, base, transport=TransportProtocol.TCP, tcp_type=TcpType.PASSIVE)
        agent.handle_timer(now=1.0)
        handle = agent.connection_opened(None, local=base, remote=PEER, now=1.0)
        assert handle is not None
        middle = len(data) // 2
        for each in range(handle + 1):
            agent.receive_bytes(each, data[:middle], now=1.0)
            agent.receive_bytes(each, data[middle:], now=1.0)
            _drain(agent, _MOST + len(data) // 22)  # a frame may hold a request of 20 bytes
            agent.connection_closed(each, now=1.0)
        _finish(agent)


def fuzz_remote_candidate(data: bytes) -> None:
    """Make a candidate of the input: its numbers first, the rest is the address."""
    numbers = data[:8].ljust(8, b"\0")
    types, protocols = list(CandidateType), list(TransportProtocol)
    candidate = Candidate(
        data[8:12].decode("latin-1"),
        numbers[0],
        protocols[numbers[1] % len(protocols)],
        int.from_bytes(numbers[2:5], "big", signed=True) * 256,
        TransportAddress(data[12:].decode("utf-8", "replace"), int.from_bytes(numbers[5:7], "big")),
        types[numbers[7] % len(types)],
    )
    for agent, _ in _agents():
        agent.add_remote_candidate("0", candidate)
        _drain(agent)
        _finish(agent)


CANDIDATE_SEEDS = tuple(
    b"\x01\x00\x7e\x00\x01\x13\x88\x00" + b"1abc" + address
    for address in (b"198.51.100.9", b"2001:db8::9", b"::ffff:198.51.100.9", b"fe80::1%eth0")
)


# -- agents -----------------------------------------------------------------------------------


def _agents() -> Iterator[tuple[IceAgent, IceParameters]]:
    for stage in range(STAGES):
        agent = IceAgent(role=IceRole.CONTROLLED, entropy=Random(stage).randbytes)
        agent.add_stun_server(StunServer(SERVER, "stun:fuzz"))
        agent.add_turn_server(TurnServer(SERVER, "turn:fuzz", "user", "secret"))
        parameters = agent.add_stream("0")
        agent.add_base("0", 1, LOCAL)
        if stage >= 1:
            agent.set_remote_parameters("0", REMOTE)
            agent.handle_timer(now=0.0)
        if stage >= 2:
            _connect(agent, parameters)
        _drain(agent)
        yield agent, parameters


def _connect(agent: IceAgent, parameters: IceParameters) -> None:
    """Let the peer check and nominate, and answer what the agent checks in turn."""
    request = check(parameters, [(stun.USE_CANDIDATE, True)])
    agent.receive_datagram(request, local=LOCAL, source=PEER, now=0.1)
    agent.handle_timer(now=0.2)
    for transmit in agent.transmits():
        message = stun.parse(transmit.data)
        if transmit.remote == PEER and message.message_class is stun.MessageClass.REQUEST:
            response = stun.build(
                stun.Method.BINDING,
                stun.MessageClass.SUCCESS,
                message.transaction_id,
                [(stun.XOR_MAPPED_ADDRESS, LOCAL)],
                key=REMOTE.password.encode(),
            )
            agent.receive_datagram(response, local=LOCAL, source=PEER, now=0.3)
    assert agent.send("0", 1, b"\x80data")


def check(parameters: IceParameters, attributes: list[tuple[stun.Attribute[Any], Any]]) -> bytes:
    """A check of the peer's, with more attributes than it needs."""
    return stun.build(
        stun.Method.BINDING,
        stun.MessageClass.REQUEST,
        bytes(12),
        [
            (stun.USERNAME, f"{parameters.username_fragment}:{REMOTE.username_fragment}"),
            (stun.PRIORITY, 1),
            (stun.ICE_CONTROLLING, 2),
            *attributes,
        ],
        key=parameters.password.encode(),
    )


def _attributes(data: bytes) -> Iterator[tuple[stun.Attribute[Any], Any]]:
    position = 0
    while len(data) - position >= 4:
        kind = int.from_bytes(data[position : position + 2], "big")
        size = int.from_bytes(data[position + 2 : position + 4], "big")
        value = data[position + 4 : position + 4 + size]
        yield stun.Attribute(kind, "fuzz", lambda raw, _: raw, lambda raw, _: raw), value
        position += 4 + (size + 3 & ~3)


def _drain(agent: IceAgent, most: int = _MOST) -> None:
    while agent.next_event() is not None:
        pass
    assert len(agent.transmits()) <= most


def _finish(agent: IceAgent) -> None:
    """Let some time pass; whatever came, closing leaves nothing."""
    for _ in range(4):
        when = agent.get_timer()
        if when is None:
            break
        agent.handle_timer(now=max(when, 1.0))
        _drain(agent)
    agent.stats()
    agent.close()
    assert agent.get_timer() is None
