"""Lines of a description: decoding, line ends and bounds (RFC 8866 §5, §9)."""

import re
from collections.abc import Callable, Iterator

from sdp.errors import SdpError, Tolerated
from sdp.limits import MAX_LENGTH, MAX_LINE_LENGTH, MAX_LINES

_BYTE_ORDER_MARK = "\ufeff"
_INDENTATION = re.compile(r"^[ \t]+", re.MULTILINE)
_TOO_LONG = f"description longer than {MAX_LENGTH} bytes"


def read_levels(
    text: str | bytes, tolerate: Callable[[Tolerated], None]
) -> Iterator[tuple[int, list[str]]]:
    """Split a description into levels: the session level, then each media section.

    Yields the number of the first line and the lines without their ends; all but the first level
    begin with an m= line. CRLF, CRCRLF, LF, a mix of them, a missing last line end, indented lines
    and a byte order mark are taken. Raises SdpError for too long a description or line, too many
    lines, and for a NUL or a lone CR.
    """
    number = 1
    # Split level by level, so that no more than one level of lines is in memory.
    for level in _split_levels(_normalize(text, tolerate)):
        lines = level.split("\n") if level else []
        if lines and max(map(len, lines)) > MAX_LINE_LENGTH:
            number += next(n for n, line in enumerate(lines) if len(line) > MAX_LINE_LENGTH)
            raise SdpError(number, f"line longer than {MAX_LINE_LENGTH} characters")
        yield number, lines
        number += len(lines)


def _split_levels(text: str) -> Iterator[str]:
    session, *sections = f"\n{text}".split("\nm=")
    yield session[1:]
    for section in sections:
        yield f"m={section}"


def _normalize(text: str | bytes, tolerate: Callable[[Tolerated], None]) -> str:
    if len(text) > MAX_LENGTH:
        raise SdpError(1, _TOO_LONG)
    decoded = _decode(text, tolerate)
    line_ends = decoded.count("\n")
    if line_ends > MAX_LINES:
        raise SdpError(MAX_LINES + 1, f"more than {MAX_LINES} lines")
    if decoded.count("\r\n") != line_ends:
        tolerate(Tolerated(1, "lines end in LF"))
    decoded = decoded.replace("\r\n", "\n")
    if "\r\n" in decoded:
        tolerate(Tolerated(1, "lines end in CRCRLF"))
        decoded = decoded.replace("\r\n", "\n")
    if decoded.startswith(_BYTE_ORDER_MARK):
        tolerate(Tolerated(1, "byte order mark"))
        decoded = decoded.removeprefix(_BYTE_ORDER_MARK)
    if decoded.startswith((" ", "\t")) or "\n " in decoded or "\n\t" in decoded:
        tolerate(Tolerated(1, "lines are indented"))
        decoded = _INDENTATION.sub("", decoded)
    for character, name in (("\r", "lone CR"), ("\0", "NUL")):
        position = decoded.find(character)
        if position >= 0:
            raise SdpError(decoded.count("\n", 0, position) + 1, f"{name} in a line")
    if not decoded.endswith("\n"):
        tolerate(Tolerated(line_ends + 1, "last line without a line end"))
    return decoded.removesuffix("\n")


def _decode(text: str | bytes, tolerate: Callable[[Tolerated], None]) -> str:
    if isinstance(text, str):
        if text.isascii():
            return text
        text = text.encode("utf-8", "surrogatepass")
        if len(text) > MAX_LENGTH:
            raise SdpError(1, _TOO_LONG)
    decoded = text.decode("utf-8", "replace")
    # U+FFFD may be in the text itself; only the round trip tells.
    if "\ufffd" in decoded and decoded.encode() != text:
        tolerate(Tolerated(1, "invalid UTF-8 was replaced"))
    return decoded
