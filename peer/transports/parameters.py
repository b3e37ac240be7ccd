"""How a section's media is sent and received, as the descriptions agreed it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from aiortc.rtcrtpparameters import (
    RTCRtpCodecParameters,
    RTCRtpHeaderExtensionParameters,
)

from peer.rtp import VIDEO_ORIENTATION, ExtensionMap

FEEDBACK = "transport-cc"
CONGESTION_FEEDBACK = "ack", "ccfb"
"""The kinds of feedback about when packets arrived, in the terms of a description."""
PICTURE_LOSS = "nack", "pli"
INTRA_REQUEST = "ccm", "fir"
"""Those that ask for a picture that needs no other (RFC 4585 §4.2, RFC 5104 §7.1)."""
RED, ULPFEC, FLEXFEC = "red", "ulpfec", "flexfec-03"
"""The formats of forward error correction; pictures are in RED where they have ULPFEC."""
REPAIRS = "rtx", FLEXFEC
"""Formats of sources that bring what others have lost."""


@dataclass(frozen=True, slots=True)
class RtpReceiveParameters:
    """How to receive; while inactive media is dropped and RTCP goes on.

    `rtcp_ssrc` and `cname` are what our reports go by. `rtx` gives the stream that each
    retransmission stream repairs (RFC 4588), as announced.
    """

    mid: str
    codecs: tuple[RTCRtpCodecParameters, ...]
    header_extensions: tuple[RTCRtpHeaderExtensionParameters, ...]
    rtcp_ssrc: int
    cname: str | None = None
    active: bool = True
    reduced_size: bool = False
    ssrcs: tuple[int, ...] = ()
    rtx: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RtpSendParameters:
    """How to send; while inactive the track is read on, and nothing of it is sent.

    The first codec that can be encoded is used. `rid` names the only encoding, when it has a
    name, and `index` is its place among those of its sender. `max_bitrate` is in bits per second,
    `max_framerate` in frames per second; both sides of a picture are divided by `scale_down_by`,
    and `degradation_preference` says what else may become less (W3C). What others leave it has in
    proportion to its `priority`. Encoders that can make so many `temporal_layers`. The peer wants
    packets of `packet_time` milliseconds of sound, and none over `max_packet_time` (RFC 8866 §6.4,
    §6.5). Pictures tell of their `playout_delay`, where that was agreed.
    """

    mid: str
    codecs: tuple[RTCRtpCodecParameters, ...]
    header_extensions: tuple[RTCRtpHeaderExtensionParameters, ...]
    ssrc: int
    rtx_ssrc: int | None = None
    fec_ssrc: int | None = None
    cname: str | None = None
    active: bool = True
    reduced_size: bool = False
    rid: str | None = None
    index: int = 0
    max_bitrate: int | None = None
    max_framerate: float | None = None
    scale_down_by: float = 1.0
    degradation_preference: str | None = None
    priority: float = 1.0
    temporal_layers: int = 1
    packet_time: float | None = None
    max_packet_time: float | None = None
    playout_delay: tuple[float, float] | None = None

    @property
    def name(self) -> str:
        """What the stream goes by on its transport: the section, and the encoding if named."""
        return self.mid if self.rid is None else f"{self.mid}/{self.rid}"

    @property
    def sources(self) -> dict[int, str]:
        """By SSRC, which of ours it is: "ssrc", "rtx_ssrc" or "fec_ssrc"."""
        found = {"ssrc": self.ssrc, "rtx_ssrc": self.rtx_ssrc, "fec_ssrc": self.fec_ssrc}
        return {ssrc: name for name, ssrc in found.items() if ssrc is not None}


def extension_numbers(
    extensions: Iterable[RTCRtpHeaderExtensionParameters],
) -> ExtensionMap:
    """Return what reads and writes header extensions with these identifiers."""
    return ExtensionMap({extension.uri: extension.id for extension in extensions})


def takes_rotation(parameters: RtpSendParameters) -> bool:
    """Tell whether the peer turns pictures itself (3GPP TS 26.114 §7.4.5)."""
    return any(one.uri == VIDEO_ORIENTATION for one in parameters.header_extensions)


def repaired_payload_type(codec: RTCRtpCodecParameters) -> int | None:
    """Return the payload type an RTX codec repairs, None for any other (RFC 4588 §8.1)."""
    if codec.name.lower() != "rtx":
        return None
    apt = codec.parameters.get("apt")
    return int(apt) if apt is not None and str(apt).isdecimal() else None


def payload_types(codecs: Iterable[RTCRtpCodecParameters], *names: str) -> frozenset[int]:
    """Return the payload types of the codecs with these names, which are in lower case."""
    return frozenset(
        one.payloadType
        for one in codecs
        if one.payloadType is not None and one.name.lower() in names
    )


def is_parity(codec: RTCRtpCodecParameters) -> bool:
    """Tell whether packets of this format are sums of others (RFC 5109, FlexFEC)."""
    return codec.name.lower() in (ULPFEC, FLEXFEC)


def redundant_payload_type(
    codecs: Iterable[RTCRtpCodecParameters], codec: RTCRtpCodecParameters
) -> int | None:
    """Return the payload type of packets that carry copies of this codec's (RFC 2198 §5)."""
    for candidate in codecs:
        if candidate.name.lower() == "red":
            formats = next(iter(candidate.parameters), "").split("/")
            if set(formats) == {str(codec.payloadType)}:
                return candidate.payloadType
    return None


def rtx_payload_types(codecs: Iterable[RTCRtpCodecParameters]) -> dict[int, int]:
    """Return by payload type that of its packets' retransmissions (RFC 4588 §8.1)."""
    found: dict[int, int] = {}
    for codec in codecs:
        repaired = repaired_payload_type(codec)
        if repaired is not None and codec.payloadType is not None:
            found.setdefault(repaired, codec.payloadType)
    return found


def event_payload_type(
    codecs: Iterable[RTCRtpCodecParameters], codec: RTCRtpCodecParameters
) -> int | None:
    """Return the payload type of tones by the clock of this codec (RFC 4733 §2.1)."""
    for candidate in codecs:
        if candidate.name.lower() == "telephone-event" and candidate.clockRate == codec.clockRate:
            return candidate.payloadType
    return None


def has_feedback(codec: RTCRtpCodecParameters, kind: str, parameter: str | None = None) -> bool:
    """Tell whether a kind of feedback was agreed for a codec (RFC 4585 §4.2)."""
    return any(
        feedback.type == kind and (feedback.parameter or None) == parameter
        for feedback in codec.rtcpFeedback
    )
