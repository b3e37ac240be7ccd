"""The form RFC 9143 §7.1.3 gives bundled sections: transport attributes in the tagged one alone.

Both browsers fail on it, so it is written on demand only.
"""

from collections.abc import Mapping, Sequence

from sdp import NO_DTLS, NO_ICE, NO_RTCP, MediaSection, RtcpAttributes, replace


def without_bundled_attributes(
    media: Sequence[MediaSection], tags: Mapping[str, str]
) -> tuple[MediaSection, ...]:
    """Return the sections with IDENTICAL and TRANSPORT attributes left to their tags.

    `tags` has the mid of each section to strip and that of its tag. A tagged data section speaks
    for the RTP sections bundled into it (RFC 9429 §5.2.2).
    """
    stripped = []
    for section in media:
        if section.mid in tags:
            stripped.append(_bare(section))
        else:
            members = [
                one for one in media if one.is_rtp and tags.get(one.mid or "") == section.mid
            ]
            stripped.append(section if section.is_rtp else _speak_for(section, members))
    return tuple(stripped)


def _bare(section: MediaSection) -> MediaSection:
    return replace(section, ice=NO_ICE, dtls=NO_DTLS, rtcp=NO_RTCP, extmap_allow_mixed=False)


def _speak_for(section: MediaSection, members: Sequence[MediaSection]) -> MediaSection:
    if not members:
        return section
    return replace(
        section,
        rtcp=RtcpAttributes(
            mux=all(one.rtcp.mux for one in members),
            mux_only=all(one.rtcp.mux_only for one in members),
            rsize=all(one.rtcp.rsize for one in members),
        ),
    )
