"""Trickled candidates as ``application/trickle-ice-sdpfrag`` (RFC 8840 §9, RFC 9725 §4.3.1)."""

from collections.abc import Callable, Mapping
from dataclasses import field

from peer.records import dataclass, replace
from sdp.builder import LevelBuilder
from sdp.bundle import Group
from sdp.candidate import Candidate
from sdp.errors import MalformedError, SdpError, Tolerated
from sdp.limits import MAX_MEDIA_SECTIONS
from sdp.media_parser import MEDIA_ATTRIBUTES, MediaBuilder
from sdp.parser import Level, parse_level
from sdp.reader import read_levels
from sdp.session_parser import SESSION_ATTRIBUTES, SessionBuilder
from sdp.transport import NO_ICE, NO_RTCP, IceAttributes, RtcpAttributes
from sdp.writer import append_candidates, append_ice, append_rtcp, join_lines

MEDIA_TYPE = "application/trickle-ice-sdpfrag"

_SESSION_NAMES = (
    "ice-ufrag",
    "ice-pwd",
    "ice-options",
    "ice-lite",
    "ice-pacing",
    "group",
    "end-of-candidates",
)
_MEDIA_NAMES = (
    "mid",
    "candidate",
    "remote-candidates",
    "ice-mismatch",
    "ice-ufrag",
    "ice-pwd",
    "ice-options",
    "end-of-candidates",
    "rtcp",
    "rtcp-mux",
    "rtcp-mux-only",
    "rtcp-rsize",
)
_SESSION_ATTRIBUTES = {name: SESSION_ATTRIBUTES[name] for name in _SESSION_NAMES}
_MEDIA_ATTRIBUTES = {name: MEDIA_ATTRIBUTES[name] for name in _MEDIA_NAMES}
_KNOWN = frozenset(_SESSION_NAMES + _MEDIA_NAMES)


@dataclass(frozen=True, slots=True)
class FragmentSection:
    """A pseudo media section: only its mid and its attributes mean something (RFC 8840 §4.4)."""

    mid: str | None
    ice: IceAttributes = NO_ICE
    rtcp: RtcpAttributes = NO_RTCP
    kind: str = "audio"
    port: int = 9
    protocol: str = "RTP/AVP"
    formats: tuple[str, ...] = ("0",)


@dataclass(frozen=True, slots=True)
class Fragment:
    """All candidates of a generation so far: every fragment repeats the earlier ones."""

    ice: IceAttributes = NO_ICE
    ice_lite: bool = False
    ice_pacing: int | None = None
    groups: tuple[Group, ...] = ()
    media: tuple[FragmentSection, ...] = ()
    tolerated: tuple[Tolerated, ...] = field(default=(), compare=False)

    def effective(self, index: int) -> FragmentSection:
        """Return pseudo section `index` with the session-level defaults filled in."""
        section = self.media[index]
        return replace(section, ice=section.ice.inherit(self.ice))

    def belongs_to(self, ufrag: str, pwd: str) -> bool:
        """Tell whether the fragment is of the generation with these credentials (RFC 8840 §4.4).

        A receiver discards a fragment with others, and one without any.
        """
        levels = [self.ice, *(section.ice for section in self.media)]
        credentials = {(ice.ufrag, ice.pwd) for ice in levels} - {(None, None)}
        return credentials == {(ufrag, pwd)}

    def new_candidates(self, known: "Fragment") -> tuple[tuple[str | None, Candidate], ...]:
        """Return (mid, candidate) for what `known` does not have yet, in order (RFC 8840 §4.4).

        Candidates of one section are equal when address, port, transport and component are.
        """
        seen = {_identity(mid, candidate) for mid, candidate in known.candidates()}
        fresh = []
        for mid, candidate in self.candidates():
            identity = _identity(mid, candidate)
            if identity not in seen:
                seen.add(identity)
                fresh.append((mid, candidate))
        return tuple(fresh)

    def candidates(self) -> list[tuple[str | None, Candidate]]:
        """Return (mid, candidate) for all candidates, in order."""
        return [
            (section.mid, candidate)
            for section in self.media
            for candidate in section.ice.candidates
        ]


def parse_fragment(text: str | bytes) -> Fragment:
    """Parse a trickle fragment. Raises SdpError, and nothing else.

    Unknown attributes and the content of pseudo m= lines are ignored (RFC 8840 §4.4, §9.2).
    """
    session = SessionBuilder([])
    media: list[MediaBuilder] = []
    levels = read_levels(text, session.tolerated.append)
    _, lines = next(levels)
    _parse_level(session, _SESSION_ATTRIBUTES, lines, 1)
    for number, lines in levels:
        if len(media) >= MAX_MEDIA_SECTIONS:
            raise SdpError(number, f"more than {MAX_MEDIA_SECTIONS} media sections")
        section = _start_section(session.tolerated, lines[0], number)
        _parse_level(section, _MEDIA_ATTRIBUTES, lines[1:], number + 1)
        media.append(section)
    return Fragment(
        ice=session.ice(),
        ice_lite=session.ice_lite,
        ice_pacing=session.ice_pacing,
        groups=tuple(session.groups),
        media=tuple(map(_section_of, media)),
        tolerated=tuple(session.tolerated),
    )


def serialize_fragment(fragment: Fragment) -> str:
    """Write a trickle fragment, the mid right before the candidates. Raises ValueError."""
    lines = [f"a=group:{group}" for group in fragment.groups]
    if fragment.ice_lite:
        lines.append("a=ice-lite")
    if fragment.ice_pacing is not None:
        lines.append(f"a=ice-pacing:{fragment.ice_pacing}")
    append_ice(lines, fragment.ice)
    for section in fragment.media:
        formats = " ".join(section.formats)
        lines.append(f"m={section.kind} {section.port} {section.protocol} {formats}")
        append_rtcp(lines, section.rtcp)
        if section.mid is not None:
            lines.append(f"a=mid:{section.mid}")
        append_candidates(lines, section.ice)
        append_ice(lines, section.ice)
    return join_lines(lines)


def _identity(mid: str | None, candidate: Candidate) -> tuple[str | None, str, int, str, int]:
    return (mid, candidate.address, candidate.port, candidate.transport, candidate.component)


def _parse_level(
    level: Level,
    attributes: Mapping[str, Callable[[Level, str], None]],
    lines: list[str],
    first_number: int,
) -> None:
    parse_level(level, attributes, _IGNORED_LINES, list(map(_with_known_name, lines)), first_number)


def _with_known_name(line: str) -> str:
    """Write known attribute names in lower case: receivers ignore their case (RFC 8840 §9.2)."""
    name, colon, value = line[2:].partition(":")
    lower = name.lower()
    return f"a={lower}{colon}{value}" if line[:2] == "a=" and lower in _KNOWN else line


def _start_section(tolerated: list[Tolerated], line: str, number: int) -> MediaBuilder:
    try:
        return MediaBuilder(tolerated, number, line[2:])
    except MalformedError as error:
        tolerated.append(Tolerated(number, str(error)))
        return MediaBuilder(tolerated, number, "audio 9 RTP/AVP 0")


def _section_of(media: MediaBuilder) -> FragmentSection:
    return FragmentSection(
        media.mid,
        media.ice(),
        media.rtcp_attributes(),
        media.kind,
        media.port,
        media.protocol,
        media.formats,
    )


def _ignore_line(level: LevelBuilder, value: str) -> None:
    level.tolerate("line without a meaning in a fragment")


_IGNORED_LINES: dict[str, Callable[[LevelBuilder, str], None]] = dict.fromkeys(
    "voisuepcbtrzk", _ignore_line
)
