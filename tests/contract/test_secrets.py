"""Records that may hold a secret do not show it when they are printed."""

import dataclasses
import importlib
import pkgutil
import re
import typing
from collections.abc import Iterator

import pytest

import peer
import sdp

SECRET = "sEcReT" * 4
_LIKE_A_SECRET = re.compile(
    r"pass(word)?|pwd|credential(?!Type)|secret|token|key|^(text|sdp|original)$"
)
_PLAIN = (str, bytes, str | None, bytes | None)


def classes() -> Iterator[type]:
    """Every class that the packages define."""
    for package in (peer, sdp):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            for member in vars(importlib.import_module(found.name)).values():
                if isinstance(member, type) and member.__module__ == found.name:
                    yield member


def secret_fields(kind: type) -> list[str]:
    """The fields of a record that by their names may hold a secret."""
    names = (
        [each.name for each in dataclasses.fields(kind)] if dataclasses.is_dataclass(kind) else []
    )
    names += getattr(kind, "_fields", ())
    hints = typing.get_type_hints(kind) if names else {}
    return [name for name in names if _LIKE_A_SECRET.search(name) and hints[name] in _PLAIN]


RECORDS = sorted(
    {kind for kind in classes() if secret_fields(kind)}, key=lambda kind: kind.__name__
)


def filled(kind: type) -> object:
    """A record whose secrets are the one that is looked for, and all else empty."""
    value = f"a=ice-pwd:{SECRET}"
    secrets = secret_fields(kind)
    if issubclass(kind, tuple):
        names: tuple[str, ...] = kind._fields  # type: ignore[attr-defined]
        return kind(**{name: value if name in secrets else "" for name in names})
    made = object.__new__(kind)
    for each in dataclasses.fields(kind):  # type: ignore[arg-type]
        object.__setattr__(made, each.name, value if each.name in secrets else "")
    return made


def test_there_are_records_with_secrets() -> None:
    named = {kind.__name__ for kind in RECORDS}
    assert {
        "IceParameters",
        "RemoteParameters",
        "TurnServer",
        "IceServer",
        "RTCIceServer",
        "RTCIceParameters",
        "IceCredentials",
        "IceAttributes",
        "RestCredentials",
        "Signature",
        "Accepted",
    } <= named


@pytest.mark.parametrize("kind", RECORDS, ids=lambda kind: kind.__name__)
def test_records_do_not_show_their_secrets(kind: type) -> None:
    made = filled(kind)
    assert SECRET not in f"{made!r} {made} {[made]}"
