"""The encodings of a sender (W3C [[SendEncodings]])."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from peer.jsep import Encoding, order_by_preference
from sdp import Codec

from .errors import InvalidModificationError, OperationError, RangeError
from .options import RTCRtpEncodingParameters
from .rtp_capabilities import CODECS, read_codecs

TEMPORAL_LAYERS = {"L1T1": 1, "L1T2": 2, "L1T3": 3}
"""How many temporal layers there are, by scalabilityMode (W3C webrtc-svc)."""
_LAYERED = "vp8"


def settle(
    kind: str, encodings: Iterable[RTCRtpEncodingParameters]
) -> list[RTCRtpEncodingParameters]:
    """Return copies without what does not apply to the kind of media.

    Raises RangeError for a scale below 1 and a negative frame rate; audio has neither.
    """
    if kind == "audio":
        return [
            replace(one, scaleResolutionDownBy=None, maxFramerate=None, scalabilityMode=None)
            for one in encodings
        ]
    settled = [replace(one) for one in encodings]
    for one in settled:
        _check_least("scaleResolutionDownBy", one.scaleResolutionDownBy, 1.0)
        _check_least("maxFramerate", one.maxFramerate, 0.0)
    return settled


def altered_encodings(
    kind: str, given: Iterable[RTCRtpEncodingParameters]
) -> list[RTCRtpEncodingParameters]:
    """Return copies of what an application sets, as `settle` does (W3C setParameters).

    Pictures of which no scale is said any more are as large as they come.
    """
    altered = settle(kind, given)
    for one in altered if kind != "audio" else ():
        one.scaleResolutionDownBy = one.scaleResolutionDownBy or 1.0
    return altered


def _check_least(name: str, value: float | None, minimum: float) -> None:
    if value is not None and value < minimum:
        raise RangeError(f"{name} is at least {minimum:g}")


def initial_encodings(
    kind: str, given: Sequence[RTCRtpEncodingParameters]
) -> list[RTCRtpEncodingParameters]:
    """Return the encodings a transceiver begins with (W3C addTransceiver).

    Audio has one. A single one needs no rid. Pictures are halved from the last encoding to the
    first, unless the application scales one of them. Raises RangeError, and OperationError for
    codecs that cannot be sent.
    """
    encodings = settle(kind, given or [RTCRtpEncodingParameters()])
    if any(one.maxFramerate == 0 for one in encodings):
        # Only setParameters may hold a picture still.
        raise RangeError("maxFramerate is above 0")
    try:
        check_codecs(encodings, CODECS[kind])
    except InvalidModificationError as error:
        raise OperationError(str(error)) from error
    if kind == "audio":
        del encodings[1:]
    if len(encodings) == 1:
        encodings[0].rid = None
    return encodings if kind == "audio" else _scaled(encodings)


def _scaled(encodings: list[RTCRtpEncodingParameters]) -> list[RTCRtpEncodingParameters]:
    chosen = any(one.scaleResolutionDownBy is not None for one in encodings)
    for place, one in enumerate(reversed(encodings)):
        if one.scaleResolutionDownBy is None:
            one.scaleResolutionDownBy = 1.0 if chosen else 2.0**place
    return encodings


def negotiated_encodings(
    kind: str, known: Sequence[RTCRtpEncodingParameters], agreed: Sequence[Encoding]
) -> list[RTCRtpEncodingParameters]:
    """Return copies of the encodings that negotiation has left, or that the peer has named."""
    by_rid = {one.rid: one for one in known}
    left = [one.rid for one in agreed if one.rid in by_rid]
    if left or not agreed:
        return [replace(by_rid[rid]) for rid in left or by_rid]
    named = [RTCRtpEncodingParameters(one.rid, one.active) for one in agreed]
    return named if kind == "audio" else _scaled(named)


def best_encoding(encodings: Sequence[RTCRtpEncodingParameters]) -> RTCRtpEncodingParameters:
    """Return the one that is sent: the largest picture of those that are active."""
    return min(encodings, key=lambda one: (not one.active, one.scaleResolutionDownBy or 1.0))


def check_codecs(encodings: Sequence[RTCRtpEncodingParameters], choosable: Sequence[Codec]) -> None:
    """Check the codecs that encodings are to be sent with (W3C setParameters).

    Raises InvalidModificationError for one that is not choosable, OperationError when encodings
    differ in it or for a scalabilityMode that none can have, TypeError for what is no codec.
    """
    for one in encodings:
        _check_mode(one.scalabilityMode, choosable)
    chosen = {_chosen(one, choosable) for one in encodings}
    if None in chosen:
        raise InvalidModificationError("the codec of an encoding is none that can be sent")
    if len(chosen) > 1:
        raise OperationError("all encodings of a sender are sent with the same codec")


def _check_mode(mode: str | None, choosable: Sequence[Codec]) -> None:
    """Raise OperationError for a scalabilityMode that no codec has (W3C webrtc-svc)."""
    layers = 1 if mode is None else TEMPORAL_LAYERS.get(mode)
    lacks = bool(choosable) and all(codec.name.lower() != _LAYERED for codec in choosable)
    if layers is None or (layers > 1 and lacks):
        raise OperationError(f"nothing can be sent in the mode {mode!r}")


def by_choice(encoding: RTCRtpEncodingParameters, agreed: tuple[Codec, ...]) -> tuple[Codec, ...]:
    """Return the codecs agreed, those chosen for an encoding first."""
    first = _chosen(encoding, agreed) or ()
    return (*first, *(codec for codec in agreed if codec not in first))


def without_lost_choices(
    encodings: Sequence[RTCRtpEncodingParameters], agreed: Sequence[Codec]
) -> list[RTCRtpEncodingParameters]:
    """Return encodings without codecs that are not agreed on any more (W3C §4.4.1.5)."""
    return [
        one if _chosen(one, agreed) is not None else replace(one, codec=None) for one in encodings
    ]


def _chosen(encoding: RTCRtpEncodingParameters, among: Sequence[Codec]) -> tuple[Codec, ...] | None:
    """Return the codecs that an encoding names; none when it names none, None when unknown."""
    if encoding.codec is None:
        return ()
    return order_by_preference(read_codecs([encoding.codec]), among)
