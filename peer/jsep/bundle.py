"""BUNDLE (RFC 9143): what to group in an offer, and which sections of one to accept and group."""

from collections.abc import Iterable, Mapping, Sequence

from peer.jsep.description import Section, SessionDescription
from peer.jsep.model import BundlePolicy
from peer.records import dataclass

Groups = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """What an answer does with the sections of an offer.

    `owners` has every accepted section and the section whose transport it uses: the tagged one of
    its group, or itself. `groups` start with their tag.
    """

    owners: Mapping[str, str]
    groups: Groups


def offer_groups(
    live: Sequence[str], previous: Groups, new: Iterable[str], excluded: frozenset[str]
) -> Groups:
    """Return the groups to offer (RFC 9429 §5.2.1, §5.2.2).

    `previous` are the groups of the last answer: they go on with the sections that are alive, and
    the first takes the `new` ones. Without any, all of `live` but `excluded` form one group.
    """
    if not previous:
        members = tuple(mid for mid in live if mid not in excluded)
        return (members,) if members else ()
    alive = frozenset(live)
    kept = [tuple(mid for mid in group if mid in alive) for group in previous]
    added = tuple(mid for mid in live if mid in frozenset(new))
    groups = [group for group in kept if group] or [()]
    groups[0] = (*groups[0], *added)
    return tuple(group for group in groups if group)


def bundle_only_sections(
    sections: Sequence[tuple[str, str]], policy: BundlePolicy, candidates: frozenset[str]
) -> frozenset[str]:
    """Return the mids to mark bundle-only in an offer to a peer that may not know BUNDLE.

    `sections` are (mid, kind) of the live ones in order. `candidates` may be marked: sections that
    are new and in a group (RFC 9429 §4.1.1).
    """
    if policy is BundlePolicy.MAX_COMPAT:
        return frozenset()
    marked = set()
    kinds: set[str] = set()
    for position, (mid, kind) in enumerate(sections):
        first = position == 0 if policy is BundlePolicy.MAX_BUNDLE else kind not in kinds
        kinds.add(kind)
        if not first and mid in candidates:
            marked.add(mid)
    return frozenset(marked)


def decide(
    offer: SessionDescription,
    acceptable: frozenset[str],
    policy: BundlePolicy,
    *,
    accepts_all: bool,
) -> Decision:
    """Decide which sections of an offer to accept, and how to group them (RFC 9143 §7.3).

    `acceptable` are the mids of sections that could be used on their own merits. `accepts_all`
    keeps under "balanced" what the policy would turn down.
    """
    usable = {section.mid: section for section in offer.sections if section.mid in acceptable}
    members = _members(offer, usable)
    chosen = _apply_policy(offer, usable, members, policy, accepts_all=accepts_all)
    owners: dict[str, str] = {}
    groups = []
    for group in members:
        alive = [mid for mid in group if mid in chosen]
        tag = next((mid for mid in alive if not usable[mid].bundle_only), None)
        if tag is None:
            # RFC 9143 §7.3.1: nothing can be the tag, so bundle-only sections have no transport.
            continue
        owners.update(dict.fromkeys(alive, tag))
        groups.append((tag, *(mid for mid in alive if mid != tag)))
    for mid, section in usable.items():
        if mid in chosen and mid not in owners and not section.bundle_only:
            owners[mid] = mid
    return Decision(owners, tuple(groups))


def _members(offer: SessionDescription, usable: Mapping[str, Section]) -> Groups:
    """Return the offered groups without what cannot be bundled: RTP needs rtcp-mux (§9.3)."""
    return tuple(
        tuple(mid for mid in group if mid in usable and can_be_bundled(usable[mid]))
        for group in offer.groups
    )


def can_be_bundled(section: Section) -> bool:
    """Tell whether the section fits a BUNDLE group: RTP there needs rtcp-mux (RFC 9143 §9.3)."""
    return section.media.rtcp.mux or not section.media.is_rtp


def _apply_policy(
    offer: SessionDescription,
    usable: Mapping[str, Section],
    members: Groups,
    policy: BundlePolicy,
    *,
    accepts_all: bool,
) -> frozenset[str]:
    group_of = {mid: index for index, group in enumerate(members) for mid in group}
    if policy is BundlePolicy.MAX_COMPAT or accepts_all:
        return frozenset(usable)
    firsts: dict[str, str] = {}
    for section in offer.sections:
        if section.mid in usable and not section.bundle_only:
            kind = "" if policy is BundlePolicy.MAX_BUNDLE else section.media.kind
            firsts.setdefault(kind, section.mid)
    kept_groups = {group_of[mid] for mid in firsts.values() if mid in group_of}
    heads = frozenset(firsts.values())
    return frozenset(mid for mid in usable if mid in heads or group_of.get(mid, -1) in kept_groups)
