"""Reports as differences: what is read is what was written."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.trace.dump import read_dump
from peer.trace.reports import Report, ReportReader, ReportWriter
from tests.trace.support import CALL

PAIR = {"type": "candidate-pair", "id": "pair", "localCandidateId": "local", "timestamp": 5.0}
LOCAL = {"type": "local-candidate", "id": "local", "address": "192.0.2.1", "timestamp": 5.0}


def through(*reports: Report) -> list[Report]:
    writer, reader = ReportWriter(), ReportReader()
    return [reader.read(writer.write(report)) for report in reports]


def test_ids_become_short_and_go_on_naming_each_other() -> None:
    (read,) = through({"pair": PAIR, "local": LOCAL})
    assert read == {
        "0": {"type": "candidate-pair", "localCandidateId": "1", "timestamp": 5.0},
        "1": {"type": "local-candidate", "address": "192.0.2.1", "timestamp": 5.0},
    }


def test_what_is_as_before_is_not_written() -> None:
    writer = ReportWriter()
    writer.write({"pair": PAIR, "local": LOCAL})
    later: Any = {
        "pair": PAIR | {"timestamp": 6.0, "bytesSent": 7},
        "local": LOCAL | {"timestamp": 6.0},
    }
    assert writer.write(later) == {"t": 6.0, "0": {"bytesSent": 7}}


@pytest.mark.parametrize("odd", [{}, {"timestamp": None}, {"timestamp": "noon"}], ids=repr)
def test_a_report_without_a_time_is_written_all_the_same(odd: dict[str, Any]) -> None:
    (read,) = through({"local": {"type": "local-candidate", "port": 9} | odd})
    assert read["0"]["port"] == 9


def test_an_object_that_is_gone_is_said_to_be_gone() -> None:
    writer = ReportWriter()
    writer.write({"pair": PAIR, "local": LOCAL})
    assert writer.write({"local": LOCAL}) == {"t": 5.0, "0": None}
    assert through({"pair": PAIR, "local": LOCAL}, {"local": LOCAL})[1].keys() == {"1"}


def test_an_object_with_a_time_of_its_own_keeps_it() -> None:
    old: Any = LOCAL | {"timestamp": 3.0}
    (read,) = through({"pair": PAIR, "local": old})
    assert read["1"]["timestamp"] == 3.0


def test_members_that_are_objects_lose_what_is_as_before() -> None:
    one: Any = {"type": "outbound-rtp", "timestamp": 1, "durations": {"none": 1, "cpu": 0}}
    two: Any = {"type": "outbound-rtp", "timestamp": 2, "durations": {"none": 2, "cpu": 0}}
    writer = ReportWriter()
    writer.write({"a": one})
    assert writer.write({"a": two}) == {"t": 2, "0": {"durations": {"none": 2}}}
    assert through({"a": one}, {"a": two})[1]["0"] == two


def test_arrays_stay_whole() -> None:
    one: Any = {"type": "x", "timestamp": 1, "changes": [1, 2]}
    writer = ReportWriter()
    writer.write({"a": one})
    assert writer.write({"a": one | {"changes": [1, 3]}}) == {"t": 1, "0": {"changes": [1, 3]}}
    assert writer.write({"a": one | {"changes": [1, 3]}}) == {"t": 1}


def test_certificates_and_what_names_them_are_left_out() -> None:
    report: Report = {
        "c": {"type": "certificate", "id": "c", "timestamp": 1},
        "t": {"type": "transport", "localCertificateId": "c", "codecId": "gone", "timestamp": 1},
    }
    assert ReportWriter().write(report) == {"t": 1, "0": {"type": "transport"}}


def test_the_reports_of_chromium_survive() -> None:
    """What chromium wrote is read, written by us and read again: the same values each time."""
    dump = read_dump(CALL)
    for connection in dump.connections:
        reports = [e.value for e in dump.of(connection) if e.method == "getStats"]
        for before, after in zip(reports, through(*reports), strict=True):
            kept = [item for item in before.values() if item["type"] != "certificate"]
            assert len(kept) == len(after)
            for old, new in zip(kept, sorted_by_age(after), strict=True):
                expected = {k: v for k, v in old.items() if not k.endswith("Id") and k != "id"}
                ignored = ("isRemote", "ip", "mediaType", "writable")
                expected = {k: v for k, v in expected.items() if k not in ignored}
                assert {k: v for k, v in new.items() if not k.endswith("Id")} == expected


def sorted_by_age(report: Report) -> list[dict[str, Any]]:
    return [report[key] for key in sorted(report, key=int)]


@given(
    st.dictionaries(
        st.text(max_size=3),
        st.recursive(
            st.none() | st.integers() | st.text(max_size=2),
            lambda inner: (
                st.lists(inner, max_size=2)
                | st.dictionaries(st.text(max_size=2), inner, max_size=2)
            ),
            max_leaves=6,
        ),
        max_size=4,
    )
)
def test_any_difference_is_read(written: dict[str, Any]) -> None:
    reader = ReportReader()
    reader.read(written)
    reader.read(written)
