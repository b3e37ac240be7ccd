"""What makes a remote description unacceptable (RFC 9429 §5.8.3, §5.10).

All checks come before anything is changed. Each raises InvalidAccessError.
"""

import string
from collections.abc import Collection, Sequence

from peer.jsep.bundle import can_be_bundled
from peer.jsep.codecs import mutual_codecs
from peer.jsep.description import Section, SessionDescription
from peer.jsep.errors import InvalidAccessError
from peer.jsep.layout import negotiated_sections
from peer.jsep.media import Negotiated
from peer.jsep.model import BundlePolicy, Configuration, RtcpMuxPolicy, Slot
from peer.jsep.simulcast import check_answered_rids
from peer.jsep.state import State
from peer.jsep.wiring import Transport, same_certificate
from sdp import DIGEST_SIZES, Setup, is_media_codec

# RFC 8839 §5.4: ice-char; the last four are none, but browsers take them from older stacks.
_ICE_CHARS = frozenset(string.ascii_letters + string.digits + "+/" + "-=#_")
# RFC 5761 §4: with rtcp-mux they would be taken for RTCP.
_RTCP_PAYLOAD_TYPES = range(64, 96)
_UFRAG_LENGTHS = range(4, 257)
_PWD_LENGTHS = range(22, 257)
# RFC 8122 §5: MD2 and MD5 must not be used.
_HASHES = DIGEST_SIZES.keys() - {"md2", "md5"}
_OFFER_SETUPS = (None, Setup.ACTPASS, Setup.ACTIVE, Setup.PASSIVE)
_ANSWER_SETUPS = (None, Setup.ACTIVE, Setup.PASSIVE)


def check_offer(state: State, offer: SessionDescription) -> None:
    """Check a remote offer against the state it comes in, which is stable."""
    _check_lines(state, offer)
    negotiated = negotiated_sections(state)
    for section in offer.sections:
        if section.rejected or not section.is_supported_kind:
            continue
        _check_section(section, _OFFER_SETUPS)
        _check_mux(state.configuration, section, negotiated.get(section.mid))
        _check_association(state, section)
    _check_groups(offer)


def check_answer(state: State, offer: SessionDescription, answer: SessionDescription) -> None:
    """Check a remote answer, provisional or final, against the local offer."""
    if len(answer.sections) != len(offer.sections):
        raise InvalidAccessError("the answer has another number of media sections than the offer")
    negotiated = negotiated_sections(state)
    for section, offered in zip(answer.sections, offer.sections, strict=True):
        _check_counterpart(section, offered)
        if section.rejected:
            continue
        if offered.rejected:
            raise InvalidAccessError(f"section {section.mid}: was rejected in the offer")
        _check_section(section, _ANSWER_SETUPS)
        _check_mux(state.configuration, section, negotiated.get(section.mid))
        if offered.media.is_rtp:
            _check_rtp_answer(section, offered)
    _check_groups(answer)
    _check_answer_groups(state, offer, answer)


def _check_lines(state: State, offer: SessionDescription) -> None:
    """RFC 3264 §8: m-lines stay where they are, and only a rejected one may be used anew."""
    if len(offer.sections) < len(state.slots):
        raise InvalidAccessError("the offer has fewer media sections than the one before")
    for section, slot in zip(offer.sections, state.slots, strict=False):
        if _is_recyclable(state, section.index, slot):
            continue
        if section.media.kind != slot.kind:
            raise InvalidAccessError(f"section {slot.mid}: the media type changes")
        if section.mid != slot.mid:
            raise InvalidAccessError(f"section {slot.mid}: the mid changes to {section.mid!r}")


def _is_recyclable(state: State, index: int, slot: Slot) -> bool:
    for description in (state.current_local, state.current_remote):
        if description is not None and index < len(description.sections):
            if description.sections[index].rejected:
                return True
    return slot.dead


def _check_counterpart(section: Section, offered: Section) -> None:
    if section.media.kind != offered.media.kind:
        raise InvalidAccessError(f"section {offered.mid}: the answer has another media type")
    if section.mid != offered.mid:
        raise InvalidAccessError(f"section {offered.mid}: the answer has the mid {section.mid!r}")


def _check_section(section: Section, setups: Sequence[Setup | None]) -> None:
    dtls = section.media.dtls
    fault = credentials_fault(section)
    if fault is not None:
        raise InvalidAccessError(f"section {section.mid}: {fault}")
    if not any(fingerprint.algorithm in _HASHES for fingerprint in dtls.fingerprints):
        raise InvalidAccessError(f"section {section.mid}: no fingerprint with a known hash")
    if dtls.setup not in setups:
        value = dtls.setup.value if dtls.setup else ""
        raise InvalidAccessError(f"section {section.mid}: a=setup:{value} is not allowed here")
    if section.media.is_rtp:
        _check_payload_types(section)
        _check_plan_b(section)


def credentials_fault(section: Section) -> str | None:
    """Return what is wrong with the ICE credentials of a section (RFC 8839 §5.4)."""
    ice = section.media.ice
    if len(ice.ufrag or "") not in _UFRAG_LENGTHS:
        return "no a=ice-ufrag of 4 to 256 characters"
    if len(ice.pwd or "") not in _PWD_LENGTHS:
        return "no a=ice-pwd of 22 to 256 characters"
    if not _ICE_CHARS.issuperset((ice.ufrag or "") + (ice.pwd or "")):
        return "ICE credentials with other than ice-char"
    return None


def _check_payload_types(section: Section) -> None:
    if not section.media.rtcp.mux:
        return
    for codec in section.media.codecs:
        if codec.payload_type in _RTCP_PAYLOAD_TYPES:
            raise InvalidAccessError(
                f"section {section.mid}: payload type {codec.payload_type} with a=rtcp-mux"
            )


def _check_plan_b(section: Section) -> None:
    """One section is one track; several tracks in one were Plan B, which nobody sends any more."""
    tracks = {ssrc.msid for ssrc in section.media.ssrcs if ssrc.msid is not None}
    if len({track.track for track in tracks}) > 1:
        raise InvalidAccessError(
            f"section {section.mid}: several tracks in one section (Plan B) are not supported"
        )


def _check_mux(configuration: Configuration, section: Section, previous: Negotiated | None) -> None:
    if not section.media.is_rtp or section.media.rtcp.mux:
        return
    if configuration.rtcp_mux_policy is RtcpMuxPolicy.REQUIRE:
        raise InvalidAccessError(f"section {section.mid}: no a=rtcp-mux, which is required")
    if previous is not None and previous.rtcp_mux:
        raise InvalidAccessError(f"section {section.mid}: a=rtcp-mux cannot be taken back")


def _check_association(state: State, section: Section) -> None:
    """RFC 9429 §5.11: fingerprints change with an ICE restart only."""
    transport = state.wiring.transport_of(section.mid)
    if transport is None or transport.dtls is None or restarts(transport, section):
        return
    if not section.mid == section.owner == transport.mid:
        return
    if not same_certificate(transport.dtls.fingerprints, section.media.dtls.fingerprints):
        raise InvalidAccessError(
            f"section {section.mid}: the fingerprint changes without an ICE restart"
        )


def restarts(transport: Transport, section: Section) -> bool:
    """Tell whether a section of the peer's has other credentials than before."""
    ice = section.media.ice
    return transport.remote is not None and (ice.ufrag, ice.pwd) != transport.remote.credentials


def _check_rtp_answer(section: Section, offered: Section) -> None:
    if section.media.direction is None or offered.media.direction is None:
        return
    if not offered.media.direction.allows_answer(section.media.direction):
        raise InvalidAccessError(
            f"section {section.mid}: {section.media.direction.value} does not answer "
            f"{offered.media.direction.value}"
        )
    check_answered_rids(offered.media, section.media)


def check_common_codecs(
    configuration: Configuration,
    offer: SessionDescription,
    answer: SessionDescription,
    accepted: Collection[str],
) -> None:
    """Check that every accepted section has a codec in common that media can be sent with.

    Retransmission, redundancy and tones alone are none (RFC 9429 §5.3.1); nor is one that is not
    supported here, which an altered local description may have.
    """
    offered = offer.by_mid()
    for section in answer.sections:
        if section.mid not in accepted or not section.media.is_rtp:
            continue
        supported = {own.name.lower() for own in configuration.codecs(section.media.kind)}
        common = mutual_codecs(section.media.codecs, offered[section.mid].media.codecs)
        if not any(is_media_codec(one) and one.name.lower() in supported for one in common):
            raise InvalidAccessError(f"section {section.mid}: no codec for media is in common")


def _check_groups(description: SessionDescription) -> None:
    """RFC 8285 §7: inside a group one identifier stands for one header extension."""
    sections = description.by_mid()
    for group in description.groups:
        uris: dict[int, str] = {}
        for mid in group:
            for extmap in sections[mid].media.extmaps:
                if uris.setdefault(extmap.id, extmap.uri) != extmap.uri:
                    raise InvalidAccessError(
                        f"section {mid}: header extension id {extmap.id} is used twice in a group"
                    )


def _check_answer_groups(
    state: State, offer: SessionDescription, answer: SessionDescription
) -> None:
    """RFC 9143 §7.3: groups of an answer are parts of those offered, and have rtcp-mux."""
    offered = offer.by_mid()
    group_of = {mid: index for index, group in enumerate(offer.groups) for mid in group}
    answered = answer.by_mid()
    for group in answer.groups:
        if len({group_of.get(mid, -1) for mid in group}) != 1 or group[0] not in group_of:
            raise InvalidAccessError("a BUNDLE group of the answer is not part of one offered")
        if not all(can_be_bundled(answered[mid]) for mid in group):
            raise InvalidAccessError("a BUNDLE group of the answer has sections without a=rtcp-mux")
    _check_own_transports(state, answer, offered)
    alive = [section for section in answer.sections if not section.rejected]
    policy = state.configuration.bundle_policy
    if policy is BundlePolicy.MAX_BUNDLE and not answer.groups and len(alive) > 1:
        raise InvalidAccessError(
            "the bundle policy is max-bundle, but the answer has no BUNDLE group"
        )


def _check_own_transports(
    state: State, answer: SessionDescription, offered: dict[str, Section]
) -> None:
    """RFC 9143 §7.3.2: what has no transport of its own cannot leave its group in an answer.

    Without any group in the answer the peer may not know BUNDLE: then bundle-only sections are
    taken for rejected instead.
    """
    homes = state.wiring.by_home()
    live = {section.mid for section in answer.sections if not section.rejected}
    for section in answer.sections:
        if section.rejected or section.owner != section.mid or section.mid in homes:
            continue
        tag = offered[section.mid].tag
        if section.tag is not None and (state.wiring.transport_of(section.mid) or tag not in live):
            continue
        if offered[section.mid].bundle_only and not answer.groups:
            continue
        raise InvalidAccessError(
            f"section {section.mid}: has no transport of its own to leave its BUNDLE group"
        )
