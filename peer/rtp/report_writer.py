"""The reports of many sources in few compounds (RFC 3550 §6.1, RFC 8108 §5.3)."""

from collections.abc import Sequence
from typing import TypeAlias

from .reports import (
    MAX_BLOCKS,
    SDES_CNAME,
    Chunk,
    Delay,
    ExtendedReport,
    ReceiverReport,
    ReportBlock,
    SenderReport,
    SourceDescription,
)
from .rtcp import RtcpPacket, write_compound

MAX_SIZE = 1200
"""Bytes of a compound, before it is protected."""
MAX_COMPOUNDS = 4
"""Compounds that leave together; what did not fit in comes first the next time."""

Report: TypeAlias = SenderReport | ReceiverReport


def with_blocks(report: Report, blocks: Sequence[ReportBlock]) -> list[Report]:
    """Return a report with these blocks; what it has no room for is in others of its source."""
    first = report._replace(blocks=tuple(blocks[:MAX_BLOCKS]))
    begins = range(MAX_BLOCKS, len(blocks), MAX_BLOCKS)
    rest = [ReceiverReport(report.ssrc, tuple(blocks[at : at + MAX_BLOCKS])) for at in begins]
    return [first, *rest]


class ReportWriter:
    """Compounds in the making: each begins with reports, and names their sources.

    `delays` answer the peer's reference times, once.
    """

    def __init__(self, delays: tuple[Delay, ...] = ()) -> None:
        self._delays = delays
        self._compounds: list[bytes] = []
        self._reports: list[Report] = []
        self._chunks: dict[int, Chunk] = {}

    @property
    def full(self) -> bool:
        """Tell whether no more should be added."""
        return len(self._compounds) >= MAX_COMPOUNDS

    def add(self, reports: Sequence[Report], cname: str | None) -> None:
        """Add reports, each with its source's name; they stay together where that is possible."""
        if not self._fits(reports, cname):
            self._end_compound()
        for report in reports:
            if not self._fits([report], cname):
                self._end_compound()
            self._reports.append(report)
            if cname is not None:
                items = ((SDES_CNAME, cname.encode()),)
                self._chunks[report.ssrc] = Chunk(report.ssrc, items)

    def finish(self, reference_time: int | None = None) -> list[bytes]:
        """Return the compounds; with a reference time for the peer to answer (RFC 3611 §4.4)."""
        if self._reports:
            extended = ExtendedReport(self._reports[0].ssrc, reference_time, self._delays)
            useful = reference_time is not None or self._delays
            self._end_compound(*[extended] if useful else [])
        return self._compounds

    def _fits(self, reports: Sequence[Report], cname: str | None) -> bool:
        """Tell whether there is room, also for what may stand at the end."""
        chunks = self._chunks.keys() | {report.ssrc for report in reports}
        if cname is not None and len(chunks) > MAX_BLOCKS:
            return False
        size = 4 + sum(map(_report_size, [*self._reports, *reports])) + 24 + 12 * len(self._delays)
        if cname is not None:
            size += len(chunks) * (8 + (len(cname.encode()) + 2) // 4 * 4)
        return size <= MAX_SIZE

    def _end_compound(self, *last: RtcpPacket) -> None:
        if self._reports:
            names = SourceDescription(tuple(self._chunks.values()))
            named = [names] if names.chunks else []
            self._compounds.append(write_compound(*self._reports, *named, *last))
        self._reports, self._chunks = [], {}


def _report_size(report: Report) -> int:
    head = 28 if isinstance(report, SenderReport) else 8
    return head + 24 * len(report.blocks)
