"""Fuzz targets of the SDP parsers: each takes bytes and raises AssertionError on a finding."""

from sdp import (
    SdpError,
    parse,
    parse_candidate,
    parse_fragment,
    serialize,
    serialize_candidate,
    serialize_fragment,
)

# A text close to the limit of 1 MiB may grow beyond it when it is written in full.
_SMALL = 1 << 16


def fuzz_sdp(data: bytes) -> None:
    """Parse a description: nothing but SdpError comes out, and what parses round-trips."""
    try:
        description = parse(data)
    except SdpError as error:
        _check(error)
        return
    if len(data) <= _SMALL:
        again = parse(serialize(description))
        assert again == description
        assert serialize(again) == serialize(description)


def fuzz_fragment(data: bytes) -> None:
    """Parse a trickle fragment: nothing but SdpError comes out, and what parses round-trips."""
    try:
        fragment = parse_fragment(data)
    except SdpError as error:
        _check(error)
        return
    if len(data) <= _SMALL:
        assert parse_fragment(serialize_fragment(fragment)) == fragment


def fuzz_candidate(data: bytes) -> None:
    """Parse a candidate: nothing but SdpError comes out, and what parses round-trips."""
    try:
        candidate = parse_candidate(data.decode("utf-8", "replace"))
    except SdpError as error:
        _check(error)
    else:
        assert parse_candidate(serialize_candidate(candidate)) == candidate


def _check(error: SdpError) -> None:
    assert error.line_number >= 1
    assert error.reason
