"""Lines of a description: decoding, line ends and bounds (RFC 8866 §5, §9)."""

from collections.abc import Callable

from sdp.errors import SdpError, Tolerated
from sdp.limits import MAX_LENGTH, MAX_LINE_LENGTH

_TOO_LONG = f"description longer than {MAX_LENGTH} bytes"


def read_lines(text: str | bytes, tolerate: Callable[[Tolerated], None]) -> list[str]:
    """Split a description into lines without their ends; line n is item n - 1.

    CRLF, LF, a mix of them and a missing last line end are taken. Raises SdpError for a
    description or line that is too long and for a NUL or a lone CR.
    """
    if len(text) > MAX_LENGTH:
        raise SdpError(1, _TOO_LONG)
    decoded = _decode(text, tolerate)
    lines = decoded.split("\n")
    if lines[-1]:
        tolerate(Tolerated(len(lines), "last line without a line end"))
    else:
        lines.pop()
    if decoded.count("\r\n") == decoded.count("\n"):
        lines = decoded.split("\r\n")[: len(lines)]
    else:
        tolerate(Tolerated(1, "lines end in LF"))
        lines = [line.removesuffix("\r") for line in lines]
    _check_lines(decoded, lines)
    return lines


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


def _check_lines(decoded: str, lines: list[str]) -> None:
    longest = max(map(len, lines), default=0)
    if longest > MAX_LINE_LENGTH:
        number = next(n for n, line in enumerate(lines, 1) if len(line) > MAX_LINE_LENGTH)
        raise SdpError(number, f"line longer than {MAX_LINE_LENGTH} characters")
    for character, name in (("\r", "lone CR"), ("\0", "NUL")):
        if character in decoded:
            for number, line in enumerate(lines, 1):
                if character in line:
                    raise SdpError(number, f"{name} in a line")
