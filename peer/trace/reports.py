"""Statistics as a dump has them: each report as its difference to the one before.

A report is a dictionary of objects by their id, each with `type` and `timestamp`, as JSON. What a
report says no more of is kept by readers until it is said to be gone (null), object by object.
"""

import json
from typing import Any

from .names import MEMBERS, TYPES

Report = dict[str, dict[str, Any]]

_DROPPED = frozenset(
    {"isRemote", "ip", "mediaType", "writable", "localCertificateId", "remoteCertificateId"}
)


class ReportWriter:
    """Makes the differences of the reports of one connection."""

    def __init__(self) -> None:
        self._last: Report = {}
        self._names: dict[str, str] = {}

    def write(self, report: Report) -> dict[str, Any]:
        """Return what is to be written of a report."""
        report = {key: item for key, item in report.items() if item.get("type") != "certificate"}
        for key in report:
            self._names.setdefault(key, str(len(self._names)))
        stamps = [item.get("timestamp") for item in report.values()]
        newest = max((one for one in stamps if isinstance(one, int | float)), default=None)
        written: dict[str, Any] = {}
        for key, item in report.items():
            changed = self._changes(self._last.get(key, {}), item)
            if newest is not None and changed.get("timestamp") == newest:
                del changed["timestamp"]
            if changed or key not in self._last:
                written[self._names[key]] = changed
        for key in self._last.keys() - report.keys():
            written[self._names[key]] = None
        self._last = report
        return written if newest is None else {"t": newest} | written

    def _changes(self, before: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
        found = {}
        for name, value in now.items():
            if name == "id" or name in _DROPPED:
                continue
            if name.endswith("Id"):
                value = self._names.get(value) if isinstance(value, str) else None
                if value is None or before.get(name) == now[name]:
                    continue
            elif isinstance(value, dict) and isinstance(before.get(name), dict):
                old = before[name]
                value = {k: v for k, v in value.items() if k not in old or not _same(old[k], v)}
                if not value:
                    continue
            elif name != "timestamp" and name in before and _same(before[name], value):
                continue
            found[name] = value
        return found


def _same(one: object, other: object) -> bool:
    if isinstance(one, list) or isinstance(other, list):
        return json.dumps(one) == json.dumps(other)
    return one == other


class ReportReader:
    """Puts the reports of one connection together again, with the short ids they are written in."""

    def __init__(self) -> None:
        self._last: Report = {}

    def read(self, written: dict[str, Any]) -> Report:
        """Return the report after a difference; what is malformed in it counts as not said."""
        stamp = written.get("t", written.get("timestamp"))
        stamp = stamp if isinstance(stamp, int | float) else None
        found = {key: dict(item) for key, item in self._last.items()}
        for key, changes in written.items():
            if changes is None:
                found.pop(key, None)
            elif isinstance(changes, dict):
                found[key] = _merged(found.get(key, {}), _named(changes))
        for key, item in found.items():
            own = written.get(key)
            said = isinstance(own, dict) and ("timestamp" in own or "t" in own)
            if stamp is not None and not said:
                item["timestamp"] = stamp
        self._last = found
        return {key: dict(item) for key, item in found.items()}


def _named(item: dict[str, Any]) -> dict[str, Any]:
    named = {MEMBERS.get(name, name): value for name, value in item.items()}
    if "type" in named:
        named["type"] = TYPES.get(str(named["type"]), named["type"])
    return named


def _merged(before: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    merged = dict(before)
    for name, value in changes.items():
        old = merged.get(name)
        both = isinstance(value, dict) and isinstance(old, dict)
        merged[name] = old | value if both else value
    return merged
