"""What of a value an error tells."""

import enum

import pytest

from peer.api.shown import shown


class Colour(enum.Enum):
    RED = "red"


@pytest.mark.parametrize("value", [None, True, 7, -1.5, "short", Colour.RED])
def test_what_is_short_and_plain(value: object) -> None:
    assert shown(value) == repr(value)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("long " * 20, "<str>"),
        (b"bytes", "<bytes>"),
        ({"credential": "secret"}, "<dict>"),
        (["secret"], "<list>"),
        (2**64, "<int>"),
        (object(), "<object>"),
    ],
)
def test_of_all_else_the_type(value: object, name: str) -> None:
    assert shown(value) == name
