"""A session description as the engine sees it: defaults filled in, sections classified."""

from collections.abc import Sequence
from dataclasses import field

from peer.jsep.errors import InvalidAccessError, RTCError
from peer.jsep.signaling import SdpType
from peer.records import dataclass
from sdp import (
    Description,
    Direction,
    MediaSection,
    SdpError,
    bundle_mids,
    is_rejected,
    parse,
    replace,
    serialize,
)


@dataclass(frozen=True, slots=True)
class Section:
    """One media section with all defaults filled in.

    `mid` is one made up locally when the peer wrote none. `tag` is the mid of the tagged section of
    its BUNDLE group, None outside of groups. `bundle_only` is True only where it counts: with port
    0 and inside a group (RFC 9143 §6).
    """

    index: int
    mid: str
    media: MediaSection
    rejected: bool
    bundle_only: bool
    tag: str | None

    @property
    def owner(self) -> str:
        """Mid of the section whose transport this one uses."""
        return self.mid if self.tag is None else self.tag

    @property
    def is_supported_kind(self) -> bool:
        """Tell whether the section is audio, video or data over protocols this engine knows."""
        if self.media.is_sctp:
            return True
        return self.media.kind in ("audio", "video") and self.media.is_rtp


@dataclass(frozen=True, slots=True)
class SessionDescription:
    """A local or remote description.

    `record` is the description as written; `sections` have the defaults filled in. `groups` are the
    BUNDLE groups of live sections, the tagged section first. `original` is the text it came as,
    None once candidates were added.
    """

    type: SdpType
    original: str | None = field(repr=False)
    record: Description
    sections: tuple[Section, ...]
    groups: tuple[tuple[str, ...], ...]

    @property
    def text(self) -> str:
        """What the application sees; written anew once candidates were added."""
        if self.original is not None:
            return self.original
        # What trickles in may make it longer than a description that is taken.
        return serialize(self.record, bounded=False)

    def section(self, mid: str) -> Section | None:
        """Return the section with this mid."""
        return next((section for section in self.sections if section.mid == mid), None)

    def by_mid(self) -> dict[str, Section]:
        """Return all sections by mid."""
        return {section.mid: section for section in self.sections}

    def without_candidates(self) -> Description:
        """Return the record without what may trickle in."""
        media = tuple(
            replace(one, ice=replace(one.ice, candidates=(), end_of_candidates=False))
            for one in self.record.media
        )
        return replace(self.record, media=media)

    def with_media(self, index: int, media: MediaSection) -> "SessionDescription":
        """Return the description with what trickled in added to one section.

        Only the ICE candidates and end-of-candidates of `media` are taken over.
        """
        written = self.record.media[index]
        ice = replace(
            written.ice,
            candidates=media.ice.candidates,
            end_of_candidates=media.ice.end_of_candidates,
        )
        record = replace(
            self.record,
            media=(
                *self.record.media[:index],
                replace(written, ice=ice),
                *self.record.media[index + 1 :],
            ),
        )
        section = self.sections[index]
        resolved = replace(
            section.media,
            ice=replace(
                section.media.ice,
                candidates=ice.candidates,
                end_of_candidates=ice.end_of_candidates,
            ),
        )
        sections = (
            *self.sections[:index],
            replace(section, media=resolved),
            *self.sections[index + 1 :],
        )
        return replace(self, original=None, record=record, sections=sections)


def parse_description(type_: SdpType, text: str) -> Description:
    """Parse a description. Raises RTCError with the line number."""
    try:
        return parse(text)
    except SdpError as error:
        raise RTCError(f"{type_.value} does not parse: {error}", error.line_number) from error


def read_description(
    type_: SdpType, text: str, record: Description, mids: Sequence[str]
) -> SessionDescription:
    """Classify the sections of a parsed description; `mids` are for those that have none.

    Raises InvalidAccessError when mids or BUNDLE groups make no sense (RFC 9429 §5.8.3).
    """
    named = _with_mids(record, mids)
    _check_mids(named)
    bundled = bundle_mids(named.groups)
    groups = named.live_groups()
    tags = {mid: group[0] for group in groups for mid in group}
    sections = []
    for index, media in enumerate(named.resolve(groups)):
        mid = media.mid or ""
        rejected = is_rejected(media, bundled)
        rejected = rejected or (type_ is SdpType.OFFER and _is_disabled(media, bundled))
        tag = None if rejected else tags.get(mid)
        bundle_only = media.bundle_only and media.port == 0 and not rejected
        # An answer repeats the mids that were written, and only those (RFC 9429 §5.3.1).
        media = media if named is record else replace(media, mid=record.media[index].mid)
        sections.append(Section(index, mid, media, rejected, bundle_only, tag))
    return SessionDescription(type_, text, record, tuple(sections), groups)


def _with_mids(record: Description, mids: Sequence[str]) -> Description:
    """Name the sections that have no mid, so that groups can mean them."""
    if all(media.mid is not None for media in record.media):
        return record
    media = tuple(
        replace(media, mid=media.mid or mid) for media, mid in zip(record.media, mids, strict=True)
    )
    return replace(record, media=media)


def _is_disabled(media: MediaSection, bundled: frozenset[str]) -> bool:
    """Tell whether a section is off although its port is not 0.

    Firefox writes the port of the group into a section that it stopped, once it has gathered for
    an ICE restart. Nothing else tells of a transport then.
    """
    return (
        media.direction is Direction.INACTIVE
        and media.mid not in bundled
        and media.ice.ufrag is None
        and media.ice.pwd is None
        and media.dtls.setup is None
    )


def _check_mids(record: Description) -> None:
    """Refuse mids that are of two sections or of none, or in two groups."""
    seen: set[str] = set()
    for media in record.media:
        if media.mid and media.mid in seen:
            raise InvalidAccessError(f"the mid {media.mid!r} occurs twice")
        if media.mid:
            seen.add(media.mid)
    grouped: set[str] = set()
    for group in record.bundle_groups:
        for mid in dict.fromkeys(group.mids):
            if mid not in seen:
                raise InvalidAccessError(f"a BUNDLE group names the unknown mid {mid!r}")
            if mid in grouped:
                raise InvalidAccessError(f"the mid {mid!r} is in two BUNDLE groups")
        grouped.update(group.mids)
