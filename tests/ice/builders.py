"""Makers of the ICE core's parts for the tests beside this file."""

from collections.abc import Callable, Iterable
from random import Random
from typing import Any

from peer.ice import (
    Candidate,
    CandidateType,
    Event,
    IceAgent,
    IceConfig,
    IceRole,
    NetworkType,
    RemoteParameters,
    TcpType,
    TransportAddress,
    TransportProtocol,
    stun,
)
from peer.ice.base import Base, LocalCandidate
from peer.ice.checklist import Checklist, ChecklistSet
from peer.ice.conclusion import update
from peer.ice.consent import Consent
from peer.ice.pair import CandidatePair
from peer.ice.pair_state import PairState, PairStep
from peer.ice.schedule import announce_bases
from peer.ice.session import Session
from peer.ice.stream import Stream
from peer.ice.streams import make_generation, set_remote

REMOTE = RemoteParameters("peer", "p" * 22)
SOURCE = TransportAddress("192.0.2.99", 9999)


def entropy(seed: int = 0) -> Callable[[int], bytes]:
    """Random bytes that are the same in every run."""
    return Random(seed).randbytes


def host_candidate(
    host: str = "192.0.2.99",
    port: int = 9999,
    *,
    component: int = 1,
    priority: int = 2130706431,
    foundation: str = "1",
    kind: CandidateType = CandidateType.HOST,
    tcp_type: TcpType | None = None,
    hidden: bool = False,
) -> Candidate:
    """A candidate as a peer signals it."""
    transport = TransportProtocol.UDP if tcp_type is None else TransportProtocol.TCP
    address = TransportAddress(host, port)
    return Candidate(
        foundation,
        component,
        transport,
        priority,
        address,
        kind,
        tcp_type=tcp_type,
        hidden=hidden,
    )


def local_candidate(
    host: str = "10.0.0.1",
    port: int = 5000,
    *,
    component: int = 1,
    priority: int = 2130706431,
    foundation: str = "1",
    kind: CandidateType = CandidateType.HOST,
    tcp_type: TcpType | None = None,
    stream: str = "0",
) -> LocalCandidate:
    """A local candidate that is its own base."""
    candidate = host_candidate(
        host,
        port,
        component=component,
        priority=priority,
        foundation=foundation,
        kind=kind,
        tcp_type=tcp_type,
    )
    base = Base(
        stream, component, candidate.address, transport=candidate.transport, tcp_type=tcp_type
    )
    return LocalCandidate(candidate, base, priority)


def make_pair(
    foundation: str = "f1", priority: int = 1000, *, component: int = 1, stream: str = "0"
) -> CandidatePair:
    """A pair with exactly this priority, on addresses of its own."""
    local = local_candidate(component=component, foundation=foundation, stream=stream)
    pair = CandidatePair(stream, local, host_candidate(component=component, foundation=foundation))
    pair.priority = priority
    return pair


_STEPS = {
    PairState.FROZEN: (),
    PairState.WAITING: (PairStep.TRIGGER,),
    PairState.IN_PROGRESS: (PairStep.TRIGGER, PairStep.PERFORM),
    PairState.SUCCEEDED: (PairStep.SUCCEED,),
    PairState.FAILED: (PairStep.LOSE,),
}


def put(pair: CandidatePair, state: PairState) -> None:
    """Bring a pair into a state; a Frozen one must be so already."""
    for step in _STEPS[state]:
        pair.move(step)
    assert pair.state is state


def make_checklists(*streams: str, limit: int = 100) -> ChecklistSet:
    """A checklist set with one empty checklist per stream."""
    checklists = ChecklistSet(limit)
    for stream in streams:
        checklists.append(Checklist(stream))
    return checklists


def add_pairs(checklists: ChecklistSet, *pairs: CandidatePair) -> None:
    """Add pairs to the checklists of their streams, in one step."""
    by_stream = {checklist.stream: checklist for checklist in checklists.lists}
    checklists.add_pairs([(by_stream[pair.stream], pair) for pair in pairs])


def states(pairs: Iterable[CandidatePair]) -> list[PairState]:
    """The states of pairs, in order."""
    return [pair.state for pair in pairs]


def make_session(config: IceConfig | None = None, role: IceRole = IceRole.CONTROLLING) -> Session:
    """A session without streams."""
    return Session(config or IceConfig(), role=role, entropy=entropy(), budget=None)


def make_stream(
    session: Session,
    stream_id: str = "0",
    components: tuple[int, ...] = (1,),
    remote: RemoteParameters | None = REMOTE,
) -> Stream:
    """A stream of a session, by default with the peer's credentials."""
    stream = Stream(stream_id, components, make_generation(session, stream_id))
    session.streams[stream_id] = stream
    session.checklists.append(stream.current.checklist)
    if remote is not None:
        set_remote(session, stream, remote)
    return stream


def add_bases(
    session: Session,
    stream: Stream,
    *hosts: str,
    component: int = 1,
    network: NetworkType = NetworkType.UNKNOWN,
) -> list[Base]:
    """Bases on these hosts, ranked together, with their host candidates."""
    bases = []
    for host in hosts:
        address = TransportAddress(host, 5000 + len(session.bases))
        base = Base(stream.id, component, address, network=network)
        session.bases[address] = [base]
        stream.bases.append(base)
        bases.append(base)
    session.new_bases += bases
    announce_bases(session)
    return bases


def form_pairs(session: Session, base: Base, ports: Iterable[int]) -> list[CandidatePair]:
    """Pairs from a base to ports of the peer's, each on the list, the first the best."""
    assert base.host is not None
    pairs = []
    for number, port in enumerate(ports):
        remote = host_candidate(port=port, priority=100_000 - number, foundation=f"f{number}")
        pair = CandidatePair(base.stream, base.host, remote, clock=session)
        pair.set_priority(session.role)
        pairs.append(pair)
    add_pairs(session.checklists, *pairs)
    return pairs


def make_valid(session: Session, stream: Stream, *pairs: CandidatePair) -> None:
    """Let the checks of pairs succeed now."""
    for pair in pairs:
        session.checklists.move(pair, PairStep.SUCCEED)
        pair.valid, pair.valid_since = pair, session.now
        pair.consent = Consent(session.timings, session.now)
        stream.current.checklist.valid.append(pair)
    update(session, stream)


def binding_request(
    username: str | None = "ours:peer",
    key: bytes | None = b"secret",
    *,
    priority: int | None = 1853824767,
    extra: Iterable[tuple[stun.Attribute[Any], Any]] = (),
    fingerprint: bool = True,
    tid: bytes = b"transaction!",
) -> bytes:
    """A connectivity check."""
    attributes: list[tuple[stun.Attribute[Any], Any]] = []
    if username is not None:
        attributes.append((stun.USERNAME, username))
    if priority is not None:
        attributes.append((stun.PRIORITY, priority))
    return stun.build(
        stun.Method.BINDING,
        stun.MessageClass.REQUEST,
        tid,
        [*attributes, *extra],
        key=key,
        fingerprint=fingerprint,
    )


def make_agent(
    role: IceRole = IceRole.CONTROLLING, config: IceConfig | None = None, seed: int = 0
) -> IceAgent:
    """An agent with a stream "0" and nothing else."""
    agent = IceAgent(config, role=role, entropy=entropy(seed))
    agent.add_stream("0")
    return agent


def events(agent: IceAgent) -> list[Event]:
    """Everything the agent has to tell."""
    found = []
    while (event := agent.next_event()) is not None:
        found.append(event)
    return found
