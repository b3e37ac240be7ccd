"""Reading one media section: its m= line and media-level attributes."""

from collections.abc import Callable

from sdp.attribute import Attribute
from sdp.builder import ATTRIBUTES_OF_BOTH_LEVELS, LevelBuilder
from sdp.candidate import Candidate, parse_candidate_value
from sdp.connection import RtcpAddress, parse_rtcp_address
from sdp.errors import MalformedError, Tolerated
from sdp.limits import MAX_CANDIDATES, MAX_FORMATS
from sdp.media import DISCARD_PORT, MediaSection, is_rtp
from sdp.payload_formats import AttributeLines, canonical_format, read_codecs
from sdp.rtp import Codec
from sdp.sctp import (
    NO_SCTP,
    SctpAttributes,
    Sctpmap,
    parse_max_message_size,
    parse_sctp_init,
    parse_sctp_port,
    parse_sctpmap,
)
from sdp.simulcast import Rid, Simulcast, parse_rid, parse_simulcast
from sdp.source import Msid, Ssrc, SsrcGroup, parse_msid, parse_ssrc, parse_ssrc_group
from sdp.tokens import is_token, parse_integer
from sdp.transport import (
    IceAttributes,
    RemoteCandidate,
    RtcpAttributes,
    parse_remote_candidates,
)


class MediaBuilder(LevelBuilder):
    """Fields of one media section."""

    __slots__ = (
        "bundle_only",
        "candidates",
        "feedback",
        "fmtps",
        "formats",
        "ice_mismatch",
        "kind",
        "max_message_size",
        "maxptime",
        "mid",
        "msids",
        "port",
        "port_count",
        "protocol",
        "ptime",
        "remote_candidates",
        "rids",
        "rtcp",
        "rtcp_mux",
        "rtcp_mux_only",
        "rtcp_rsize",
        "rtpmaps",
        "sctp_init",
        "sctp_port",
        "sctpmap",
        "simulcast",
        "ssrc_groups",
        "ssrcs",
    )

    def __init__(self, tolerated: list[Tolerated], line_number: int, value: str) -> None:
        super().__init__(tolerated)
        self.line_number = line_number
        self.mid: str | None = None
        self.bundle_only = False
        self.candidates: list[Candidate] = []
        self.ice_mismatch = False
        self.remote_candidates: tuple[RemoteCandidate, ...] = ()
        self.rtcp: RtcpAddress | None = None
        self.rtcp_mux = False
        self.rtcp_mux_only = False
        self.rtcp_rsize = False
        self.rtpmaps = AttributeLines()
        self.fmtps = AttributeLines()
        self.feedback = AttributeLines()
        self.ptime: float | None = None
        self.maxptime: float | None = None
        self.msids: list[Msid] = []
        self.ssrcs: dict[int, list[Attribute]] = {}
        self.ssrc_groups: list[SsrcGroup] = []
        self.rids: list[Rid] = []
        self.simulcast: Simulcast | None = None
        self.sctp_port: int | None = None
        self.max_message_size: int | None = None
        self.sctpmap: Sctpmap | None = None
        self.sctp_init: bytes | None = None
        self._read_media_line(value)

    def _read_media_line(self, value: str) -> None:
        fields = value.split()
        if len(fields) < 3:
            raise MalformedError("m= needs a media type, a port, a protocol and a fmt")
        kind, port, protocol, *formats = fields
        if not is_token(kind) or not is_token(protocol.replace("/", "-")):
            raise MalformedError("m= with a media type or protocol that is not a token")
        if len(formats) > MAX_FORMATS:
            raise MalformedError(f"m= with more than {MAX_FORMATS} formats")
        self.kind = kind.lower()
        self.port, self.port_count = self._read_port(port)
        self.protocol = protocol
        self.formats = self._read_formats(formats)

    def _read_port(self, value: str) -> tuple[int, int | None]:
        """With ICE a port means one thing only: 0 that the section is off."""
        number, slash, count = value.partition("/")
        if not number.removeprefix("-").isdecimal():
            raise MalformedError("m= with a port that is no number")
        try:
            port = parse_integer(number, maximum=65535)
        except MalformedError:
            self.tolerate("m= with a port out of range")
            port = DISCARD_PORT
        try:
            return port, parse_integer(count, minimum=1, maximum=65535) if slash else None
        except MalformedError:
            self.tolerate("m= with a malformed number of ports")
            return port, None

    def _read_formats(self, formats: list[str]) -> tuple[str, ...]:
        if not formats and self.port:
            raise MalformedError("m= without a fmt")
        if not formats:
            # Peers write none where they reject, and a section that is written has one.
            self.tolerate("m= without a fmt")
            return ("0",)
        if not is_rtp(self.protocol):
            return tuple(formats)
        plain = tuple(map(canonical_format, formats))
        if list(plain) != formats:
            self.tolerate("m= with payload types in other than the shortest form")
        return plain

    def build(self) -> MediaSection:
        """Make the record of the section."""
        self._note_odd_rids()
        return MediaSection(
            kind=self.kind,
            port=self.port,
            protocol=self.protocol,
            formats=self.formats,
            port_count=self.port_count,
            information=self.information,
            connection=self.connection,
            bandwidths=tuple(self.bandwidths),
            mid=self.mid,
            direction=self.direction,
            bundle_only=self.bundle_only,
            ice=self.ice(),
            dtls=self.dtls(),
            rtcp=self.rtcp_attributes(),
            codecs=self._codecs(),
            extmaps=tuple(self.extmaps),
            extmap_allow_mixed=self.extmap_allow_mixed,
            ptime=self.ptime,
            maxptime=self.maxptime,
            msids=tuple(self.msids),
            ssrcs=tuple([Ssrc(ssrc, tuple(lines)) for ssrc, lines in self.ssrcs.items()]),
            ssrc_groups=tuple(self.ssrc_groups),
            rids=tuple(self.rids),
            simulcast=self.simulcast,
            sctp=self._sctp(),
            other=tuple(self.other),
        )

    def ice(self) -> IceAttributes:
        """Build the ICE attributes."""
        return IceAttributes(
            self.ice_ufrag,
            self.ice_pwd,
            tuple(self.ice_options),
            tuple(self.candidates),
            self.end_of_candidates,
            self.ice_mismatch,
            self.remote_candidates,
        )

    def rtcp_attributes(self) -> RtcpAttributes:
        """Build the RTCP attributes."""
        return RtcpAttributes(self.rtcp, self.rtcp_mux, self.rtcp_mux_only, self.rtcp_rsize)

    def _note_odd_rids(self) -> None:
        if len({(rid.id, rid.direction) for rid in self.rids}) != len(self.rids):
            self.tolerate("repeated a=rid")
        simulcast = self.simulcast or Simulcast()
        named = {one.rid for stream in (*simulcast.send, *simulcast.recv) for one in stream}
        if not named <= {rid.id for rid in self.rids}:
            self.tolerate("a=simulcast names a rid that no a=rid describes")

    def _sctp(self) -> SctpAttributes:
        found = SctpAttributes(self.sctp_port, self.max_message_size, self.sctpmap, self.sctp_init)
        return NO_SCTP if found == NO_SCTP else found

    def _codecs(self) -> tuple[Codec, ...]:
        rtpmaps, fmtps, feedback = self.rtpmaps, self.fmtps, self.feedback
        if not is_rtp(self.protocol):
            if rtpmaps.values or fmtps.values or feedback.values:
                self.tolerate("payload formats in a section without RTP are ignored")
            return ()
        return read_codecs(self.formats, rtpmaps, fmtps, feedback, self.tolerated, self.line_number)


def _read_mid(media: MediaBuilder, value: str) -> None:
    value = value.strip()
    if not is_token(value):
        raise MalformedError("a=mid is not a token")
    media.note_repeat("a=mid", media.mid)
    media.mid = value


def _read_bundle_only(media: MediaBuilder, value: str) -> None:
    media.bundle_only = True


def _read_candidate(media: MediaBuilder, value: str) -> None:
    candidate = parse_candidate_value(value, media.tolerate)
    reason = candidate.skip_reason
    if reason is not None:
        raise MalformedError(reason)
    if len(media.candidates) >= MAX_CANDIDATES:
        raise MalformedError("too many candidates")
    media.candidates.append(candidate)


def _read_remote_candidates(media: MediaBuilder, value: str) -> None:
    media.remote_candidates = parse_remote_candidates(value)


def _read_ice_mismatch(media: MediaBuilder, value: str) -> None:
    media.ice_mismatch = True


def _read_rtcp(media: MediaBuilder, value: str) -> None:
    media.note_repeat("a=rtcp", media.rtcp)
    media.rtcp = parse_rtcp_address(value)


def _read_rtcp_mux(media: MediaBuilder, value: str) -> None:
    media.rtcp_mux = True


def _read_rtcp_mux_only(media: MediaBuilder, value: str) -> None:
    media.rtcp_mux_only = True


def _read_rtcp_rsize(media: MediaBuilder, value: str) -> None:
    media.rtcp_rsize = True


def _read_rtpmap(media: MediaBuilder, value: str) -> None:
    media.rtpmaps.values.append(value)
    media.rtpmaps.numbers.append(media.line_number)


def _read_fmtp(media: MediaBuilder, value: str) -> None:
    media.fmtps.values.append(value)
    media.fmtps.numbers.append(media.line_number)


def _read_rtcp_fb(media: MediaBuilder, value: str) -> None:
    media.feedback.values.append(value)
    media.feedback.numbers.append(media.line_number)


def _read_ptime(media: MediaBuilder, value: str) -> None:
    media.ptime = _parse_packet_time(value)


def _read_maxptime(media: MediaBuilder, value: str) -> None:
    media.maxptime = _parse_packet_time(value)


def _parse_packet_time(value: str) -> float:
    whole, _, fraction = value.strip().partition(".")
    if len(whole) + len(fraction) > 10 or not (whole + fraction).isascii():
        raise MalformedError("packet time with too many digits")
    if not whole.isdigit() or not (fraction or "0").isdigit():
        raise MalformedError("packet time is not a number")
    milliseconds = float(f"{whole}.{fraction or 0}")
    if not milliseconds:
        raise MalformedError("packet time is zero")
    return milliseconds


def _read_msid(media: MediaBuilder, value: str) -> None:
    media.msids.append(parse_msid(value))


def _read_ssrc(media: MediaBuilder, value: str) -> None:
    ssrc, attribute = parse_ssrc(value)
    media.ssrcs.setdefault(ssrc, []).append(attribute)


def _read_ssrc_group(media: MediaBuilder, value: str) -> None:
    media.ssrc_groups.append(parse_ssrc_group(value))


def _read_rid(media: MediaBuilder, value: str) -> None:
    media.rids.append(parse_rid(value))


def _read_simulcast(media: MediaBuilder, value: str) -> None:
    media.note_repeat("a=simulcast", media.simulcast)
    media.simulcast = parse_simulcast(value)


def _read_sctp_port(media: MediaBuilder, value: str) -> None:
    media.note_repeat("a=sctp-port", media.sctp_port)
    media.sctp_port = parse_sctp_port(value)


def _read_max_message_size(media: MediaBuilder, value: str) -> None:
    media.note_repeat("a=max-message-size", media.max_message_size)
    media.max_message_size = parse_max_message_size(value)


def _read_sctpmap(media: MediaBuilder, value: str) -> None:
    media.note_repeat("a=sctpmap", media.sctpmap)
    media.sctpmap = parse_sctpmap(value)


def _read_sctp_init(media: MediaBuilder, value: str) -> None:
    media.note_repeat("a=sctp-init", media.sctp_init)
    media.sctp_init = parse_sctp_init(value)


MEDIA_ATTRIBUTES: dict[str, Callable[[MediaBuilder, str], None]] = {
    **ATTRIBUTES_OF_BOTH_LEVELS,
    "mid": _read_mid,
    "bundle-only": _read_bundle_only,
    "candidate": _read_candidate,
    "remote-candidates": _read_remote_candidates,
    "ice-mismatch": _read_ice_mismatch,
    "rtcp": _read_rtcp,
    "rtcp-mux": _read_rtcp_mux,
    "rtcp-mux-only": _read_rtcp_mux_only,
    "rtcp-rsize": _read_rtcp_rsize,
    "rtpmap": _read_rtpmap,
    "fmtp": _read_fmtp,
    "rtcp-fb": _read_rtcp_fb,
    "ptime": _read_ptime,
    "maxptime": _read_maxptime,
    "msid": _read_msid,
    "ssrc": _read_ssrc,
    "ssrc-group": _read_ssrc_group,
    "rid": _read_rid,
    "simulcast": _read_simulcast,
    "sctp-port": _read_sctp_port,
    "max-message-size": _read_max_message_size,
    "sctpmap": _read_sctpmap,
    "sctp-init": _read_sctp_init,
}
