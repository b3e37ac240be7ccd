"""Each cause, provoked, is the verdict; and it is that of no other call."""

import asyncio
import json
from typing import Any

import pytest

from peer.explain import Explanation, explain
from peer.testing import Network, ToneTrack, connect, run
from peer.trace import DTLS, ICE, STALL, TraceEntry
from tests.explain import provoking_later, provoking_more, provoking_wire
from tests.explain.provoking import STORIES, explained

# They add their calls to the others.
assert provoking_later.__doc__
assert provoking_more.__doc__
assert provoking_wire.__doc__


SLOW = (
    "flights_are_too_large",  # OpenSSL repeats flights by the machine's clock
    "nobody_looks_at_pictures",
    "the_line_is_cut",
    "packets_are_late",
    "pictures_on_a_thin_line",
    "the_microphone_is_muted",
    "the_restart_is_lost",
)
"""The calls that take longest to tell."""


def marked(name: str) -> Any:
    marks = [pytest.mark.slow] if name.endswith(SLOW) else []
    return pytest.param(name, marks=marks)


@pytest.mark.parametrize("name", [marked(name) for name in STORIES])
def test_a_call_with_one_thing_wrong(name: str) -> None:
    explanation = explained(name)
    assert explanation.cause == name.partition(":")[0], str(explanation)
    for finding in (explanation.verdict, *explanation.others):
        assert finding is not None
        assert finding.evidence
        assert finding.words.endswith(".")
        assert finding.advice.endswith((".", "?"))


def test_there_are_enough_of_them() -> None:
    assert len({name.partition(":")[0] for name in STORIES}) >= 40


def test_a_call_that_works() -> None:
    async def call() -> tuple[Explanation, Explanation]:
        network = Network(seed=1)
        network.stun_server()
        network.turn_server()
        a = network.host("alice", nat="port-restricted").connection()
        b = network.host("bob", nat="port-restricted").connection()
        a.addTrack(ToneTrack())
        a.createDataChannel("chat")
        await connect(a, b)
        await asyncio.sleep(8)
        found = a.explain(), b.explain()
        await a.close()
        await b.close()
        return found

    for explanation in run(call()):
        assert explanation.causes == []
        assert str(explanation).startswith("It was connected at 0.")
        assert str(explanation).endswith(" s over srflx and srflx.")


# Traces made by hand: calls in small, of which any part may be missing.

SECTION = (
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:abcd\r\n"
    "a=rtpmap:111 opus/48000/2\r\n"
)
DATA = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:1\r\na=ice-ufrag:abcd\r\n"
SDP = f"v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n{SECTION}{DATA}"
LOCAL = {"type": "local-candidate", "candidateType": "host", "address": "198.51.100.1", "port": 1}
REMOTE = {"type": "remote-candidate", "candidateType": "host", "address": "203.0.113.1", "port": 2}
PAIR = {
    "type": "candidate-pair",
    "state": "succeeded",
    "localCandidateId": "L",
    "remoteCandidateId": "R",
    "requestsSent": 5,
    "responsesReceived": 5,
    "requestsReceived": 5,
}


def entry(time: float, method: str, value: Any = None, *extra: Any) -> TraceEntry:
    return TraceEntry(1.7e9 + time, "PC_0", method, value, extra)


def told(address: str, kind: str = "host") -> dict[str, str]:
    return {"candidate": f"candidate:1 1 udp 1 {address} 9 typ {kind}", "sdpMid": "0"}


def exchange(**settings: Any) -> list[TraceEntry]:
    """An offer, its answer and a candidate of each side."""
    return [
        entry(0, "create", settings),
        entry(0, "setLocalDescription", {"type": "offer", "sdp": SDP}),
        entry(0, "setLocalDescriptionOnSuccess"),
        entry(0, "onicecandidate", told("198.51.100.1")),
        entry(1, "setRemoteDescription", {"type": "answer", "sdp": SDP}),
        entry(1, "setRemoteDescriptionOnSuccess"),
        entry(1, "addIceCandidate", told("203.0.113.1")),
    ]


def connected(at: float = 2) -> list[TraceEntry]:
    return [
        *exchange(),
        entry(at, "oniceconnectionstatechange", "connected"),
        entry(at, "onconnectionstatechange", "connected"),
    ]


def report(at: float, **objects: Any) -> TraceEntry:
    return entry(at, "getStats", {"L": LOCAL, "R": REMOTE, **objects})


def ice(at: float, kind: str, **fields: Any) -> TraceEntry:
    return entry(at, ICE, {"time": at, "kind": kind, **fields}, 0)


def event(at: float, name: str, **fields: Any) -> TraceEntry:
    return ice(at, "event", event=name, fields=fields)


def refused(words: str) -> dict[str, Any]:
    return {"url": "turns:t.example:443?transport=tcp", "errorCode": 701, "errorText": words}


def inbound(**members: Any) -> dict[str, Any]:
    return {"type": "inbound-rtp", "kind": "video", "mid": "0", "packetsReceived": 500, **members}


def heard(trip: float) -> dict[str, Any]:
    return {
        "type": "remote-inbound-rtp",
        "localId": "O",
        "packetsLost": 50,
        "roundTripTime": trip,
    }


def outbound(**members: Any) -> dict[str, Any]:
    return {"type": "outbound-rtp", "kind": "video", "mid": "0", "packetsSent": 500, **members}


FAILED = entry(40, "onconnectionstatechange", "failed")
ICE_DONE = entry(2, "oniceconnectionstatechange", "connected")
SILENT = {**PAIR, "responsesReceived": 0, "requestsReceived": 0}
HANDMADE: dict[str, list[TraceEntry]] = {
    "role-conflict": [
        *exchange(),
        *(ice(n, "drop", reason="role-conflict", details={}) for n in range(5)),
        report(40, P={**PAIR, "responsesReceived": 0}),
        FAILED,
    ],
    "answers-from-elsewhere": [
        *exchange(),
        report(40, P={**PAIR, "state": "failed", "reason": "response from another address"}),
        FAILED,
    ],
    "never-nominated": [*exchange(), ICE_DONE, report(40, P={**PAIR, "nominated": False})],
    "relay-address-private": [
        *exchange(),
        entry(1, "onicecandidate", told("10.0.0.5", "relay")),
        entry(1, "addIceCandidate", told("8.8.8.8")),
        FAILED,
    ],
    "server-unconnected": [
        *exchange(),
        entry(2, "onicecandidateerror", refused("Hostname mismatch, certificate is of x")),
        FAILED,
    ],
    "server-name-unknown": [
        *exchange(),
        entry(2, "onicecandidateerror", refused("t.example: Name or service not known")),
        FAILED,
    ],
    "turn-family": [
        *exchange(),
        entry(2, "onicecandidateerror", {"url": "turn:t", "errorCode": 440, "errorText": "x"}),
        FAILED,
    ],
    "candidates-refused": [
        *exchange(),
        entry(2, "addIceCandidate", {"candidate": "nonsense", "sdpMid": "0"}),
        entry(2, "addIceCandidateOnFailure", "OperationError: it does not parse"),
    ],
    "dtls-refused": [
        *exchange(),
        ICE_DONE,
        entry(3, DTLS, {"state": "failed", "failure": "the handshake was refused: no cipher"}),
        entry(3, "onconnectionstatechange", "failed"),
    ],
    "srtp-refused": [
        *connected(),
        report(20, T={"type": "transport", "packetsReceived": 100, "drops": {"srtp-refused": 90}}),
    ],
    "event-loop-stalled": [
        *connected(),
        event(5, "EventLoopStalled", duration=3.0),
        entry(5, STALL, {"duration": 3.1, "blamed": "read, at read (bot.py:7)"}),
        report(20),
    ],
    "sctp-unanswered": [
        entry(0, "create", {}),
        entry(0, "createDataChannel", ["chat", {}]),
        *connected()[1:],
        event(3, "StateChanged", component=1, state="completed", reason=""),
        report(20, C={"type": "data-channel", "state": "connecting"}),
    ],
    "sent-not-received": [
        *connected(),
        report(20, O={"type": "remote-outbound-rtp", "kind": "audio", "packetsSent": 900}),
    ],
    "media-not-negotiated": [
        *connected(),
        report(20, T={"type": "transport", "drops": {"unknown-payload-type": 300}}),
    ],
    "no-key-frame": [
        *connected(),
        report(20, I=inbound(framesDecoded=0, framesReceived=90, pliCount=9)),
    ],
    "decoder-too-slow": [
        *connected(),
        report(20, I=inbound(framesDecoded=90, drops={"decoder-too-slow": 60})),
    ],
    "encoder-too-slow": [
        *connected(),
        report(20, O=outbound(framesEncoded=90, totalEncodeTime=9.0)),
    ],
    "bandwidth-low": [
        *connected(),
        report(20, O=outbound(qualityLimitationReason="bandwidth", targetBitrate=80_000)),
    ],
    "loss": [
        *connected(),
        report(19, O=outbound(), I=heard(0.05)),
        report(20, O=outbound(), I=heard(0.12)),
    ],
}  # fmt: skip


@pytest.mark.parametrize("cause", HANDMADE)
def test_a_trace_with_one_thing_wrong(cause: str) -> None:
    explanation = explain(HANDMADE[cause])
    assert explanation.cause == cause, str(explanation)


@pytest.mark.parametrize("cause", HANDMADE)
def test_what_is_missing_is_no_error(cause: str) -> None:
    """Any part of a trace may be missing: what is left is explained, or nothing is said."""
    entries = HANDMADE[cause]
    for index in range(len(entries)):
        assert str(explain(entries[:index] + entries[index + 1 :]))
        assert str(explain(entries[index:]))


def test_an_empty_trace() -> None:
    explanation = explain([])
    assert explanation.cause is None
    assert "empty" in str(explanation)


def test_what_cannot_be_told_is_said() -> None:
    explanation = explain([*exchange(), FAILED])
    assert explanation.causes == []
    assert str(explanation).endswith("Why cannot be told: the trace has no statistics.")


def test_an_explanation_as_text_and_as_json() -> None:
    explanation = explain(HANDMADE["dtls-refused"])
    assert str(explanation).splitlines() == [
        "It was never connected: failed after 3.000 s.",
        "The DTLS handshake was refused.",
        "  - 3.000 s DTLS: the handshake was refused: no cipher",
        "  -> Compare versions and ciphers: this side speaks DTLS 1.2 with ECDHE.",
    ]
    plain = json.loads(json.dumps(explanation.as_json()))
    assert plain["connection"] == "PC_0"
    assert plain["findings"][0]["cause"] == "dtls-refused"


def test_who_held_the_loop_up_is_evidence() -> None:
    finding = explain(HANDMADE["event-loop-stalled"]).verdict
    assert finding is not None
    assert finding.words == "The program blocked the event loop for 3.100 s."
    assert finding.evidence == (
        "1.900 s it was in read, at read (bot.py:7)",
        "nothing ran from 1.900 s for 3.100 s",
    )
