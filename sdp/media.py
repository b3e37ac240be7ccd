"""Media section: one m= line and all that follows it (RFC 8866 §5.14)."""

from peer.records import dataclass, replace
from sdp.attribute import Attribute
from sdp.bandwidth import Bandwidth
from sdp.connection import Connection
from sdp.direction import Direction
from sdp.rtp import Codec, Extmap
from sdp.sctp import DEFAULT_MAX_MESSAGE_SIZE, DEFAULT_PORT, NO_SCTP, SctpAttributes
from sdp.simulcast import Rid, Simulcast
from sdp.source import Msid, Ssrc, SsrcGroup
from sdp.transport import (
    NO_DTLS,
    NO_ICE,
    NO_RTCP,
    DtlsAttributes,
    IceAttributes,
    RtcpAttributes,
)

DISCARD_PORT = 9
"""The port where none is known yet (RFC 8840 §4.1.1)."""


def is_rtp(protocol: str) -> bool:
    """Tell whether a protocol carries RTP, in any of its profiles."""
    return "RTP/" in protocol.upper()


@dataclass(frozen=True, slots=True)
class MediaSection:
    """What is written in one media section; session-level defaults are not filled in.

    `kind` is in lower case, `protocol` and `formats` are as written. `codecs` follow the order of
    `formats` and leave out payload types nothing describes.
    """

    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    port_count: int | None = None
    information: str | None = None
    connection: Connection | None = None
    bandwidths: tuple[Bandwidth, ...] = ()
    mid: str | None = None
    direction: Direction | None = None
    bundle_only: bool = False
    ice: IceAttributes = NO_ICE
    dtls: DtlsAttributes = NO_DTLS
    rtcp: RtcpAttributes = NO_RTCP
    codecs: tuple[Codec, ...] = ()
    extmaps: tuple[Extmap, ...] = ()
    extmap_allow_mixed: bool = False
    ptime: float | None = None
    maxptime: float | None = None
    msids: tuple[Msid, ...] = ()
    ssrcs: tuple[Ssrc, ...] = ()
    ssrc_groups: tuple[SsrcGroup, ...] = ()
    rids: tuple[Rid, ...] = ()
    simulcast: Simulcast | None = None
    sctp: SctpAttributes = NO_SCTP
    other: tuple[Attribute, ...] = ()

    @property
    def is_rtp(self) -> bool:
        """Tell whether the protocol carries RTP, in any of its profiles."""
        return is_rtp(self.protocol)

    @property
    def is_sctp(self) -> bool:
        """Tell whether the section is for data channels, in the current or the legacy form."""
        return self.kind == "application" and self.protocol.upper().endswith("DTLS/SCTP")

    @property
    def sctp_port(self) -> int | None:
        """SCTP port in either form; 5000 when a data channel section names none."""
        if not self.is_sctp:
            return None
        if self.sctp.port is not None:
            return self.sctp.port
        if self.sctp.sctpmap is not None:
            return self.sctp.sctpmap.port
        first = self.formats[0]
        if first.isascii() and first.isdigit() and len(first) <= 5 and int(first) <= 65535:
            return int(first)
        return DEFAULT_PORT

    @property
    def max_message_size(self) -> int:
        """Largest message the describer takes, in bytes; 0 means unlimited (RFC 8841 §6)."""
        size = self.sctp.max_message_size
        return DEFAULT_MAX_MESSAGE_SIZE if size is None else size

    def codec(self, payload_type: int) -> Codec | None:
        """Return the codec of a payload type."""
        for codec in self.codecs:
            if codec.payload_type == payload_type:
                return codec
        return None

    def with_codecs(self, codecs: tuple[Codec, ...]) -> "MediaSection":
        """Return the section with `codecs`, and `formats` to match."""
        formats = tuple(str(codec.payload_type) for codec in codecs)
        return replace(self, codecs=codecs, formats=formats)

    @property
    def stream_ids(self) -> tuple[str, ...] | None:
        """Stream ids from a=msid, else from a=ssrc; None when the section names neither.

        The stream id ``-`` stands for no stream and is left out (RFC 8830 §2).
        """
        msids = self.msids or tuple(ssrc.msid for ssrc in self.ssrcs if ssrc.msid)
        if not msids:
            return None
        return tuple(dict.fromkeys(msid.stream for msid in msids if msid.stream != "-"))
