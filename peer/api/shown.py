"""Values of applications in the texts of errors, which end up in logs."""

import enum

MAX_TEXT = 40
"""Characters; a longer text may be a description, with the password in it."""


def shown(value: object) -> str:
    """Write out what is short and plain, and give the type of all else: it may hold a secret."""
    plain = value is None or isinstance(value, bool | float | enum.Enum)
    plain = plain or (isinstance(value, int) and value.bit_length() <= 64)
    plain = plain or (isinstance(value, str) and len(value) <= MAX_TEXT)
    return repr(value) if plain else f"<{type(value).__name__}>"
