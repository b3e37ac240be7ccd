"""Dumps of Chromium's webrtc-internals page (JSON), as entries of a trace."""

from typing import Any, TypeGuard

from .dump import MAX_TIME, Dump, DumpError, read_json, unpack
from .entry import TraceEntry

_EVENTS = frozenset(
    {
        "icecandidate",
        "icecandidateerror",
        "track",
        "signalingstatechange",
        "iceconnectionstatechange",
        "connectionstatechange",
        "icegatheringstatechange",
        "negotiationneeded",
        "datachannel",
    }
)
MAX_POINTS = 1000
"""Values of one member that are read; the page keeps no more."""


def read_internals(data: bytes) -> Dump:
    """Read a dump of webrtc-internals, of old versions too. Raises DumpError for what is none."""
    try:
        root = read_json(unpack(data))
    except (ValueError, RecursionError) as error:
        raise DumpError(f"no JSON: {type(error).__name__}") from None
    if not isinstance(root, dict) or not isinstance(root.get("PeerConnections"), dict):
        raise DumpError("no dump of webrtc-internals: it has no PeerConnections")
    entries: list[TraceEntry] = []
    skipped: list[str] = []
    for connection, record in root["PeerConnections"].items():
        if isinstance(record, dict):
            entries += _log(connection, record, skipped)
            entries += _reports(connection, _dictionary(record.get("stats")))
    entries.sort(key=lambda entry: entry.time)
    metadata = {key: root[key] for key in ("UserAgent", "UserAgentData") if key in root}
    if isinstance(root.get("UserAgent"), str):
        metadata["userAgent"] = root["UserAgent"]
    return Dump("webrtc-internals", metadata, tuple(entries), tuple(skipped))


def _dictionary(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


# The log


def _log(connection: str, record: dict[str, Any], skipped: list[str]) -> list[TraceEntry]:
    found = []
    log = record.get("updateLog")
    for each in log if isinstance(log, list) else []:
        stamp = each.get("timestamp") if isinstance(each, dict) else None
        if _is_time(stamp):
            name, value = str(each.get("type")), each.get("value")
            found.append(TraceEntry(stamp / 1000, connection, _name(name), _parsed(value)))
        else:
            skipped.append(f"{connection}: an entry of the log without a timestamp")
    first = min((entry.time for entry in found), default=0.0)
    settings = _parsed(record.get("rtcConfiguration"))
    created = TraceEntry(first, connection, "create", settings, (str(record.get("url", "")),))
    return [created, *(entry for entry in found if entry.method != "create")]


def _is_time(stamp: object) -> TypeGuard[float]:
    """Tell whether something is milliseconds since 1970."""
    is_number = isinstance(stamp, int | float) and not isinstance(stamp, bool)
    return is_number and 0 <= stamp < MAX_TIME * 1000  # type: ignore[operator]


def _name(name: str) -> str:
    """Give the name of today; in old dumps events are without "on", or written otherwise."""
    bare = name.lower().removeprefix("on")
    return f"on{bare}" if bare in _EVENTS else name


def _parsed(value: object) -> Any:
    """Read a value of the log: JSON, or the "name: value, name: value" of old versions."""
    if not isinstance(value, str):
        return value
    if value.startswith(("type: ", "sdpMid: ")):
        return _old(value)
    try:
        return read_json(value)
    except (ValueError, RecursionError):
        return value or None


def _old(value: str) -> dict[str, Any]:
    parts = value.split(", ", 1 if value.startswith("type: ") else 2)
    return {name: text for name, _, text in (part.partition(": ") for part in parts)}


# The statistics


def _reports(connection: str, stats: dict[str, Any]) -> list[TraceEntry]:
    """Make reports of series: one for each moment that objects have values of."""
    objects: dict[str, dict[str, list[Any]]] = {}
    types: dict[str, str] = {}
    for key, series in stats.items():
        series = _dictionary(series)
        # Names of derived members are in brackets, and may have the hyphen in them.
        cut = key.rfind("-[") if key.endswith("]") else key.rfind("-")
        if cut > 0:
            objects.setdefault(key[:cut], {})[key[cut + 1 :]] = _values(series.get("values"))
            types[key[:cut]] = str(series.get("statsType"))
    moments: dict[int, dict[str, dict[str, Any]]] = {}
    for key, members in objects.items():
        stamps = members.get("timestamp", [])
        for back, stamp in enumerate(reversed(stamps), 1):
            if _is_time(stamp):
                item = {name: got[-back] for name, got in members.items() if len(got) >= back}
                item |= {"id": key, "type": types[key]}
                moments.setdefault(round(stamp / 1000), {})[key] = item
    return [
        TraceEntry(_newest(report), connection, "getStats", report)
        for _, report in sorted(moments.items())
    ]


def _newest(report: dict[str, dict[str, Any]]) -> float:
    return max(float(item["timestamp"]) for item in report.values()) / 1000


def _values(text: object) -> list[Any]:
    try:
        values = read_json(text) if isinstance(text, str) else text
    except (ValueError, RecursionError):
        return []
    return values[-MAX_POINTS:] if isinstance(values, list) else []
