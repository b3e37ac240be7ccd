"""H.264 profile-level-id (RFC 6184 §8.1, §8.2.2)."""

import pytest

from sdp import H264ProfileLevel, parse_profile_level_id
from sdp.h264 import answer_profile_level


def parsed(text: str) -> H264ProfileLevel:
    value = parse_profile_level_id(text)
    assert value is not None
    return value


@pytest.mark.parametrize(
    ("text", "profile"),
    [
        ("42e01f", "constrained-baseline"),
        ("42C01F", "constrained-baseline"),
        ("4de01f", "constrained-baseline"),
        ("58e01f", "constrained-baseline"),
        ("42001f", "baseline"),
        ("58a01f", "baseline"),
        ("4d001f", "main"),
        ("4d401f", "main"),
        ("58001f", "extended"),
        ("640032", "high"),
        ("640c32", "constrained-high"),
        ("f40032", "high-4:4:4-predictive"),
        ("64ff32", "64ff"),
    ],
)
def test_profiles_of_table_5(text: str, profile: str) -> None:
    assert parsed(text).profile == profile


@pytest.mark.parametrize("text", ["", "42e01", "42e01f0", "42e01g", " 42e01f"])
def test_illegal(text: str) -> None:
    assert parse_profile_level_id(text) is None


def test_absent_is_baseline_level_1() -> None:
    assert parse_profile_level_id(None) == parsed("42000a")


def test_text_round_trip() -> None:
    assert str(parsed("42E01F")) == "42e01f"


@pytest.mark.parametrize(
    "ascending",
    [["42e00a", "42f00b", "42e00b", "42e00c", "42e01f"], ["64000a", "640009", "64000b"]],
)
def test_level_1b_is_between_1_and_1_1(ascending: list[str]) -> None:
    ranks = [parsed(text).level_rank for text in ascending]
    assert ranks[0] < ranks[1] < ranks[2]
    assert ranks == sorted(set(ranks))


@pytest.mark.parametrize(
    ("offered", "own", "asymmetry", "answer"),
    [
        ("42e01f", "42e034", False, "42e01f"),
        ("42e034", "42e01f", False, "42e01f"),
        ("42e01f", "42e034", True, "42e034"),
        ("42e034", "42e01f", True, "42e01f"),
        ("42c01f", "42e00d", False, "42c00d"),
        ("42e01f", "42f00b", False, "42f00b"),
        ("42f00b", "42e00b", True, "42e00b"),
        ("640034", "640009", False, "640009"),
        ("4de01f", "42f00b", False, "4df00b"),
    ],
)
def test_answered_level(offered: str, own: str, asymmetry: bool, answer: str) -> None:
    result = answer_profile_level(parsed(offered), parsed(own), asymmetry=asymmetry)
    assert str(result) == answer
