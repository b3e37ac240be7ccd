"""Format parameters: the right-hand side of a=fmtp (RFC 8866 §6.15)."""

from functools import lru_cache
from typing import TypeAlias

Parameters: TypeAlias = tuple[tuple[str, str | None], ...]

# Peers send the same few texts over and over; long ones are not worth the memory.
_MAX_CACHED_LENGTH = 256


def parse_parameters(text: str) -> Parameters:
    """Split ``name=value;word`` into pairs, in order; a bare word has the value None.

    A value keeps its own ``=`` and ``,``; empty items are skipped.
    """
    return _split_cached(text) if len(text) <= _MAX_CACHED_LENGTH else _split(text)


def _split(text: str) -> Parameters:
    parameters: list[tuple[str, str | None]] = []
    for item in text.split(";"):
        name, equals, value = item.partition("=")
        name = name.strip()
        if equals and name:
            parameters.append((name, value.strip()))
        elif name:
            parameters.append((name, None))
    return tuple(parameters)


_split_cached = lru_cache(maxsize=512)(_split)


def serialize_parameters(parameters: Parameters) -> str:
    """Join pairs into the text of an a=fmtp line."""
    return ";".join([name if value is None else f"{name}={value}" for name, value in parameters])


def get_parameter(parameters: Parameters, name: str) -> str | None:
    """Return the value of `name`, compared without case; None when absent or a bare word."""
    for key, value in parameters:
        if key == name or key.lower() == name:
            return value
    return None
