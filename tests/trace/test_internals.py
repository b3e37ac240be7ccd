"""Dumps of webrtc-internals, of today and of before."""

import json
from typing import Any

import pytest

from peer.trace import DumpError
from peer.trace.dump import read_dump
from peer.trace.internals import read_internals
from tests.trace.support import CALL, CALL_INTERNALS, FAILED, FAILED_INTERNALS


def read(log: list[Any], stats: Any = None) -> Any:
    record = {"updateLog": log, "stats": stats or {}, "rtcConfiguration": '{"iceServers": []}'}
    return read_internals(json.dumps({"PeerConnections": {"1-2": record}}).encode()).entries


def test_what_chromium_wrote_has_the_same_log_as_its_other_dump() -> None:
    for internals, rtcstats in ((FAILED_INTERNALS, FAILED), (CALL_INTERNALS, CALL)):
        ours, theirs = read_internals(internals), read_dump(rtcstats)
        for connection in ours.connections:
            log, other = (
                [(e.method, e.value) for e in dump.of(connection) if e.method != "getStats"]
                for dump in (ours, theirs)
            )
            assert [name for name, _ in log] == [name for name, _ in other][: len(log)]


def test_statistics_become_reports() -> None:
    dump = read_internals(CALL_INTERNALS)
    reports = [e.value for e in dump.entries if e.method == "getStats"]
    assert len(reports) > 5
    outbound = [
        item["packetsSent"]
        for report in reports
        for item in report.values()
        if item["type"] == "outbound-rtp" and item.get("kind") == "audio"
    ]
    assert outbound == sorted(outbound)
    assert outbound[-1] > 100


CANDIDATE = "candidate:1 1 udp 1 192.0.2.1 9 typ host"


def test_names_and_values_of_old_versions() -> None:
    entries = read(
        [
            {"type": "signalingStateChange", "value": "stable", "timestamp": 2000},
            {
                "type": "onIceCandidate",
                "value": f"sdpMid: 0, sdpMLineIndex: 0, candidate: {CANDIDATE}",
                "timestamp": 3000,
            },
            {
                "type": "setLocalDescription",
                "value": "type: offer, sdp: v=0\r\na, b",
                "timestamp": 4000,
            },
        ]
    )
    assert [(e.time, e.method, e.value) for e in entries] == [
        (2.0, "create", {"iceServers": []}),
        (2.0, "onsignalingstatechange", "stable"),
        (
            3.0,
            "onicecandidate",
            {
                "sdpMid": "0",
                "sdpMLineIndex": "0",
                "candidate": CANDIDATE,
            },
        ),
        (4.0, "setLocalDescription", {"type": "offer", "sdp": "v=0\r\na, b"}),
    ]


def test_series_that_are_shorter_are_of_the_end() -> None:
    stats = {
        "T-1-timestamp": {"statsType": "transport", "values": "[1000, 2000]"},
        "T-1-bytesSent": {"statsType": "transport", "values": "[7]"},
        "T-1-[bytesSent-in-bits/s]": {"statsType": "transport", "values": "[8]"},
    }
    _, first, second = read([], stats)
    assert first.value["T-1"] == {"timestamp": 1000, "id": "T-1", "type": "transport"}
    assert second.value["T-1"]["bytesSent"] == 7
    assert second.value["T-1"]["[bytesSent-in-bits/s]"] == 8


@pytest.mark.parametrize("stamp", ["1e400", "1e300", "-1", '"x"', "1" + "0" * 400, "NaN"])
def test_values_without_a_time_make_no_report(stamp: str) -> None:
    series = {"T-1-timestamp": {"statsType": "transport", "values": f"[{stamp}]"}}
    assert [entry.method for entry in read([], series)] == ["create"]


def test_an_entry_without_a_time_is_skipped() -> None:
    log = [{"type": "close", "time": "noon"}, 7, {"type": "close", "timestamp": 1e300}]
    dump = read_internals(json.dumps({"PeerConnections": {"1-2": {"updateLog": log}}}).encode())
    assert len(dump.skipped) == 3
    assert [e.method for e in dump.entries] == ["create"]


@pytest.mark.parametrize("data", [b"{", b"{}", b"[]", b'{"PeerConnections": 3}', b"[" * 100_000])
def test_what_is_none(data: bytes) -> None:
    with pytest.raises(DumpError):
        read_internals(data)


def test_odd_records_are_passed_over() -> None:
    root = {"PeerConnections": {"1": 2, "3": {"updateLog": 4, "stats": {"a-b": 5, "c": {}}}}}
    assert [e.method for e in read_internals(json.dumps(root).encode()).entries] == ["create"]
