"""RTP parameters as applications read and set them (W3C §5.2), and as the transports take them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TypeVar

from peer.jsep import ReceiveParameters, SendParameters
from peer.transports import (
    RTCRtcpFeedback,
    RTCRtpCodecParameters,
    RTCRtpHeaderExtensionParameters,
    RtpReceiveParameters,
    RtpSendParameters,
)
from sdp import Codec, Extmap, SsrcGroup

from .encodings import TEMPORAL_LAYERS, by_choice
from .errors import InvalidModificationError, JsepTypeError
from .options import PRIORITIES, RTCRtpEncodingParameters
from .rtp_capabilities import RTCRtpCodecCapability, describe_codec

DEGRADATION_PREFERENCES = (
    "maintain-framerate",
    "maintain-resolution",
    "balanced",
    "maintain-framerate-and-resolution",
)
"""What is to stay when there is not enough for both (W3C mst-content-hint)."""
_T = TypeVar("_T")
_SSRC_STEP = 0x9E3779B1
"""Any odd number: as many steps lead to as many SSRCs."""


@dataclass
class RTCRtpCodecDescription(RTCRtpCodecCapability):
    """A codec in use (W3C RTCRtpCodecParameters)."""

    payloadType: int = 0


@dataclass
class RTCRtpHeaderExtension:
    """A header extension in use (W3C RTCRtpHeaderExtensionParameters)."""

    uri: str
    id: int
    encrypted: bool = False


@dataclass
class RTCRtcpParameters:
    """RTCP settings in use."""

    cname: str | None = None
    reducedSize: bool = False


@dataclass
class RTCRtpParameters:
    """What is agreed about one direction of a section."""

    headerExtensions: list[RTCRtpHeaderExtension] = field(default_factory=list)
    rtcp: RTCRtcpParameters = field(default_factory=RTCRtcpParameters)
    codecs: list[RTCRtpCodecDescription] = field(default_factory=list)


@dataclass
class RTCRtpReceiveParameters(RTCRtpParameters):
    """How a receiver receives."""


@dataclass
class RTCRtpSendParameters(RTCRtpParameters):
    """How a sender sends; `setParameters` takes back what `getParameters` gave, altered."""

    transactionId: str = ""
    encodings: list[RTCRtpEncodingParameters] = field(default_factory=list)
    degradationPreference: str | None = None


def describe_codecs(kind: str, codecs: Sequence[Codec]) -> list[RTCRtpCodecDescription]:
    """Return codecs in use as applications see them."""
    found = []
    for codec in codecs:
        seen = describe_codec(kind, codec)
        found.append(
            RTCRtpCodecDescription(
                seen.mimeType,
                seen.clockRate,
                seen.channels,
                dict(seen.parameters),
                seen.sdpFmtpLine,
                codec.payload_type,
            )
        )
    return found


def describe_extensions(extensions: Sequence[Extmap]) -> list[RTCRtpHeaderExtension]:
    """Return header extensions in use as applications see them."""
    return [RTCRtpHeaderExtension(one.uri, one.id) for one in extensions]


def to_send(
    kind: str,
    agreed: SendParameters,
    encoding: RTCRtpEncodingParameters,
    source: int = 0,
    index: int = 0,
    preference: str | None = None,
    playout_delay: tuple[float, float] | None = None,
) -> RtpSendParameters:
    """Return how to send what was agreed, within what the application set for the encoding.

    `preference` is its degradationPreference. Each encoding is another `source` of the section,
    counted from 0; `index` is its place among those of the sender.
    """
    # A peer that says b=AS:0 means no limit, as browsers take it.
    told = (agreed.max_bitrate or None, encoding.maxBitrate)
    limits = [one for one in told if one is not None]
    return RtpSendParameters(
        mid=agreed.mid,
        codecs=_codecs(kind, by_choice(encoding, agreed.codecs)),
        header_extensions=_extensions(agreed.header_extensions),
        ssrc=_ssrc(agreed.ssrc, source),
        rtx_ssrc=None if agreed.rtx_ssrc is None else _ssrc(agreed.rtx_ssrc, source),
        fec_ssrc=None if agreed.fec_ssrc is None else _ssrc(agreed.fec_ssrc, source),
        cname=agreed.cname,
        active=agreed.active and encoding.active,
        reduced_size=agreed.reduced_size,
        rid=encoding.rid if encoding.rid in agreed.rids else None,
        index=index,
        max_bitrate=min(limits, default=None),
        max_framerate=encoding.maxFramerate,
        scale_down_by=encoding.scaleResolutionDownBy or 1.0,
        degradation_preference=preference,
        priority=PRIORITIES[encoding.priority],
        temporal_layers=TEMPORAL_LAYERS[encoding.scalabilityMode or "L1T1"],
        packet_time=agreed.packet_time,
        max_packet_time=agreed.max_packet_time,
        playout_delay=playout_delay,
    )


def _ssrc(first: int, source: int) -> int:
    """Return the SSRC of one of several sources: the first is random, and so are all."""
    return (first + source * _SSRC_STEP) & 0xFFFFFFFF


def to_receive(kind: str, agreed: ReceiveParameters) -> RtpReceiveParameters:
    """Return how to receive what was agreed."""
    return RtpReceiveParameters(
        mid=agreed.mid,
        codecs=_codecs(kind, agreed.codecs),
        header_extensions=_extensions(agreed.header_extensions),
        rtcp_ssrc=agreed.rtcp_ssrc,
        cname=agreed.cname,
        active=agreed.active,
        reduced_size=agreed.reduced_size,
        ssrcs=agreed.ssrcs,
        rtx=_repairs(agreed.ssrc_groups),
    )


def _codecs(kind: str, codecs: Sequence[Codec]) -> tuple[RTCRtpCodecParameters, ...]:
    return tuple(
        RTCRtpCodecParameters(
            mimeType=f"{kind}/{codec.name}",
            clockRate=codec.clock_rate,
            channels=codec.channels if kind == "audio" else None,
            payloadType=codec.payload_type,
            rtcpFeedback=[RTCRtcpFeedback(one.type, one.parameter) for one in codec.feedback],
            parameters={name: value or "" for name, value in codec.parameters},
        )
        for codec in codecs
    )


def _extensions(extensions: Sequence[Extmap]) -> tuple[RTCRtpHeaderExtensionParameters, ...]:
    return tuple(RTCRtpHeaderExtensionParameters(id=one.id, uri=one.uri) for one in extensions)


def _repairs(groups: Sequence[SsrcGroup]) -> Mapping[int, int]:
    """Return by retransmission stream what it repairs (RFC 5576 §4.2, RFC 4588 §8.5)."""
    return {
        group.ssrcs[1]: group.ssrcs[0]
        for group in groups
        if group.semantics == "FID" and len(group.ssrcs) == 2
    }


def read_send_parameters(value: object) -> RTCRtpSendParameters:
    """Return what an application passes to setParameters, an object or its JSON form.

    Raises TypeError when a member that W3C requires is missing or of another kind.
    """
    if isinstance(value, RTCRtpSendParameters):
        encodings: object = value.encodings
        found = replace(value)
    elif isinstance(value, Mapping):
        encodings = value.get("encodings")
        found = _read_mapping(value)
    else:
        raise JsepTypeError(f"{value!r} is no RTCRtpSendParameters")
    if isinstance(encodings, str) or not isinstance(encodings, Sequence):
        raise JsepTypeError("encodings are missing")
    if found.degradationPreference not in (None, *DEGRADATION_PREFERENCES):
        raise JsepTypeError(f"{found.degradationPreference!r} is no degradationPreference")
    found.encodings = [RTCRtpEncodingParameters.from_value(one) for one in encodings]
    return found


def _read_mapping(value: Mapping[str, object]) -> RTCRtpSendParameters:
    transaction, rtcp = value.get("transactionId"), value.get("rtcp")
    codecs, extensions = value.get("codecs"), value.get("headerExtensions")
    if not isinstance(transaction, str):
        raise JsepTypeError("transactionId is missing")
    if not isinstance(codecs, Sequence) or not isinstance(extensions, Sequence):
        raise JsepTypeError("codecs or headerExtensions are missing")
    if not isinstance(rtcp, Mapping):
        raise JsepTypeError("rtcp is missing")
    return RTCRtpSendParameters(
        headerExtensions=[_build(RTCRtpHeaderExtension, one) for one in extensions],
        rtcp=_build(RTCRtcpParameters, rtcp),
        codecs=[_build(RTCRtpCodecDescription, one) for one in codecs],
        transactionId=transaction,
        degradationPreference=value.get("degradationPreference"),  # type: ignore[arg-type]
    )


def _build(made: type[_T], value: object) -> _T:
    if isinstance(value, made):
        return value
    if not isinstance(value, Mapping):
        raise JsepTypeError(f"{value!r} is no {made.__name__}")
    names = {one.name for one in fields(made)}  # type: ignore[arg-type]
    return made(**{name: given for name, given in value.items() if name in names})


def check_unchanged(present: RTCRtpSendParameters, given: RTCRtpSendParameters) -> None:
    """Raise InvalidModificationError when something was changed that is read-only (W3C §5.2)."""
    for name in ("transactionId", "headerExtensions", "rtcp", "codecs"):
        if getattr(present, name) != getattr(given, name):
            raise InvalidModificationError(f"{name} cannot be changed")
    before, after = ([one.rid for one in each.encodings] for each in (present, given))
    if before != after:
        raise InvalidModificationError("encodings cannot be added, removed, renamed or reordered")
