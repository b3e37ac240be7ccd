"""What explaining comes to: a verdict in words, what it rests on, and what to do."""

from peer.records import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One cause, told apart from its neighbours; `cause` is its name.

    It is certain when all evidence for it is there and nothing against it, else it is possible.
    """

    cause: str
    words: str
    evidence: tuple[str, ...]
    advice: str
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is going on with a connection; printing it gives all of it as text."""

    connection: str
    words: str
    verdict: Finding | None
    others: tuple[Finding, ...] = ()

    @property
    def cause(self) -> str | None:
        """The name of the cause; None when nothing wrong is to be seen, or it cannot be told."""
        return None if self.verdict is None else self.verdict.cause

    @property
    def causes(self) -> list[str]:
        """The names of all causes that were found, the verdict first."""
        found = [] if self.verdict is None else [self.verdict]
        return [one.cause for one in (*found, *self.others)]

    def __str__(self) -> str:
        """Verdict, evidence, next step, and what else was found."""
        lines = [self.words]
        if self.verdict is not None:
            lines += _told(self.verdict)
        for one in self.others:
            lines += ["", f"Also: {one.words}", *_told(one)[1:]]
        return "\n".join(lines)

    def as_json(self) -> dict[str, object]:
        """Return what `json.dumps` takes."""
        found = [] if self.verdict is None else [self.verdict]
        return {
            "connection": self.connection,
            "words": self.words,
            "findings": [
                {
                    "cause": one.cause,
                    "certain": one.certain,
                    "words": one.words,
                    "evidence": list(one.evidence),
                    "advice": one.advice,
                }
                for one in (*found, *self.others)
            ],
        }


def _told(finding: Finding) -> list[str]:
    sure = "" if finding.certain else " (possibly)"
    evidence = [f"  - {line}" for line in finding.evidence]
    return [f"{finding.words}{sure}", *evidence, f"  -> {finding.advice}"]
