"""What must hold in every run of every agent, whatever the scenario."""

from collections.abc import Iterable
from contextlib import suppress
from itertools import pairwise
from math import inf

from peer.ice import CandidateRemoved, DataReceived, Event, TransportAddress, stun
from peer.ice.transaction import Purpose

from .agent_host import AgentHost, Arrival
from .datagram_log import Sent
from .relayed import Unwrapper, relayed_checks

GLOBAL_INTERVAL = 0.005
_ROUNDING = 1e-9
_DATED = (Purpose.CONSENT, Purpose.LIVENESS, Purpose.PROBE)
_SELDOM = 0.1
"""Seconds at least between two checks of one purpose that have a date of their own."""


def check_invariants(*hosts: AgentHost) -> None:
    """Check the records of these agents. Raises AssertionError."""
    for host in hosts:
        check_pacing(host)
        check_dated(host)
        check_number_of_pairs(host)
        check_data_sources(host)
        check_silence_after_close(host)
    check_shared_budgets(hosts)


def check_pacing(host: AgentHost) -> None:
    """An agent starts one transaction per Ta at most (RFC 8445 §14.2)."""
    _check_spacing([sent.time for sent in _starts(host)], host.config.timings.pace, host)


def _starts(host: AgentHost) -> list[Sent]:
    """What began new transactions that are paced, those through relays included."""
    others = _following(host)
    others.update(tid for tid, purpose in host.purposes.items() if purpose in _DATED)
    direct = [sent for sent in host.log.requests() if sent.transaction_id not in others]
    relayed = [
        sent for sent, _, check in relayed_checks(host.log) if check.transaction_id not in others
    ]
    return sorted(direct + relayed, key=lambda sent: sent.time)


def check_dated(host: AgentHost) -> None:
    """What is asked of pairs in use outside of the pacing is seldom (RFC 7675 §5.1)."""
    asked = [(sent, {sent.remote}, sent.transaction_id) for sent in host.log.checks()]
    relayed = relayed_checks(host.log)
    asked += [(sent, peers, check.transaction_id) for sent, peers, check in relayed]
    times: dict[tuple[object, ...], list[float]] = {}
    for sent, peers, tid in asked:
        purpose = host.purposes.get(tid)
        if purpose in _DATED:
            way = (purpose, sent.local, sent.remote, frozenset(peers))
            times.setdefault(way, []).append(sent.time)
    for of_one in times.values():
        _check_spacing(sorted(of_one), _SELDOM, host)


def _following(host: AgentHost) -> set[bytes]:
    """The requests that the answers of a TURN server pace (see `peer.ice.relaying.go_on`).

    All that it was asked before on this way is answered, or given up; over UDP the request is
    signed, with the nonce of an answer. What an allocation that is given back was asked is moot.
    """
    answered = _answer_times(host)
    waiting: dict[tuple[object, ...], list[Sent]] = {}
    follows = set[bytes]()
    for sent in host.log.server_requests():
        message = sent.read()
        if message.method == stun.Method.BINDING:
            continue
        signed = sent.has(stun.NONCE)
        deletes = message.method == stun.Method.REFRESH and message.get(stun.LIFETIME) == 0
        asked = waiting.setdefault((sent.local, sent.remote, sent.connection), [])
        given_up = sent.time - host.config.timings.gathering + _ROUNDING
        asked[:] = [
            each
            for each in asked
            if signed
            and not deletes
            and answered.get(each.transaction_id, inf) > sent.time
            and each.time > given_up
        ]
        if not asked and (signed or sent.connection is not None):
            follows.add(sent.transaction_id)
        asked.append(sent)
    return follows


def _answer_times(host: AgentHost) -> dict[bytes, float]:
    times: dict[bytes, float] = {}
    for arrival in host.arrivals:
        with suppress(stun.StunError):
            times.setdefault(stun.parse(arrival.data).transaction_id, arrival.time)
    return times


def check_shared_budgets(hosts: Iterable[AgentHost]) -> None:
    """All agents that share a budget start one transaction per 5 ms to a remote host at most.

    RFC 8445 §14.2; see `peer.ice.pacer`.
    """
    times: dict[tuple[int, str], list[float]] = {}
    for host in hosts:
        own = {sent.local.host for sent in host.log.requests()}
        for sent in _starts(host) if host.budget is not None else ():
            if sent.remote.host not in own:
                times.setdefault((id(host.budget), sent.remote.host), []).append(sent.time)
    for path, of_path in times.items():
        _check_spacing(sorted(of_path), GLOBAL_INTERVAL, path)


def _check_spacing(times: list[float], interval: float, who: object) -> None:
    for earlier, later in pairwise(times):
        assert later - earlier >= interval - _ROUNDING, (who, earlier, later)


def check_number_of_pairs(host: AgentHost) -> None:
    """An agent checks a bounded number of pairs per session (RFC 8445 §6.1.2.5, §19.5.1).

    Learned candidates that came to nothing give way to others, one in five seconds. An address
    that is lost, as with a TURN server that restarts, gives way to one made again; the peer, whose
    relays are on the same servers, has as many new ones, each to be checked from all there is here.
    """
    pairs: dict[str, set[tuple[TransportAddress, TransportAddress]]] = {}
    for sent in host.log.checks():
        username = sent.read().get(stun.USERNAME)
        assert username is not None
        pairs.setdefault(username, set()).add((sent.local, sent.remote))
    for sent, peers, message in relayed_checks(host.log):
        username = message.get(stun.USERNAME)
        assert username is not None
        if len(peers) == 1:
            pairs.setdefault(username, set()).add((sent.remote, next(iter(peers))))
    limits = host.config.limits
    times = [sent.time for sent in host.log.requests()]
    given_way = (times[-1] - times[0]) // 5 + 1 if times else 0
    lost = len(host.of_type(CandidateRemoved))
    for checked in pairs.values():
        again = lost * len({sender for sender, _ in checked})
        assert len(checked) <= limits.pairs + limits.peer_reflexive + given_way + again, host
    listed = [pair for pair in host.agent.stats().pairs if not pair.discarded]
    assert len(listed) <= limits.pairs + limits.peer_reflexive, host


def check_data_sources(host: AgentHost) -> None:
    """Data is handed on only from where an authenticated STUN message has come from before.

    Two lite agents never check each other, so they have only the signalling to go by.
    """
    if host.config.lite and any(remote.lite for remote in host.remotes):
        return
    arrivals = iter(host.arrivals)
    requests = {sent.transaction_id: sent for sent in host.log.requests()}
    for sent, _, message in relayed_checks(host.log):
        requests[message.transaction_id] = sent
    proven: set[tuple[TransportAddress | None, TransportAddress]] = set()
    unwrapper = Unwrapper(host.log)
    pending: list[Arrival] = []
    for time, event in _data_events(host):
        for arrival in arrivals:
            if arrival.time > time:
                pending = [arrival]
                break
            _prove(host, requests, unwrapper, arrival, proven)
        local = event.local if event.local.host in host.addresses else None
        assert (local, event.remote) in proven, (host, time, event)
        for arrival in pending:
            _prove(host, requests, unwrapper, arrival, proven)
        pending = []


def _data_events(host: AgentHost) -> list[tuple[float, DataReceived]]:
    return [(time, event) for time, event in host.events if isinstance(event, DataReceived)]


def _prove(
    host: AgentHost,
    requests: dict[bytes, Sent],
    unwrapper: Unwrapper,
    arrival: Arrival,
    proven: set[tuple[TransportAddress | None, TransportAddress]],
) -> None:
    """Note the path of an authentic message; a local address of None is any relayed one."""
    if (arrival.local, arrival.source) in proven or arrival.data[:1] >= b"\x80":
        return
    peers, payload = unwrapper.read(arrival.source, arrival.data)
    if peers:
        if _is_authentic(host, requests, payload, None):
            proven.update((None, peer) for peer in peers)
    elif _is_authentic(host, requests, arrival.data, (arrival.local, arrival.source)):
        proven.add((arrival.local, arrival.source))


def _is_authentic(
    host: AgentHost,
    requests: dict[bytes, Sent],
    data: bytes,
    path: tuple[TransportAddress, TransportAddress] | None,
) -> bool:
    try:
        message = stun.parse(data) if stun.looks_like_stun(data) else None
        if message is None:
            return False
        if message.message_class is stun.MessageClass.REQUEST:
            fragment = (message.get(stun.USERNAME) or "").partition(":")[0]
            password = host.passwords.get(fragment)
            return password is not None and stun.verify_integrity(message, password.encode())
    except stun.StunError:
        return False
    request = requests.get(message.transaction_id)
    if request is None or path not in (None, (request.local, request.remote)):
        return False
    return any(stun.verify_integrity(message, each.password.encode()) for each in host.remotes)


def check_silence_after_close(host: AgentHost) -> None:
    """A closed agent sends nothing, tells nothing and has no timer."""
    if host.closed_at is None:
        return
    late: list[Event] = [event for time, event in host.events if time > host.closed_at]
    assert not late, (host, late)
    assert not [sent for sent in host.log.sent if sent.time > host.closed_at], host
    assert host.agent.get_timer() is None
    assert host.agent.transmits() == []
    assert host.agent.next_event() is None
