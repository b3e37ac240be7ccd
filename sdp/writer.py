"""Writing a description in the line order of RFC 8866 §5, each line ended by CRLF."""

from collections.abc import Set as AbstractSet

from sdp.attribute import Attribute
from sdp.connection import Connection
from sdp.fmtp import serialize_parameters
from sdp.limits import MAX_LENGTH, MAX_LINE_LENGTH, MAX_LINES
from sdp.media import MediaSection
from sdp.media_parser import MEDIA_ATTRIBUTES
from sdp.origin import UNBOUNDED
from sdp.rtp import CONGESTION_FEEDBACK, Codec, Extmap, Feedback
from sdp.sctp import write_sctp_init
from sdp.session import Description
from sdp.session_parser import SESSION_ATTRIBUTES
from sdp.tokens import is_lenient_credential, is_token
from sdp.transport import DtlsAttributes, IceAttributes, RtcpAttributes


def serialize(description: Description, *, bounded: bool = True) -> str:
    """Write a description. `parse` of the result gives an equal description.

    Raises ValueError for what cannot be written: a line end inside a value, an attribute in
    `other` that has a field of its own, a mid or credential that is not a token, a section without
    formats or with a codec that is not in them, or, when `bounded`, a text that `parse` would
    refuse for its length.
    """
    lines = _session_lines(description)
    for section in description.media:
        _append_section(lines, section)
    return join_lines(lines, bounded=bounded)


def join_lines(lines: list[str], *, bounded: bool = True) -> str:
    """End every line with CRLF. Raises ValueError when `parse` would refuse the result."""
    text = "\r\n".join([*lines, ""])
    if text.count("\n") != len(lines) or text.count("\r") != len(lines) or "\0" in text:
        raise ValueError("a value contains CR, LF or NUL")
    if bounded:
        _check_bounds(lines, text)
    return text


def _check_bounds(lines: list[str], text: str) -> None:
    if (len(text) if text.isascii() else len(text.encode())) > MAX_LENGTH:
        raise ValueError(f"description longer than {MAX_LENGTH} bytes")
    if len(lines) > MAX_LINES:
        raise ValueError(f"more than {MAX_LINES} lines")
    if len(text) > MAX_LINE_LENGTH and max(map(len, lines)) > MAX_LINE_LENGTH:
        raise ValueError(f"line longer than {MAX_LINE_LENGTH} characters")


def _session_lines(description: Description) -> list[str]:
    lines = ["v=0", f"o={description.origin}", f"s={description.session_name or '-'}"]
    if description.information is not None:
        lines.append(f"i={description.information}")
    if description.uri is not None:
        lines.append(f"u={description.uri}")
    lines += [f"e={email}" for email in description.emails]
    lines += [f"p={phone}" for phone in description.phones]
    _append_connection(lines, description.connection)
    lines += [f"b={bandwidth}" for bandwidth in description.bandwidths]
    for timing in description.timings or (UNBOUNDED,):
        lines.append(f"t={timing.start} {timing.stop}")
        lines += [f"r={repeat}" for repeat in timing.repeats]
    if description.zone is not None:
        lines.append(f"z={description.zone}")
    _append_session_attributes(lines, description)
    return lines


def _append_session_attributes(lines: list[str], description: Description) -> None:
    lines += [f"a=group:{group}" for group in description.groups]
    if description.ice_lite:
        lines.append("a=ice-lite")
    if description.ice_pacing is not None:
        lines.append(f"a=ice-pacing:{description.ice_pacing}")
    append_ice(lines, description.ice)
    _append_dtls(lines, description.dtls)
    _append_extmaps(lines, description.extmaps, allow_mixed=description.extmap_allow_mixed)
    lines += [f"a=msid-semantic: {semantic}" for semantic in description.msid_semantics]
    if description.direction is not None:
        lines.append(f"a={description.direction.value}")
    _append_other(lines, description.other, SESSION_ATTRIBUTES.keys())


def _append_section(lines: list[str], section: MediaSection) -> None:
    lines.append(f"m={_media_line(section)}")
    if section.information is not None:
        lines.append(f"i={section.information}")
    _append_connection(lines, section.connection)
    lines += [f"b={bandwidth}" for bandwidth in section.bandwidths]
    append_rtcp(lines, section.rtcp)
    append_candidates(lines, section.ice)
    append_ice(lines, section.ice)
    _append_dtls(lines, section.dtls)
    if section.mid is not None:
        lines.append(f"a=mid:{_check_token(section.mid)}")
    if section.bundle_only:
        lines.append("a=bundle-only")
    _append_extmaps(lines, section.extmaps, allow_mixed=section.extmap_allow_mixed)
    if section.direction is not None:
        lines.append(f"a={section.direction.value}")
    _append_rtp(lines, section)
    _append_streams(lines, section)
    _append_sctp(lines, section)
    _append_other(lines, section.other, MEDIA_ATTRIBUTES.keys())


def _media_line(section: MediaSection) -> str:
    if not section.formats or not 0 <= section.port <= 65535:
        raise ValueError("a media section needs a format, and a port from 0 to 65535")
    port = section.port if section.port_count is None else f"{section.port}/{section.port_count}"
    return f"{_check_token(section.kind)} {port} {section.protocol} {' '.join(section.formats)}"


def _check_token(text: str) -> str:
    """Return `text` when it is an RFC 8866 token. Raises ValueError when it is not."""
    if not is_token(text):
        raise ValueError(f"not a token: {text!r}")
    return text


def _check_credential(text: str) -> str:
    """Return an ICE ufrag or pwd that `parse` takes. Raises ValueError when it does not."""
    if not is_lenient_credential(text):
        raise ValueError("ICE credential is empty or has illegal characters")
    return text


def _append_connection(lines: list[str], connection: Connection | None) -> None:
    if connection is not None:
        lines.append(f"c={connection}")


def append_rtcp(lines: list[str], rtcp: RtcpAttributes) -> None:
    """Append the RTCP attributes of a section."""
    if rtcp.address is not None:
        lines.append(f"a=rtcp:{rtcp.address}")
    if rtcp.mux:
        lines.append("a=rtcp-mux")
    if rtcp.mux_only:
        lines.append("a=rtcp-mux-only")
    if rtcp.rsize:
        lines.append("a=rtcp-rsize")


def append_candidates(lines: list[str], ice: IceAttributes) -> None:
    """Append the ICE attributes that occur in sections only."""
    lines += [f"a={candidate}" for candidate in ice.candidates]
    if ice.remote_candidates:
        lines.append(f"a=remote-candidates:{' '.join(map(str, ice.remote_candidates))}")
    if ice.mismatch:
        lines.append("a=ice-mismatch")


def append_ice(lines: list[str], ice: IceAttributes) -> None:
    """Append the ICE attributes that occur at either level."""
    if ice.end_of_candidates:
        lines.append("a=end-of-candidates")
    if ice.ufrag is not None:
        lines.append(f"a=ice-ufrag:{_check_credential(ice.ufrag)}")
    if ice.pwd is not None:
        lines.append(f"a=ice-pwd:{_check_credential(ice.pwd)}")
    if ice.options:
        lines.append(f"a=ice-options:{' '.join(ice.options)}")


def _append_dtls(lines: list[str], dtls: DtlsAttributes) -> None:
    lines += [f"a=fingerprint:{fingerprint}" for fingerprint in dtls.fingerprints]
    if dtls.setup is not None:
        lines.append(f"a=setup:{dtls.setup.value}")
    if dtls.tls_id is not None:
        lines.append(f"a=tls-id:{dtls.tls_id}")


def _append_extmaps(lines: list[str], extmaps: tuple[Extmap, ...], *, allow_mixed: bool) -> None:
    if allow_mixed:
        lines.append("a=extmap-allow-mixed")
    lines += [f"a=extmap:{extmap}" for extmap in extmaps]


def _append_rtp(lines: list[str], section: MediaSection) -> None:
    formats = frozenset(section.formats)
    wildcard = _has_wildcard(section.codecs)
    for codec in section.codecs:
        payload_type = str(codec.payload_type)
        if payload_type not in formats:
            raise ValueError(f"payload type {payload_type} is not in formats")
        feedback = codec.feedback[:-1] if wildcard else codec.feedback
        _append_codec(lines, codec, payload_type, feedback)
    if wildcard:
        lines.append(f"a=rtcp-fb:* {CONGESTION_FEEDBACK}")
    if section.ptime is not None:
        lines.append(f"a=ptime:{_packet_time(section.ptime)}")
    if section.maxptime is not None:
        lines.append(f"a=maxptime:{_packet_time(section.maxptime)}")


def _has_wildcard(codecs: tuple[Codec, ...]) -> bool:
    """Tell whether all formats have feedback that is for all (RFC 8888 §6, RFC 4585 §4.2)."""
    # Those of retransmissions have none.
    feedback = {codec.feedback[-1:] for codec in codecs if codec.name.lower() != "rtx"}
    return feedback == {(CONGESTION_FEEDBACK,)} and not any(
        codec.feedback for codec in codecs if codec.name.lower() == "rtx"
    )


def _append_codec(
    lines: list[str], codec: Codec, payload_type: str, feedback: tuple[Feedback, ...]
) -> None:
    # Most lines of a description are written here, hence without a call for each record.
    rtpmap = f"a=rtpmap:{payload_type} {codec.name}/{codec.clock_rate}"
    lines.append(rtpmap if codec.channels == 1 else f"{rtpmap}/{codec.channels}")
    if codec.parameters:
        lines.append(f"a=fmtp:{payload_type} {serialize_parameters(codec.parameters)}")
    if feedback:
        prefix = f"a=rtcp-fb:{payload_type} "
        lines += [
            f"{prefix}{one.type}"
            if one.parameter is None
            else f"{prefix}{one.type} {one.parameter}"
            for one in feedback
        ]


def _packet_time(milliseconds: float) -> str:
    return f"{milliseconds:.9f}".rstrip("0").rstrip(".")


def _append_streams(lines: list[str], section: MediaSection) -> None:
    lines += [f"a=msid:{msid}" for msid in section.msids]
    lines += [f"a=rid:{rid}" for rid in section.rids]
    if section.simulcast is not None:
        lines.append(f"a=simulcast:{section.simulcast}")
    lines += [f"a=ssrc-group:{group}" for group in section.ssrc_groups]
    for ssrc in section.ssrcs:
        lines += [f"a=ssrc:{ssrc.ssrc} {attribute}" for attribute in ssrc.attributes]


def _append_sctp(lines: list[str], section: MediaSection) -> None:
    sctp = section.sctp
    if sctp.sctpmap is not None:
        lines.append(f"a=sctpmap:{sctp.sctpmap}")
    if sctp.port is not None:
        lines.append(f"a=sctp-port:{sctp.port}")
    if sctp.max_message_size is not None:
        lines.append(f"a=max-message-size:{sctp.max_message_size}")
    if sctp.init is not None:
        lines.append(f"a=sctp-init:{write_sctp_init(sctp.init)}")


def _append_other(
    lines: list[str], attributes: tuple[Attribute, ...], known: AbstractSet[str]
) -> None:
    for attribute in attributes:
        if attribute.name in known or not is_token(attribute.name):
            raise ValueError(f"not an attribute for `other`: {attribute.name!r}")
        lines.append(f"a={attribute}")
