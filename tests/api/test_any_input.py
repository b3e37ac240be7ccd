"""Arguments of any kind: they are taken, or refused and then change nothing."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from peer import RTCConfiguration, RTCPeerConnection
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
}


CALLS = st.lists(st.tuples(st.sampled_from(list(ACTS)), ANYTHING), min_size=4, max_size=12)


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
