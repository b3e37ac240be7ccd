"""Groups of media sections (RFC 5888) and what BUNDLE makes of them (RFC 9143)."""

from collections.abc import Sequence

from peer.records import dataclass, replace
from sdp.errors import MalformedError
from sdp.media import MediaSection

BUNDLE = "BUNDLE"


@dataclass(frozen=True, slots=True)
class Group:
    """An a=group line: its semantics and the mids in order; of a BUNDLE, the first is the tag."""

    semantics: str
    mids: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " ".join((self.semantics, *self.mids))


def parse_group(value: str) -> Group:
    """Parse the value of an a=group line. Raises MalformedError."""
    fields = value.split()
    if not fields:
        raise MalformedError("a=group is empty")
    return Group(fields[0], tuple(fields[1:]))


def bundle_mids(groups: Sequence[Group]) -> frozenset[str]:
    """Return the mids that are in any BUNDLE group."""
    return frozenset(mid for group in groups if group.semantics == BUNDLE for mid in group.mids)


def is_rejected(section: MediaSection, bundled: frozenset[str]) -> bool:
    """Tell whether port 0 means that the section is off.

    It is alive when it is bundle-only and in one of the groups: RFC 9143 §6 for offers, and what
    RFC 8843 peers write in answers. The group alone says nothing, as some leave what they reject
    in it.
    """
    return section.port == 0 and not (section.bundle_only and section.mid in bundled)


def inherit_bundle_attributes(tagged: MediaSection, member: MediaSection) -> MediaSection:
    """Give `member` the transport attributes of the tagged section where it has none of its own.

    RFC 9143 §7.1.3 leaves them out of all sections but the tagged one. Attributes that must be the
    same everywhere come along only when the member has no transport attribute at all.
    """
    ice, dtls, rtcp = member.ice, member.dtls, member.rtcp
    if ice.ufrag is None and ice.pwd is None:
        ice = replace(
            ice,
            ufrag=tagged.ice.ufrag,
            pwd=tagged.ice.pwd,
            options=ice.options or tagged.ice.options,
        )
    bare = member.ice.ufrag is None and not dtls.fingerprints
    # A tagged data section carries what the RTP sections need (RFC 9143 §7.1.3, note).
    if member.is_rtp:
        rtcp = replace(
            rtcp,
            mux=rtcp.mux or tagged.rtcp.mux,
            rsize=rtcp.rsize or (bare and tagged.rtcp.rsize),
        )
    return replace(
        member,
        ice=ice,
        dtls=dtls.inherit(tagged.dtls),
        rtcp=rtcp,
        extmap_allow_mixed=member.extmap_allow_mixed or (bare and tagged.extmap_allow_mixed),
    )
