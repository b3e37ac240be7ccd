"""What is wrong raises the W3C's error, and changes nothing."""

import asyncio
import math
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from peer import RTCPeerConnection, RTCSessionDescription
from peer.api.errors import (
    DOMException,
    InvalidAccessError,
    InvalidModificationError,
    InvalidStateError,
    JsepTypeError,
    OperationError,
    RangeError,
    RTCError,
    SyntaxError_,
)
from peer.transports import AudioStreamTrack
from tests.api.support import make, turns

Act = Callable[[RTCPeerConnection], Awaitable[object] | object]
W3C = (DOMException, TypeError, ValueError)
"""What the API may raise: with Python's own for JavaScript's TypeError and RangeError."""


def snapshot(pc: RTCPeerConnection) -> list[object]:
    """Give everything a call could have changed."""
    session = pc._session
    links = session.links.all
    return [
        # The record of offer/answer is frozen, and another one after each change.
        id(session.state),
        (pc.signalingState, pc.iceGatheringState, pc.iceConnectionState, pc.connectionState),
        (pc.localDescription, pc.remoteDescription),
        [(number, id(link)) for number, link in links.items()],
        [(link.gathered, link.remote, link.remote_candidates) for link in links.values()],
        session.links.statistics() and [each.candidates for each in session.links.statistics()],
        session.data.channels,
        [(one, one.sender.track, one.direction) for one in pc.getTransceivers()],
        pc.getConfiguration(),
    ]


async def perform(pc: RTCPeerConnection, act: Act) -> None:
    result = act(pc)
    if isinstance(result, Awaitable):
        await result


async def refused(pc: RTCPeerConnection, act: Act) -> Exception:
    """Make a call that must be refused and change nothing; gives the error."""
    before = snapshot(pc)
    heard: list[object] = []
    for event in ("signalingstatechange", "negotiationneeded", "track", "icecandidate"):
        pc.addEventListener(event, heard.append)
    with pytest.raises(W3C) as caught:
        await perform(pc, act)
    await turns()
    assert snapshot(pc) == before
    assert heard == []
    return caught.value


async def settled(pc: RTCPeerConnection) -> RTCPeerConnection:
    """Let what was set off by making things end."""
    await turns()
    return pc


async def stable() -> RTCPeerConnection:
    pc = make()
    pc.addTransceiver("audio")
    pc.createDataChannel("call", negotiated=True, id=7)
    return await settled(pc)


async def have_local_offer() -> RTCPeerConnection:
    pc = await stable()
    await pc.setLocalDescription()
    return pc


async def have_remote_offer() -> RTCPeerConnection:
    other = await have_local_offer()
    assert other.localDescription is not None
    pc = make()
    await pc.setRemoteDescription(other.localDescription)
    await other.close()
    return await settled(pc)


async def negotiated() -> RTCPeerConnection:
    pc = await have_remote_offer()
    await pc.setLocalDescription()
    return await settled(pc)


async def closed() -> RTCPeerConnection:
    pc = await negotiated()
    await pc.close()
    return pc


def check(
    make_pc: Callable[[], Awaitable[RTCPeerConnection]], act: Act, expected: type[Exception]
) -> Exception:
    """Let an act be refused with exactly this error; gives it."""
    found: list[Exception] = []

    async def story() -> None:
        pc = await make_pc()
        error = await refused(pc, act)
        assert type(error) is expected, error
        found.append(error)
        await pc.close()

    asyncio.run(story())
    return found[0]


def altered(pattern: str, replacement: str, count: int = 0) -> Act:
    """Set the remote offer with a change in its text."""

    async def act(pc: RTCPeerConnection) -> None:
        assert pc.remoteDescription is not None
        text = pc.remoteDescription.sdp
        changed, times = re.subn(pattern, replacement, text, count=count, flags=re.M)
        assert times, text
        await pc.setRemoteDescription({"type": "offer", "sdp": changed})

    return act


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        (altered(r"^a=ice-ufrag:.*\r\n", ""), InvalidAccessError),
        (altered(r"^a=ice-pwd:.*\r\n", ""), InvalidAccessError),
        (altered(r"^a=fingerprint:.*\r\n", ""), InvalidAccessError),
        (altered(r"^a=rtcp-mux\r\n", ""), InvalidAccessError),
        (altered(r"^a=mid:1", "a=mid:0"), InvalidAccessError),
        (altered(r"^a=group:BUNDLE .*", "a=group:BUNDLE 0 9"), InvalidAccessError),
        (altered(r"^m=application(.*\r\n)+", ""), InvalidAccessError),
        (altered(r"^v=0", "v=1"), RTCError),
        (altered(r"^o=.*", "x=nonsense"), RTCError),
        (altered(r"^m=audio \d+", "m=audio nine"), RTCError),
        (altered(r"^a=mid:0", "nonsense"), RTCError),
        (altered(r"\A(.|\n)*\Z", "", count=1), RTCError),
    ],
)
def test_remote_descriptions_that_are_wrong(act: Act, expected: type[Exception]) -> None:
    check(have_remote_offer, act, expected)


def altered_answer(pattern: str, replacement: str, count: int = 0) -> Act:
    """Set an answer to the local offer with a change in its text."""

    async def act(pc: RTCPeerConnection) -> None:
        other = make()
        assert pc.localDescription is not None
        await other.setRemoteDescription(pc.localDescription)
        answer = await other.createAnswer()
        await other.close()
        changed, times = re.subn(pattern, replacement, answer.sdp, count=count, flags=re.M)
        assert times, answer.sdp
        await pc.setRemoteDescription({"type": "answer", "sdp": changed})

    return act


@pytest.mark.parametrize(
    "act",
    [
        altered_answer(r"^a=ice-ufrag:.*\r\n", ""),
        altered_answer(r"^a=fingerprint:.*\r\n", ""),
        altered_answer(r"^a=setup:active", "a=setup:actpass"),
        altered_answer(r"^a=rtcp-mux\r\n", ""),
        altered_answer(r"^m=application(.*\r\n)+", ""),
        altered_answer(r"^m=application.*\r\n", "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n"),
        altered_answer(r"^a=mid:1", "a=mid:2"),
        altered_answer(r"^a=group:BUNDLE .*", "a=group:BUNDLE 0 9"),
    ],
)
def test_answers_that_are_wrong(act: Act) -> None:
    check(have_local_offer, act, InvalidAccessError)


def test_a_description_that_does_not_parse_tells_the_line() -> None:
    error = check(have_remote_offer, altered(r"^s=.*", "s"), RTCError)
    assert isinstance(error, RTCError)
    assert (error.errorDetail, error.sdpLineNumber) == ("sdp-syntax-error", 3)


def set_remote(description: object) -> Act:
    return lambda pc: pc.setRemoteDescription(description)


def set_local(description: object) -> Act:
    return lambda pc: pc.setLocalDescription(description)


NO_DESCRIPTIONS: list[object] = [
    None, 5, "offer", [], {}, {"type": "offer", "sdp": 5}, {"type": "bid", "sdp": ""},
    {"type": None, "sdp": ""}, {"sdp": "v=0\r\n"}, {"type": ["offer"], "sdp": ""},
    RTCSessionDescription(None, "offer"), RTCSessionDescription(b"v=0", "offer"),  # type: ignore
]  # fmt: skip


@pytest.mark.parametrize("description", NO_DESCRIPTIONS, ids=repr)
def test_what_is_no_description(description: object) -> None:
    check(stable, set_remote(description), JsepTypeError)


async def set_altered_offer(pc: RTCPeerConnection) -> None:
    offer = await pc.createOffer()
    # Candidates may be missing, other attributes not.
    text = offer.sdp.replace("a=setup:actpass", "a=setup:active")
    await pc.setLocalDescription(RTCSessionDescription(text, "offer"))


@pytest.mark.parametrize(
    ("state", "act", "expected"),
    [
        (stable, set_remote({"type": "answer", "sdp": ""}), InvalidStateError),
        (stable, set_remote({"type": "pranswer", "sdp": ""}), InvalidStateError),
        (stable, set_remote({"type": "rollback"}), InvalidStateError),
        (stable, set_local({"type": "rollback"}), InvalidStateError),
        (stable, set_local({"type": "answer", "sdp": ""}), InvalidStateError),
        (stable, lambda pc: pc.createAnswer(), InvalidStateError),
        (have_local_offer, lambda pc: pc.createAnswer(), InvalidStateError),
        (have_local_offer, set_local({"type": "answer"}), InvalidStateError),
        (have_remote_offer, lambda pc: pc.createOffer(), InvalidStateError),
        (have_remote_offer, set_local({"type": "offer"}), InvalidStateError),
        (stable, set_local({"type": "offer", "sdp": "v=0"}), InvalidModificationError),
    ],
)
def test_descriptions_at_the_wrong_time(
    state: Callable[[], Awaitable[RTCPeerConnection]], act: Act, expected: type[Exception]
) -> None:
    check(state, act, expected)


TEXT = "candidate:1 1 udp 2130706431 192.0.2.7 50000 typ host"


def add(candidate: object) -> Act:
    return lambda pc: pc.addIceCandidate(candidate)


@pytest.mark.parametrize(
    ("candidate", "expected"),
    [
        ({"candidate": TEXT}, JsepTypeError),
        ({"candidate": TEXT, "sdpMid": "9"}, OperationError),
        ({"candidate": TEXT, "sdpMLineIndex": 9}, OperationError),
        ({"candidate": TEXT, "sdpMid": "0", "usernameFragment": "other"}, OperationError),
        ({"candidate": "candidate:", "sdpMid": "0"}, OperationError),
        ({"candidate": TEXT.replace("50000", "66000"), "sdpMid": "0"}, OperationError),
        ({"candidate": TEXT, "sdpMLineIndex": "9"}, OperationError),
        ({"candidate": TEXT, "sdpMLineIndex": "first"}, JsepTypeError),
        ({"candidate": TEXT, "sdpMLineIndex": -1}, JsepTypeError),
        ({"candidate": TEXT, "sdpMid": 9}, OperationError),
        ({"candidate": TEXT, "sdpMid": 1.5}, JsepTypeError),
        ({"candidate": 5, "sdpMid": "0"}, JsepTypeError),
        ({"candidate": TEXT, "sdpMid": "0", "usernameFragment": 5}, OperationError),
        (TEXT, JsepTypeError),
        (5, JsepTypeError),
        ([TEXT], JsepTypeError),
    ],
)
def test_candidates_that_are_wrong(candidate: object, expected: type[Exception]) -> None:
    check(negotiated, add(candidate), expected)


@pytest.mark.parametrize("candidate", [None, {"candidate": TEXT, "sdpMid": "0"}])
def test_candidates_before_the_description_they_are_of(candidate: object) -> None:
    check(have_local_offer, add(candidate), InvalidStateError)


def channel(label: Any = "label", options: Any = None, **named: Any) -> Act:
    return lambda pc: pc.createDataChannel(label, options, **named)


def transceiver(kind: Any = "audio", **init: Any) -> Act:
    return lambda pc: pc.addTransceiver(kind, init)


def encodings(*given: object) -> Act:
    return transceiver("video", sendEncodings=list(given))


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        (channel(5), JsepTypeError),
        (channel("x" * 65536), JsepTypeError),
        (channel(protocol="x" * 65536), JsepTypeError),
        (channel(options={"negotiated": True}), JsepTypeError),
        (channel(negotiated=True, id=65535), JsepTypeError),
        (channel(negotiated=True, id=7), OperationError),
        (channel(options=100, maxRetransmits=1), JsepTypeError),
        (channel(maxRetransmits=-1), JsepTypeError),
        (channel(options={"maxPacketLifeTime": 65536}), JsepTypeError),
        (channel(options={"priority": "urgent"}), JsepTypeError),
        (transceiver("text"), JsepTypeError),
        (transceiver(None), JsepTypeError),
        (transceiver(direction="both"), JsepTypeError),
        (transceiver(direction="stopped"), JsepTypeError),
        (transceiver(streams=["stream"]), JsepTypeError),
        (encodings({"rid": "not a rid"}), JsepTypeError),
        (encodings({"rid": "a"}, {}), JsepTypeError),
        (encodings({"rid": "a"}, {"rid": "a"}), JsepTypeError),
        (encodings({"scaleResolutionDownBy": 0.5}), RangeError),
        (encodings({"maxFramerate": -1}), RangeError),
        (encodings({"maxFramerate": 0}), RangeError),
        (encodings("high"), JsepTypeError),
        (encodings({"maxFramerate": 10**400}), JsepTypeError),
        (lambda pc: pc.addTrack("audio"), JsepTypeError),
        (lambda pc: pc.addTrack(AudioStreamTrack(), "stream"), JsepTypeError),
        (lambda pc: pc.getSenders()[0].setStreams("stream"), JsepTypeError),
        (lambda pc: pc.getSenders()[0].replaceTrack("audio"), JsepTypeError),
        (lambda pc: pc.getTransceivers()[0].setCodecPreferences(None), JsepTypeError),
        (lambda pc: pc.removeTrack(make().addTransceiver("audio").sender), InvalidAccessError),
        (lambda pc: pc.setConfiguration({"bundlePolicy": "max-bundle"}), InvalidModificationError),
        (lambda pc: pc.setConfiguration({"rtcpMuxPolicy": "negotiate"}), InvalidModificationError),
        (lambda pc: pc.setConfiguration({"iceServers": "stun:a"}), JsepTypeError),
        (lambda pc: pc.setConfiguration({"lenientMunging": True}), InvalidModificationError),
        (lambda pc: pc.createOffer(5), JsepTypeError),
        (lambda pc: pc.completeLocalDescription(-1), RangeError),
        (lambda pc: pc.completeLocalDescription(math.nan), RangeError),
        (lambda pc: pc.completeLocalDescription("1"), JsepTypeError),
        (lambda pc: pc.getStats(AudioStreamTrack()), InvalidAccessError),
    ],
)
def test_arguments_that_are_wrong(act: Act, expected: type[Exception]) -> None:
    check(stable, act, expected)


def test_a_track_is_sent_once() -> None:
    async def story() -> None:
        pc = make()
        track = AudioStreamTrack()
        pc.addTrack(track)
        await settled(pc)
        error = await refused(pc, lambda pc: pc.addTrack(track))
        assert type(error) is InvalidAccessError
        await pc.close()

    asyncio.run(story())


@pytest.mark.parametrize(
    "act",
    [
        lambda pc: pc.createOffer(),
        lambda pc: pc.createAnswer(),
        lambda pc: pc.setLocalDescription(),
        set_remote({"type": "offer", "sdp": ""}),
        add({"candidate": TEXT, "sdpMid": "0"}),
        add(None),
        channel(),
        transceiver(),
        lambda pc: pc.addTrack(AudioStreamTrack()),
        lambda pc: pc.removeTrack(make().addTransceiver("audio").sender),
        lambda pc: pc.setConfiguration({}),
    ],
)
def test_everything_is_refused_once_closed(act: Act) -> None:
    check(closed, act, InvalidStateError)


@pytest.mark.parametrize(
    ("configuration", "expected"),
    [
        (5, JsepTypeError),
        ("stun:a", JsepTypeError),
        ({"iceServers": 5}, JsepTypeError),
        ({"iceServers": [5]}, JsepTypeError),
        ({"iceServers": [{}]}, JsepTypeError),
        ({"iceServers": [{"urls": []}]}, SyntaxError_),
        ({"iceServers": [{"urls": ""}]}, SyntaxError_),
        ({"iceServers": [{"urls": "http://example.org"}]}, SyntaxError_),
        ({"iceServers": [{"urls": "stun:"}]}, SyntaxError_),
        ({"iceServers": [{"urls": "turn:example.org"}]}, InvalidAccessError),
        ({"iceServers": [{"urls": "turn:example.org", "username": "u"}]}, InvalidAccessError),
        ({"iceTransportPolicy": "none"}, JsepTypeError),
        ({"bundlePolicy": "bundle"}, JsepTypeError),
        ({"rtcpMuxPolicy": None}, JsepTypeError),
        ({"iceCandidatePoolSize": 256}, JsepTypeError),
        ({"iceCandidatePoolSize": -1}, JsepTypeError),
        ({"iceCandidatePoolSize": "1"}, JsepTypeError),
        ({"certificates": ["certificate"]}, JsepTypeError),
        ({"gatheringTimeout": -1}, RangeError),
        ({"gatheringTimeout": "1"}, JsepTypeError),
        ({"consentTimeout": 31}, RangeError),
        ({"consentTimeout": 0}, RangeError),
        ({"handshakeTimeout": 0}, RangeError),
        ({"handshakeTimeout": 10**400}, RangeError),
        ({"handshakeTimeout": None}, JsepTypeError),
        ({"disconnectedTimeout": 0}, RangeError),
        ({"trickle": "yes"}, JsepTypeError),
        ({"lenientMunging": "yes"}, JsepTypeError),
        ({"network": {}}, JsepTypeError),
        ({"ice": {}}, JsepTypeError),
    ],
)
def test_configurations_that_are_wrong(configuration: Any, expected: type[Exception]) -> None:
    with pytest.raises(W3C) as caught:
        RTCPeerConnection(configuration)
    assert type(caught.value) is expected
