"""What a connection tells of itself, to whom, and what it costs when nobody asks."""

import asyncio
import sys
from collections import Counter
from typing import Any

import pytest

from peer import RTCConfiguration, RTCPeerConnection
from peer.api.errors import InvalidModificationError, JsepTypeError
from peer.session.told import ToldDescription
from peer.session.tracing import ENVIRONMENT, MAX_REPORTS, Tracer
from peer.testing import Network, ToneTrack, connect, replay, run
from peer.trace import CHANNEL, DTLS, ICE, TraceEntry, read_trace
from peer.trace.ring import MAX_TEXT


async def a_call(
    *sinks: Any, nat: str = "symmetric", transports: tuple[str, ...] = ("udp",)
) -> tuple[RTCPeerConnection, RTCPeerConnection]:
    """A call of a second over a relay, which is closed then."""
    net = Network(seed=3)
    net.stun_server()
    net.turn_server(credential="hush-hush", transports=transports)
    hosts = net.host("alice", nat=nat), net.host("bob", nat="port-restricted")
    pcs = [host.connection(trace=sink) for host, sink in zip(hosts, sinks, strict=True)]
    pcs[0].addTrack(ToneTrack())
    pcs[0].createDataChannel("chat")
    await connect(*pcs)
    await asyncio.sleep(1)
    for pc in pcs:
        await pc.close()
    return pcs[0], pcs[1]


def ring(pc: RTCPeerConnection) -> list[TraceEntry]:
    return list(pc._session.tracer.ring)


def test_what_nobody_asked_for_is_kept_nevertheless() -> None:
    alice, _ = run(a_call(None, None))
    methods = [entry.method for entry in ring(alice)]
    calls = [
        "create",
        "addTrack",
        "createDataChannel",
        "setLocalDescription",
        "setLocalDescriptionOnSuccess",
        "setRemoteDescription",
        "setRemoteDescriptionOnSuccess",
        "addIceCandidate",
        "close",
    ]
    assert [name for name in dict.fromkeys(methods) if name in calls] == calls
    assert {"onicecandidate", "onconnectionstatechange", DTLS, CHANNEL, ICE} <= set(methods)
    kinds = Counter(entry.value["kind"] for entry in ring(alice) if entry.method == ICE)
    assert kinds.keys() == {"decision", "event"}
    assert "getStats" not in methods
    assert {entry.connection for entry in ring(alice)} == {alice._session.tracer.id}


def test_times_are_in_order() -> None:
    alice, _ = run(a_call(None, None))
    times = [entry.time for entry in ring(alice)]
    assert times == sorted(times)
    assert times[-1] - times[0] == pytest.approx(1.3, abs=0.2)


def test_a_call_that_is_named_ends_under_its_name() -> None:
    alice, _ = run(a_call(None, None))
    names = {e.extra: e.method for e in ring(alice) if e.method.startswith("addIceCandidate")}
    assert names[("addIceCandidate-0",)] == "addIceCandidateOnSuccess"
    assert len(names) >= 3


def test_a_call_that_is_refused_says_why() -> None:
    async def refused() -> RTCPeerConnection:
        pc = RTCPeerConnection()
        with pytest.raises(Exception, match="remote description"):
            await pc.addIceCandidate(
                {"candidate": "candidate:1 1 udp 1 192.0.2.1 9 typ host", "sdpMid": "0"}
            )
        await pc.close()
        return pc

    (failure,) = [e for e in ring(run(refused())) if e.method == "addIceCandidateOnFailure"]
    assert failure.value.startswith("InvalidStateError: ")
    assert failure.extra == ("addIceCandidate-0",)


def test_a_sink_is_given_all_and_what_ice_did_replays() -> None:
    entries: list[TraceEntry] = []
    alice, bob = run(a_call(entries.append, entries.append))
    kinds = Counter(entry.value["kind"] for entry in entries if entry.method == ICE)
    assert kinds["input"] > 20
    assert kinds["transmit"] > 20
    assert len([e for e in entries if e.method == "getStats" and e.extra]) == 4
    for pc in (alice, bob):
        name = pc._session.tracer.id
        result = replay(entries, connection=name)
        assert result.divergence is None
        assert "SelectedPairChanged" in {each["event"] for each in result.events}
        kept = {e.value["kind"] for e in ring(pc) if e.method == ICE}
        assert {"decision", "event"} <= kept <= {"decision", "drop", "event"}


@pytest.mark.parametrize("transports", [("udp",), ("tcp",)])
def test_a_file_has_nothing_secret_and_what_ice_did_replays(
    tmp_path: Any, transports: tuple[str, ...]
) -> None:
    path = tmp_path / "trace.jsonl"
    entries: list[TraceEntry] = []
    run(a_call(path, entries.append, transports=transports))
    passwords = {value.reveal() for entry in entries for value in secrets(entry.value)}
    assert len(passwords) >= 3  # of both sides, and of the relay
    text = path.read_text()
    assert [word for word in passwords if word in text] == []
    assert "a=ice-pwd:***" in text
    result = replay(path)
    assert result.divergence is None
    assert "SelectedPairChanged" in {each["event"] for each in result.events}


def secrets(value: Any) -> Any:
    """What is marked as a password or credential, anywhere in a value."""
    if isinstance(value, dict):
        for name, item in value.items():
            if name in ("password", "credential"):
                yield item
            else:
                yield from secrets(item)


def test_connections_share_a_file(tmp_path: Any) -> None:
    path = tmp_path / "trace.jsonl"
    alice, bob = run(a_call(path, str(path)))
    dump = read_trace(path.read_bytes())
    assert dump.skipped == ()
    assert dump.connections == [alice._session.tracer.id, bob._session.tracer.id]
    assert [e.method for e in dump.entries].count("close") == 2
    assert path.stat().st_mode & 0o777 == 0o600
    reports = [e for e in dump.entries if e.method == "getStats"]
    types = {item["type"] for each in reports for item in each.value.values()}
    assert {"candidate-pair", "outbound-rtp", "inbound-rtp", "transport", "data-channel"} <= types


def test_the_environment_names_a_folder(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path))
    run(a_call(None, None))
    (file,) = tmp_path.iterdir()
    assert len(read_trace(file.read_bytes()).connections) == 2


def test_the_environment_breaks_no_program(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path / "nowhere" / "trace"))
    tracer = Tracer(RTCConfiguration())
    assert not tracer.asked
    assert "AIOPEER_TRACE cannot be written" in caplog.text


def test_a_file_that_was_asked_for_and_cannot_be_written(tmp_path: Any) -> None:
    with pytest.raises(FileNotFoundError):
        RTCPeerConnection(RTCConfiguration(trace=tmp_path / "nowhere" / "trace"))


@pytest.mark.parametrize("trace", [3, b"path", ["x"]])
def test_what_is_no_sink(trace: Any) -> None:
    with pytest.raises(JsepTypeError):
        RTCPeerConnection({"trace": trace})


def test_who_is_told_lasts() -> None:
    pc = RTCPeerConnection({"trace": print_nothing})
    with pytest.raises(InvalidModificationError):
        pc.setConfiguration({"trace": "another"})
    pc.setConfiguration({})
    assert pc.getConfiguration().trace is print_nothing


def print_nothing(entry: TraceEntry) -> None:
    """Take an entry."""


def test_a_sink_that_fails_is_given_no_more_and_the_call_goes_on() -> None:
    told: list[Any] = []

    def fail(entry: TraceEntry) -> None:
        told.append(entry)
        raise RuntimeError("full")

    async def call() -> None:
        handled: list[Any] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: handled.append(context))
        await a_call(fail, None)
        assert [str(context["exception"]) for context in handled] == ["full"]

    run(call())
    assert len(told) == 1


def test_what_is_kept_of_a_long_call_is_bounded() -> None:
    """Half a megabyte at most, whatever strangers send; the whole is asked for expressly."""
    tracer = Tracer(RTCConfiguration())
    number, trace = tracer.agent()
    for port in range(100_000):
        trace({"time": 1.0, "kind": "drop", "reason": "not-stun", "details": {"source": str(port)}})
    for second in range(2000):
        pair = f"<pair 0/1 192.168.1.10:49152 192.168.2.10:49152 in-progress {second}>"
        details = {"pair": pair, "nominating": False}
        trace({"time": 1.0, "kind": "decision", "decision": "check", "details": details})
    assert number == 0
    assert len(tracer.ring) == 800
    assert size(list(tracer.ring), set()) < 1 << 19


def test_of_many_descriptions_the_types_are_kept() -> None:
    tracer = Tracer(RTCConfiguration())
    text = "v" * (MAX_TEXT // 2)
    for _ in range(3):
        tracer.note("setLocalDescription", ToldDescription("offer", text), "setLocalDescription-0")
    values = [entry.value for entry in tracer.ring]
    assert [value["sdp"] for value in values] == [text, text, ""]
    assert [value["type"] for value in values] == ["offer"] * 3


@pytest.mark.parametrize(("objects", "kept"), [(20, MAX_REPORTS), (100, 2), (1000, 2)])
def test_reports_are_kept_within_bounds(objects: int, kept: int) -> None:
    """Two at least: what grows is seen by two."""
    tracer = Tracer(RTCConfiguration())
    reports = [{str(number): {"at": at} for number in range(objects)} for at in range(12)]
    for report in reports:
        tracer.remember(report)
    assert [entry.value for entry in tracer.entries()] == reports[-kept:]


def size(value: Any, seen: set[int]) -> int:
    """The bytes of a value with all that it holds, each once."""
    if id(value) in seen:
        return 0
    seen.add(id(value))
    items = [*value, *value.values()] if isinstance(value, dict) else value
    inside = items if isinstance(value, dict | tuple | list) else ()
    return sys.getsizeof(value) + sum(size(item, seen) for item in inside)
