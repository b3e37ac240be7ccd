"""What ICE has to say of a description, as a fragment and back (RFC 8840, RFC 9725 §4.3)."""

from sdp import (
    NO_ICE,
    Description,
    Fragment,
    FragmentSection,
    IceAttributes,
    MediaSection,
    SdpError,
    bundle_mids,
    is_rejected,
    parse,
    replace,
    serialize,
)

SDP_TYPE = "application/sdp"
"""The media type of a description (RFC 8866 §8.1)."""


def credentials(description: str) -> tuple[str, str]:
    """Give username fragment and password of a description's first transport.

    Raises SdpError for what is no description, and for one without.
    """
    return _credentials(parse(description))


def has_transport(description: str) -> bool:
    """Tell whether anything is left of a description that is not rejected. Raises SdpError."""
    return bool(_with_transports(parse(description)))


def ice_fragment(description: str) -> Fragment:
    """Give the ICE part of a description: credentials, candidates, whether these are all.

    A transport has one section, that of its first mid in BUNDLE (RFC 9725 §4.3.2). Raises SdpError.
    """
    parsed = parse(description)
    ufrag, pwd = _credentials(parsed)
    return Fragment(
        ice=IceAttributes(ufrag=ufrag, pwd=pwd),
        ice_lite=parsed.ice_lite,
        groups=parsed.bundle_groups,
        media=tuple(
            FragmentSection(
                section.mid,
                replace(NO_ICE, candidates=ice.candidates, end_of_candidates=ice.end_of_candidates),
                kind=section.kind,
                protocol=section.protocol,
                formats=section.formats[:1],
            )
            for section in _with_transports(parsed)
            for ice in [section.ice.inherit(parsed.ice)]
        ),
    )


def take_fragment(description: str, fragment: Fragment) -> str:
    """Give a description with the credentials and candidates of a fragment instead of its own.

    That is what the peer would say in a description after a restart (RFC 9725 §4.3.3). Raises
    SdpError for what is no description and for a fragment without credentials.
    """
    parsed = parse(description)
    ufrag, pwd = _said(fragment)
    given = {section.mid: section.ice for section in fragment.media}
    first = next(iter(given.values()), NO_ICE)
    tagged = [section.mid for section in _with_transports(parsed)]

    def renewed(section: MediaSection) -> MediaSection:
        own = given.get(section.mid, NO_ICE)
        if len(tagged) == 1 and section.mid in tagged and not own.candidates:
            # One transport is meant, whatever the section is called.
            own = first
        return replace(
            section,
            ice=replace(
                section.ice,
                ufrag=ufrag,
                pwd=pwd,
                candidates=own.candidates,
                end_of_candidates=own.end_of_candidates,
                remote_candidates=(),
            ),
        )

    origin = replace(parsed.origin, session_version=parsed.origin.session_version + 1)
    ice = replace(parsed.ice, ufrag=None, pwd=None, end_of_candidates=False)
    media = tuple(map(renewed, parsed.media))
    return serialize(replace(parsed, origin=origin, ice=ice, media=media))


def fragment_credentials(fragment: Fragment) -> tuple[str, str] | None:
    """Give username fragment and password of a fragment, None when it has none or several."""
    levels = [fragment.ice, *(section.ice for section in fragment.media)]
    found = {(ice.ufrag, ice.pwd) for ice in levels} - {(None, None)}
    if len(found) != 1:
        return None
    ufrag, pwd = found.pop()
    return None if ufrag is None or pwd is None else (ufrag, pwd)


def _said(fragment: Fragment) -> tuple[str, str]:
    found = fragment_credentials(fragment)
    if found is None:
        raise SdpError(1, "a fragment without credentials")
    return found


def _credentials(parsed: Description) -> tuple[str, str]:
    for section in _with_transports(parsed):
        ice = section.ice.inherit(parsed.ice)
        if ice.ufrag is not None and ice.pwd is not None:
            return ice.ufrag, ice.pwd
    raise SdpError(1, "a description without credentials of ICE")


def _with_transports(parsed: Description) -> list[MediaSection]:
    """Give the sections that have a transport of their own: not rejected, first of their group."""
    tags = {group.mids[0] for group in parsed.bundle_groups if group.mids}
    bundled = bundle_mids(parsed.groups)
    return [
        section
        for section in parsed.media
        if not is_rejected(section, bundled) and (section.mid in tags or section.mid not in bundled)
    ]
