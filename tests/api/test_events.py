"""Events have the fields and types of the W3C."""

from dataclasses import FrozenInstanceError

import pytest
from aiortc import AudioStreamTrack

from peer.api.errors import RTCError
from peer.api.events import (
    CircuitBreakerEvent,
    Event,
    MediaStreamTrackEvent,
    MessageEvent,
    RTCDataChannelEvent,
    RTCErrorEvent,
    RTCPeerConnectionIceErrorEvent,
    RTCPeerConnectionIceEvent,
    RTCTrackEvent,
)
from peer.api.ice_candidate import RTCIceCandidate

TRACK = AudioStreamTrack()
ERROR = RTCError("gone", error_detail="sctp-failure")
CANDIDATE = RTCIceCandidate(candidate="", sdpMid="0")


@pytest.mark.parametrize(
    ("event", "kind", "values"),
    [
        (Event("open"), "open", {}),
        (MessageEvent(b"x"), "message", {"data": b"x"}),
        (RTCErrorEvent(ERROR), "error", {"error": ERROR}),
        (RTCDataChannelEvent(1), "datachannel", {"channel": 1}),
        (
            RTCTrackEvent(1, TRACK, (2,), 3),
            "track",
            {"receiver": 1, "track": TRACK, "streams": (2,), "transceiver": 3},
        ),
        (
            RTCPeerConnectionIceEvent(CANDIDATE),
            "icecandidate",
            {"candidate": CANDIDATE, "url": None},
        ),
        (
            RTCPeerConnectionIceErrorEvent("192.0.2.1", 7, "stun:host", 701, "no answer"),
            "icecandidateerror",
            {
                "address": "192.0.2.1",
                "port": 7,
                "url": "stun:host",
                "errorCode": 701,
                "errorText": "no answer",
            },
        ),
        (MediaStreamTrackEvent(TRACK, type="addtrack"), "addtrack", {"track": TRACK}),
        (
            CircuitBreakerEvent(7, "no-reports"),
            "circuitbreaker",
            {"ssrc": 7, "reason": "no-reports"},
        ),
    ],
)
def test_types_and_fields(event: Event, kind: str, values: dict[str, object]) -> None:
    assert event.type == kind
    assert {name: getattr(event, name) for name in values} == values
    with pytest.raises(FrozenInstanceError):
        event.type = "other"  # type: ignore[misc]
