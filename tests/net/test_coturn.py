"""Tests against coturn never vanish silently."""

import shutil

import pytest

from .coturn import require_coturn


@pytest.fixture(autouse=True)
def without_coturn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda program: None)


def test_on_a_developers_machine_they_skip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="coturn is not installed"):
        require_coturn()


def test_where_everything_is_checked_they_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="coturn is not installed"):
        require_coturn()
