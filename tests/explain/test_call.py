"""A call as its trace tells it, ours and a browser's."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peer.explain import Call, explain
from peer.trace import CHANNEL, DTLS, ICE, TraceEntry, read_trace
from tests.trace.support import CALL, CALL_INTERNALS, FAILED, FAILED_INTERNALS


def test_what_chromium_wrote_of_a_call() -> None:
    for data in (CALL, CALL_INTERNALS):
        dump = read_trace(data)
        call = Call(dump.of("9-1"))
        assert call.connected is not None
        assert call.state("connection") in ("connected", "closed")
        assert call.local_candidates
        assert call.remote_candidates
        assert [one.kind for one in call.local[0].sections] == ["audio", "video", "application"]
        assert call.stats("candidate-pair")
        assert explain(dump.of("9-1")).words.startswith("It was connected at ")


def test_what_chromium_wrote_of_a_call_that_failed() -> None:
    """The answer had another ICE password on its way, and there is a TURN server that refuses."""
    for data in (FAILED, FAILED_INTERNALS):
        dump = read_trace(data)
        explanation = explain(dump.of("9-1"))
        assert explanation.words.startswith("It was never connected: ")
        assert "turn-credentials" in explanation.causes
        assert "server-name-unknown" in explanation.causes
        assert "candidates-too-early" in explain(dump.of("9-2")).causes


MEMBERS = [
    "type",
    "sdp",
    "candidate",
    "kind",
    "details",
    "fields",
    "event",
    "state",
    "failure",
    "packetsSent",
    "localId",
    "drops",
    "reason",
    "url",
    "errorCode",
    "urls",
    "iceServers",
    "sdpMid",
    "usernameFragment",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(MEMBERS),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
METHODS = [
    "create",
    "getStats",
    "setLocalDescription",
    "setLocalDescriptionOnSuccess",
    "setRemoteDescription",
    "setRemoteDescriptionOnFailure",
    "addIceCandidate",
    "addIceCandidateOnSuccess",
    "addIceCandidateOnFailure",
    "onicecandidate",
    "onicecandidateerror",
    "onconnectionstatechange",
    "oniceconnectionstatechange",
    "restartIce",
    "close",
    ICE,
    DTLS,
    CHANNEL,
]
STATES = st.sampled_from(["connected", "failed", "disconnected", "closed"])
ENTRIES = st.lists(
    st.builds(
        TraceEntry,
        st.floats(0, 100),
        st.just("PC_0"),
        st.sampled_from(METHODS),
        JSON | STATES,
        st.just(()),
    ),
    max_size=12,
)


@settings(max_examples=100)
@given(ENTRIES)
def test_any_trace_is_explained(entries: list[TraceEntry]) -> None:
    """Whatever a file has in it: it comes from strangers."""
    assert str(explain(entries))


KEYS = ("type", "kind", "mid", "state", "reason", "address", "remoteId", "localId", "drops")
REFERENCES = ("selectedCandidatePairId", "remoteCandidateId", "mediaSourceId", "changes", "role")


@pytest.mark.parametrize("odd", [[], {}, 5, True, None, "²²²²²²²²²²:user"], ids=repr)
def test_no_member_has_to_be_of_its_kind(odd: Any) -> None:
    kinds = ("candidate-pair", "transport", "inbound-rtp", "outbound-rtp", "remote-outbound-rtp")
    members = dict.fromkeys((*KEYS, *REFERENCES), odd)
    report = {kind: members | {"type": kind} for kind in kinds}
    report["refused"] = {
        "type": "candidate-pair",
        "reason": "unauthenticated",
        "remoteCandidateId": "refused",
        "address": odd,
    }
    server = {"urls": odd, "username": odd}
    turn = {"urls": "turn:turn.example", "username": odd}
    refusal = {"url": "turn:turn.example", "errorCode": 401, "errorText": odd}
    values: list[tuple[str, Any]] = [
        ("create", {"iceServers": [server, turn], "iceTransportPolicy": odd}),
        ("onicecandidateerror", refusal),
        ("oniceconnectionstatechange", "connected"),
        (DTLS, members),
        ("getStats", report),
    ]
    entries = [TraceEntry(10 * at, "PC_0", *value) for at, value in enumerate(values)]
    assert str(explain(entries))
    connected = TraceEntry(15, "PC_0", "onconnectionstatechange", "connected")
    assert str(explain([*entries[:2], connected, *entries[2:]]))


def test_times_count_from_the_beginning() -> None:
    values: list[tuple[float, str, Any]] = [
        (5, "create", {}),
        (7, "onconnectionstatechange", '"connected"'),
        (9, "onconnectionstatechange", "disconnected"),
        (10, "onconnectionstatechange", "connected"),
        (12, "onconnectionstatechange", "failed"),
        (15, "close", None),
    ]
    entries = [TraceEntry(time, "PC_0", method, value) for time, method, value in values]
    call = Call(entries[:4])
    assert (call.connected, call.lost, call.ended, call.closed) == (2, None, 5, False)
    call = Call(entries)
    assert (call.connected, call.lost, call.ended, call.closed) == (2, 7, 10, True)
