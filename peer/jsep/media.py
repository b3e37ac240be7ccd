"""Building media sections: audio, video and data, offered, answered and rejected."""

from collections.abc import Iterator, Sequence

from peer.jsep.codecs import (
    PayloadTypes,
    answer_codecs,
    in_order_of,
    is_flexfec,
    is_rtx,
    mutual_codecs,
    offer_codecs,
)
from peer.jsep.description import Section
from peer.jsep.extensions import (
    ExtensionIds,
    answer_extensions,
    mutual_extensions,
    offer_extensions,
)
from peer.jsep.model import APPLICATION, Configuration, Encoding, RtcpMuxPolicy, Transceiver
from peer.jsep.simulcast import (
    agreed_rids,
    has_sent_rids,
    kept_lines,
    received_lines,
    requested_encodings,
    send_lines,
)
from peer.records import dataclass
from sdp import (
    UNSPECIFIED,
    Attribute,
    Codec,
    Direction,
    Extmap,
    MediaSection,
    Msid,
    RtcpAttributes,
    SctpAttributes,
    Sctpmap,
    Ssrc,
    SsrcGroup,
    replace,
)

# RFC 8840 §4.1.1: the discard port, while there are no candidates.
DISCARD = 9
RTP_PROTOCOL = "UDP/TLS/RTP/SAVPF"
DATA_PROTOCOL = "UDP/DTLS/SCTP"
DATA_FORMAT = "webrtc-datachannel"


@dataclass(frozen=True, slots=True)
class Negotiated:
    """One section as the last finished exchange left it."""

    local: Section
    remote: Section
    answered_by_peer: bool

    @property
    def rtcp_mux(self) -> bool:
        """Tell whether both sides have a=rtcp-mux."""
        return self.local.media.rtcp.mux and self.remote.media.rtcp.mux

    @property
    def codecs(self) -> tuple[Codec, ...]:
        """Formats in common, numbered as this side did, in the order of the answer."""
        mine, theirs = self.local.media.codecs, self.remote.media.codecs
        mutual = mutual_codecs(mine, theirs)
        return in_order_of(mutual, theirs) if self.answered_by_peer else mutual

    @property
    def agreed_rids(self) -> tuple[str, ...]:
        """Rids the peer took of those offered or answered."""
        return agreed_rids(self.local.media, self.remote.media)

    @property
    def extensions(self) -> tuple[Extmap, ...]:
        """Header extensions in common, as this side wrote them."""
        return mutual_extensions(self.local.media.extmaps, self.remote.media.extmaps)


def rejected_section(
    kind: str, protocol: str, formats: Sequence[str], mid: str | None
) -> MediaSection:
    """Return a section with port 0; only the m= line still counts (RFC 3264 §6)."""
    return MediaSection(
        kind,
        0,
        protocol,
        tuple(formats),
        connection=UNSPECIFIED,
        mid=mid,
        direction=Direction.INACTIVE,
    )


def offered_rtp_section(
    configuration: Configuration,
    transceiver: Transceiver,
    mid: str,
    *,
    cname: str,
    numbers: PayloadTypes,
    ids: ExtensionIds,
    previous: Negotiated | None,
) -> MediaSection:
    """Return the section to offer for a transceiver, without its transport attributes."""
    preferences = transceiver.codec_preferences
    negotiated = previous.codecs if previous else ()
    codecs = offer_codecs(
        preferences or configuration.offered_codecs(transceiver.kind, negotiated),
        numbers,
        negotiated,
        in_order_of_support=bool(preferences),
    )
    extmaps = offer_extensions(
        configuration.offered_extensions(transceiver.kind),
        configuration.extensions(transceiver.kind),
        ids,
        previous.extensions if previous else None,
    )
    section = MediaSection(
        transceiver.kind,
        DISCARD,
        RTP_PROTOCOL,
        (),
        connection=UNSPECIFIED,
        mid=mid,
        direction=transceiver.direction,
        extmaps=extmaps,
        rtcp=_offered_rtcp(configuration, previous),
    ).with_codecs(codecs)
    if previous is None:
        return _with_sources(section, transceiver, cname, transceiver.encodings, had_msid=False)
    return _offered_again(section, transceiver, cname, previous)


def _offered_again(
    section: MediaSection, transceiver: Transceiver, cname: str, previous: Negotiated
) -> MediaSection:
    """Add the sources, and the simulcast that was agreed on."""
    before, encodings = previous.local.media, transceiver.encodings
    if has_sent_rids(before) and not previous.agreed_rids:
        encodings = ()
    had_msid = bool(before.msids)
    section = _with_sources(section, transceiver, cname, encodings, had_msid=had_msid)
    return kept_lines(section, before) if transceiver.direction.receives else section


def _offered_rtcp(configuration: Configuration, previous: Negotiated | None) -> RtcpAttributes:
    """RFC 9429 §5.2.2: as the last answer has it; a=rtcp-mux-only in first offers alone."""
    if previous is not None:
        rsize = previous.local.media.rtcp.rsize and previous.remote.media.rtcp.rsize
        return RtcpAttributes(mux=previous.rtcp_mux, rsize=rsize)
    require = configuration.rtcp_mux_policy is RtcpMuxPolicy.REQUIRE
    return RtcpAttributes(mux=True, mux_only=require and configuration.rtcp_mux_only, rsize=True)


def answered_codecs(
    configuration: Configuration, transceiver: Transceiver, offered: MediaSection
) -> tuple[Codec, ...]:
    """Return the formats to answer; empty when the section has to be rejected."""
    preferences = transceiver.codec_preferences
    return answer_codecs(
        offered.codecs,
        preferences or configuration.codecs(transceiver.kind),
        in_order_of_support=bool(preferences),
    )


def answered_rtp_section(
    configuration: Configuration,
    transceiver: Transceiver,
    offered: MediaSection,
    cname: str,
    *,
    had_msid: bool,
) -> MediaSection:
    """Return the answer to an offered section, without its transport attributes."""
    direction = (offered.direction or Direction.SENDRECV).answer(transceiver.direction)
    section = MediaSection(
        offered.kind,
        DISCARD,
        offered.protocol,
        (),
        connection=UNSPECIFIED,
        mid=offered.mid,
        direction=direction,
        extmaps=answer_extensions(offered.extmaps, configuration.extensions(offered.kind)),
        extmap_allow_mixed=offered.extmap_allow_mixed,
        rtcp=RtcpAttributes(mux=offered.rtcp.mux, rsize=offered.rtcp.rsize),
    ).with_codecs(answered_codecs(configuration, transceiver, offered))
    encodings = requested_encodings(transceiver, offered)
    section = _with_sources(section, transceiver, cname, encodings, had_msid=had_msid)
    if configuration.receive_simulcast and direction.receives:
        return received_lines(section, offered)
    return section


def _with_sources(
    section: MediaSection,
    transceiver: Transceiver,
    cname: str,
    encodings: Sequence[Encoding],
    *,
    had_msid: bool,
) -> MediaSection:
    """Add a=msid, a=rid, a=simulcast and a=ssrc of the sender.

    RFC 9429 §5.2.2: a=msid stays once it was there, whatever the direction becomes.
    """
    sends = section.direction is not None and section.direction.sends
    if sends or had_msid:
        streams = transceiver.streams or ("-",)
        section = replace(
            section, msids=tuple(Msid(stream, transceiver.track_id) for stream in streams)
        )
    if not sends:
        return section
    rids, simulcast = send_lines(encodings)
    if rids:
        # Which SSRC carries which encoding is told by the rid header extension.
        return replace(section, rids=rids, simulcast=simulcast)
    name = Attribute("cname", cname)
    sources, groups = [transceiver.ssrc], []
    if any(map(is_rtx, section.codecs)):
        sources.append(transceiver.rtx_ssrc)
        groups.append(SsrcGroup("FID", (transceiver.ssrc, transceiver.rtx_ssrc)))
    if any(map(is_flexfec, section.codecs)):
        sources.append(transceiver.fec_ssrc)
        groups.append(SsrcGroup("FEC-FR", (transceiver.ssrc, transceiver.fec_ssrc)))
    return replace(
        section,
        ssrcs=tuple(Ssrc(source, (name, *_former(transceiver, source))) for source in sources),
        ssrc_groups=tuple(groups),
    )


def _former(transceiver: Transceiver, source: int) -> Iterator[Attribute]:
    """Yield what says which SSRC a source had before (RFC 5576 §6.2)."""
    for present, before in transceiver.former_ssrcs:
        if present == source:
            yield Attribute("previous-ssrc", str(before))


def offered_data_section(configuration: Configuration, mid: str) -> MediaSection:
    """Return the data section to offer (RFC 8841 §4.4)."""
    return MediaSection(
        APPLICATION,
        DISCARD,
        DATA_PROTOCOL,
        (DATA_FORMAT,),
        connection=UNSPECIFIED,
        mid=mid,
        sctp=SctpAttributes(
            configuration.sctp_port, configuration.max_message_size, init=configuration.sctp_init
        ),
    )


def answered_data_section(configuration: Configuration, offered: MediaSection) -> MediaSection:
    """Return the answer to a data section, in the current or the legacy form as offered."""
    legacy = offered.formats[0] != DATA_FORMAT
    if legacy:
        port = (
            int(offered.formats[0]) if offered.formats[0].isdecimal() else configuration.sctp_port
        )
        streams = offered.sctp.sctpmap.streams if offered.sctp.sctpmap else None
        sctp = SctpAttributes(sctpmap=Sctpmap(port, DATA_FORMAT, streams))
    else:
        init = None if offered.sctp.init is None else configuration.sctp_init
        sctp = SctpAttributes(configuration.sctp_port, configuration.max_message_size, init=init)
    return MediaSection(
        offered.kind,
        DISCARD,
        offered.protocol,
        offered.formats,
        connection=UNSPECIFIED,
        mid=offered.mid,
        sctp=sctp,
    )
