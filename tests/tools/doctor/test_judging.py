"""Results in words."""

from typing import Any

import pytest

from peer.ice import TransportAddress
from tools.command.doctor.asking import Answer
from tools.command.doctor.behaviour import ANY, Behaviour, Dependence
from tools.command.doctor.judging import (
    StunResult,
    behaviour_of,
    can_relay,
    judge_lifetime,
    judge_nat,
    judge_relay,
    judge_stun,
)
from tools.command.doctor.nat import Lifetime, Nat
from tools.command.doctor.relays import Relay
from tools.command.doctor.report import Status

EI, AD, APD = Dependence
URL = "turn:t.example"
LOCAL = TransportAddress("192.168.1.2", 5000)
SERVER = TransportAddress("61.0.0.1", 3478)


def nat(mapped: str = "60.0.0.1", mapping: frozenset[Dependence] = ANY) -> Nat:
    return Nat(LOCAL, TransportAddress(mapped, 4000), mapping, ANY, False, (SERVER,))


@pytest.mark.parametrize(
    ("relay", "status", "words"),
    [
        ({"code": 401, "reason": "Unauthorized"}, Status.FAIL, "refuses the credentials"),
        ({"code": 486, "reason": "Quota"}, Status.FAIL, "has no allocation left for this user"),
        ({"code": 701, "reason": "no response"}, Status.FAIL, "gave no address"),
        ({"code": 300, "reason": "?"}, Status.FAIL, "gave no address"),
        ({"address": "60.0.0.9", "carries": True}, Status.PASS, "relays"),
        ({"address": "127.0.0.1", "carries": True}, Status.PASS, "relays"),
        ({"address": "10.0.0.9", "carries": True}, Status.WARN, "10.0.0.9"),
        ({"address": "60.0.0.9", "why": ("403",)}, Status.WARN, "do not hear each other"),
    ],
)
def test_relays(relay: dict[str, Any], status: Status, words: str) -> None:
    check = judge_relay(Relay(URL, **relay), "me", 2e9)
    assert (check.topic, check.status) == (URL, status)
    assert words in check.words


def test_the_end_of_credentials_is_looked_for_where_they_are_refused() -> None:
    refused = Relay(URL, code=401, reason="Unauthorized")
    assert judge_relay(refused, "1900000000:me", 1.9e9 + 600).words == (
        "the credentials ended 10 min ago"
    )
    assert judge_relay(refused, "1900000000:me", 1.9e9 - 1).words == "refuses the credentials"


@pytest.mark.parametrize(
    ("found", "status"),
    [
        (nat(), Status.UNKNOWN),
        (nat(mapping=frozenset((EI,))), Status.PASS),
        (nat(mapping=frozenset((AD, APD))), Status.WARN),
        (nat("192.168.1.7", frozenset((EI,))), Status.WARN),
        (nat("100.64.0.7", frozenset((EI,))), Status.WARN),
        (Nat(LOCAL, LOCAL, frozenset((EI,)), ANY, None, (SERVER,)), Status.PASS),
    ],
)
def test_nats(found: Nat, status: Status) -> None:
    assert judge_nat(found, True).status is status


def test_without_an_answer_udp_is_blocked_if_somebody_was_asked() -> None:
    assert judge_nat(None, True).status is Status.FAIL
    assert judge_nat(None, False).status is Status.UNKNOWN
    assert behaviour_of(None, True) == Behaviour(blocked=True)
    assert behaviour_of(None, False) is None


@pytest.mark.parametrize(
    ("local", "answer", "status"),
    [
        ("192.168.1.2", Answer(SERVER, 0.02, TransportAddress("60.0.0.1", 4000)), Status.PASS),
        ("192.168.1.2", Answer(SERVER, 0.02, code=500), Status.FAIL),
        ("192.168.1.2", None, Status.FAIL),
        (None, None, Status.UNKNOWN),
    ],
)
def test_stun_servers(local: str | None, answer: Answer | None, status: Status) -> None:
    assert judge_stun(StunResult("stun:s.example", SERVER, local, answer)).status is status


@pytest.mark.parametrize(
    ("found", "status"),
    [
        (None, Status.UNKNOWN),
        (Lifetime(15, 30, exact=True), Status.WARN),
        (Lifetime(None, 15, exact=True), Status.WARN),
        (Lifetime(60, 90, exact=False), Status.PASS),
        (Lifetime(180, None, exact=True), Status.PASS),
    ],
)
def test_lifetimes(found: Lifetime | None, status: Status) -> None:
    assert judge_lifetime(found).status is status


def test_who_relays_over_tcp() -> None:
    udp, tls = Relay(URL, "60.0.0.1"), Relay("turns:t.example", "60.0.0.1")
    assert can_relay([udp], over_tcp=False)
    assert not can_relay([udp], over_tcp=True)
    assert can_relay([udp, tls], over_tcp=True)
    assert not can_relay([Relay("turns:t.example", code=401)], over_tcp=True)
