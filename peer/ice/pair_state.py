"""The states of a candidate pair and what moves it between them (RFC 8445 §6.1.2.6)."""

import enum


class PairState(enum.Enum):
    """State of a candidate pair (RFC 8445 §6.1.2.6); values as in W3C statistics."""

    FROZEN = "frozen"
    WAITING = "waiting"
    IN_PROGRESS = "in-progress"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class PairStep(enum.Enum):
    """What moves a pair from one state to another."""

    UNFREEZE = "unfreeze"
    """Nothing of its foundation has to be waited for (RFC 8445 §6.1.2.6, §6.1.4.2, §7.2.5.3.3)."""
    TRIGGER = "trigger"
    """A check is wanted now, whatever came of earlier ones (RFC 8445 §7.3.1.4)."""
    PERFORM = "perform"
    """Its check is sent, or the connection for it asked for (RFC 8445 §6.1.4.2, RFC 6544 §7.1)."""
    SUCCEED = "succeed"
    """A check showed that it works, possibly another pair's (RFC 8445 §7.2.5.3.3)."""
    FAIL = "fail"
    """The check under way came to nothing (RFC 8445 §7.2.5.2)."""
    GIVE_UP = "give-up"
    """It cannot work: no check of it needs to be sent or waited for."""
    SPARE = "spare"
    """Another pair was selected: it is checked no more but as a spare (RFC 8445 §8.1.2, §8.3)."""
    LOSE = "lose"
    """It worked and is of no use any more: consent is gone, or its nomination failed."""


_S = PairState

TRANSITIONS: dict[tuple[PairState, PairStep], PairState] = {
    (_S.FROZEN, PairStep.UNFREEZE): _S.WAITING,
    **{(state, PairStep.TRIGGER): _S.WAITING for state in PairState},
    (_S.WAITING, PairStep.PERFORM): _S.IN_PROGRESS,
    # Repeated to nominate it, or to have its lost connection back, when an answer came late.
    (_S.SUCCEEDED, PairStep.PERFORM): _S.IN_PROGRESS,
    (_S.FAILED, PairStep.PERFORM): _S.IN_PROGRESS,
    **{(state, PairStep.SUCCEED): _S.SUCCEEDED for state in PairState},
    (_S.IN_PROGRESS, PairStep.FAIL): _S.FAILED,
    (_S.FROZEN, PairStep.GIVE_UP): _S.FAILED,
    (_S.WAITING, PairStep.GIVE_UP): _S.FAILED,
    (_S.IN_PROGRESS, PairStep.GIVE_UP): _S.FAILED,
    (_S.WAITING, PairStep.SPARE): _S.FROZEN,
    (_S.IN_PROGRESS, PairStep.SPARE): _S.FROZEN,
    **{(state, PairStep.LOSE): _S.FAILED for state in PairState},
}
"""Every move there is; a step that is not listed for a state changes nothing."""
