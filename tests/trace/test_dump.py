"""RTCStats dumps are read, whoever wrote them, and written as others read them."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.trace import DumpError, DumpWriter, TraceEntry
from peer.trace.dump import MAX_LINE, Dump, pack, read_dump, unpack
from tests.trace.support import CALL, EXAMPLE, FAILED


def written(*entries: TraceEntry) -> str:
    writer = DumpWriter()
    return writer.head() + "".join(writer.lines(entry) for entry in entries)


def made(number: float = 0) -> TraceEntry:
    return TraceEntry(number, "PC_0", "create", {})


def test_a_small_dump_with_short_forms() -> None:
    dump = read_dump(EXAMPLE)
    assert dump.metadata["userAgent"] == "aiopeer/0.1 Python/3.11 Linux"
    assert dump.connections == ["PC_0"]
    assert len(dump.entries) == 17
    assert dump.entries[0] == TraceEntry(
        1780000000.0, None, "create", {"userAgentData": None, "hardwareConcurrency": 4}
    )
    assert dump.entries[3] == TraceEntry(1780000000.003, "PC_0", "createOffer", None, ("2-0",))
    assert dump.entries[-1].time == 1780000011.53325
    assert dump.skipped == ()


def test_descriptions_that_were_shortened_are_whole() -> None:
    created, set_ = (entry.value["sdp"] for entry in read_dump(EXAMPLE).entries[4:6])
    assert set_ == created


def test_names_of_statistics_are_those_of_the_w3c() -> None:
    first, second, third = (e.value for e in read_dump(EXAMPLE).entries if e.method == "getStats")
    assert first["0"] == {
        "type": "candidate-pair",
        "state": "succeeded",
        "localCandidateId": "1",
        "remoteCandidateId": "2",
        "requestsReceived": 1,
        "requestsSent": 2,
        "nominated": True,
        "bytesSent": 0,
        "timestamp": 1780000009530,
    }
    assert second["0"] == first["0"] | {"bytesSent": 512, "timestamp": 1780000010530}
    assert third.keys() == {"0", "1"}


@pytest.mark.parametrize(
    ("data", "connections", "count"), [(CALL, 3, 85), (FAILED, 2, 89)], ids=["call", "failed"]
)
def test_what_chromium_wrote(data: bytes, connections: int, count: int) -> None:
    dump = read_dump(data)
    assert len(dump.connections) == connections
    assert len(dump.entries) == count
    assert dump.skipped == ()
    assert [e.time for e in dump.entries] == sorted(e.time for e in dump.entries)


def reports(dump: Dump, connection: str) -> list[Any]:
    return [e.value for e in dump.of(connection) if e.method == "getStats"]


def test_what_is_written_reads_as_it_was() -> None:
    """All but reports, in which ids are short and certificates left out."""
    before = read_dump(CALL)
    after = read_dump(written(*before.entries).encode())
    assert len(after.skipped) == 0
    added = [e for e in after.entries if e.method == "create" and e.value == {}]
    kept = [e for e in after.entries if e not in added]
    assert len(kept) == len(before.entries)
    for old, new in zip(before.entries, kept, strict=True):
        assert new.time == pytest.approx(old.time, abs=1e-6)
        if old.method == "getStats":
            types = sorted(i["type"] for i in old.value.values() if i["type"] != "certificate")
            assert sorted(item["type"] for item in new.value.values()) == types
        else:
            assert new._replace(time=0) == old._replace(time=0)


def test_times_add_up() -> None:
    entries = [made(1.7e9 + n / 3) for n in range(1000)]
    read = read_dump(written(*entries).encode()).entries
    assert [e.time for e in read] == pytest.approx([e.time for e in entries], abs=1e-6)


def test_lines_are_what_other_readers_ask_for() -> None:
    lines = written(made(1780000000), TraceEntry(1780000000.25, None, "x", 1, ("y",))).split("\n")
    assert lines[0] == "RTCStatsDump"
    assert json.loads(lines[1]) == {"fileFormat": 3}
    assert json.loads(lines[2]) == ["create", "PC_0", {}, 1780000000000.0]
    assert json.loads(lines[3]) == ["x", None, 1, "y", 250.0]
    assert lines[4:] == [""]


def test_a_connection_begins_with_its_creation_whatever_comes_first() -> None:
    text = written(TraceEntry(1, "PC_0", "getStats", {}), TraceEntry(2, "PC_0", "close"))
    assert [json.loads(line)[0] for line in text.splitlines()[2:]] == [
        "create",
        "getStats",
        "close",
    ]


def test_a_file_that_was_cut_off_anywhere_can_be_read() -> None:
    for length in range(EXAMPLE.index(b"\n"), len(EXAMPLE)):
        dump = read_dump(EXAMPLE[:length])
        whole = EXAMPLE[:length].count(b"\n") - 2
        assert max(0, whole) <= len(dump.entries) <= max(0, whole) + 1
        assert len(dump.skipped) <= 1


def test_a_packed_file_that_was_cut_off_gives_what_there_is() -> None:
    dump = read_dump(CALL[: len(CALL) // 2])
    assert 0 < len(dump.entries) < 85


@pytest.mark.parametrize(
    "line",
    [
        "no JSON",
        "{}",
        '["create","PC_0",{}]',
        '["create","PC_0",{},"1"]',
        '["create","PC_0",{},true]',
        '["create",3,{},1]',
        '[["create"],"PC_0",{},1]',
        '["create","PC_0",NaN]',
        '["create","PC_0",{},1e400]',
        '["create","PC_0",{},1e300]',
        '["create","PC_0",{},-2e3]',
        f'["create","PC_0",{{}},1{"0" * 400}]',
        f'["getStats","PC_0",{{"0":{{"bytesSent":1{"0" * 400}}}}},1]',
        '["getStats","PC_0",{"0":{"bytesSent":1e400}},1]',
        '["getStats","PC_0",{"0":{"bytesSent":-Infinity}},1]',
        "[" * 100_000,
    ],
)
def test_an_odd_line_costs_itself(line: str) -> None:
    text = written(made(1)) + line + "\n" + '["close","PC_0",null,1000]\n'
    dump = read_dump(text.encode())
    assert [e.method for e in dump.entries] == ["create", "close"]
    assert dump.entries[-1].time == 2
    assert dump.skipped == ("line 4: not readable",)


def test_a_line_that_is_too_long_is_skipped() -> None:
    text = written(made(1), TraceEntry(1, "PC_0", "x", "y" * MAX_LINE), made(1))
    dump = read_dump(text.encode())
    assert len(dump.entries) == 2
    assert dump.skipped == ("line 4: not readable",)


@pytest.mark.parametrize("data", [b"", b"RTCStats\n", b"{}", b"\x1f\x8b\x00rubbish", b"\x00" * 9])
def test_what_is_no_dump(data: bytes) -> None:
    with pytest.raises(DumpError):
        read_dump(data)


@given(st.binary(max_size=200))
def test_any_bytes_after_the_head(data: bytes) -> None:
    read_dump(b"RTCStatsDump\n" + data)


def test_packing() -> None:
    assert unpack(pack("é\n")) == "é\n".encode()
