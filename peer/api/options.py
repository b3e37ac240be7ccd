"""What methods are told beside their main argument (the W3C's dictionaries).

Every class has `from_value`, which takes an instance, a dictionary or None.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Self

from sdp import is_rid

from .errors import JsepTypeError
from .media_stream import MediaStream
from .shown import shown

DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
PRIORITIES = {"very-low": 0.5, "low": 1.0, "medium": 2.0, "high": 4.0}
"""What each is worth beside the default (W3C webrtc-priority, RFC 8835 §4.1)."""
_UNSIGNED_SHORT = 65535
_UNSIGNED_LONG = 4294967295
_MAX_RID_LENGTH = 16
"""RFC 8852 §3.3."""
_NO_STREAM = 65535
"""RFC 8832 §6: no stream has this number."""


class _Dictionary:
    """Reads what is given for a dataclass; members it does not know are ignored."""

    @classmethod
    def from_value(cls, value: object) -> Self:
        """Take an instance, a dictionary, or None for the defaults.

        Raises JsepTypeError.
        """
        made = cls(**_members(cls, value))
        made.check()
        return made

    def check(self) -> None:
        """Raise what is wrong with the members."""


def _members(cls: type, value: object) -> dict[str, Any]:
    assert is_dataclass(cls)
    names = [each.name for each in fields(cls)]
    if value is None:
        return {}
    if isinstance(value, Mapping):
        return {name: value[name] for name in names if name in value}
    if isinstance(value, cls):
        return {name: getattr(value, name) for name in names}
    raise JsepTypeError(f"{shown(value)} is no {cls.__name__}")


@dataclass
class RTCOfferOptions(_Dictionary):
    """Options of createOffer; the last two are the legacy ones, None when not given."""

    iceRestart: bool = False
    offerToReceiveAudio: bool | None = None
    offerToReceiveVideo: bool | None = None


@dataclass
class RTCAnswerOptions(_Dictionary):
    """Options of createAnswer: there are none."""


@dataclass
class RTCRtpEncodingParameters(_Dictionary):
    """How one encoding of a sender is to be; None leaves it to the sender."""

    rid: str | None = None
    active: bool = True
    maxBitrate: int | None = None
    maxFramerate: float | None = None
    scaleResolutionDownBy: float | None = None
    priority: str = "low"
    networkPriority: str = "low"
    codec: Any = None
    scalabilityMode: str | None = None

    def check(self) -> None:
        """Raise JsepTypeError for what is of another type."""
        if self.rid is not None and not _is_rid(self.rid):
            raise JsepTypeError(f"{self.rid!r} is no rid of 1 to {_MAX_RID_LENGTH} characters")
        if not isinstance(self.active, bool):
            raise JsepTypeError("active is true or false")
        for priority in (self.priority, self.networkPriority):
            _check_one_of(PRIORITIES, priority)
        if not (self.scalabilityMode is None or isinstance(self.scalabilityMode, str)):
            raise JsepTypeError(f"{self.scalabilityMode!r} is no scalabilityMode")
        _check_integer("maxBitrate", self.maxBitrate, _UNSIGNED_LONG)
        _check_number("maxFramerate", self.maxFramerate)
        _check_number("scaleResolutionDownBy", self.scaleResolutionDownBy)


@dataclass
class RTCRtpTransceiverInit(_Dictionary):
    """Options of addTransceiver."""

    direction: str = "sendrecv"
    streams: Sequence[MediaStream] = ()
    sendEncodings: Sequence[RTCRtpEncodingParameters] = ()

    def check(self) -> None:
        """Put the sequences into tuples; raise as the parts do."""
        _check_one_of(DIRECTIONS, self.direction)
        self.streams = _sequence("streams", self.streams)
        if not all(isinstance(stream, MediaStream) for stream in self.streams):
            raise JsepTypeError("streams are MediaStreams")
        encodings = _sequence("sendEncodings", self.sendEncodings)
        self.sendEncodings = tuple(RTCRtpEncodingParameters.from_value(one) for one in encodings)
        rids = [one.rid for one in self.sendEncodings]
        if len(rids) > 1 and (None in rids or len(set(rids)) < len(rids)):
            raise JsepTypeError("several encodings need a rid each")


@dataclass
class RTCDataChannelInit(_Dictionary):
    """Options of createDataChannel; `maxPacketLifeTime` is in milliseconds."""

    ordered: bool = True
    maxPacketLifeTime: int | None = None
    maxRetransmits: int | None = None
    protocol: str = ""
    negotiated: bool = False
    id: int | None = None
    """Counts only when negotiated."""
    priority: str = "low"

    def check(self) -> None:
        """Raise JsepTypeError for what createDataChannel has to refuse."""
        self.protocol = check_label("protocol", self.protocol)
        _check_one_of(PRIORITIES, self.priority)
        _check_integer("maxPacketLifeTime", self.maxPacketLifeTime, _UNSIGNED_SHORT)
        _check_integer("maxRetransmits", self.maxRetransmits, _UNSIGNED_SHORT)
        if self.maxPacketLifeTime is not None and self.maxRetransmits is not None:
            raise JsepTypeError("a channel has maxPacketLifeTime or maxRetransmits, not both")
        _check_integer("id", self.id, _UNSIGNED_SHORT)
        if not self.negotiated:
            self.id = None
        elif self.id is None or self.id == _NO_STREAM:
            raise JsepTypeError("a negotiated channel needs an id of 0..65534")


def check_label(name: str, text: object) -> str:
    """Return the label or protocol of a channel; JsepTypeError when it is longer than 65535 bytes.

    Surrogates that stand alone are replaced, as in all text that JavaScript sends.
    """
    if not isinstance(text, str):
        raise JsepTypeError(f"the {name} is a string, not {text!r}")
    text = scalar_values(text)
    if len(text.encode()) > _UNSIGNED_SHORT:
        raise JsepTypeError(f"the {name} is longer than {_UNSIGNED_SHORT} bytes")
    return text


def scalar_values(text: str) -> str:
    """Replace surrogates that stand alone with U+FFFD (Web IDL's USVString)."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _is_rid(value: object) -> bool:
    return isinstance(value, str) and is_rid(value) and len(value) <= _MAX_RID_LENGTH


def _check_one_of(known: Collection[str], value: object) -> None:
    # A list, say, is none of them, and cannot be looked up.
    if value not in tuple(known):
        raise JsepTypeError(f"{value!r} is none of {', '.join(known)}")


def _check_integer(name: str, value: object, maximum: int) -> None:
    if value is None:
        return
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= maximum:
        raise JsepTypeError(f"{name} is 0..{maximum}, not {value!r}")


def _check_number(name: str, value: object) -> None:
    if value is None:
        return
    if not isinstance(value, int | float) or isinstance(value, bool) or not _is_finite(value):
        raise JsepTypeError(f"{name} is a number, not {value!r}")


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        # A whole number too large for a double, as in JavaScript is infinite.
        return False


def _sequence(name: str, value: object) -> tuple[Any, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        raise JsepTypeError(f"{name} is a list, not {shown(value)}")
    return tuple(value)
