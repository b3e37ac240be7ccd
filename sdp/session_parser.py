"""Reading the session level: its lines and session-level attributes."""

from collections.abc import Callable

from sdp.builder import (
    ATTRIBUTES_OF_BOTH_LEVELS,
    LINES_OF_BOTH_LEVELS,
    LevelBuilder,
)
from sdp.bundle import Group, parse_group
from sdp.errors import MalformedError, SdpError, Tolerated
from sdp.limits import MAX_GROUP_MIDS, MAX_GROUPS
from sdp.media import MediaSection
from sdp.origin import UNBOUNDED, UNKNOWN_ORIGIN, Origin, Timing, parse_origin, parse_timing
from sdp.session import Description
from sdp.source import MsidSemantic, parse_msid_semantic
from sdp.tokens import parse_integer
from sdp.transport import NO_ICE, IceAttributes


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
        "version",
        "zone",
    )

    def __init__(self, tolerated: list[Tolerated]) -> None:
        super().__init__(tolerated)
        self.version: str | None = None
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
        self.media: list[MediaSection] = []

    def build(self) -> Description:
        """Make the record of the description."""
        for name, value in (
            ("o=", self.origin),
            ("s=", self.session_name),
            ("t=", self.timings or None),
        ):
            if value is None:
                self.tolerate(f"no {name} line")
        return Description(
            origin=self.origin or UNKNOWN_ORIGIN,
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
            ice=self.ice(),
            dtls=self.dtls(),
            direction=self.direction,
            extmaps=tuple(self.extmaps),
            extmap_allow_mixed=self.extmap_allow_mixed,
            msid_semantics=tuple(self.msid_semantics),
            other=tuple(self.other),
            media=tuple(self.media),
            tolerated=tuple(sorted(self.tolerated)),
        )

    def _timings(self) -> tuple[Timing, ...]:
        if not self.timings:
            return (UNBOUNDED,)
        return tuple([Timing(t.start, t.stop, tuple(repeats)) for t, repeats in self.timings])

    def ice(self) -> IceAttributes:
        """Build the ICE attributes of the session level."""
        if not (self.ice_ufrag or self.ice_pwd or self.ice_options or self.end_of_candidates):
            return NO_ICE
        return IceAttributes(
            self.ice_ufrag,
            self.ice_pwd,
            tuple(self.ice_options),
            end_of_candidates=self.end_of_candidates,
        )


def _read_version(session: SessionBuilder, value: str) -> None:
    if value.strip() != "0":
        raise SdpError(session.line_number, "v=0 is the only version")
    session.note_repeat("v=", session.version)
    session.version = value


def _read_origin(session: SessionBuilder, value: str) -> None:
    if session.origin is not None:
        raise MalformedError("more than one o=")
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
SESSION_LINES: dict[str, Callable[[SessionBuilder, str], None]] = {
    **LINES_OF_BOTH_LEVELS,
    "v": _read_version,
    "o": _read_origin,
    "s": _read_session_name,
    "u": _read_uri,
    "e": _read_email,
    "p": _read_phone,
    "t": _read_timing,
    "r": _read_repeat,
    "z": _read_zone,
}
