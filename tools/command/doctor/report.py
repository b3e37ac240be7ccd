"""What the doctor found, as text and as JSON."""

import enum
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .behaviour import Outcome, Prospect


class Status(enum.Enum):
    """How a check came out."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"


_MARKS = {Status.PASS: "ok", Status.WARN: "warning", Status.FAIL: "FAILED", Status.UNKNOWN: "?"}
_OUTCOMES = {
    Outcome.DIRECT: "directly",
    Outcome.RELAY: "through TURN",
    Outcome.NOTHING: "not at all: a TURN server is needed",
}


@dataclass(frozen=True, slots=True)
class Check:
    """One result: in words, what it rests on, what to do, and the same as values."""

    topic: str
    status: Status
    words: str
    evidence: tuple[str, ...] = ()
    advice: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


def report_text(checks: Sequence[Check], prospects: Sequence[Prospect]) -> str:
    """Give all of it to read."""
    lines = [line for check in checks for line in _check(check)]
    if prospects:
        lines += ["", "With whom a call will connect:"]
        width = max(len(prospect.kind) for prospect in prospects)
        lines += [f"  {each.kind.ljust(width)}  {_prospect(each)}" for each in prospects]
    return "\n".join(lines)


def _check(check: Check) -> Iterator[str]:
    yield f"{_MARKS[check.status]:>7}  {check.topic}: {check.words}"
    yield from (f"{'':9}- {line}" for line in check.evidence)
    if check.advice:
        yield f"{'':9}-> {check.advice}"


def _prospect(prospect: Prospect) -> str:
    words = _OUTCOMES[prospect.outcome]
    return words if prospect.certain else f"probably {words}"


def report_json(checks: Sequence[Check], prospects: Sequence[Prospect]) -> str:
    """Give all of it to programs."""
    told = {
        "checks": [
            {
                "topic": check.topic,
                "status": check.status.value,
                "words": check.words,
                "evidence": list(check.evidence),
                "advice": check.advice,
                "values": dict(check.values),
            }
            for check in checks
        ],
        "prospects": [
            {"with": each.kind, "outcome": each.outcome.value, "certain": each.certain}
            for each in prospects
        ],
    }
    return json.dumps(told, indent=1, ensure_ascii=False)
