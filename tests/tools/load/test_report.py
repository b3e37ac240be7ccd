"""What calls come to."""

import json

import pytest

from tools.command.load.bots import Call
from tools.command.load.crowd import Outcome, Plan
from tools.command.load.report import as_json, figures, percentile, verdict


def call(number: int, *delays: float, began: float = 100.0) -> Call:
    """A call that was heard for two seconds, with a mark after each."""
    frames = [began + 0.02 * n for n in range(100)]
    marks = [(began + 0.1 * n, delay) for n, delay in enumerate(delays)]
    return Call(number, set_up=0.1 * (number + 1), delays=marks, frames=frames, received=99, lost=1)


def outcome(*calls: Call, cpu: float = 0.5) -> Outcome:
    return Outcome(Plan(bots=len(calls)), list(calls), began=100.0, seconds=2.0, cpu=cpu)


def test_delays_count_from_the_fastest_mark_of_all() -> None:
    found = figures(outcome(call(0, 0.02, 0.03), call(1, 0.05, 0.06)))
    assert found.added_delay == pytest.approx((0.03, 0.04))
    assert found.set_up == pytest.approx((0.2, 0.2))
    assert found.lost == 0.01
    assert found.freezes == 0
    assert found.cores == 0.25
    assert found.bots_per_core == 8.0
    assert verdict(found).startswith("8 bots per core: 2 took 0.25 of a core")


def test_what_was_before_all_were_there_does_not_count() -> None:
    early = call(0, 0.9, began=90.0)
    found = figures(outcome(early, call(1, 0.02, 0.03)))
    assert found.added_delay == pytest.approx((0.01, 0.01))
    # The fastest mark of all may be an early one.
    early.delays[0] = (90.0, 0.01)
    assert figures(outcome(early, call(1, 0.02, 0.03))).added_delay[1] == pytest.approx(0.02)


def test_a_delay_that_nobody_bears_means_too_many() -> None:
    found = figures(outcome(call(0, 0.02, 0.09)))
    assert found.bots_per_core is None
    assert verdict(found) == (
        "1 bots are too many here: 95 % of the marks came back within 70 ms of the fastest, "
        "not 60 ms."
    )


def test_a_call_that_fails_is_told() -> None:
    found = figures(outcome(call(0, 0.02), Call(1, failure="SignalingError: 503")))
    assert (found.failed, found.bots_per_core) == (1, None)
    assert verdict(found) == "1 of 2 calls failed."


def test_where_nothing_came_back_there_is_nothing_to_tell() -> None:
    found = figures(outcome(Call(0, failure="nothing")))
    assert found.added_delay == found.set_up == (None, None)
    assert percentile([], 0.5) is None


def test_what_comes_back_has_no_marks() -> None:
    """As from an endpoint that plays something, or encodes anew what has to come back as it is."""
    found = figures(outcome(call(0), call(1)))
    assert (found.failed, found.bots_per_core) == (0, None)
    assert verdict(found).startswith("No mark came back")


def test_gaps_are_freezes() -> None:
    halting = call(0, 0.02)
    del halting.frames[20:28]
    assert figures(outcome(halting)).freezes == 1


def test_programs_get_all_of_it() -> None:
    told = json.loads(as_json(outcome(call(0, 0.02), Call(1, failure="nothing"))))
    assert [each["failure"] for each in told["calls"]] == [None, "nothing"]
    assert told["failed"] == 1
