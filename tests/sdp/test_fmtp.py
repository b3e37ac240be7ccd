"""Format parameters (RFC 8866 §6.15)."""

import pytest

from sdp import parse_parameters, serialize_parameters
from sdp.fmtp import get_parameter


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("minptime=10;useinbandfec=1", (("minptime", "10"), ("useinbandfec", "1"))),
        (
            "minptime=20; useinbandfec=0;cbr=1",
            (("minptime", "20"), ("useinbandfec", "0"), ("cbr", "1")),
        ),
        ("0-15", (("0-15", None),)),
        ("0-15,66,70", (("0-15,66,70", None),)),
        ("111/111", (("111/111", None),)),
        ("apt=96;", (("apt", "96"),)),
        (" ; ;a= ; =b", (("a", ""),)),
        (
            "sprop-parameter-sets=Z0IACpZTBYmI,aMljiA==;packetization-mode=1",
            (("sprop-parameter-sets", "Z0IACpZTBYmI,aMljiA=="), ("packetization-mode", "1")),
        ),
        ("", ()),
    ],
)
def test_parse(text: str, expected: tuple[tuple[str, str | None], ...]) -> None:
    parameters = parse_parameters(text)
    assert parameters == expected
    assert parse_parameters(serialize_parameters(parameters)) == parameters


def test_long_values_are_kept_whole() -> None:
    value = "A" * 4000 + "=="
    assert parse_parameters(f"sprop-parameter-sets={value}") == (("sprop-parameter-sets", value),)


def test_names_compare_without_case() -> None:
    parameters = parse_parameters("Profile-Level-Id=42e01f;flag")
    assert get_parameter(parameters, "profile-level-id") == "42e01f"
    assert get_parameter(parameters, "flag") is None
    assert get_parameter(parameters, "absent") is None
