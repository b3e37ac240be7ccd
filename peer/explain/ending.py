"""Causes of connections that were there and are lost, or were ended."""

from collections.abc import Iterator
from typing import NamedTuple

from .call import Call, number
from .finding import Finding
from .text import counted, seconds

_STALL = 0.5
"""Seconds of a stall that media does not get over unheard."""
_SEVERAL, _PART = 3, 0.02
"""How many shorter stalls, and which part of the time, are as bad."""
_LATE = 1.0
"""Seconds of stalls that make a connection late."""
_SILENT, _PATIENCE = 5.0, 35.0
"""Seconds of a stall after which a peer may give up, and within which it does (RFC 7675)."""


def _ended(call: Call) -> bool:
    return call.connected is not None and (call.lost is not None or _lost_pair(call) is not None)


def _lost_pair(call: Call) -> tuple[float, str] | None:
    for time, name, fields in reversed(call.events):
        if name == "SelectedPairLost":
            return time, str(fields.get("reason"))
    return None


def _reasons(call: Call) -> list[str]:
    """Why pairs failed, and why ICE says that its pair is lost."""
    lost = _lost_pair(call)
    reasons = [] if lost is None else [lost[1]]
    reasons += [str(pair.get("reason") or "") for pair in call.stats("candidate-pair")]
    reasons += [str(f.get("reason") or "") for _, n, f in call.events if n == "StateChanged"]
    return reasons


def peer_ended(call: Call) -> Iterator[Finding]:
    """The peer said that it ends."""
    if call.connected is None:
        return
    revoked = "the peer revoked consent" in _reasons(call)
    if call.goodbye is None and not revoked:
        return
    when = call.goodbye or (_lost_pair(call) or (call.ended, ""))[0]
    how = "with DTLS's close_notify" if call.goodbye else "by revoking consent (403)"
    yield Finding(
        "peer-closed",
        f"The peer closed the connection at {seconds(when)}.",
        (f"{seconds(when)} it said so {how}",),
        "Nothing is wrong with the network; look at what the peer's program did.",
    )


def interface_gone(call: Call) -> Iterator[Finding]:
    """The interface of the pair went away."""
    gone = [t for t, name, _ in call.events if name == "CandidateRemoved"]
    if _ended(call) and "the interface is gone" in _reasons(call):
        yield Finding(
            "interface-gone",
            "The network interface that the connection used is gone.",
            tuple(f"{seconds(time)} a candidate of ours was removed" for time in gone[-3:]),
            "Restart ICE once there is a network again (restartIce).",
        )


def allocation_lost(call: Call) -> Iterator[Finding]:
    """The TURN server dropped the allocation of the pair."""
    reasons = [one for one in _reasons(call) if one.startswith("allocation lost")]
    if _ended(call) and reasons:
        yield Finding(
            "allocation-lost",
            "The TURN server dropped our allocation.",
            (reasons[0],),
            "Was it restarted, or did its credentials end? Restart ICE with fresh ones.",
        )


class _Stall(NamedTuple):
    """A time in which the event loop ran nothing; `end` is when it went on."""

    end: float
    duration: float
    blamed: str | None
    """The callback that ran; "" if none did, None if nobody looked."""


def _stalls(call: Call, since: float, until: float) -> list[_Stall]:
    """What held the loop up between two times: what was looked at, or else what ICE noticed."""
    seen = [
        _Stall(time, number(value, "duration"), str(value.get("blamed") or ""))
        for time, value in call.stalls
    ]
    noticed = [
        _Stall(time, number(fields, "duration"), None)
        for time, name, fields in call.events
        if name == "EventLoopStalled"
    ]
    told = [one for one in noticed if not any(_same(one, other) for other in seen)]
    return sorted((one for one in (*seen, *told) if since < one.end <= until), key=_end)


def _end(stall: _Stall) -> float:
    return stall.end


def _same(one: _Stall, other: _Stall) -> bool:
    return abs(one.end - other.end) < max(one.duration, other.duration)


def loop_stalled(call: Call) -> Iterator[Finding]:
    """The program kept the event loop from running, for so long that media suffers."""
    if call.connected is None:
        return
    stalls = _stalls(call, call.connected, call.ended)
    total = sum(one.duration for one in stalls)
    if any(one.duration >= _STALL for one in stalls) or (
        len(stalls) >= _SEVERAL and total > _PART * (call.ended - call.connected)
    ):
        yield _stalled(stalls, "")


def stalled_at_first(call: Call) -> Iterator[Finding]:
    """The program kept the event loop from running, so that it connects late or never."""
    until = call.ended if call.connected is None else call.connected
    stalls = _stalls(call, 0.0, until)
    total = sum(one.duration for one in stalls)
    if total >= _LATE:
        certain = call.connected is not None or total > until / 2
        yield _stalled(stalls, ", before it was connected", certain=certain)


def stalled_and_lost(call: Call) -> Iterator[Finding]:
    """The program kept the event loop from running, for so long that the peer gave up."""
    if call.lost is None:
        return
    stalls = _stalls(call, call.lost - _PATIENCE, call.lost + _PATIENCE)
    if any(one.duration >= _SILENT for one in stalls):
        yield _stalled(stalls, "")


def _stalled(stalls: list[_Stall], when: str, *, certain: bool = True) -> Finding:
    longest = max(stalls, key=lambda one: one.duration)
    known = [one for one in stalls if one.blamed]
    named = [f"{seconds(one.end - one.duration)} it was in {one.blamed}" for one in known]
    often = f", {counted(len(stalls), 'time')}" if len(stalls) > 1 else ""
    lines = [f"{seconds(one.end - one.duration)} for {seconds(one.duration)}" for one in stalls]
    evidence = (*dict.fromkeys(named[:5]), *(f"nothing ran from {line}" for line in lines[:5]))
    if not known and any(one.blamed == "" for one in stalls):
        return Finding(
            "event-loop-stalled",
            f"The event loop stood still for {seconds(longest.duration)}{often}{when}, and no "
            "callback of it was running.",
            evidence,
            "The machine or the process stood still, or another thread held the interpreter: "
            "look at the load, and at extensions that do not let go of the GIL.",
            certain,
        )
    return Finding(
        "event-loop-stalled",
        f"The program blocked the event loop for {seconds(longest.duration)}{often}{when}.",
        evidence,
        "Run what takes long in a thread or a process (asyncio.to_thread).",
        certain,
    )


def path_died(call: Call) -> Iterator[Finding]:
    """Nothing came any more."""
    if not _ended(call) or call.lost is None:
        return
    reasons = _reasons(call)
    expired = "consent expired" in reasons or call.state("connection") in (
        "failed",
        "disconnected",
    )
    if expired:
        lost = _lost_pair(call)
        yield Finding(
            "path-died",
            f"Nothing has come from the peer since about {seconds(call.lost)}.",
            (
                f"{seconds(call.lost)} {call.states['connection'][-1].state}",
                *((f"{seconds(lost[0])} the pair was lost: {lost[1]}",) if lost else ()),
                f"the state is {call.state('connection')}",
            ),
            "The path is cut, or the peer's program was killed: both look alike. Restart ICE.",
        )


def restart_unanswered(call: Call) -> Iterator[Finding]:
    """ICE was to be restarted, and the peer never agreed."""
    if not call.calls["restartIce"] or not call.local or call.local[-1].type != "offer":
        return
    asked = [e.time - call.begun for e in call.entries if e.method == "restartIce"][-1]
    offered = call.local[-1].time
    answered = call.state("signaling") in ("stable", "closed")
    if offered < asked or answered or any(one.time > offered for one in call.remote):
        return
    yield Finding(
        "restart-unanswered",
        "The ICE restart was never answered.",
        (f"{seconds(offered)} the offer that restarts was set", "no answer came since"),
        "Look at the signalling: did the offer reach the peer?",
    )


CAUSES = (
    peer_ended,
    interface_gone,
    allocation_lost,
    restart_unanswered,
    stalled_and_lost,
    path_died,
)
