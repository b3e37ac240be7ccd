"""The OpaqueString profile of PRECIS (RFC 8265 §4.2, RFC 8264 §4.3) for credentials."""

import unicodedata

# PRECIS FreeformClass by general category: letters, marks, numbers, symbols, punctuation.
_ALLOWED_INITIALS = "LMNSP"
_JOINERS = "\u200c\u200d"
_VIRAMA = 9
# Old Hangul jamo and default-ignorable characters (RFC 8264 §9.9, §9.13) that the general
# category alone would let through.
_DISALLOWED_RANGES = (
    (0x034F, 0x034F),
    (0x1100, 0x11FF),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x3164, 0x3164),
    (0xA960, 0xA97F),
    (0xD7B0, 0xD7FF),
    (0xFE00, 0xFE0F),
    (0xFFA0, 0xFFA0),
    (0xE0100, 0xE01EF),
)


def opaque_string(text: str) -> str:
    """Prepare and enforce `text`; ASCII passes untouched.

    Raises ValueError for a non-ASCII string with a character the profile disallows.
    """
    if text.isascii():
        return text
    spaced = "".join(" " if unicodedata.category(char) == "Zs" else char for char in text)
    normal = unicodedata.normalize("NFC", spaced)
    for position, char in enumerate(normal):
        if not _is_allowed(char, normal[position - 1] if position else ""):
            raise ValueError(f"U+{ord(char):04X} is not allowed in a credential")
    return normal


def _is_allowed(char: str, before: str) -> bool:
    if char == " ":
        return True
    if char in _JOINERS:
        return before != "" and unicodedata.combining(before) == _VIRAMA
    code = ord(char)
    if any(low <= code <= high for low, high in _DISALLOWED_RANGES):
        return False
    return unicodedata.category(char)[0] in _ALLOWED_INITIALS
