"""Text from files of strangers on its way to a terminal."""

import re

_CONTROLS = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\ud800-\\udfff]")


def harmless(text: str) -> str:
    """Write out what a terminal would obey, and what no encoding has."""
    return _CONTROLS.sub(lambda found: repr(found[0])[1:-1], text)
