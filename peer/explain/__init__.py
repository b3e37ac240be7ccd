"""What is going on with a connection, in words, from its trace or a browser's dump.

`explain` goes through causes in the order in which a call is made: signalling, servers, checks,
DTLS, data, media. Each is a function of the `Call` that the entries tell of; it yields findings
only when there is evidence, and says whether all of it is there. Which part of a call is in
question decides where the verdict is looked for: what keeps it from being set up, or what ended
it, or what is wrong with its media. Everything else that was found comes after it.
"""

from collections.abc import Callable, Iterable, Iterator

from peer.trace import TraceEntry

from . import checks, data, ending, media, quality, security, servers, signalling, stalling
from .call import Call
from .finding import Explanation, Finding
from .hosts import endpoint, is_private
from .servers import TURN_REFUSALS, expiry
from .stalling import stalls
from .text import seconds

__all__ = [
    "explain",
    "Explanation",
    "Finding",
    "Call",
    "endpoint",
    "is_private",
    "TURN_REFUSALS",
    "expiry",
    "stalls",
]

Cause = Callable[[Call], Iterator[Finding]]

_SETTING_UP: tuple[Cause, ...] = (
    *signalling.CAUSES,
    *checks.CAUSES,
    *security.CAUSES,
    *servers.CAUSES,
    *checks.AFTER_SERVERS,
    stalling.stalled_at_first,
)
_LOST: tuple[Cause, ...] = ending.CAUSES
_RUNNING: tuple[Cause, ...] = (
    *signalling.CODEC_CAUSES,
    *security.CONNECTED_CAUSES,
    *data.CAUSES,
    checks.credentials_not_ours,
    stalling.loop_stalled,
    *media.CAUSES,
    *quality.CAUSES,
    stalling.stalled_at_first,
    *checks.SLOW,
)
_GENERAL = frozenset({"checks-unanswered", "path-died"})
"""What is said when nothing better is known."""


def explain(entries: Iterable[TraceEntry], *, now: float | None = None) -> Explanation:
    """Explain one connection by its entries, in their order.

    `now` is the time of a connection that goes on, in seconds since 1970.
    """
    call = Call(entries, now=now)
    connection = next((e.connection for e in call.entries if e.connection), "")
    if not call.entries:
        return Explanation(connection, "There is nothing to explain: the trace is empty.", None)
    words, causes = _question(call)
    found = _look(call, causes)
    verdict = next((one for one in found if one.certain and one.cause not in _GENERAL), None)
    verdict = verdict or next((one for one in found if one.certain), None)
    verdict = verdict or next(iter(found), None)
    others = [one for one in found if one is not verdict and one.cause not in _GENERAL]
    if causes is not _SETTING_UP:
        others += _look(call, servers.CAUSES)
    if causes is _LOST:
        others += [one for one in _look(call, _RUNNING) if one not in others and one != verdict]
    if verdict is None and causes is not _RUNNING:
        early = causes is _SETTING_UP and _goes_on(call) and call.ended < signalling.PATIENCE
        words = f"{words} Why cannot be told: {_missing(call)}." if not early else words
    return Explanation(connection, words, verdict, tuple(others))


def _goes_on(call: Call) -> bool:
    return call.is_under_way and call.state("connection") not in ("failed", "closed")


def _look(call: Call, causes: Iterable[Cause]) -> list[Finding]:
    return [finding for cause in causes for finding in cause(call)]


def _question(call: Call) -> tuple[str, tuple[Cause, ...]]:
    """Say what became of the call, and where to look for the reason."""
    if call.connected is None:
        state = call.state("connection") or call.state("iceconnection") or "new"
        so_far = "is not connected yet" if _goes_on(call) else "was never connected"
        return f"It {so_far}: {state} after {seconds(call.ended)}.", _SETTING_UP
    took = seconds(call.connected)
    if call.lost is not None:
        state = call.states["connection"][-1].state
        return f"It was connected at {took}, and is {state} since {seconds(call.lost)}.", _LOST
    if any(ending.peer_ended(call)):
        return f"It was connected at {took}, until the peer closed it.", _LOST
    if call.calls["restartIce"] and any(ending.restart_unanswered(call)):
        return f"It was connected at {took}, and was to be restarted.", _LOST
    return f"It was connected at {took}{_over(call)}.", _RUNNING


def _over(call: Call) -> str:
    for transport in call.stats("transport"):
        pair = call.item(transport.get("selectedCandidatePairId"))
        sides = [call.item(pair.get(f"{side}CandidateId")) for side in ("local", "remote")]
        if all(sides):
            return f" over {' and '.join(str(side.get('candidateType')) for side in sides)}"
    return ""


def _missing(call: Call) -> str:
    if not call.local and not call.remote:
        return "no description was set"
    if not call.reports:
        return "the trace has no statistics"
    return "nothing in the trace points to a cause"
