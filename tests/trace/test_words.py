"""Entries in words, whoever wrote them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.trace import (
    CHANNEL,
    DTLS,
    ICE,
    LOST,
    VERDICT,
    TraceEntry,
    candidate_words,
    describe,
    unquoted,
)
from peer.trace.dump import read_dump
from peer.trace.words import MAX_WORDS
from tests.trace.support import CALL, FAILED

CANDIDATE = {"candidate": "candidate:1 1 udp 1 192.0.2.1 9 typ host", "sdpMid": "0"}
RECORD = {"type": "host", "address": ["2001:db8::1", 9], "transport": "udp"}


def ice(kind: str, **fields: Any) -> tuple[str, Any]:
    return ICE, {"time": 0, "kind": kind, **fields}


def event(name: str, **fields: Any) -> tuple[str, Any]:
    return ice("event", event=name, fields=fields)


@pytest.mark.parametrize("sign", ["\n", "\r\n", "\x1b[2J", "\x9b1m", "\x00", "\udc80"], ids=repr)
def test_nobody_makes_lines_or_commands_of_an_entry(sign: str) -> None:
    candidate = {"candidate": f"garbage{sign}INFO peer: all is well"}
    told: Any
    for method, told in (("onicecandidate", candidate), ("setRemoteDescription", {"type": sign})):
        assert describe(TraceEntry(0, "PC_0", method, told)).isprintable()


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (("createOffer", None), "> createOffer"),
        ((VERDICT, {"words": "It was connected.", "findings": []}), "= verdict It was connected."),
        ((VERDICT, {"words": "x", "findings": [{"cause": "one-way", "words": "We hear."}]}), "= verdict one-way: We hear."),  # noqa: E501
        ((VERDICT, "odd"), "= verdict odd"),
        ((VERDICT, {"findings": [3]}), "= verdict null"),
        (("setLocalDescription", {"type": "offer", "sdp": "m=audio 9\nm=video 9\n"}), "> setLocalDescription offer (audio video)"),  # noqa: E501
        (("setLocalDescription", {"type": "rollback", "sdp": ""}), "> setLocalDescription rollback"),  # noqa: E501
        (("setLocalDescriptionOnSuccess", None), ". setLocalDescriptionOnSuccess"),
        (("addIceCandidateOnFailure", "InvalidStateError: no"), "! addIceCandidateOnFailure InvalidStateError: no"),  # noqa: E501
        (("addIceCandidateFailed", "no"), "! addIceCandidateFailed no"),
        (("addIceCandidate", CANDIDATE), "> addIceCandidate host 192.0.2.1:9 udp"),
        (("onicecandidate", None), "< onicecandidate"),
        (("onconnectionstatechange", '"connected"'), "< onconnectionstatechange connected"),
        (("onicecandidateerror", {"url": "stun:x", "errorCode": 701, "errorText": "silent"}), "! onicecandidateerror stun:x 701 silent"),  # noqa: E501
        (("onicecandidateerror", {"url": "stun:x", "error_code": 701, "error_text": "silent"}), "! onicecandidateerror stun:x 701 silent"),  # noqa: E501
        (("getStats", {"a": {}}), ". getStats: 1 objects"),
        ((LOST, 7), ". 7 entries are not kept"),
        ((DTLS, {"state": "failed", "failure": "alert"}), "= dtls state=failed failure=alert"),
        ((CHANNEL, {"label": "x"}), "= channel label=x"),
        (ice("drop", reason="not-stun", details={"source": "192.0.2.1:9"}), "x dropped: not-stun source=192.0.2.1:9"),  # noqa: E501
        (ice("decision", decision="check", details={"pair": "P"}), "= check pair=P"),
        (ice("input", method="handle_timer", arguments={}), ". ice input handle_timer"),
        (ice("timer", at=1), ". ice timer"),
        (event("CandidateGathered", candidate=RECORD), "= CandidateGathered candidate=host [2001:db8::1]:9 udp"),  # noqa: E501
        (event("StateChanged", component=1, state="failed", reason="no"), "= StateChanged component=1 state=failed reason=no"),  # noqa: E501
        (event("GatheringFailed", url="stun:x", code=701, reason="no"), "! GatheringFailed url=stun:x code=701 reason=no"),  # noqa: E501
    ],
)  # fmt: skip
def test_words(entry: tuple[str, Any], words: str) -> None:
    assert describe(TraceEntry(0, "PC_0", *entry)) == words


def test_long_values_are_cut() -> None:
    words = describe(TraceEntry(0, "PC_0", "x", {"y": "z" * 1000}))
    assert len(words) < MAX_WORDS + 20
    assert words.endswith("...")


def test_everything_in_a_dump_of_chromium_has_a_line() -> None:
    for entry in (*read_dump(CALL).entries, *read_dump(FAILED).entries):
        words = describe(entry)
        assert words[:2] in ("> ", "< ", ". ", "! ")
        assert "\n" not in words


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["sdp", "candidate", "type", "kind", "event", "fields", "details", "local"]
            )
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)
METHODS = ["onicecandidateerror", "addIceCandidate", "getStats", "setLocalDescription"]


@given(st.sampled_from([ICE, DTLS, LOST, *METHODS]), JSON)
def test_any_value_has_a_line(method: str, value: Any) -> None:
    assert "\n" not in describe(TraceEntry(0, "PC_0", method, value))


@pytest.mark.parametrize(
    ("candidate", "words"),
    [
        ({"candidate": ""}, "end of candidates"),
        ({"candidate": "candidate:1"}, "candidate:1"),
        ({"type": "relay", "address": "192.0.2.1", "transport": "udp"}, "relay 192.0.2.1: udp"),
        (None, "None"),
    ],
)
def test_odd_candidates(candidate: Any, words: str) -> None:
    assert candidate_words(candidate) == words


def test_states_lose_their_quotes() -> None:
    assert unquoted('"stable"') == unquoted("stable") == "stable"
    assert unquoted(3) == ""
