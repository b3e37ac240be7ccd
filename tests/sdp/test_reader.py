"""Lines and levels of a text."""

import pytest

from sdp import Tolerated
from sdp.reader import read_levels


def levels(text: str | bytes) -> list[tuple[int, list[str]]]:
    return list(read_levels(text, lambda _: None))


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_levels_begin_with_media_lines(end: str) -> None:
    text = end.join(["v=0", "a=x:m=1", "m=audio", "", "a=b", "m=video", ""])
    assert levels(text) == [
        (1, ["v=0", "a=x:m=1"]),
        (3, ["m=audio", "", "a=b"]),
        (6, ["m=video"]),
    ]
    assert levels(text.encode()) == levels(text)


def test_a_text_may_begin_with_a_media_line() -> None:
    assert levels("m=a\r\nm=b\r\n") == [(1, []), (1, ["m=a"]), (2, ["m=b"])]


def test_nothing() -> None:
    assert levels("") == [(1, [])]
    assert levels("\r\n") == [(1, [])]


def test_what_was_tolerated() -> None:
    tolerated: list[Tolerated] = []
    list(read_levels(b"v=0\na=\xff", tolerated.append))
    assert tolerated == [
        Tolerated(1, "invalid UTF-8 was replaced"),
        Tolerated(1, "lines end in LF"),
        Tolerated(2, "last line without a line end"),
    ]
