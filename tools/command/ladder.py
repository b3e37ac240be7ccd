"""Who said what to whom: a call as a ladder of two sides."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from peer.explain import endpoint
from peer.ice import Protocol, classify
from peer.ice.stun import DATA, ERROR_CODE, USE_CANDIDATE, MessageClass, Method, StunError, parse
from peer.trace import ICE, TraceEntry, candidate_words

WIDTH = 64
"""Characters between the two sides in text."""
MAX_STEPS = 2000
"""Steps that a ladder has; the rest of a longer call is counted."""

_SIGNALLED = {
    "setLocalDescription": True,
    "setLocalDescriptionOnSuccess": True,
    "onicecandidate": True,
    "setRemoteDescription": False,
    "addIceCandidate": False,
}
"""What goes over signalling, and whether it leaves."""
_CLASSES = {
    MessageClass.REQUEST: "request",
    MessageClass.INDICATION: "indication",
    MessageClass.SUCCESS: "response",
    MessageClass.ERROR: "error",
}


_COOKIE = "2112a442"


class Step(NamedTuple):
    """Something one side said; `between` names the addresses, "signalling" what has none.

    `key` names the transaction of STUN, and `trip` is its round trip where this answers us.
    """

    time: float
    leaves: bool
    words: str
    between: str
    times: int = 1
    key: str = ""
    trip: float | None = None


def ladder(entries: Iterable[TraceEntry]) -> list[Step]:
    """Give the steps of one connection; equal ones in a row are one, with how often."""
    found: list[Step] = []
    asked: dict[str, float] = {}
    first: float | None = None
    for entry in entries:
        first = entry.time if first is None else first
        for told in _steps(entry, entry.time - first):
            step = _timed(told, asked)
            last = found[-1] if found else None
            if last is not None and last[1:4] == step[1:4]:
                found[-1] = last._replace(times=last.times + 1)
            elif len(found) < MAX_STEPS:
                found.append(step)
    return found


def _timed(step: Step, asked: dict[str, float]) -> Step:
    """Have the answer to a request of ours tell its round trip, which counts from the last try."""
    if step.leaves:
        if step.key:
            asked[step.key] = step.time
        return step
    sent = asked.pop(step.key, None)
    return step if sent is None else step._replace(trip=step.time - sent)


def _steps(entry: TraceEntry, now: float) -> Iterator[Step]:
    method, value = entry.method, entry.value
    if method in _SIGNALLED and isinstance(value, Mapping):
        if "sdp" in value:
            yield Step(now, _SIGNALLED[method], str(value.get("type")), "signalling")
        elif value.get("candidate"):
            yield Step(now, _SIGNALLED[method], candidate_words(value), "signalling")
    elif method == ICE and isinstance(value, Mapping):
        yield from _datagram(value, now)


def _datagram(record: Mapping[str, Any], now: float) -> Iterator[Step]:
    arguments = record.get("arguments")
    if record.get("kind") == "transmit":
        data, local, remote = record.get("data"), record.get("local"), record.get("remote")
        between = f"{_address(local)} {_address(remote)}"
        yield Step(now, True, words_of(data), between, key=_transaction(data))
    elif record.get("method") == "receive_datagram" and isinstance(arguments, Mapping):
        data, local, remote = (arguments.get(name) for name in ("data", "local", "source"))
        between = f"{_address(local)} {_address(remote)}"
        yield Step(now, False, words_of(data), between, key=_transaction(data))


def _transaction(text: object) -> str:
    """Give the cookie and transaction ID of STUN (RFC 8489 §5), "" of anything else."""
    return text[8:40] if isinstance(text, str) and text[8:16] == _COOKIE else ""


def _address(pair: Any) -> str:
    if not isinstance(pair, list) or len(pair) != 2:
        return "?"
    return endpoint(*pair)


def words_of(text: object) -> str:
    """Say what a datagram is, given in hexadecimal."""
    try:
        data = bytes.fromhex(text) if isinstance(text, str) else b""
    except ValueError:
        return "not readable"
    protocol = classify(data)
    if protocol is not Protocol.STUN:
        name = "data" if protocol is None else protocol.name.lower().replace("_", " ")
        return f"{name}, {len(data)} bytes"
    try:
        message = parse(data)
    except StunError as error:
        return f"malformed STUN: {error.reason}"
    method = message.method
    name = method.name.replace("_", " ").lower() if isinstance(method, Method) else str(method)
    words = f"{name} {_CLASSES[message.message_class]}"
    refusal = message.get_valid(ERROR_CODE)
    if refusal is not None:
        words += f" {refusal.code} {refusal.reason}".rstrip()
    inner = message.values.get(DATA.type)
    if inner is not None:
        words += f" ({words_of(inner.hex())})"
    return words + (" use-candidate" if USE_CANDIDATE.type in message.values else "")


def ladder_text(steps: list[Step]) -> Iterator[str]:
    """Draw a ladder with characters."""
    yield f"{'':10}  {'we':<{WIDTH - 4}}peer"
    for step in steps:
        words = step.words if step.times == 1 else f"{step.words} x{step.times}"
        words += "" if step.trip is None else f", {step.trip * 1000:.0f} ms"
        words = f" {words[: WIDTH - 12]} "
        line = f"{words:-^{WIDTH - 2}}"
        arrow = f"|{line[:-1]}>|" if step.leaves else f"|<{line[1:]}|"
        yield f"{step.time:10.3f}  {arrow}  {step.between}"
