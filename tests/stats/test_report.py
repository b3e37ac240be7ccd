"""The report and what all its objects have."""

import dataclasses
import json
from datetime import UTC, datetime

import aiortc.stats
import pytest

import peer.stats
from peer.stats import RTCIceCandidatePairChange, RTCIceCandidatePairStats, RTCStats, RTCStatsReport
from peer.stats.report import REFERENCES

TIME = datetime(2024, 1, 1, tzinfo=UTC)
CLASSES = [
    one
    for name in peer.stats.__all__
    if name.startswith("RTC") and issubclass(one := getattr(peer.stats, name), RTCStats)
]
SHARED = [
    name for name in peer.stats.__all__ if hasattr(aiortc.stats, name) and name != "RTCStatsReport"
]


def test_a_report_is_a_mapping_of_ids() -> None:
    report = RTCStatsReport()
    for name in "ab":
        report.add(RTCStats(TIME, "codec", name))
    assert list(report) == ["a", "b"]
    assert [(name, stats.id) for name, stats in report.entries()] == [("a", "a"), ("b", "b")]
    assert (report.size, report.has("a"), report.has("c")) == (2, True, False)
    seen: list[tuple[str, str, bool]] = []
    report.forEach(lambda stats, name, whole: seen.append((stats.id, name, whole is report)))
    assert seen == [("a", "a", True), ("b", "b", True)]


@pytest.mark.parametrize("name", SHARED)
def test_positional_members_are_those_of_aiortc(name: str) -> None:
    theirs = [one.name for one in dataclasses.fields(getattr(aiortc.stats, name))]
    ours = [one.name for one in dataclasses.fields(getattr(peer.stats, name)) if not one.kw_only]
    assert ours == theirs


def test_aiortc_knows_no_statistics_we_do_not() -> None:
    theirs = {name for name in vars(aiortc.stats) if name.startswith("RTC")}
    assert theirs <= set(peer.stats.__all__)


def test_members_that_name_objects_are_known() -> None:
    """Whatever ends in "Id" is a reference, but for aiortc's trackId."""
    members = {one.name for cls in CLASSES for one in dataclasses.fields(cls)}
    assert {name for name in members if name.endswith("Id")} == REFERENCES | {"trackId"}


def test_json_has_the_members_there_are() -> None:
    pair = RTCIceCandidatePairStats(
        TIME, "candidate-pair", "P1", "T1", "L1", "R1", "failed", reason="no answer"
    )
    pair.changes = (RTCIceCandidatePairChange(TIME, "waiting", ""),)
    report = RTCStatsReport()
    report.add(pair)
    told = json.loads(json.dumps(report.toJSON()))["P1"]
    milliseconds = 1704067200000
    assert (told["timestamp"], told["reason"]) == (milliseconds, "no answer")
    assert told["changes"] == [{"timestamp": milliseconds, "state": "waiting", "reason": ""}]
    assert "currentRoundTripTime" not in told
    assert pair.references() == {"T1", "L1", "R1"}
