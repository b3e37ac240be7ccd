"""Arguments of any kind: they are taken, or refused and then change nothing."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from peer import (
    AudioStreamTrack,
    RTCConfiguration,
    RTCIceCandidate,
    RTCPeerConnection,
    RTCSessionDescription,
)
from tests.api.test_bad_input import (
    TEXT,
    W3C,
    Act,
    add,
    negotiated,
    perform,
    set_local,
    set_remote,
    snapshot,
)

NAMES = (
    "candidate", "sdpMid", "sdpMLineIndex", "usernameFragment", "type", "sdp",
    "urls", "username", "credential", "credentialType", "direction", "streams", "sendEncodings",
    "rid", "active", "maxBitrate", "maxFramerate", "scaleResolutionDownBy", "priority",
    "ordered", "maxPacketLifeTime", "maxRetransmits", "protocol", "negotiated", "id",
    *RTCConfiguration.__dataclass_fields__,
)  # fmt: skip
WORDS = (
    "",
    "0",
    "1",
    "offer",
    "answer",
    "rollback",
    "audio",
    "sendrecv",
    "stun:a",
    "v=0\r\n",
    TEXT,
    f"{TEXT} name \ud800",
    "\ud800",
    10**400,
    float("nan"),
    float("inf"),
)
ATOMS = (
    st.none()
    | st.booleans()
    | st.integers(-2, 70000)
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(WORDS)
    | st.binary(max_size=4)
    | st.just(object())
)
ANYTHING = st.recursive(
    ATOMS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=3), inner, max_size=5)
        | st.sets(ATOMS.filter(lambda value: not isinstance(value, float)), max_size=2)
    ),
    max_leaves=8,
)
ACTS: dict[str, Callable[[Any], Act]] = {
    "addIceCandidate": add,
    "setRemoteDescription": set_remote,
    "setLocalDescription": set_local,
    "createDataChannel": lambda value: lambda pc: pc.createDataChannel("label", value),
    "label": lambda value: lambda pc: pc.createDataChannel(value),
    "addTransceiver": lambda value: lambda pc: pc.addTransceiver("audio", value),
    "kind": lambda value: lambda pc: pc.addTransceiver(value),
    "addTrack": lambda value: lambda pc: pc.addTrack(value),
    "removeTrack": lambda value: lambda pc: pc.removeTrack(value),
    "createOffer": lambda value: lambda pc: pc.createOffer(value),
    "setConfiguration": lambda value: lambda pc: pc.setConfiguration(value),
    "getStats": lambda value: lambda pc: pc.getStats(value),
    "streams": lambda value: lambda pc: pc.addTrack(AudioStreamTrack(), value),
    "setStreams": lambda value: lambda pc: pc.getSenders()[0].setStreams(value),
    "replaceTrack": lambda value: lambda pc: pc.getSenders()[0].replaceTrack(value),
    "setParameters": lambda value: lambda pc: pc.getSenders()[0].setParameters(value),
    "setCodecPreferences": lambda value: (
        lambda pc: pc.getTransceivers()[0].setCodecPreferences(value)
    ),
    "direction": lambda value: lambda pc: setattr(pc.getTransceivers()[0], "direction", value),
    "a description": lambda value: set_remote(RTCSessionDescription(value, "offer")),
    "a candidate": lambda value: add(
        RTCIceCandidate(1, "1", value, 9, 1, "udp", "host", "", 0, "0")
    ),
    "a component": lambda value: add(
        RTCIceCandidate(value, "1", "192.0.2.1", 9, 1, "udp", "host", sdpMid="0")
    ),
}


CALLS = st.lists(st.tuples(st.sampled_from(list(ACTS)), ANYTHING), min_size=4, max_size=12)


@pytest.mark.slow
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(CALLS)
def test_anything_is_taken_or_refused_whole(calls: list[tuple[str, Any]]) -> None:
    asyncio.run(call_all(calls))


@pytest.mark.slow
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(CALLS)
def test_anything_at_length(calls: list[tuple[str, Any]]) -> None:
    asyncio.run(call_all(calls))


async def call_all(calls: list[tuple[str, Any]]) -> None:
    """Make calls with any arguments: what raises is of the W3C's errors and changes nothing."""
    pc = await negotiated()
    for name, value in calls:
        before = snapshot(pc)
        try:
            await perform(pc, ACTS[name](value))
        except W3C as error:
            if not is_declared(error):
                raise
            assert snapshot(pc) == before, (name, value)
    await pc.close()


def is_declared(error: Exception) -> bool:
    """Tell whether an error was raised on purpose, not by chance somewhere inside."""
    return type(error).__module__.startswith("peer.")


@settings(max_examples=60, deadline=None)
@given(ANYTHING)
def test_any_configuration_is_taken_or_refused(value: Any) -> None:
    try:
        RTCPeerConnection(value)
    except W3C as error:
        if not is_declared(error):
            raise
