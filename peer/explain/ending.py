"""Causes of connections that were there and are lost, or were ended."""

from collections.abc import Iterator

from . import stalling
from .call import Call
from .finding import Finding
from .text import seconds


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
    stalling.stalled_and_lost,
    path_died,
)
