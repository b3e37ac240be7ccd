"""Causes in the connectivity checks: both sides have candidates, and no pair works."""

from collections.abc import Iterator, Mapping
from typing import Any

from .call import Call, Seen, Stats, number
from .finding import Finding
from .hosts import endpoint, family
from .text import percent, seconds

_CONFLICTS = 3
"""Role conflicts that one connection may have before they count as a cause."""
_LOSSY = 0.3
"""The part of checks that are repeated from which on the path counts as lossy."""
_SLOW = 3.0
"""Seconds until a connection from which on it counts as slow."""


def _failing(call: Call) -> bool:
    """Tell whether checks went on and led to nothing."""
    return call.ice_connected is None and bool(call.stats("candidate-pair"))


def _own_endpoints(call: Call) -> set[str]:
    """Our addresses with their ports: the peer may be on this very machine."""
    return {endpoint(one.address, one.port) for one in call.local_candidates}


def _sources(call: Call, *reasons: str) -> dict[str, int]:
    """From which addresses that are none of ours something was dropped, and how often."""
    own = _own_endpoints(call)
    found: dict[str, int] = {}
    for _, details in call.dropped(*reasons):
        source = str(details.get("source"))
        if source not in own:
            found[source] = found.get(source, 0) + 1
    return found


def _pairs(call: Call) -> list[Stats]:
    return call.stats("candidate-pair")


def _name(call: Call, pair: Mapping[str, Any]) -> str:
    """A pair by its candidates."""
    return " -> ".join(_candidate(call.item(pair.get(f"{s}CandidateId"))) for s in _SIDES)


_SIDES = ("local", "remote")


def _candidate(stats: Stats) -> str:
    where = endpoint(stats.get("address") or "hidden", stats.get("port", "?"))
    return f"{stats.get('candidateType', '?')} {where}"


def _remote_endpoint(call: Call, pair: Stats) -> str:
    remote = call.item(pair.get("remoteCandidateId"))
    return endpoint(remote.get("address"), remote.get("port"))


def wrong_credentials(call: Call) -> Iterator[Finding]:
    """The peer signs with a password that is not the one we know, or refuses ours."""
    bad = _sources(call, "response-bad-integrity")
    refused = [pair for pair in _pairs(call) if "unauthenticated" in str(pair.get("reason"))]
    if not refused and not bad:
        return
    own = _own_endpoints(call)
    of_peer = [p for p in refused if _remote_endpoint(call, p) not in own]
    if not bad and not of_peer:
        return
    yield Finding(
        "peer-rejects-our-credentials",
        "The peer rejects the credentials that its description told us.",
        (
            *(f"answers of {source} with another signature: {n}" for source, n in bad.items()),
            *(f"{_name(call, pair)}: {pair.get('reason')}" for pair in of_peer[:3]),
        ),
        "The description that was set is not the peer's last one: look for mixed-up or old "
        "offers and answers.",
        call.ice_connected is None,
    )


def credentials_not_ours(call: Call) -> Iterator[Finding]:
    """The peer's checks are signed with another password than ours."""
    sources = _sources(call, "request-bad-integrity", "request-unknown-username")
    if not sources or sum(sources.values()) < 3:
        return
    heard = sum(number(pair, "requestsReceived") for pair in _pairs(call))
    yield Finding(
        "peer-has-other-credentials",
        "The peer checks with credentials that are not ours.",
        tuple(f"checks of {source} refused: at least {n}" for source, n in sources.items()),
        "It has set another description than our last one: look for mixed-up or old offers and "
        "answers.",
        not heard,
    )


def role_conflict(call: Call) -> Iterator[Finding]:
    """Both sides go on insisting on their role."""
    conflicts = len(call.dropped("role-conflict"))
    changes = sum(name == "RoleChanged" for _, name, _ in call.events)
    if conflicts > _CONFLICTS or changes > 1:
        yield Finding(
            "role-conflict",
            "Both sides insist on the same ICE role.",
            (f"role conflicts: {conflicts}", f"changes of our role: {changes}"),
            "The peer does not give way as RFC 8445 §7.3.1.1 asks: have the other side offer.",
            call.ice_connected is None,
        )


def answers_from_elsewhere(call: Call) -> Iterator[Finding]:
    """Answers come from another address than that which was asked."""
    pairs = [pair for pair in _pairs(call) if "another address" in str(pair.get("reason"))]
    if pairs and _failing(call):
        yield Finding(
            "answers-from-elsewhere",
            "Answers come from another address than that which was checked.",
            tuple(f"{_name(call, pair)}: {pair.get('reason')}" for pair in pairs[:3]),
            "The peer's NAT, or its several addresses, answer for each other: use a TURN server.",
        )


def permission_denied(call: Call) -> Iterator[Finding]:
    """A TURN server will not send to the peer."""
    pairs = [pair for pair in _pairs(call) if "permission denied" in str(pair.get("reason"))]
    if pairs and call.ice_connected is None:
        yield Finding(
            "turn-refuses-peer",
            "The TURN server may not send to the peer.",
            tuple(f"{_name(call, pair)}: {pair.get('reason')}" for pair in pairs[:3]),
            "Allow the peer's address there (coturn: denied-peer-ip, allow-loopback-peers).",
        )


def one_way(call: Call) -> Iterator[Finding]:
    """We hear the peer, and it does not hear us, or not our answers."""
    pairs = _pairs(call)
    heard = sum(number(pair, "requestsReceived") for pair in pairs)
    answered = sum(number(pair, "responsesReceived") for pair in pairs)
    sent = sum(number(pair, "requestsSent") for pair in pairs)
    if not _failing(call) or not heard or answered or not sent:
        return
    if call.dropped("response-bad-integrity", "response-wrong-address"):
        return
    yield Finding(
        "one-way",
        "We hear the peer's checks, and nothing comes back to ours.",
        (f"checks of the peer that came: {heard:.0f}", f"checks sent: {sent:.0f}, answered: 0"),
        "What leaves this side is lost on the way: look at our firewall for outgoing UDP, and at "
        "the peer's for incoming.",
    )


def nats_too_strict(call: Call) -> Iterator[Finding]:
    """Nothing was answered, there is no relay, and one side's NAT has a port for each address."""
    if not _unanswered(call) or any(one.type == "relay" for one in _candidates(call)):
        return
    ports = _mapped_ports(call)
    symmetric = [host for host, found in ports.items() if len(found) > 1]
    mapped = any(one.type in ("srflx", "prflx") for one in call.local_candidates)
    theirs = any(one.type in ("srflx", "prflx") for one in call.remote_candidates)
    if not symmetric and not (mapped and theirs):
        return
    evidence = [f"checks sent: {call.total('candidate-pair', 'requestsSent'):.0f}, answered: 0"]
    evidence += [
        f"{host} has the ports {sorted(ports[host])}: one for each server" for host in symmetric
    ]
    evidence.append("neither side has a relay candidate")
    yield Finding(
        "nats-too-strict",
        "The NATs of both sides let nothing through that they have not asked for.",
        tuple(evidence),
        "Use a TURN server on one side.",
        bool(symmetric),
    )


def _mapped_ports(call: Call) -> dict[str, set[int]]:
    """The ports that servers saw, by the address of the NAT."""
    found: dict[str, set[int]] = {}
    for one in call.local_candidates:
        if one.type == "srflx":
            found.setdefault(one.address, set()).add(one.port)
    return found


def _candidates(call: Call) -> list[Seen]:
    return [*call.local_candidates, *call.remote_candidates]


def _unanswered(call: Call) -> bool:
    return (
        _failing(call)
        and not call.total("candidate-pair", "responsesReceived")
        and not call.total("candidate-pair", "requestsReceived")
    )


def all_unanswered(call: Call) -> Iterator[Finding]:
    """Nothing came, from nowhere: whatever the reason, it is not to be seen from here."""
    if not _unanswered(call):
        return
    pairs = _pairs(call)
    families = sorted({family(one.address) for one in call.local_candidates} - {""})
    relays = any(one.type == "relay" for one in _candidates(call))
    yield Finding(
        "checks-unanswered",
        f"None of the checks on {len(pairs)} pairs was answered, and none came from the peer.",
        (
            f"checks sent: {sum(number(pair, 'requestsSent') for pair in pairs):.0f}",
            f"from: {_some(call.local_candidates)} ({' '.join(families)})",
            f"to: {_some(call.remote_candidates)}",
            "a relay was tried as well" if relays else "neither side has a relay candidate",
        ),
        "Look at the peer's side: is it up, did it set our description, does its firewall let "
        "UDP in?"
        if relays
        else "Use a TURN server, over TCP or TLS where UDP is blocked.",
    )


def _some(candidates: list[Seen]) -> str:
    return ", ".join(str(one) for one in candidates[:4])


def lossy_checks(call: Call) -> Iterator[Finding]:
    """It connected, late, because checks were lost."""
    if call.ice_connected is None or call.ice_connected - _start(call) < _SLOW:
        return
    pairs = [
        pair for pair in _pairs(call) if pair.get("nominated") or number(pair, "responsesReceived")
    ]
    sent = sum(number(pair, "requestsSent") for pair in pairs)
    again = sum(number(pair, "retransmissionsSent") for pair in pairs)
    if sent and again / (sent + again) > _LOSSY:
        yield Finding(
            "checks-lost",
            f"{percent(again / (sent + again))} of the checks were repeated: packets are lost.",
            (
                f"checks sent: {sent:.0f}, repeated: {again:.0f}",
                f"connected after {seconds(call.ice_connected - _start(call))}",
            ),
            "Look for a weak radio link or a full line; nothing in ICE is wrong.",
        )


def _start(call: Call) -> float:
    """When both descriptions were there."""
    return max((both[0].time for both in (call.local, call.remote) if both), default=0.0)


def never_nominated(call: Call) -> Iterator[Finding]:
    """A pair works, the peer controls, and never chooses."""
    if call.connected is not None or call.ice_connected is None:
        return
    pairs = _pairs(call)
    if any(pair.get("nominated") for pair in pairs) or call.ended - call.ice_connected < 30:
        return
    if any(pair.get("state") == "succeeded" for pair in pairs):
        yield Finding(
            "never-nominated",
            "A pair works, and the peer never nominates it.",
            (f"{seconds(call.ice_connected)} a pair worked",),
            "The peer controls and has to choose (RFC 8445 §8.1.1): are both sides ICE lite?",
        )


CAUSES = (
    wrong_credentials,
    credentials_not_ours,
    role_conflict,
    answers_from_elsewhere,
    permission_denied,
    one_way,
    never_nominated,
)
AFTER_SERVERS = (nats_too_strict, all_unanswered)
SLOW = (lossy_checks,)
