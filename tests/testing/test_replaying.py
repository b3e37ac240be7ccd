"""What ICE did in a call, once more."""

from pathlib import Path
from typing import Any

import pytest

from peer.ice import TraceError
from peer.testing import Network, connect, replay, run
from peer.trace import ICE, TraceEntry


async def call(trace: Any) -> None:
    network = Network(seed=1)
    a = network.host("alice").connection(trace=trace)
    b = network.host("bob").connection(trace=trace)
    a.createDataChannel("chat")
    await connect(a, b)
    await a.close()
    await b.close()


def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    run(call(path))
    assert replay(path).divergence is None
    assert replay(str(path)).transmits


def test_entries_of_several_connections() -> None:
    entries: list[TraceEntry] = []
    run(call(entries.append))
    names = sorted({str(e.connection) for e in entries})
    results = [replay(entries, connection=name) for name in names]
    assert [result.divergence for result in results] == [None, None]
    assert results[0].records != results[1].records
    assert replay(entries).records == results[0].records


def test_a_step_that_is_missing_is_found() -> None:
    entries: list[TraceEntry] = []
    run(call(entries.append))
    records = [e for e in entries if e.method == ICE]
    lost = next(e for e in records if e.value.get("method") == "receive_datagram")
    entries.remove(lost)
    assert replay(entries, connection=lost.connection).divergence is not None


def test_nothing_to_replay() -> None:
    with pytest.raises(TraceError, match="nothing of ICE"):
        replay([])


@pytest.mark.parametrize("value", [None, 3, {}, {"kind": "agent"}, {"kind": "timer", "time": "x"}])
def test_what_is_no_record(value: Any) -> None:
    with pytest.raises(TraceError):
        replay([TraceEntry(0, "PC_0", ICE, value, (0,))])
