"""Character classes and numbers of the SDP grammars (RFC 8866 §9, RFC 8839 §5.1)."""

import string

from sdp.errors import MalformedError

_ALPHANUMERIC = string.ascii_letters + string.digits
_TOKEN = frozenset(_ALPHANUMERIC + "!#$%&'*+-.^_`{|}~")
_ICE_CHARS = frozenset(_ALPHANUMERIC + "+/")
_LENIENT_CREDENTIAL = _TOKEN | _ICE_CHARS | {"="}


def is_token(text: str) -> bool:
    """Tell whether `text` is a non-empty RFC 8866 token."""
    return bool(text) and _TOKEN.issuperset(text)


def is_scalar(text: str) -> bool:
    """Tell whether `text` can be written: surrogates that stand alone cannot (RFC 3629 §3)."""
    return text.isascii() or not any("\ud800" <= one <= "\udfff" for one in text)


def is_ice_chars(text: str) -> bool:
    """Tell whether `text` is a non-empty run of ice-char (RFC 8839 §5.1)."""
    return bool(text) and _ICE_CHARS.issuperset(text)


def is_lenient_credential(text: str) -> bool:
    """Tell whether `text` can stand for an ICE ufrag or pwd: a token, or base64 with its padding.

    Some peers use more than ice-char; a colon would make the STUN username ambiguous.
    """
    return bool(text) and _LENIENT_CREDENTIAL.issuperset(text)


def parse_integer(text: str, *, minimum: int = 0, maximum: int | None = None) -> int:
    """Parse a run of ASCII digits within bounds. Raises MalformedError.

    `maximum` also bounds the digits; leave it out only where the length is bounded already.
    """
    if not (text.isascii() and text.isdigit()):
        raise MalformedError(f"not a number: {text[:32]!r}")
    if maximum is not None and len(text) > 20:
        raise MalformedError(f"number with too many digits: {text[:32]}…")
    number = int(text)
    if number < minimum or (maximum is not None and number > maximum):
        raise MalformedError(f"number out of range: {number}")
    return number
