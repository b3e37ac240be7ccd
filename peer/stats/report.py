"""What getStats returns (W3C RTCStats, RTCStatsReport)."""

from collections.abc import Callable, ItemsView
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime

REFERENCES = frozenset(
    {
        "codecId",
        "generatedById",
        "issuerCertificateId",
        "localCandidateId",
        "localCertificateId",
        "localId",
        "mediaSourceId",
        "remoteCandidateId",
        "remoteCertificateId",
        "remoteId",
        "rtcpTransportStatsId",
        "selectedCandidatePairId",
        "transportId",
    }
)
"""The members that name another object of the same report."""


@dataclass
class RTCStats:
    """Statistics of one thing; a member that is None is not known, or does not apply.

    `id` stays the same from call to call. Moments are in UTC, durations in seconds.
    """

    timestamp: datetime
    type: str
    id: str

    def references(self) -> set[str]:
        """Return the ids of the objects it names."""
        named = (getattr(self, name, None) for name in REFERENCES)
        return {value for value in named if value is not None}

    def toJSON(self) -> dict[str, object]:
        """Return the members there are, with moments in milliseconds since 1970."""
        members = ((one.name, getattr(self, one.name)) for one in fields(self))
        return {name: _plain(value) for name, value in members if value is not None}


class RTCStatsReport(dict[str, RTCStats]):
    """Statistics by their id, with what JavaScript's maps have besides."""

    def add(self, stats: RTCStats) -> None:
        """Add an object under its id."""
        self[stats.id] = stats

    @property
    def size(self) -> int:
        """How many objects there are."""
        return len(self)

    def has(self, id: str) -> bool:  # noqa: A002 - the W3C's name
        """Tell whether an id is in it."""
        return id in self

    def entries(self) -> ItemsView[str, RTCStats]:
        """Return pairs of id and object."""
        return self.items()

    def forEach(self, callback: Callable[[RTCStats, str, "RTCStatsReport"], object]) -> None:
        """Call back with each object, its id and this report."""
        for name, stats in self.items():
            callback(stats, name, self)

    def toJSON(self) -> dict[str, dict[str, object]]:
        """Return what `json.dumps` takes."""
        return {name: stats.toJSON() for name, stats in self.items()}


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.timestamp() * 1000
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if is_dataclass(value):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    return value
