"""Carries out plans: each step goes to the part of the connection that it is about."""

from collections.abc import Iterable
from typing import NamedTuple, assert_never

from peer.api import OperationError
from peer.jsep import DataStep, MediaStep, Plan, Step, TransportStep

from .data import Data
from .errors import GivenUpError
from .links import Links
from .media import Media


class StepFailure(NamedTuple):
    """A step that could not be carried out, and why."""

    step: Step
    error: Exception


class Executor:
    """Joins offer/answer to the transports, which know nothing of each other."""

    def __init__(self, links: Links, media: Media, data: Data) -> None:
        self._links = links
        self._media = media
        self._data = data

    def run(self, plan: Plan) -> list[StepFailure]:
        """Carry out the steps of a plan in their order; returns those that failed.

        What a failed step is about is given up; the other steps are carried out nevertheless.
        """
        failures = []
        for step in plan:
            try:
                self._carry_out(step)
            except GivenUpError as error:
                # Told of when it was given up; what depends on it goes the same way.
                self._give_up(step, str(error))
            except Exception as error:
                failures.append(StepFailure(step, error))
                self._give_up(step, _reason(step, error))
        return failures

    def _carry_out(self, step: Step) -> None:
        if isinstance(step, TransportStep):
            self._links.carry_out(step)
        elif isinstance(step, MediaStep):
            self._media.carry_out(step)
        elif isinstance(step, DataStep):
            self._data.carry_out(step)
        else:
            assert_never(step)

    def _give_up(self, step: Step, reason: str) -> None:
        if isinstance(step, TransportStep):
            self._links.give_up(step, reason)
        elif isinstance(step, MediaStep):
            self._media.give_up(step)
        elif isinstance(step, DataStep):
            self._data.give_up(reason)
        else:
            assert_never(step)


def raise_failures(failures: Iterable[StepFailure]) -> None:
    """Raise one OperationError that names the steps that failed, when there are any."""
    found = list(failures)
    if not found:
        return
    reasons = "; ".join(_reason(step, error) for step, error in found)
    raise OperationError(f"not all could be set up: {reasons}") from found[0].error


def _reason(step: Step, error: Exception) -> str:
    """Name a step, what it is about, and what went wrong."""
    if isinstance(step, TransportStep):
        subject = f" of transport {step.transport}"
    elif isinstance(step, MediaStep):
        subject = f" of transceiver {step.transceiver}"
    else:
        subject = ""
    return f"{type(step).__name__}{subject}: {type(error).__name__}: {error}"
