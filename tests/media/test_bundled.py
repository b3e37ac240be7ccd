"""Libraries that are called themselves."""

import ctypes.util

import pytest

from peer.media import bundled
from peer.media.bundled import libraries


def test_pyavs_own_come_first() -> None:
    first = next(libraries("vpx"))
    assert "av.libs" in first._name


def test_what_cannot_be_loaded_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes.util, "find_library", lambda _: "/nowhere/at/all.so")
    monkeypatch.setattr(bundled, "_FOLDERS", ())
    assert list(libraries("vpx")) == []
