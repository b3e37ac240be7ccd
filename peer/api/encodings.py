"""The encodings of a sender (W3C [[SendEncodings]])."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from peer.jsep import Encoding

from .errors import RangeError
from .options import RTCRtpEncodingParameters


def settle(
    kind: str, encodings: Iterable[RTCRtpEncodingParameters]
) -> list[RTCRtpEncodingParameters]:
    """Return copies without what does not apply to the kind of media.

    Raises RangeError for a scale below 1 and a negative frame rate; audio has neither.
    """
    if kind == "audio":
        return [replace(one, scaleResolutionDownBy=None, maxFramerate=None) for one in encodings]
    settled = [replace(one) for one in encodings]
    for one in settled:
        _check_least("scaleResolutionDownBy", one.scaleResolutionDownBy, 1.0)
        _check_least("maxFramerate", one.maxFramerate, 0.0)
    return settled


def _check_least(name: str, value: float | None, minimum: float) -> None:
    if value is not None and value < minimum:
        raise RangeError(f"{name} is at least {minimum:g}")


def initial_encodings(
    kind: str, given: Sequence[RTCRtpEncodingParameters]
) -> list[RTCRtpEncodingParameters]:
    """Return the encodings a transceiver begins with (W3C addTransceiver).

    Audio has one. A single one needs no rid. Pictures are halved from the last encoding to the
    first, unless the application scales one of them. Raises RangeError.
    """
    encodings = settle(kind, given or [RTCRtpEncodingParameters()])
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
