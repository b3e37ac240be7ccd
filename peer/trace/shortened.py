"""Descriptions in dumps, of which sections may be left out that a description before had."""

import re
from typing import Any

_SECTION = re.compile(r"^(?=m=)", re.MULTILINE)


class Expander:
    """Puts descriptions of one connection together again.

    A section that is just "m=" (the first: "v=") is that of the description before: for a local
    one the last that was created of its type, for a created one the last that was set, for a
    remote one the last remote one.
    """

    def __init__(self) -> None:
        self._created: dict[str, str] = {}
        self._set: dict[str, str] = {}
        self._remote = ""

    def expand(self, method: str, value: Any) -> Any:
        """Return the value of an entry with its description whole."""
        if not isinstance(value, dict) or not isinstance(value.get("sdp"), str):
            return value
        kind, text = str(value.get("type")), value["sdp"]
        if method in ("createOfferOnSuccess", "createAnswerOnSuccess"):
            text = self._created[kind] = _expanded(text, self._set.get(kind, ""))
        elif method in ("setLocalDescription", "setLocalDescriptionOnSuccess"):
            text = self._set[kind] = _expanded(text, self._created.get(kind, ""))
        elif method == "setRemoteDescription":
            text = self._remote = _expanded(text, self._remote)
        return value | {"sdp": text}


def _expanded(text: str, base: str) -> str:
    before = _SECTION.split(base) if base else []
    sections = _SECTION.split(text)
    for index, section in enumerate(sections):
        if section.rstrip("\r\n") in ("m=", "v=") and index < len(before):
            sections[index] = before[index]
    return "".join(sections)
