"""A call as its trace tells it: states, descriptions, candidates, errors, figures, by time."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from peer.trace import CHANNEL, DTLS, ICE, STALL, TraceEntry, unquoted
from sdp import Description, MediaSection, SdpError, parse, parse_candidate

from .hosts import endpoint

Stats = dict[str, Any]
"""An object of a report."""


class Change(NamedTuple):
    """A state and when it came."""

    time: float
    state: str


class Described(NamedTuple):
    """A description that was set, and what it says."""

    time: float
    type: str
    content: Description | None

    @property
    def sections(self) -> tuple[MediaSection, ...]:
        """The media sections."""
        if self.content is None:
            return ()
        return tuple(map(self.content.effective, range(len(self.content.media))))

    @property
    def ufrags(self) -> set[str]:
        """The username fragments in it."""
        return {one.ice.ufrag for one in self.sections if one.ice.ufrag}


class Seen(NamedTuple):
    """A candidate that was told of; `address` is a name where it is hidden."""

    time: float
    type: str
    address: str
    port: int
    protocol: str
    mid: str | None
    ufrag: str | None

    def __str__(self) -> str:
        """Its type and address."""
        return f"{self.type} {endpoint(self.address, self.port)}"


class GatherError(NamedTuple):
    """A STUN or TURN server that gave nothing."""

    time: float
    url: str
    code: int
    words: str


class Failure(NamedTuple):
    """A call that was refused, and whether there was a remote description then."""

    time: float
    method: str
    words: str
    described: bool


class Call:
    """What one connection did. Times are in seconds since it was created."""

    def __init__(self, entries: Iterable[TraceEntry], *, now: float | None = None) -> None:
        """Take the entries of one connection, in their order; see `explain` for `now`."""
        self.entries = list(entries)
        self.begun = self.entries[0].time if self.entries else 0.0
        last = self.entries[-1].time if self.entries else 0.0
        self.ended = self._at(max(last, now or last))
        self.is_under_way = now is not None
        """Whether it goes on, so that what is missing may still come."""
        self.states: dict[str, list[Change]] = {
            name: [] for name in ("signaling", "iceconnection", "connection", "icegathering")
        }
        self.settings: Mapping[str, Any] = {}
        self.local: list[Described] = []
        self.remote: list[Described] = []
        self.local_candidates: list[Seen] = []
        self.remote_candidates: list[Seen] = []
        self.gather_errors: list[GatherError] = []
        self.failures: list[Failure] = []
        self.goodbye: float | None = None
        """When the peer ended DTLS."""
        self.calls: Counter[str] = Counter()
        self.drops: dict[str, list[tuple[float, Mapping[str, Any]]]] = {}
        self.decisions: list[tuple[float, str, Mapping[str, Any]]] = []
        self.events: list[tuple[float, str, Mapping[str, Any]]] = []
        self.stalls: list[tuple[float, Mapping[str, Any]]] = []
        self.handshakes: list[tuple[float, Mapping[str, Any]]] = []
        self.channels: list[tuple[float, Mapping[str, Any]]] = []
        self.reports: list[tuple[float, dict[str, Stats]]] = []
        self._created: dict[str, str] = {}
        self._pending: dict[str, tuple[float, Any]] = {}
        self._candidates: dict[str, tuple[float, Any]] = {}
        for entry in self.entries:
            self._take(entry, self._at(entry.time))
        # Who wrote down no success of a call has told of none; its candidates count.
        for time, value in self._candidates.values():
            self._see(self.remote_candidates, time, value)

    # States

    def state(self, name: str) -> str:
        """The last state; "" when none was told of."""
        changes = self.states[name]
        return changes[-1].state if changes else ""

    @property
    def connected(self) -> float | None:
        """When it was first connected, None if it never was."""
        found = [c.time for c in self.states["connection"] if c.state == "connected"]
        return found[0] if found else None

    @property
    def ice_connected(self) -> float | None:
        """When ICE first had a pair."""
        states = self.states["iceconnection"]
        return next((c.time for c in states if c.state in ("connected", "completed")), None)

    @property
    def lost(self) -> float | None:
        """When it was lost for good or until now, None when it is not or was closed before."""
        last = None
        for change in self.states["connection"]:
            if change.state in ("connected", "closed", "connecting"):
                last = None
            elif change.state in ("disconnected", "failed") and self.connected is not None:
                last = change.time if last is None else last
        return last

    @property
    def closed(self) -> bool:
        """Tell whether the program closed it."""
        return bool(self.calls["close"])

    @property
    def ours(self) -> bool:
        """Tell whether the trace has what an ICE agent decided and dropped, as ours have."""
        return bool(self.decisions or self.events)

    # Statistics

    def stats(self, kind: str) -> list[Stats]:
        """The objects of a type in the last report."""
        return self.stats_at(len(self.reports) - 1, kind)

    def stats_at(self, index: int, kind: str) -> list[Stats]:
        """The objects of a type in one report."""
        if not 0 <= index < len(self.reports):
            return []
        report = self.reports[index][1]
        return [one | {"id": key} for key, one in report.items() if one.get("type") == kind]

    def item(self, key: object) -> Stats:
        """An object of the last report by its id; empty when there is none."""
        return self.reports[-1][1].get(str(key), {}) if self.reports else {}

    def total(self, kind: str, member: str) -> float:
        """The sum of a member over the objects of a type."""
        return sum(number(one, member) for one in self.stats(kind))

    def dropped(self, *reasons: str) -> list[tuple[float, Mapping[str, Any]]]:
        """What ICE dropped for these reasons."""
        return [one for reason in reasons for one in self.drops.get(reason, [])]

    # Reading

    def _at(self, time: float) -> float:
        return time - self.begun

    def _take(self, entry: TraceEntry, now: float) -> None:
        method, value = entry.method, entry.value
        name = method.removeprefix("on").removesuffix("statechange")
        if method.startswith("on") and method.endswith("statechange") and name in self.states:
            self.states[name].append(Change(now, unquoted(value)))
        elif method == ICE and isinstance(value, Mapping):
            self._take_ice(value, now)
        elif method == DTLS and isinstance(value, Mapping):
            self.handshakes.append((now, value))
            if value.get("state") == "closed" and not self.closed:
                self.goodbye = now
        elif method == STALL and isinstance(value, Mapping):
            self.stalls.append((now, value))
        elif method == CHANNEL and isinstance(value, Mapping):
            self.channels.append((now, value))
        elif method == "getStats" and isinstance(value, dict):
            objects = {key: one for key, one in value.items() if isinstance(one, dict)}
            self.reports.append((now, objects))
        elif method == "onicecandidate":
            self._see(self.local_candidates, now, value)
        elif method == "onicecandidateerror":
            self._take_error(value, now)
        else:
            self._take_call(entry, now)

    def _take_call(self, entry: TraceEntry, now: float) -> None:
        method, value = entry.method, entry.value
        if method.endswith(("OnFailure", "Failed")):
            bare = method.removesuffix("OnFailure").removesuffix("Failed")
            self.failures.append(Failure(now, bare, str(value), bool(self.remote)))
            self._candidates.pop(_name(entry), None)
            self._pending.pop(bare, None)
        elif method.endswith("OnSuccess"):
            self._succeed(method.removesuffix("OnSuccess"), entry, now)
        else:
            self.calls[method] += 1
            if method == "create" and isinstance(value, Mapping):
                self.settings = value
            elif method in ("setLocalDescription", "setRemoteDescription"):
                self._pending[method] = (now, value)
            elif method == "addIceCandidate":
                self._candidates[_name(entry)] = (now, value)

    def _succeed(self, method: str, entry: TraceEntry, now: float) -> None:
        if method == "addIceCandidate":
            time, value = self._candidates.pop(_name(entry), (now, None))
            self._see(self.remote_candidates, time, value)
        elif method in ("setLocalDescription", "setRemoteDescription"):
            _, value = self._pending.pop(method, (now, None))
            value = entry.value if isinstance(entry.value, Mapping) else value
            if isinstance(value, Mapping):
                self._describe(method == "setLocalDescription", value, now)

    def _describe(self, local: bool, value: Mapping[str, Any], now: float) -> None:
        text = value.get("sdp")
        text = text if isinstance(text, str) else ""
        try:
            content = parse(text) if text else None
        except SdpError:
            content = None
        described = Described(now, str(value.get("type")), content)
        (self.local if local else self.remote).append(described)
        for section in () if local else described.sections:
            for one in section.ice.candidates:
                mid, ufrag = section.mid, section.ice.ufrag
                seen = Seen(now, one.type, one.address, one.port, one.transport, mid, ufrag)
                self.remote_candidates.append(seen)

    def _see(self, seen: list[Seen], now: float, value: object) -> None:
        text = value.get("candidate") if isinstance(value, Mapping) else None
        if not isinstance(value, Mapping) or not isinstance(text, str) or not text:
            return
        try:
            one = parse_candidate(text.removeprefix("candidate:"))
        except SdpError:
            return
        mid, ufrag = value.get("sdpMid"), value.get("usernameFragment")
        seen.append(Seen(now, one.type, one.address, one.port, one.transport, mid, ufrag))

    def _take_error(self, value: object, now: float) -> None:
        if isinstance(value, Mapping):
            code = value.get("errorCode", value.get("error_code"))
            text = value.get("errorText", value.get("error_text"))
            number = code if isinstance(code, int) else 0
            self.gather_errors.append(GatherError(now, str(value.get("url")), number, str(text)))

    def _take_ice(self, record: Mapping[str, Any], now: float) -> None:
        kind, details = record.get("kind"), record.get("details")
        details = details if isinstance(details, Mapping) else {}
        if kind == "drop":
            self.drops.setdefault(str(record.get("reason")), []).append((now, details))
        elif kind == "decision":
            self.decisions.append((now, str(record.get("decision")), details))
        elif kind == "event":
            fields = record.get("fields")
            named = str(record.get("event")), fields if isinstance(fields, Mapping) else {}
            self.events.append((now, *named))


def _name(entry: TraceEntry) -> str:
    """What a call and its end have in common; where it is not written down, what it is about."""
    return str(entry.extra[0]) if entry.extra else str(entry.value)


def number(item: Mapping[str, Any], member: str) -> float:
    """A member that is a number, 0 when it is not there."""
    value = item.get(member)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else 0
