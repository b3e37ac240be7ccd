"""Reports of statistics in a trace: when it connects, each second, in the end."""

import asyncio
from typing import Any

import pytest

from peer.session.tracing import MAX_REPORTS
from peer.testing import ConnectError, Network, connect, run
from peer.trace import VERDICT, TraceEntry


def test_reports_while_somebody_wants_them() -> None:
    entries: list[TraceEntry] = []

    async def call() -> None:
        net = Network(seed=1)
        a = net.host("alice").connection(trace=entries.append)
        b = net.host("bob").connection()
        a.createDataChannel("chat")
        await connect(a, b)
        await asyncio.sleep(3.5)
        await a.close()
        await b.close()

    run(call())
    reports = [entry for entry in entries if entry.method == "getStats"]
    assert [entry.extra for entry in reports] == [("connected-0",), (), (), (), ("close",)]
    times = [entry.time - reports[0].time for entry in reports]
    assert times == pytest.approx([0, 1, 2, 3, 3.5], abs=0.05)
    assert {entry.connection for entry in reports} == {entries[0].connection}


def test_nothing_is_left_of_it() -> None:
    """A connection that nobody traces has no timer for it, a closed one neither."""

    async def call() -> None:
        net = Network(seed=1)
        a, b = net.host("alice").connection(), net.host("bob").connection(trace=print)
        assert a._session.sampler._timer is None
        await b.close()
        assert b._session.sampler._timer is None
        await a.close()

    run(call())


def test_statistics_that_fail_stop_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection tells of its states and closes; the event loop hears of the failure."""
    entries: list[TraceEntry] = []
    heard: list[str] = []

    def fail(*_: object) -> Any:
        raise RuntimeError("no figures")

    async def call() -> None:
        asyncio.get_running_loop().set_exception_handler(
            lambda _, context: heard.append(str(context["exception"]))
        )
        net = Network(seed=1)
        a = net.host("alice").connection(trace=entries.append)
        b = net.host("bob").connection()
        a.createDataChannel("chat")
        monkeypatch.setattr("peer.session.statistics.collect_statistics", fail)
        await connect(a, b)
        await asyncio.sleep(1.5)
        await a.close()
        await b.close()
        assert a.connectionState == "closed"

    run(call())
    assert heard == ["no figures"] * 3
    assert not [entry for entry in entries if entry.method == "getStats"]
    assert [entry.method for entry in entries if entry.method == "close"] == ["close"]


def verdicts(entries: list[TraceEntry]) -> list[TraceEntry]:
    return [entry for entry in entries if entry.method == VERDICT]


def test_a_trace_ends_with_what_it_comes_to() -> None:
    entries: list[TraceEntry] = []

    async def call() -> None:
        net = Network(seed=1)
        a = net.host("alice").connection(trace=entries.append)
        b = net.host("bob").connection()
        a.createDataChannel("chat")
        await connect(a, b)
        await a.close()
        await b.close()

    run(call())
    (verdict,) = verdicts(entries)
    assert verdict.value["words"].startswith("It was connected at 0.")
    assert verdict.connection == entries[0].connection
    assert entries.index(verdict) < [entry.method for entry in entries].index("close")


def test_a_trace_of_what_failed_says_why_at_once() -> None:
    entries: list[TraceEntry] = []

    async def call() -> None:
        net = Network(seed=1)
        net.stun_server()
        net.stun_server("stun.other")
        a, b = (
            net.host(name, nat="symmetric").connection(trace=trace)
            for name, trace in (("alice", entries.append), ("bob", None))
        )
        a.createDataChannel("chat")
        with pytest.raises(ConnectError):
            await connect(a, b)
        (verdict,) = verdicts(entries)
        assert verdict.value["findings"][0]["cause"] == "nats-too-strict"
        assert verdict.value["words"].startswith("It was never connected: failed after ")
        await a.close()
        await b.close()

        # Each report is collected once, and remembered as it was given.
        remembered = [each for each in a._session.tracer.entries() if each.method == "getStats"]
        assert remembered == [each for each in entries if each.method == "getStats"][-MAX_REPORTS:]

    run(call())
    assert len(verdicts(entries)) == 2


def test_a_verdict_that_cannot_be_given_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    entries: list[TraceEntry] = []
    heard: list[str] = []

    def fail(_entries: object) -> Any:
        raise RuntimeError("no idea")

    async def call() -> None:
        asyncio.get_running_loop().set_exception_handler(
            lambda _, context: heard.append(str(context["exception"]))
        )
        a = Network(seed=1).host("alice").connection(trace=entries.append)
        monkeypatch.setattr("peer.explain.explain", fail)
        await a.close()

    run(call())
    assert heard == ["no idea"]
    assert entries[-1].method == "close"


def test_nobody_is_told_a_verdict_who_wants_no_trace() -> None:
    async def call() -> list[TraceEntry]:
        a = Network(seed=1).host("alice").connection()
        await a.close()
        return list(a._session.tracer.entries())

    assert verdicts(run(call())) == []
