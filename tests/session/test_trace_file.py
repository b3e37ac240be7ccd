"""Files of traces: whole lines, bounds, and disks that fail."""

import gc
import weakref
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from peer.ice import StandIns
from peer.session import trace_file as module
from peer.session.trace_file import TraceFile, trace_file
from peer.trace import ICE, TraceEntry, read_trace
from tests.session.threads import in_threads


def entry(number: float = 1) -> TraceEntry:
    return TraceEntry(number, "PC_0", "create", {})


def test_a_file_is_shared_until_nobody_uses_it(tmp_path: Path) -> None:
    path = tmp_path / "trace"
    one, other = trace_file(path), trace_file(str(path))
    assert one is other
    one(entry())
    one.close("PC_0")
    other(entry())
    other.close("PC_0")
    assert len(read_trace(path.read_bytes()).entries) == 2
    again = trace_file(path)
    assert again is not one
    again.close("PC_0")
    assert read_trace(path.read_bytes()).entries == ()


def test_each_entry_is_there_at_once_and_whole(tmp_path: Path) -> None:
    path = tmp_path / "trace"
    file = trace_file(path)
    for number in range(1, 5):
        file(entry(number))
        assert path.read_bytes().endswith(b"\n")
        assert len(read_trace(path.read_bytes()).entries) == number
    file.close("PC_0")


def test_passwords_of_two_agents(tmp_path: Path) -> None:
    path = tmp_path / "trace"
    file = trace_file(path)
    record: Any = {"time": 1, "kind": "result", "value": {"password": "hush-hush"}}
    for agent in (0, 1):
        file(TraceEntry(1, "PC_0", ICE, record, (agent,)))
    file.close("PC_0")
    text = path.read_text()
    assert "hush" not in text
    made = [e.value["value"]["password"] for e in read_trace(text.encode()).entries[1:]]
    assert made[0] != made[1]


def test_a_file_of_before_is_kept_from_others(tmp_path: Path) -> None:
    path = tmp_path / "trace"
    path.write_text("old")
    path.chmod(0o644)
    trace_file(path).close("PC_0")
    assert path.stat().st_mode & 0o777 == 0o600


def test_nothing_is_kept_of_connections_that_ended(tmp_path: Path) -> None:
    path = tmp_path / "trace"
    file = trace_file(path)
    ready = [StandIns(b"salt")]
    made = weakref.ref(ready[0])
    record: Any = {"time": 1, "kind": "result", "value": {}}
    with patch.object(module, "StandIns", lambda _: ready.pop()):
        trace_file(path)(TraceEntry(1, "PC_1", ICE, record, (0,)))
    file.close("PC_1")
    gc.collect()
    assert made() is None
    file(entry())
    file.close("PC_0")


def test_a_file_does_not_grow_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_FILE", 1000)
    path = tmp_path / "trace"
    file = trace_file(path)
    for _ in range(100):
        file(entry())
    file.close("PC_0")
    assert 900 < path.stat().st_size <= 1000
    assert read_trace(path.read_bytes()).skipped == ()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is full")
def test_a_full_disk_ends_the_writing_alone() -> None:
    file = trace_file("/dev/full")
    file(entry())
    file(entry())
    file.close("PC_0")


def test_threads_share_a_file(tmp_path: Path) -> None:
    path = tmp_path / "trace"
    files = [trace_file(path) for _ in range(2)]
    count = 2000

    def write(file: TraceFile, name: str) -> None:
        for number in range(count):
            file(TraceEntry(number, name, "create", {}))
        file.close(name)

    in_threads([partial(write, *each) for each in zip(files, ("PC_0", "PC_1"), strict=True)])
    found = read_trace(path.read_bytes()).entries
    assert sorted(entry.connection or "" for entry in found) == ["PC_0"] * count + ["PC_1"] * count
