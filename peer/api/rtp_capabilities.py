"""What can be sent and received (W3C RTCRtpCapabilities), from what offer/answer supports."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from peer.jsep import (
    ANSWERED_VIDEO_CODECS,
    DEFAULT_AUDIO_CODECS,
    DEFAULT_AUDIO_EXTENSIONS,
    DEFAULT_VIDEO_CODECS,
    DEFAULT_VIDEO_EXTENSIONS,
)
from sdp import Codec, parse_parameters

from .errors import JsepTypeError

CODECS = {
    "audio": DEFAULT_AUDIO_CODECS,
    "video": DEFAULT_VIDEO_CODECS + ANSWERED_VIDEO_CODECS,
}
"""What is supported of each kind of media, in order of preference."""
_EXTENSIONS = {"audio": DEFAULT_AUDIO_EXTENSIONS, "video": DEFAULT_VIDEO_EXTENSIONS}


@dataclass
class RTCRtpCodecCapability:
    """A codec; `parameters` and `sdpFmtpLine` say the same, the latter wins when both are given."""

    mimeType: str
    clockRate: int
    channels: int | None = None
    parameters: dict[str, str | int | None] = field(default_factory=dict)
    sdpFmtpLine: str | None = None

    def __post_init__(self) -> None:
        if self.sdpFmtpLine is None and self.parameters:
            self.sdpFmtpLine = ";".join(
                name if value is None else f"{name}={value}"
                for name, value in self.parameters.items()
            )
        elif self.sdpFmtpLine and not self.parameters:
            self.parameters = dict(parse_parameters(self.sdpFmtpLine))

    @property
    def name(self) -> str:
        """The name without the kind, such as "opus"."""
        return self.mimeType.partition("/")[2]


@dataclass
class RTCRtpHeaderExtensionCapability:
    """A header extension (RFC 8285)."""

    uri: str


@dataclass
class RTCRtpCapabilities:
    """Codecs in order of preference, and header extensions."""

    codecs: list[RTCRtpCodecCapability] = field(default_factory=list)
    headerExtensions: list[RTCRtpHeaderExtensionCapability] = field(default_factory=list)


def get_capabilities(kind: str) -> RTCRtpCapabilities | None:
    """Return what there is for "audio" or "video", None for any other kind (W3C §5.2.1)."""
    if kind not in CODECS:
        return None
    codecs: list[RTCRtpCodecCapability] = []
    for codec in CODECS[kind]:
        # W3C: one entry for RTX, whatever it repairs.
        made = describe_codec(kind, codec)
        if codec.name.lower() == "rtx":
            made = RTCRtpCodecCapability(made.mimeType, made.clockRate)
        if made not in codecs:
            codecs.append(made)
    return RTCRtpCapabilities(
        codecs, [RTCRtpHeaderExtensionCapability(uri) for uri in _EXTENSIONS[kind]]
    )


def describe_codec(kind: str, codec: Codec) -> RTCRtpCodecCapability:
    """Return a codec as applications see it."""
    return RTCRtpCodecCapability(
        f"{kind}/{codec.name}",
        codec.clock_rate,
        codec.channels if kind == "audio" else None,
        sdpFmtpLine=codec.fmtp or None,
    )


def read_codecs(values: Iterable[object]) -> list[Codec]:
    """Return what an application passes as codecs, objects or dictionaries; payload types are 0.

    Raises TypeError for anything else.
    """
    if not isinstance(values, Iterable):
        raise JsepTypeError(f"{values!r} are no codecs")
    return [_read_codec(value) for value in values]


def _read_codec(value: object) -> Codec:
    members: Mapping[str, object] = value if isinstance(value, Mapping) else _members(value)
    mime, rate = members.get("mimeType"), members.get("clockRate")
    if not isinstance(mime, str) or not isinstance(rate, int):
        raise JsepTypeError("a codec needs mimeType and clockRate")
    channels, line = members.get("channels"), members.get("sdpFmtpLine")
    parameters = members.get("parameters")
    if not isinstance(line, str):
        line = RTCRtpCodecCapability(
            mime, rate, parameters=dict(parameters) if isinstance(parameters, Mapping) else {}
        ).sdpFmtpLine
    return Codec(
        0,
        mime.partition("/")[2],
        rate,
        channels if isinstance(channels, int) else 1,
        parse_parameters(line or ""),
    )


def _members(value: object) -> dict[str, object]:
    names = ("mimeType", "clockRate", "channels", "sdpFmtpLine", "parameters")
    return {name: getattr(value, name, None) for name in names}
