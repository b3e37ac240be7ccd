"""Replaying what ICE did in a call, from its trace."""

import os
from collections.abc import Iterable
from pathlib import Path

from peer.ice import ReplayResult, TraceError, dump_record, load_record
from peer.ice import replay as replay_agent
from peer.trace import ICE, TraceEntry, read_trace


def replay(
    trace: str | os.PathLike[str] | Iterable[TraceEntry],
    *,
    connection: str | None = None,
    agent: int = 0,
) -> ReplayResult:
    """Have a fresh ICE agent live through what one of a trace did, and compare.

    The trace is a file that `RTCConfiguration(trace=...)` wrote, or the entries it gave. Without
    `connection` it is the first that has something to replay. Raises TraceError when there is
    nothing, OSError and DumpError for files.
    """
    if isinstance(trace, str | os.PathLike):
        trace = read_trace(Path(trace).read_bytes()).entries
    found = [e for e in trace if e.method == ICE and e.extra[:1] == (agent,)]
    names = [e.connection for e in found]
    wanted = connection or next(iter(names), None)
    # Checked as what comes from strangers is, which files do.
    records = [
        load_record(dump_record(e.value, secrets=True)) for e in found if e.connection == wanted
    ]
    if not records:
        raise TraceError("the trace has nothing of ICE")
    return replay_agent(records)
