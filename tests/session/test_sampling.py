"""Reports of statistics in a trace: when it connects, each second, in the end."""

import asyncio

import pytest

from peer.testing import Network, connect, run
from peer.trace import TraceEntry


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
