"""What servers and NATs were found to do, in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from peer.explain import TURN_REFUSALS, endpoint, expiry, is_private
from peer.ice import TransportAddress

from .asking import Answer
from .behaviour import ANY, Behaviour, Dependence
from .nat import Lifetime, Nat
from .relays import UNREACHABLE, Relay
from .report import Check, Status

SHORT = 30
"""Seconds; keepalives of a call leave every 15 s, so that a binding has to live longer."""
_KNOWN = {
    Dependence.ENDPOINT_INDEPENDENT: "does not look at the other end",
    Dependence.ADDRESS_DEPENDENT: "looks at the address of the other end",
    Dependence.ADDRESS_AND_PORT_DEPENDENT: "looks at the address and port of the other end",
}
_UDP_ADVICE = "Only TURN over TCP or TLS gets out: turns:HOST:443?transport=tcp."


@dataclass(frozen=True, slots=True)
class StunResult:
    """What came of one address of a STUN server.

    `local` is where it was asked from, None when we have no address of its family.
    """

    url: str
    server: TransportAddress
    local: str | None
    answer: Answer | None


def judge_stun(result: StunResult) -> Check:
    """Judge an answer, or that there is none."""
    topic, server = result.url, endpoint(*result.server)
    answer = result.answer
    if result.local is None:
        return Check(topic, Status.UNKNOWN, f"we have no address to ask {server} from")
    if answer is None:
        words = f"{server} gave no answer over UDP"
        return Check(topic, Status.FAIL, words, (f"asked from {result.local}",))
    if answer.mapped is None:
        words = f"{server} answers {answer.code or 'without an address'}"
        return Check(topic, Status.FAIL, words)
    trip = answer.round_trip
    values = {"mapped": endpoint(*answer.mapped), "round_trip": round(trip, 4)}
    words = f"sees us as {endpoint(*answer.mapped)}, round trip {trip * 1e3:.0f} ms"
    return Check(topic, Status.PASS, words, values=values)


def judge_relay(relay: Relay, username: str, now: float) -> Check:
    """Judge what came of a TURN URL; `now` is the time in seconds since 1970."""
    topic = relay.url
    if relay.address is None:
        return _refused(relay, username, now)
    values: dict[str, Any] = {"address": relay.address, "carries": relay.carries}
    evidence = [f"relayed address {relay.address} after {relay.allocated * 1e3:.0f} ms"]
    if not relay.carries:
        evidence += relay.why or ("nothing sent through it came back",)
        advice = "Open its ports for relaying (49152-65535 by default), and permit its own address."
        words = "gives an address, but two of its relayed addresses do not hear each other"
        return Check(topic, Status.WARN, words, tuple(evidence), advice, values)
    if relay.round_trip is not None:
        values["round_trip"] = round(relay.round_trip, 4)
        evidence.append(f"round trip through two relays {relay.round_trip * 1e3:.0f} ms")
    if is_private(relay.address) and not ip_address(relay.address).is_loopback:
        words = f"relays, but from {relay.address}, which nobody outside can reach"
        advice = "Tell the server its public address (coturn: external-ip)."
        return Check(topic, Status.WARN, words, tuple(evidence), advice, values)
    return Check(topic, Status.PASS, "relays", tuple(evidence), values=values)


def _refused(relay: Relay, username: str, now: float) -> Check:
    if not relay.code:
        return Check(relay.url, Status.UNKNOWN, relay.reason)
    values = {"code": relay.code, "reason": relay.reason}
    evidence = (f"{relay.code} {relay.reason}",)
    until = expiry(username)
    if relay.code == 401 and until is not None and until < now:
        words = f"the credentials ended {(now - until) / 60:.0f} min ago"
        advice = "Fetch new ones for each call, and look at the clock."
    elif relay.code in TURN_REFUSALS:
        _, words, advice = TURN_REFUSALS[relay.code]
        words = words.rstrip(".")
    elif relay.code == UNREACHABLE:
        words = "gave no address"
        advice = "Check its name, port and transport; for TLS, that its certificate has the name."
    else:
        words, advice = "gave no address", ""
    return Check(relay.url, Status.FAIL, words, evidence, advice, values)


def judge_nat(nat: Nat | None, asked: bool) -> Check:
    """Judge the NAT on the way over IPv4; None: none answered, if any was `asked`."""
    if nat is None and asked:
        words = "no server answers over UDP: it is blocked"
        return Check("NAT", Status.FAIL, words, advice=_UDP_ADVICE)
    if nat is None:
        advice = "Name a STUN server (stun:HOST), or two, or one that has RFC 5780."
        return Check("NAT", Status.UNKNOWN, "there is no server that could be asked", advice=advice)
    servers = " and ".join(endpoint(*each) for each in nat.by)
    evidence = [f"{endpoint(*nat.local)} is seen as {endpoint(*nat.mapped)}"]
    evidence.append(f"mapping {_dependence(nat.mapping)} (asked {servers})")
    evidence.append(f"filter {_dependence(nat.filtering)}")
    values = {
        "mapping": sorted(each.value for each in nat.mapping),
        "filtering": sorted(each.value for each in nat.filtering),
        "hairpin": nat.hairpin,
    }
    if nat.hairpin is not None:
        evidence.append("hairpinning works" if nat.hairpin else "no hairpinning")
    status, words, advice = _nat_words(nat)
    return Check("NAT", status, words, tuple(evidence), advice, values)


def _nat_words(nat: Nat) -> tuple[Status, str, str]:
    if nat.local == nat.mapped:
        return Status.PASS, "none; a firewall at most", ""
    if not ip_address(nat.mapped.host).is_global:
        advice = "What other servers see may differ again; calls to the outside may need TURN."
        return Status.WARN, "a NAT behind another NAT", advice
    if nat.mapping == ANY:
        advice = "Name a second STUN server, or one that has RFC 5780."
        return Status.UNKNOWN, "there is a NAT; one server alone cannot tell how it behaves", advice
    if Dependence.ENDPOINT_INDEPENDENT in nat.mapping:
        return Status.PASS, "one that can be crossed", ""
    advice = "It gives each destination another port: have a TURN server ready."
    return Status.WARN, "symmetric", advice


def _dependence(found: frozenset[Dependence]) -> str:
    if found == ANY:
        return "unknown"
    return " or ".join(words for each, words in _KNOWN.items() if each in found)


def judge_lifetime(found: Lifetime | None) -> Check:
    """Judge how long bindings live."""
    if found is None:
        return Check("binding lifetime", Status.UNKNOWN, "no server to ask answers over UDP")
    values = {"alive": found.alive, "gone": found.gone, "exact": found.exact}
    how = "asked by another socket" if found.exact else "a binding may have been given anew"
    told = [] if found.alive is None else [f"there after {found.alive} s"]
    told += [] if found.gone is None else [f"gone after {found.gone} s"]
    words = "a silent binding is " + ", ".join(told)
    if found.gone is not None and found.gone <= SHORT:
        advice = "Connections that rest are lost: have something sent every 10 s."
        return Check("binding lifetime", Status.WARN, words, (how,), advice, values)
    return Check("binding lifetime", Status.PASS, words, (how,), values=values)


def behaviour_of(nat: Nat | None, asked: bool) -> Behaviour | None:
    """Give what to predict from, None when nothing is known."""
    if nat is None:
        return Behaviour(blocked=True) if asked else None
    return Behaviour(nat.mapping, nat.filtering)


def can_relay(relays: Sequence[Relay], *, over_tcp: bool) -> bool:
    """Tell whether a server gives addresses, over TCP or TLS if that is asked."""
    given = [relay.url for relay in relays if relay.address is not None]
    if over_tcp:
        return any(url.startswith("turns:") or "transport=tcp" in url for url in given)
    return bool(given)
