import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.ice import stun


@given(st.text(st.characters(max_codepoint=127)))
def test_ascii_passes_untouched(text: str) -> None:
    assert stun.opaque_string(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("caf\u00e9 x", "caf\u00e9 x"),
        ("cafe\u0301", "caf\u00e9"),
        ("a\u00a0b\u3000c\u2003d", "a b c d"),
        ("\uff21\u2168\u00aa", "\uff21\u2168\u00aa"),
        ("\u03a3\u03c3", "\u03a3\u03c3"),
        ("\u30de\u30c8\u30ea", "\u30de\u30c8\u30ea"),
        ("\u0915\u094d\u200d\u0937", "\u0915\u094d\u200d\u0937"),
        ("\U0001f511", "\U0001f511"),
    ],
)
def test_mappings(text: str, expected: str) -> None:
    """RFC 8265 §4.2.1: spaces and NFC only; no width or case mapping."""
    assert stun.opaque_string(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "\u00e9\x00",
        "\u00e9\x7f",
        "\u0085",
        "The\u00adM",
        "\ud800",
        "\ue000",
        "\U0003ffff",
        "\u2028\u00e9",
        "a\u200db",
        "\u200d",
        "\ufe0f",
        "\u1100",
        "\ufeff",
    ],
)
def test_disallowed_characters(text: str) -> None:
    """RFC 8265 §4.2.2, RFC 8264 §4.3.3."""
    with pytest.raises(ValueError, match="not allowed"):
        stun.opaque_string(text)


@given(st.text(max_size=20))
def test_idempotent(text: str) -> None:
    """RFC 8264 §7: applying the rules again changes nothing."""
    try:
        once = stun.opaque_string(text)
    except ValueError:
        return
    assert stun.opaque_string(once) == once
