import random

import pytest

from tools import fuzz


def test_every_parser_holds(capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz.main(["--runs", "60"]) == 0
    assert capsys.readouterr().out.count("no surprise") == len(fuzz.TARGETS)


def test_seeds_are_valid_inputs() -> None:
    """Mutating what is refused at the first byte would test little."""
    for target in fuzz.TARGETS.values():
        assert target.seeds
        for seed in target.seeds:
            target.run(seed)


def test_unexpected_exception_is_a_failure_with_its_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fragile(data: bytes) -> None:
        if data:
            raise IndexError

    monkeypatch.setitem(fuzz.TARGETS, "fragile", fuzz.Target(fragile, (b"seed",)))
    assert fuzz.main(["fragile", "--runs", "10", "--seed", "5"]) == 1
    assert "of seed 5 broke it" in capsys.readouterr().out


def test_same_seed_same_inputs() -> None:
    first, second = (
        [fuzz.make_input((b"abc",), rng) for _ in range(50)]
        for rng in (random.Random(3), random.Random(3))
    )
    assert first == second


def test_unknown_name_is_refused() -> None:
    with pytest.raises(SystemExit):
        fuzz.main(["nothing"])
