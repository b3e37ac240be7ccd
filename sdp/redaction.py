"""Descriptions as they may be printed: without what proves who speaks."""

import re

REDACTED = "***"

_SECRET = re.compile(r"^([ \t]*(?:a=(?:ice-pwd|crypto|key-mgmt):|k=))[^\r\n]*", re.MULTILINE)
"""Indented too: the parser takes such lines."""


def redact(text: str) -> str:
    """Give a description without ICE passwords (RFC 8839 §5.4) and the keys of others' media.

    These are in a=crypto (RFC 4568), a=key-mgmt (RFC 4567) and k= (RFC 4566 §5.12).
    """
    return _SECRET.sub(rf"\g<1>{REDACTED}", text)
