"""Passwords, credentials and keys show nowhere: in no repr, log, trace, statistic or error."""

import asyncio
import gc
import io
import json
import logging
import re
from collections.abc import Callable, Iterator

import pytest

from peer import RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCSessionDescription
from peer.api.errors import DOMException
from peer.ice import DropReason, IceAgent, IceRole, Record, RemoteParameters, dump_record, replay
from peer.ice.records import Secret
from tests.api.support import calling, configured, run

SECRET = "sEcReT" * 4
TEXT = f"v=0\r\na=ice-pwd:{SECRET}\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{SECRET}\r\n"
SERVER = RTCIceServer("turn:127.0.0.1:9", "user", SECRET)


def reachable(root: object) -> Iterator[object]:
    """Everything of ours that an object holds, directly or not."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        here = waiting.pop()
        if id(here) in seen or isinstance(here, type):
            continue
        seen.add(id(here))
        module = type(here).__module__.partition(".")[0]
        if module in ("peer", "sdp"):
            yield here
        if module in ("peer", "sdp", "builtins", "collections", "functools"):
            waiting += gc.get_referents(here)


def secrets_of(*connections: RTCPeerConnection) -> set[str]:
    """The secrets of these connections."""
    found = {SECRET}
    for each in connections:
        assert each.localDescription is not None
        found |= set(re.findall(r"a=ice-pwd:(\S+)", each.localDescription.sdp))
    assert len(found) == 1 + len(connections)
    return found


def test_nothing_a_connection_holds_shows_a_secret() -> None:
    async def story() -> None:
        settings = configured(iceServers=[SERVER])
        async with calling(settings, settings) as call:
            await call.negotiate()
            await call.opened()
            call.offerer.restartIce()
            await call.negotiate()
            secrets = secrets_of(call.offerer, call.answerer)
            looked_at = 0
            for connection in (call.offerer, call.answerer):
                for each in reachable(connection):
                    looked_at += 1
                    text = f"{each!r} {each}"
                    assert not [word for word in secrets if word in text], type(each)
                report = await connection.getStats()
                assert not [word for word in secrets if word in repr(report)]
            assert looked_at > 500

    run(story)


def test_no_log_shows_a_secret() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)

    async def story() -> None:
        loop = asyncio.get_running_loop()
        loop.set_debug(True)
        loop.slow_callback_duration = 0.0  # every callback is logged, with its arguments
        settings = configured(iceServers=[SERVER])
        async with calling(settings, settings) as call:
            await call.negotiate()
            await call.opened()
            secrets = secrets_of(call.offerer, call.answerer)
        text = stream.getvalue()
        assert len(text) > 10_000
        assert not [word for word in secrets if word in text]

    try:
        run(story)
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


MISUSES: dict[str, Callable[[], object]] = {
    "a port": lambda: RTCConfiguration(iceServers=[RTCIceServer("turn:x:99999", "u", SECRET)]),
    "a user": lambda: RTCConfiguration(iceServers=[RTCIceServer(f"turn:u:{SECRET}@x")]),
    "no list": lambda: RTCConfiguration(iceServers=SERVER),  # type: ignore[arg-type]
    "a dictionary": lambda: {"iceServers": {"urls": "turn:x", "credential": SECRET}},
    "a list": lambda: [{"urls": "turn:x", "username": "u", "credential": SECRET}],
    "a username too long": lambda: {
        "iceServers": [{"urls": "turn:x", "username": "u" * 600, "credential": SECRET}]
    },
    "no username": lambda: {"iceServers": [{"urls": "turn:x", "credential": SECRET}]},
    "a credential that is none": lambda: {
        "iceServers": [{"urls": "turn:x", "username": "u", "credential": {"key": SECRET}}]
    },
    "a kind of credential": lambda: {
        "iceServers": [{"urls": "turn:x", "credentialType": {"key": SECRET}}]
    },
}


@pytest.mark.parametrize("name", MISUSES)
def test_no_error_about_a_configuration_shows_a_secret(name: str) -> None:
    with pytest.raises((DOMException, TypeError)) as caught:
        RTCPeerConnection(MISUSES[name]())  # type: ignore[arg-type]
    assert SECRET not in f"{caught.value!r} {caught.value}"


DESCRIPTIONS: tuple[object, ...] = (
    TEXT,
    {"type": "ofer", "sdp": TEXT},
    {"type": "offer", "sdp": TEXT + "nonsense\r\n"},
    {"type": "offer", "sdp": [TEXT]},
    RTCSessionDescription(TEXT, "offer"),
    RTCSessionDescription(TEXT, "answer"),
    {
        "type": "offer",
        "sdp": f"v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=ice-pwd:{SECRET} {SECRET}",
    },
)


@pytest.mark.parametrize("description", DESCRIPTIONS)
def test_no_error_about_a_description_shows_a_secret(description: object) -> None:
    async def story() -> None:
        connection = RTCPeerConnection(configured())
        errors = []
        for method in (connection.setRemoteDescription, connection.addIceCandidate):
            try:
                await method(description)
            except (DOMException, TypeError) as error:
                errors.append(error)
        assert errors
        assert SECRET not in f"{errors} {[str(error) for error in errors]}"
        await connection.close()

    run(story)


def test_a_description_shows_all_but_its_secrets() -> None:
    shown = repr(RTCSessionDescription(TEXT + "a=ice-ufrag:abcd\r\n", "offer"))
    assert SECRET not in shown
    assert "a=ice-ufrag:abcd" in shown
    assert "a=ice-pwd:***" in shown
    assert "a=crypto:***" in shown


def traced() -> list[Record]:
    records: list[Record] = []
    agent = IceAgent(role=IceRole.CONTROLLING, entropy=bytes, trace=records.append)
    agent.add_stream("0")
    agent.set_remote_parameters("0", RemoteParameters("peer", SECRET))
    agent.update_turn_credentials("turn:x", "user", SECRET)
    agent.handle_timer(now=1.0)
    assert not agent.stats().drops.get(DropReason.NOT_STUN.value)
    return records


def test_a_trace_shows_no_secret_and_replays() -> None:
    records = traced()
    hidden = repr(Secret("x"))
    assert SECRET not in f"{records} {records[-1]}"
    assert f"'password': {hidden}" in str(records)
    lines = [dump_record(record) for record in records]
    assert SECRET not in "".join(lines)
    assert replay(records).divergence is None
    with pytest.raises(TypeError):
        json.dumps(records)
    assert SECRET not in json.dumps(records, default=str)
    assert any(SECRET in dump_record(record, secrets=True) for record in records)
