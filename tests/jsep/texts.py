"""Descriptions altered the way odd or old peers write them."""

from collections.abc import Callable
from dataclasses import replace

from sdp import (
    BUNDLE,
    NO_DTLS,
    NO_ICE,
    Candidate,
    Description,
    Group,
    MediaSection,
    RtcpAttributes,
    Setup,
    parse,
    serialize,
)


def altered(text: str, change: Callable[[MediaSection], MediaSection]) -> str:
    """Apply a change to every media section."""
    record = parse(text)
    return serialize(replace(record, media=tuple(map(change, record.media))))


def altered_session(text: str, change: Callable[[Description], Description]) -> str:
    """Apply a change to the session level."""
    return serialize(change(parse(text)))


def with_groups(text: str, *groups: str) -> str:
    """Replace the BUNDLE groups."""
    found = tuple(Group(BUNDLE, tuple(group.split())) for group in groups)
    return altered_session(text, lambda record: replace(record, groups=found))


def without_sections(text: str, *mids: str) -> str:
    """Reject sections: port 0, out of the groups."""
    record = parse(text)
    kept = (tuple(mid for mid in group.mids if mid not in mids) for group in record.groups)
    record = replace(record, groups=tuple(Group(BUNDLE, group) for group in kept if group))
    return altered(
        serialize(record),
        lambda media: replace(media, port=0, bundle_only=False) if media.mid in mids else media,
    )


def without_mux(text: str) -> str:
    """Take the RTCP attributes away."""
    return altered(text, lambda media: replace(media, rtcp=RtcpAttributes()))


def without_mids(text: str) -> str:
    """Write as a peer that does not know mids, hence no groups either."""
    text = altered(text, lambda media: replace(media, mid=None, bundle_only=False))
    return with_groups(text)


def without_trickle(text: str) -> str:
    """Take a=ice-options away, on both levels."""
    text = altered_session(text, lambda record: replace(record, ice=NO_ICE))
    return altered(text, lambda media: replace(media, ice=replace(media.ice, options=())))


def without_transport_attributes(text: str, *, keep: tuple[str, ...]) -> str:
    """Write bundled sections as RFC 9143 §7.1.3 has them; those in `keep` stay."""

    def change(media: MediaSection) -> MediaSection:
        if media.mid in keep:
            return media
        return replace(media, ice=NO_ICE, dtls=NO_DTLS, rtcp=RtcpAttributes())

    return altered(text, change)


def with_candidate_everywhere(text: str, candidate: Candidate) -> str:
    """Give every live section the same candidate."""

    def change(media: MediaSection) -> MediaSection:
        if media.port == 0:
            return media
        return replace(media, ice=replace(media.ice, candidates=(candidate,)))

    return altered(text, change)


def with_setup(text: str, setup: Setup | None) -> str:
    """Set a=setup in every section that has fingerprints."""

    def change(media: MediaSection) -> MediaSection:
        if not media.dtls.fingerprints:
            return media
        return replace(media, dtls=replace(media.dtls, setup=setup))

    return altered(text, change)
