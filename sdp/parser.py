"""Reading a whole description (RFC 8866 §5): lenient about what lines say and where they are.

A line that breaks its grammar costs no more than itself. The whole text is refused for what is no
description, for what would be misread without the line, and for more work than the bounds allow.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

from sdp.attribute import Attribute
from sdp.builder import LINES_OF_BOTH_LEVELS, LevelBuilder
from sdp.errors import MalformedError, SdpError
from sdp.limits import MAX_MEDIA_SECTIONS
from sdp.media_parser import MEDIA_ATTRIBUTES, MediaBuilder
from sdp.reader import read_levels
from sdp.session import Description
from sdp.session_parser import SESSION_ATTRIBUTES, SESSION_LINES, SessionBuilder
from sdp.tokens import is_token

_NO_ATTRIBUTE = ("", "", "")

Level = TypeVar("Level", bound=LevelBuilder)


def parse(text: str | bytes) -> Description:
    """Parse a session description. Raises SdpError, and nothing else.

    Lines may end in CRLF or LF; `Description.tolerated` lists what was let pass.
    """
    session = SessionBuilder([])
    levels = read_levels(text, session.tolerated.append)
    _, lines = next(levels)
    if not next(filter(str.strip, lines), "").startswith("v="):
        raise SdpError(1, "a description starts with v=")
    parse_level(session, SESSION_ATTRIBUTES, SESSION_LINES, lines, 1)
    for number, lines in levels:
        media = _start_section(session, lines[0], number)
        parse_level(media, MEDIA_ATTRIBUTES, LINES_OF_BOTH_LEVELS, lines[1:], number + 1)
        session.media.append(media.build())
    return session.build()


def _start_section(session: SessionBuilder, line: str, number: int) -> MediaBuilder:
    if len(session.media) >= MAX_MEDIA_SECTIONS:
        raise SdpError(number, f"more than {MAX_MEDIA_SECTIONS} media sections")
    try:
        return MediaBuilder(session.tolerated, number, line[2:])
    except MalformedError as error:
        raise SdpError(number, str(error)) from None


def parse_level(
    level: Level,
    attributes: Mapping[str, Callable[[Level, str], None]],
    other_lines: Mapping[str, Callable[[Level, str], None]],
    lines: list[str],
    first_number: int,
) -> None:
    """Read the lines of a level, except m=, into `level`; drop and note what is malformed.

    Raises SdpError.
    """
    for number, line in enumerate(lines, first_number):
        prefix = line[:2]
        level.line_number = number
        name, colon, value = line[2:].partition(":") if prefix == "a=" else _NO_ATTRIBUTE
        handler = attributes.get(name)
        try:
            if handler is not None:
                handler(level, value)
            elif prefix == "a=":
                _read_unknown(level, attributes, name, value if colon else None)
            else:
                _read_line(level, other_lines, line)
        except MalformedError as error:
            level.tolerate(str(error))


def _read_unknown(
    level: Level,
    attributes: Mapping[str, Callable[[Level, str], None]],
    name: str,
    value: str | None,
) -> None:
    stripped = name.strip()
    handler = attributes.get(stripped)
    if handler is not None:
        level.tolerate("space around an attribute name")
        handler(level, value or "")
    elif is_token(name):
        level.other.append(Attribute(name, value))
    else:
        level.tolerate("attribute name is not a token")


def _read_line(
    level: Level, handlers: Mapping[str, Callable[[Level, str], None]], line: str
) -> None:
    if not line.strip():
        level.tolerate("blank line")
        return
    if line[1:2] != "=":
        raise SdpError(level.line_number, "a line has the form <type>=<value>")
    handler = handlers.get(line[0])
    if handler is not None:
        handler(level, line[2:])
    elif line[0] in SESSION_LINES:
        level.tolerate(f"{line[:2]} in a media section")
    else:
        raise SdpError(level.line_number, f"unknown type {line[0]!r}")
