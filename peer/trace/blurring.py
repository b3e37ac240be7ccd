"""Traces for others to read: addresses lose what tells a host from its neighbours."""

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sdp import redact

from .entry import ICE, TraceEntry

_SHOWN = ("decision", "drop", "event")
"""Records of ICE that can be blurred; what replays has addresses in messages, and is left out."""
_IPV4 = re.compile(r"(?<![\w.])(\d{1,3}\.\d{1,3}\.\d{1,3})\.\d{1,3}(?![\w.]*\.\d)(?!\w)")
_IPV6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]*[0-9A-Fa-f:](?:[\d.]*)(?!\w)")
_KEPT_IPV4 = ("127.0.0", "0.0.0")


def shareable(entries: Iterable[TraceEntry], *, addresses: bool = False) -> list[TraceEntry]:
    """Give a trace as others may have it: without passwords, and with all addresses blurred.

    Of IPv4 the last number is, of IPv6 all but three groups; the same address becomes the same
    text, loopback addresses and names stay. Records that ICE could be replayed from are left out
    then. With `addresses` these stay as they are.
    """
    hide = redact if addresses else _hidden
    return [
        entry._replace(value=_value(entry.value, hide), extra=_value(entry.extra, hide))
        for entry in entries
        if addresses or entry.method != ICE or _is_shown(entry.value)
    ]


def _is_shown(record: object) -> bool:
    return isinstance(record, Mapping) and record.get("kind") in _SHOWN


def _value(value: Any, hide: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return hide(value)
    if isinstance(value, Mapping):
        return {hide(str(name)): _value(item, hide) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_value(item, hide) for item in value)
    return value


def _hidden(text: str) -> str:
    return blurred(redact(text))


def blurred(text: str) -> str:
    """Blur the addresses in a text."""
    if "." in text:
        text = _IPV4.sub(_ipv4, text)
    return _IPV6.sub(_ipv6, text) if ":" in text else text


def _ipv4(found: re.Match[str]) -> str:
    return found[0] if found[1] in _KEPT_IPV4 else f"{found[1]}.x"


def _ipv6(found: re.Match[str]) -> str:
    """Blur what is an address, or one with a port after it as some programs write it."""
    whole = found[0]
    for text, rest in ((whole, ""), whole.rpartition(":")[::2]):
        if rest and not rest.isdecimal():
            break
        try:
            address = ipaddress.IPv6Address(text)
        except ValueError:
            continue
        if address.is_loopback or address.is_unspecified:
            return whole
        groups = [group.lstrip("0") or "0" for group in address.exploded.split(":")]
        return ":".join(groups[:3] + ["x"] * 5) + (f":{rest}" if rest else "")
    return whole
