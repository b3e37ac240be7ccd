"""An entry of a trace in words, on one line.

The sign in front says which way it goes: ``>`` what the program asks for, ``<`` what it is told,
``=`` what was decided, ``x`` what was dropped, ``!`` what failed, ``.`` everything else.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from .entry import CHANNEL, DTLS, ICE, LOST, STALL, VERDICT, TraceEntry

MAX_WORDS = 200
"""Characters of values that are shown as they are."""

_UNPRINTABLE = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\ud800-\\udfff]")
_SECTION = re.compile(r"^m=(\w+)", re.MULTILINE)
_EVENT_FIELDS = {
    "CandidateGathered": ("candidate",),
    "CandidateRemoved": ("candidate",),
    "GatheringFailed": ("url", "code", "reason"),
    "StateChanged": ("component", "state", "reason"),
    "RoleChanged": ("role",),
    "SelectedPairChanged": ("local", "remote"),
    "SelectedPairLost": ("component", "reason"),
    "EventLoopStalled": ("duration",),
}


def printable(text: str, *, besides: str = "") -> str:
    """Write out what makes lines, what a terminal obeys and what no encoding has.

    Characters of `besides` stay.
    """
    return _UNPRINTABLE.sub(
        lambda found: found[0] if found[0] in besides else repr(found[0])[1:-1], text
    )


def describe(entry: TraceEntry) -> str:
    """Say in one line what an entry is, beginning with its sign.

    What a peer or a file has put there makes no other line, and no terminal obeys it.
    """
    return printable(_words(entry))


def _words(entry: TraceEntry) -> str:
    method, value = entry.method, entry.value
    if method == ICE:
        return _ice(value if isinstance(value, Mapping) else {})
    if method == LOST:
        return f". {value} entries are not kept"
    if method == STALL:
        return f"! stall {_plain(value)}"
    if method == VERDICT:
        return f"= verdict {_verdict(value)}"
    if method in (DTLS, CHANNEL):
        return f"= {method.rpartition('.')[2]} {_plain(value)}"
    if method == "getStats":
        return f". getStats: {len(value) if isinstance(value, Mapping) else 0} objects"
    if method.endswith(("OnFailure", "Failed")):
        return f"! {method} {_plain(value)}"
    if method == "onicecandidateerror":
        return f"! {method} {_error(value)}"
    sign = "<" if method.startswith("on") else "." if method.endswith("OnSuccess") else ">"
    return f"{sign} {method} {_value(value)}".rstrip()


def unquoted(value: object) -> str:
    """Give a state as text; Chromium puts it in quotes once more."""
    return value.strip('"') if isinstance(value, str) else ""


def candidate_words(candidate: Any) -> str:
    """Say what a candidate is: type, address, transport. Takes a record's or a description's."""
    if not isinstance(candidate, Mapping):
        return str(candidate)
    if isinstance(candidate.get("candidate"), str):
        parts = candidate["candidate"].removeprefix("candidate:").split()
        if len(parts) < 8:
            return candidate["candidate"] or "end of candidates"
        return f"{parts[7]} {_join(parts[4], parts[5])} {parts[2].lower()}"
    if candidate.get("hidden"):
        return f"{candidate.get('type')} hidden {candidate.get('transport')}"
    address = candidate.get("address")
    host, port = address if isinstance(address, list) and len(address) == 2 else (address, "")
    return f"{candidate.get('type')} {_join(host, port)} {candidate.get('transport')}"


def _join(host: object, port: object) -> str:
    return f"[{host}]:{port}" if ":" in str(host) else f"{host}:{port}"


def _ice(record: Mapping[str, Any]) -> str:
    kind = record.get("kind")
    if kind == "drop":
        return f"x dropped: {record.get('reason')} {_details(record.get('details'))}".rstrip()
    if kind == "decision":
        return f"= {record.get('decision')} {_details(record.get('details'))}".rstrip()
    if kind == "event":
        return _ice_event(str(record.get("event")), record.get("fields"))
    if kind == "input":
        return f". ice input {record.get('method')}"
    return f". ice {kind}"


def _ice_event(name: str, fields: Any) -> str:
    fields = fields if isinstance(fields, Mapping) else {}
    told = {key: fields.get(key) for key in _EVENT_FIELDS.get(name, ()) if fields.get(key)}
    for key in ("candidate", "local", "remote"):
        if key in told:
            told[key] = candidate_words(told[key])
    failed = name in ("GatheringFailed", "SelectedPairLost", "EventLoopStalled")
    return f"{'!' if failed else '='} {name} {_details(told)}".rstrip()


def _details(details: Any) -> str:
    if not isinstance(details, Mapping):
        return ""
    return " ".join(f"{key}={_plain(value)}" for key, value in details.items() if value != "")


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        if "sdp" in value:
            sections = " ".join(_SECTION.findall(str(value["sdp"])))
            return f"{value.get('type')} ({sections})" if sections else str(value.get("type"))
        if "candidate" in value:
            return candidate_words(value)
    return unquoted(value) if isinstance(value, str) else "" if value is None else _plain(value)


def _verdict(value: Any) -> str:
    found = value.get("findings") if isinstance(value, Mapping) else None
    if not isinstance(found, list) or not found or not isinstance(found[0], Mapping):
        return _plain(value.get("words")) if isinstance(value, Mapping) else _plain(value)
    return f"{found[0].get('cause')}: {_plain(found[0].get('words'))}"


def _error(value: Any) -> str:
    if not isinstance(value, Mapping):
        return _plain(value)
    code = value.get("errorCode", value.get("error_code"))
    return f"{value.get('url')} {code} {value.get('errorText', value.get('error_text'))}"


def _plain(value: object) -> str:
    if isinstance(value, str):
        text = value
    elif isinstance(value, Mapping):
        text = " ".join(f"{key}={_plain(item)}" for key, item in value.items())
    else:
        text = json.dumps(value, default=str)
    text = " ".join(text.split())
    return text if len(text) <= MAX_WORDS else text[:MAX_WORDS] + "..."
