"""Every kind of NAT against every other: the best path there is is found, with and without loss.

The times behind RFC 8445 §8.1.1 are the agent's own; what must come out is in the oracle's
hands (RFC 4787 §4, §5).
"""

from collections.abc import Iterable

import pytest

from peer.testing.internet import NAT_PRESETS, Simulation
from tests.sim import PathKind

from . import nat_matrix
from .nat_matrix import BEHAVIORS, LOSSES, Case, cases, cell, judge, matrix

FEW = ("public", "full cone", "port-restricted cone", "symmetric", "1:1")


def _check(case: Case) -> None:
    verdict = judge(case)
    assert verdict.is_right, (case.name, verdict)


def _check_with_loss(cases: Iterable[Case], loss: float) -> None:
    """Bad luck is allowed: a server may never have been heard, a check lost time and again.

    It hits few calls, and not the same place a second and a third time.
    """
    cases = list(cases)
    unlucky = [case for case in cases if not judge(case, loss).is_right]
    assert len(unlucky) <= 1 + len(cases) // 200, [case.name for case in unlucky]
    for case in unlucky:
        for seed in (1, 2):
            verdict = judge(case, loss, seed)
            assert verdict.is_right, (case.name, seed, verdict)


def test_matrix_has_all_combinations() -> None:
    """RFC 4787 §4.1, §5: three mappings times three filters, and translation of addresses only."""
    assert len(BEHAVIORS) == 1 + len(NAT_PRESETS) + 9 - 3
    assert len(set(BEHAVIORS.values())) == len(BEHAVIORS)


@pytest.mark.parametrize("turn", [True, False], ids=["turn", "no-turn"])
def test_common_nats(turn: bool) -> None:
    for case in matrix(turn, FEW):
        _check(case)


@pytest.mark.parametrize("name", ["port-restricted cone", "symmetric"])
@pytest.mark.parametrize("loss", LOSSES[1:])
def test_common_nats_with_loss(name: str, loss: float) -> None:
    _check_with_loss([cell(name, other, turn=True) for other in FEW], loss)


@pytest.mark.parametrize("turn", [True, False], ids=["turn", "no-turn"])
def test_places_beside_the_matrix(turn: bool) -> None:
    for case in list(cases(turn))[::4]:
        _check(case)


def test_symmetric_nats_need_the_relay() -> None:
    """The one well-known cell, without asking the oracle (RFC 5128 §3.5)."""
    assert judge(cell("symmetric", "symmetric", turn=True)).outcome.path is PathKind.RELAY
    assert judge(cell("symmetric", "symmetric", turn=False)).outcome.path is None
    assert judge(cell("full cone", "symmetric", turn=True)).outcome.path is PathKind.REFLEXIVE


def test_direct_path_is_quick() -> None:
    """The answer takes 20 ms, then there is a check and its response: 70 ms, and pacing."""
    outcome = judge(cell("full cone", "full cone", turn=True)).outcome
    assert outcome.connect_time is not None
    assert outcome.connect_time < 0.5


@pytest.mark.slow
@pytest.mark.parametrize("turn", [True, False], ids=["turn", "no-turn"])
def test_everywhere(turn: bool) -> None:
    for case in (*matrix(turn), *cases(turn)):
        _check(case)


@pytest.mark.slow
@pytest.mark.parametrize("turn", [True, False], ids=["turn", "no-turn"])
@pytest.mark.parametrize("loss", LOSSES[1:])
def test_everywhere_with_loss(turn: bool, loss: float) -> None:
    _check_with_loss((*matrix(turn), *cases(turn)), loss)


def test_table_prints_every_cell(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    few = {name: BEHAVIORS[name] for name in FEW[2:4]}
    monkeypatch.setattr(nat_matrix, "BEHAVIORS", few)
    assert nat_matrix.main([]) == 0
    table = capsys.readouterr().out
    assert table.count("reflexive") == 1
    assert table.count("relay") == 3
    assert "4 of 4 as the oracle says" in table


def test_table_marks_what_is_wrong(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nat_matrix, "BEHAVIORS", {"public": None})
    monkeypatch.setattr(Simulation, "run_until", lambda *_: False)
    assert nat_matrix.main(["--no-turn"]) == 1
    assert "!no path" in capsys.readouterr().out
