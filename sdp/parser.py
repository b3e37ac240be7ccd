"""Reading a whole description (RFC 8866 §5): strict about lines, lenient about their order."""

from collections.abc import Callable, Mapping
from itertools import islice
from typing import TypeVar

from sdp.attribute import Attribute
from sdp.builder import (
    ATTRIBUTES_OF_BOTH_LEVELS,
    DROPPED_WHEN_MALFORMED,
    LevelBuilder,
    read_bandwidth,
    read_connection,
    read_information,
)
from sdp.bundle import Group, parse_group
from sdp.errors import MalformedError, SdpError, Tolerated
from sdp.limits import MAX_GROUP_MIDS, MAX_GROUPS, MAX_MEDIA_SECTIONS
from sdp.media_parser import MEDIA_ATTRIBUTES, MediaBuilder
from sdp.origin import UNBOUNDED, Origin, Timing, parse_origin, parse_timing
from sdp.reader import read_lines
from sdp.session import Description
from sdp.source import MsidSemantic, parse_msid_semantic
from sdp.tokens import is_token, parse_integer
from sdp.transport import NO_ICE, IceAttributes

Level = TypeVar("Level", bound=LevelBuilder)


class SessionBuilder(LevelBuilder):
    """Fields of the session level, and the sections read so far."""

    __slots__ = (
        "emails",
        "groups",
        "ice_lite",
        "ice_pacing",
        "media",
        "msid_semantics",
        "origin",
        "phones",
        "session_name",
        "timings",
        "uri",
        "zone",
    )

    def __init__(self, tolerated: list[Tolerated]) -> None:
        super().__init__(tolerated)
        self.origin: Origin | None = None
        self.session_name: str | None = None
        self.uri: str | None = None
        self.emails: list[str] = []
        self.phones: list[str] = []
        self.timings: list[tuple[Timing, list[str]]] = []
        self.zone: str | None = None
        self.groups: list[Group] = []
        self.ice_lite = False
        self.ice_pacing: int | None = None
        self.msid_semantics: list[MsidSemantic] = []
        self.media: list[MediaBuilder] = []

    def build(self) -> Description:
        """Make the record of the description. Raises SdpError when o= is missing."""
        if self.origin is None:
            raise SdpError(self.line_number, "no o= line")
        media = tuple([section.build() for section in self.media])
        for name, value in (("s=", self.session_name), ("t=", self.timings or None)):
            if value is None:
                self.tolerate(f"no {name} line")
        return Description(
            origin=self.origin,
            session_name=self.session_name or "-",
            information=self.information,
            uri=self.uri,
            emails=tuple(self.emails),
            phones=tuple(self.phones),
            connection=self.connection,
            bandwidths=tuple(self.bandwidths),
            timings=self._timings(),
            zone=self.zone,
            groups=tuple(self.groups),
            ice_lite=self.ice_lite,
            ice_pacing=self.ice_pacing,
            ice=self._ice(),
            dtls=self.dtls(),
            direction=self.direction,
            extmaps=tuple(self.extmaps),
            extmap_allow_mixed=self.extmap_allow_mixed,
            msid_semantics=tuple(self.msid_semantics),
            other=tuple(self.other),
            media=media,
            tolerated=tuple(sorted(self.tolerated)),
        )

    def _timings(self) -> tuple[Timing, ...]:
        if not self.timings:
            return (UNBOUNDED,)
        return tuple([Timing(t.start, t.stop, tuple(repeats)) for t, repeats in self.timings])

    def _ice(self) -> IceAttributes:
        if not (self.ice_ufrag or self.ice_pwd or self.ice_options or self.end_of_candidates):
            return NO_ICE
        return IceAttributes(
            self.ice_ufrag,
            self.ice_pwd,
            tuple(self.ice_options),
            end_of_candidates=self.end_of_candidates,
        )


def parse(text: str | bytes) -> Description:
    """Parse a session description. Raises SdpError, and nothing else.

    Lines may end in CRLF or LF; `Description.tolerated` lists what was let pass.
    """
    tolerated: list[Tolerated] = []
    lines = read_lines(text, tolerated.append)
    if not lines or not lines[0].startswith("v="):
        raise SdpError(1, "a description starts with v=")
    session = SessionBuilder(tolerated)
    number = _parse_level(session, SESSION_ATTRIBUTES, _SESSION_LINES, lines, 0)
    while number < len(lines):
        media = _start_section(session, lines[number], number + 1)
        number = _parse_level(media, MEDIA_ATTRIBUTES, _MEDIA_LINES, lines, number + 1)
    return session.build()


def _start_section(session: SessionBuilder, line: str, number: int) -> MediaBuilder:
    if len(session.media) >= MAX_MEDIA_SECTIONS:
        raise SdpError(number, f"more than {MAX_MEDIA_SECTIONS} media sections")
    try:
        media = MediaBuilder(session.tolerated, number, line[2:])
    except MalformedError as error:
        raise SdpError(number, str(error)) from None
    session.media.append(media)
    return media


def _parse_level(
    level: Level,
    attributes: Mapping[str, Callable[[Level, str], None]],
    other_lines: Mapping[str, Callable[[Level, str], None]],
    lines: list[str],
    index: int,
) -> int:
    """Read lines from `index` up to the next m= line; return the index of that line."""
    for line in islice(lines, index, None):
        prefix = line[:2]
        if prefix == "m=":
            break
        index += 1
        level.line_number = index
        name, handler = prefix, None
        try:
            if prefix == "a=":
                name, colon, value = line[2:].partition(":")
                handler = attributes.get(name)
                if handler is not None:
                    handler(level, value)
                else:
                    _keep_attribute(level, name, value if colon else None)
            else:
                _read_line(level, other_lines, line)
        except MalformedError as error:
            if handler is None or name not in DROPPED_WHEN_MALFORMED:
                raise SdpError(index, str(error)) from None
            level.tolerate(str(error))
    return index


def _keep_attribute(level: LevelBuilder, name: str, value: str | None) -> None:
    if is_token(name):
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
        raise MalformedError("a line has the form <type>=<value>")
    handler = handlers.get(line[0])
    if handler is None:
        raise MalformedError(f"{line[:2]!r} does not belong here")
    handler(level, line[2:])


def _read_version(session: SessionBuilder, value: str) -> None:
    if session.line_number != 1 or value.strip() != "0":
        raise MalformedError("v=0 is the only version, and the first line")


def _read_origin(session: SessionBuilder, value: str) -> None:
    if session.origin is not None:
        raise MalformedError("second o= line")
    session.origin = parse_origin(value)


def _read_session_name(session: SessionBuilder, value: str) -> None:
    session.note_repeat("s=", session.session_name)
    if not value:
        session.tolerate("s= is empty")
    session.session_name = value


def _read_uri(session: SessionBuilder, value: str) -> None:
    session.note_repeat("u=", session.uri)
    session.uri = value


def _read_email(session: SessionBuilder, value: str) -> None:
    session.emails.append(value)


def _read_phone(session: SessionBuilder, value: str) -> None:
    session.phones.append(value)


def _read_timing(session: SessionBuilder, value: str) -> None:
    session.timings.append((parse_timing(value), []))


def _read_repeat(session: SessionBuilder, value: str) -> None:
    if session.timings:
        session.timings[-1][1].append(value)
    else:
        session.tolerate("r= before any t=")


def _read_zone(session: SessionBuilder, value: str) -> None:
    session.note_repeat("z=", session.zone)
    session.zone = value


def _ignore_key(level: LevelBuilder, value: str) -> None:
    level.tolerate("k= is ignored")


def _read_group(session: SessionBuilder, value: str) -> None:
    group = parse_group(value)
    if len(session.groups) >= MAX_GROUPS or len(group.mids) > MAX_GROUP_MIDS:
        raise MalformedError("too many groups, or too many sections in one")
    session.groups.append(group)


def _read_ice_lite(session: SessionBuilder, value: str) -> None:
    session.ice_lite = True


def _read_ice_pacing(session: SessionBuilder, value: str) -> None:
    session.ice_pacing = parse_integer(value.strip(), maximum=10**10 - 1)


def _read_msid_semantic(session: SessionBuilder, value: str) -> None:
    session.msid_semantics.append(parse_msid_semantic(value))


SESSION_ATTRIBUTES: dict[str, Callable[[SessionBuilder, str], None]] = {
    **ATTRIBUTES_OF_BOTH_LEVELS,
    "group": _read_group,
    "ice-lite": _read_ice_lite,
    "ice-pacing": _read_ice_pacing,
    "msid-semantic": _read_msid_semantic,
}
_SESSION_LINES: dict[str, Callable[[SessionBuilder, str], None]] = {
    "v": _read_version,
    "o": _read_origin,
    "s": _read_session_name,
    "i": read_information,
    "u": _read_uri,
    "e": _read_email,
    "p": _read_phone,
    "c": read_connection,
    "b": read_bandwidth,
    "t": _read_timing,
    "r": _read_repeat,
    "z": _read_zone,
    "k": _ignore_key,
}
_MEDIA_LINES: dict[str, Callable[[MediaBuilder, str], None]] = {
    "i": read_information,
    "c": read_connection,
    "b": read_bandwidth,
    "k": _ignore_key,
}
