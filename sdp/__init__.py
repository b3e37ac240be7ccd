"""SDP text to typed values and back (RFC 8866 and the WebRTC attributes)."""

from peer.records import replace
from sdp.attribute import Attribute
from sdp.bandwidth import Bandwidth, transport_independent_bandwidth
from sdp.bundle import BUNDLE, Group, bundle_mids, inherit_bundle_attributes, is_rejected
from sdp.candidate import Candidate, parse_candidate, serialize_candidate
from sdp.codecs import (
    answer_codec,
    associated_payload_types,
    codecs_match,
    intersect_feedback,
    is_media_codec,
    without_orphans,
)
from sdp.connection import UNSPECIFIED, Connection, RtcpAddress
from sdp.direction import Direction
from sdp.errors import SdpError, Tolerated
from sdp.fmtp import Parameters, parse_parameters, serialize_parameters
from sdp.fragment import (
    MEDIA_TYPE,
    Fragment,
    FragmentSection,
    parse_fragment,
    serialize_fragment,
)
from sdp.h264 import H264ProfileLevel, parse_profile_level_id
from sdp.limits import MAX_CANDIDATES
from sdp.media import MediaSection
from sdp.origin import UNBOUNDED, Origin, Timing
from sdp.parser import parse
from sdp.redaction import redact
from sdp.rtp import CONGESTION_FEEDBACK, STATIC_CODECS, Codec, Extmap, Feedback
from sdp.sctp import SctpAttributes, Sctpmap
from sdp.session import Description
from sdp.simulcast import Rid, RidDirection, Simulcast, SimulcastRid, is_rid
from sdp.source import Msid, MsidSemantic, Ssrc, SsrcGroup
from sdp.tokens import is_scalar, is_token
from sdp.transport import (
    DIGEST_SIZES,
    NO_DTLS,
    NO_ICE,
    NO_RTCP,
    DtlsAttributes,
    Fingerprint,
    IceAttributes,
    RemoteCandidate,
    RtcpAttributes,
    Setup,
)
from sdp.writer import serialize

__all__ = [
    # text to values and back
    "parse",
    "redact",
    "serialize",
    "SdpError",
    "Tolerated",
    "is_token",
    "is_scalar",
    "replace",
    # trickle fragments
    "Fragment",
    "FragmentSection",
    "MEDIA_TYPE",
    "parse_fragment",
    "serialize_fragment",
    # the session level
    "Description",
    "Origin",
    "Timing",
    "UNBOUNDED",
    "Connection",
    "UNSPECIFIED",
    "Bandwidth",
    "transport_independent_bandwidth",
    "Attribute",
    # media sections
    "MediaSection",
    "Direction",
    "Group",
    "BUNDLE",
    "bundle_mids",
    "is_rejected",
    "inherit_bundle_attributes",
    # ICE, DTLS, RTCP, SCTP
    "IceAttributes",
    "NO_ICE",
    "Candidate",
    "MAX_CANDIDATES",
    "RemoteCandidate",
    "parse_candidate",
    "serialize_candidate",
    "DtlsAttributes",
    "NO_DTLS",
    "Fingerprint",
    "DIGEST_SIZES",
    "Setup",
    "RtcpAttributes",
    "NO_RTCP",
    "RtcpAddress",
    "SctpAttributes",
    "Sctpmap",
    # RTP
    "Codec",
    "STATIC_CODECS",
    "Feedback",
    "CONGESTION_FEEDBACK",
    "Parameters",
    "parse_parameters",
    "serialize_parameters",
    "Extmap",
    "codecs_match",
    "is_media_codec",
    "associated_payload_types",
    "without_orphans",
    "answer_codec",
    "intersect_feedback",
    "H264ProfileLevel",
    "parse_profile_level_id",
    # streams and sources
    "Msid",
    "MsidSemantic",
    "Ssrc",
    "SsrcGroup",
    "Rid",
    "RidDirection",
    "is_rid",
    "Simulcast",
    "SimulcastRid",
]
