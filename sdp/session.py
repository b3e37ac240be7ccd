"""Session description: the session-level part and its media sections (RFC 8866 §5)."""

from collections.abc import Sequence
from dataclasses import field

from peer.records import dataclass, replace
from sdp.attribute import Attribute
from sdp.bandwidth import Bandwidth
from sdp.bundle import BUNDLE, Group, bundle_mids, inherit_bundle_attributes, is_rejected
from sdp.connection import Connection
from sdp.direction import Direction
from sdp.errors import Tolerated
from sdp.media import MediaSection
from sdp.origin import UNBOUNDED, Origin, Timing
from sdp.rtp import Extmap
from sdp.source import MsidSemantic
from sdp.transport import NO_DTLS, NO_ICE, DtlsAttributes, IceAttributes


@dataclass(frozen=True, slots=True)
class Description:
    """A session description as written: session-level attributes stay at session level.

    `effective` fills them into a media section. `tolerated` lists what the parser let pass and
    takes no part in comparison.
    """

    origin: Origin
    session_name: str = "-"
    information: str | None = None
    uri: str | None = None
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    connection: Connection | None = None
    bandwidths: tuple[Bandwidth, ...] = ()
    timings: tuple[Timing, ...] = (UNBOUNDED,)
    zone: str | None = None
    groups: tuple[Group, ...] = ()
    ice_lite: bool = False
    ice_pacing: int | None = None
    ice: IceAttributes = NO_ICE
    dtls: DtlsAttributes = NO_DTLS
    direction: Direction | None = None
    extmaps: tuple[Extmap, ...] = ()
    extmap_allow_mixed: bool = False
    msid_semantics: tuple[MsidSemantic, ...] = ()
    other: tuple[Attribute, ...] = ()
    media: tuple[MediaSection, ...] = ()
    tolerated: tuple[Tolerated, ...] = field(default=(), compare=False)

    @property
    def bundle_groups(self) -> tuple[Group, ...]:
        """All groups with BUNDLE semantics, in order."""
        return tuple(group for group in self.groups if group.semantics == BUNDLE)

    def bundle_group_of(self, mid: str | None) -> Group | None:
        """Return the first BUNDLE group that lists `mid`."""
        for group in self.groups:
            if group.semantics == BUNDLE and mid in group.mids:
                return group
        return None

    def section(self, mid: str) -> MediaSection | None:
        """Return the first media section with this mid."""
        for section in self.media:
            if section.mid == mid:
                return section
        return None

    def is_rejected(self, index: int) -> bool:
        """Tell whether section `index` is off; see `sdp.is_rejected` for what port 0 means."""
        section = self.media[index]
        return section.port == 0 and is_rejected(section, bundle_mids(self.groups))

    def live_groups(self) -> tuple[tuple[str, ...], ...]:
        """Return the mids of each BUNDLE group that are not rejected, the tagged section first.

        That is the first; a bundle-only section is not taken (RFC 9143 §7.2.1) unless nothing else
        is there. Mids of no section, and groups without a section that is alive, are left out.
        """
        bundled = bundle_mids(self.groups)
        sections = {section.mid: section for section in reversed(self.media)}
        groups = []
        for group in self.bundle_groups:
            alive = [
                mid
                for mid in dict.fromkeys(group.mids)
                if mid in sections and not is_rejected(sections[mid], bundled)
            ]
            if alive:
                tag = next((mid for mid in alive if sections[mid].port != 0), alive[0])
                groups.append((tag, *[mid for mid in alive if mid != tag]))
        return tuple(groups)

    def effective(self, index: int) -> MediaSection:
        """Return section `index` with the session-level defaults filled in.

        What the section has itself overrides; without a direction anywhere it is sendrecv
        (RFC 8866 §6.7).
        """
        section = self.media[index]
        return replace(
            section,
            connection=section.connection or self.connection,
            direction=section.direction or self.direction or Direction.SENDRECV,
            ice=section.ice.inherit(self.ice),
            dtls=section.dtls.inherit(self.dtls),
            extmaps=section.extmaps or self.extmaps,
            extmap_allow_mixed=section.extmap_allow_mixed or self.extmap_allow_mixed,
        )

    def with_inherited_attributes(self) -> "Description":
        """Return the description with all session-level defaults moved into its sections."""
        return replace(
            self,
            connection=None,
            direction=None,
            ice=NO_ICE,
            dtls=NO_DTLS,
            extmaps=(),
            extmap_allow_mixed=False,
            media=tuple(self.effective(index) for index in range(len(self.media))),
        )

    def with_inherited_bundle_attributes(self) -> "Description":
        """Return the description with session defaults and those of the BUNDLE tags filled in.

        Every live bundled section then has ICE and DTLS attributes and a=rtcp-mux of its own,
        whether the peer wrote them or left them to the tagged section (RFC 9143 §7.1.3).
        """
        media = self.resolve(self.live_groups())
        return replace(self.with_inherited_attributes(), media=media)

    def resolve(self, groups: Sequence[Sequence[str]]) -> tuple[MediaSection, ...]:
        """Return the sections with session defaults and those of the BUNDLE tags filled in.

        `groups` are what `live_groups` returns.
        """
        media = [self.effective(index) for index in range(len(self.media))]
        index_of = {media[index].mid: index for index in reversed(range(len(media)))}
        for tag, *members in groups:
            for mid in members:
                index = index_of[mid]
                media[index] = inherit_bundle_attributes(media[index_of[tag]], media[index])
        return tuple(media)
