"""What calls and events are in a trace: JSON, and nothing secret."""

import json
from types import SimpleNamespace
from typing import Any, cast

import pytest

from peer import RTCConfiguration, RTCIceCandidate, RTCIceServer, RTCSessionDescription
from peer.api import (
    CircuitBreakerEvent,
    Event,
    RTCDataChannel,
    RTCDataChannelEvent,
    RTCPeerConnectionIceErrorEvent,
    RTCPeerConnectionIceEvent,
    RTCTrackEvent,
)
from peer.api.configuration import normalize
from peer.api.options import RTCDataChannelInit
from peer.session.told import (
    ToldDescription,
    told_candidate,
    told_channel,
    told_configuration,
    told_description,
    told_event,
)
from peer.testing import ToneTrack

SDP = "v=0\r\na=ice-ufrag:abcd\r\na=ice-pwd:hush\r\n"
HIDDEN = {"type": "offer", "sdp": "v=0\r\na=ice-ufrag:abcd\r\na=ice-pwd:***\r\n"}
CANDIDATE = "candidate:1 1 udp 1 192.0.2.1 9 typ host"


def plain(description: object) -> object:
    told = told_description(description)
    return told.plain() if isinstance(told, ToldDescription) else told


@pytest.mark.parametrize(
    "description", [RTCSessionDescription(SDP, "offer"), {"type": "offer", "sdp": SDP}]
)
def test_descriptions_come_without_passwords(description: object) -> None:
    assert plain(description) == HIDDEN


@pytest.mark.parametrize(
    ("description", "told"),
    [
        (None, None),
        (3, "no description: int"),
        ({"type": 3, "sdp": 4}, {"type": "3", "sdp": ""}),
        ({}, {"type": "None", "sdp": ""}),
    ],
)
def test_odd_descriptions(description: object, told: object) -> None:
    assert plain(description) == told


def test_candidates() -> None:
    init = {"candidate": CANDIDATE, "sdpMid": "0"}
    assert told_candidate(init) == init
    assert told_candidate({**init, "password": "hush"}) == init
    assert told_candidate({"candidate": b"x"}) == {"candidate": "bytes"}
    assert told_candidate(None) is None
    assert told_candidate(3) == "no candidate: int"
    made = RTCIceCandidate(1, "1", "192.0.2.1", 9, 1, "udp", "host", sdpMid="0")
    assert told_candidate(made)["candidate"].endswith("192.0.2.1 9 typ host")


def test_configurations_come_without_credentials() -> None:
    server = RTCIceServer("turn:turn.example", "user", "hush")
    told = told_configuration(normalize(RTCConfiguration(iceServers=[server])))
    assert told["iceServers"] == [{"urls": "turn:turn.example", "username": "user"}]
    assert "hush" not in json.dumps(told)


def test_channels() -> None:
    channel = RTCDataChannel("chat", RTCDataChannelInit(negotiated=True, id=4))
    label, options = told_channel(channel)
    assert label == "chat"
    assert options["id"] == 4
    assert told_event(RTCDataChannelEvent(channel=channel)) == [4, "chat"]


def test_events() -> None:
    made = RTCIceCandidate(1, "1", "192.0.2.1", 9, 1, "udp", "host", sdpMid="0")
    stream: Any = SimpleNamespace(id="stream")
    track = ToneTrack()
    receiver = cast("Any", None)
    assert told_event(Event("negotiationneeded")) is None
    assert told_event(RTCPeerConnectionIceEvent(candidate=None)) is None
    candidate = told_event(RTCPeerConnectionIceEvent(candidate=made, url="stun:x"))
    assert candidate["url"] == "stun:x"
    assert candidate["sdpMid"] == "0"
    error = RTCPeerConnectionIceErrorEvent(
        address=None, port=None, url="stun:x", errorCode=701, errorText="silent"
    )
    assert told_event(error)["errorText"] == "silent"
    event = RTCTrackEvent(receiver=receiver, track=track, streams=(stream,), transceiver=None)
    assert told_event(event) == ["audio", track.id, "", "stream"]
    assert told_event(CircuitBreakerEvent(7, "loss")) == {"ssrc": 7, "reason": "loss"}
