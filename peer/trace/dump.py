"""RTCStats dumps, file format 3: a line of JSON for each entry.

The first line is the name of the format, the second says who wrote it; each other is an array:
method, connection, value, more values, and the milliseconds since the line before (for the first:
since 1970). Whole lines are written, so a program that ends in the middle leaves a readable file.
"""

import gzip
import json
import math
import zlib
from collections.abc import Iterator
from typing import Any, NoReturn

from peer.records import dataclass

from .entry import TraceEntry
from .names import METHODS
from .reports import Report, ReportReader, ReportWriter
from .shortened import Expander

MAGIC = "RTCStatsDump"
MAX_LINE = 1 << 22
"""Bytes of the longest line that is read."""
MAX_LINES = 1_000_000
MAX_DUMP = 1 << 28
"""Bytes of the largest dump that is read, unpacked."""
MAX_DIGITS = 40
"""Digits of the longest whole number that is read."""
MAX_TIME = 253402300800
"""Seconds since 1970 that an entry may be of: the years have four digits."""
_GZIP = b"\x1f\x8b"


class DumpError(ValueError):
    """Bytes are no dump of a kind that is known here."""


@dataclass(frozen=True, slots=True)
class Dump:
    """What a file has: entries in the order of time, and what had to be skipped."""

    format: str
    metadata: dict[str, Any]
    entries: tuple[TraceEntry, ...]
    skipped: tuple[str, ...] = ()

    @property
    def connections(self) -> list[str]:
        """The connections it tells of, in order of their first entry."""
        return list(dict.fromkeys(one.connection for one in self.entries if one.connection))

    def of(self, connection: str) -> list[TraceEntry]:
        """The entries of one connection."""
        return [one for one in self.entries if one.connection == connection]


class DumpWriter:
    """Makes the lines of a dump, each with its line feed.

    The reports of statistics are written as differences. Readers of others refuse a connection
    that does not begin with "create"; where an entry is without one before, one is written.
    """

    def __init__(self) -> None:
        self._before = 0.0
        self._reports: dict[str, ReportWriter] = {}

    def forget(self, connection: str) -> None:
        """Nothing more is to come of a connection."""
        self._reports.pop(connection, None)

    @staticmethod
    def head(**metadata: object) -> str:
        """Give the two lines that begin a dump."""
        return f"{MAGIC}\n{_json({'fileFormat': 3, **metadata})}\n"

    def lines(self, entry: TraceEntry) -> str:
        """Give the line of an entry, with that of its connection's creation if it needs one."""
        made = ""
        if entry.connection is not None and entry.connection not in self._reports:
            self._reports[entry.connection] = ReportWriter()
            if entry.method != "create":
                made = self._line(TraceEntry(entry.time, entry.connection, "create", {}))
        if entry.method == "getStats" and entry.connection is not None:
            delta = self._reports[entry.connection].write(entry.value)
            entry = entry._replace(value=delta)
        return made + self._line(entry)

    def _line(self, entry: TraceEntry) -> str:
        # In whole microseconds: the differences then add up to the times.
        at = round(entry.time * 1e6)
        delta, self._before = (at - self._before) / 1e3, at
        array = [entry.method, entry.connection, entry.value, *entry.extra, delta]
        return _json(array) + "\n"


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def unpack(data: bytes) -> bytes:
    """Unpack what is gzipped, as far as it is whole. Raises DumpError when it is too large."""
    if not data.startswith(_GZIP):
        text = data
    else:
        unpacker = zlib.decompressobj(wbits=31)
        try:
            text = unpacker.decompress(data, MAX_DUMP)
        except zlib.error as error:
            raise DumpError(f"not to be unpacked: {error}") from None
    if len(text) >= MAX_DUMP:
        raise DumpError(f"a dump has less than {MAX_DUMP} bytes")
    return text


def pack(text: str) -> bytes:
    """Gzip a dump, as browsers do."""
    return gzip.compress(text.encode(), mtime=0)


def read_dump(data: bytes) -> Dump:
    """Read a dump. Raises DumpError for what is none; single lines that are odd are skipped."""
    lines = unpack(data).split(b"\n", MAX_LINES)
    if lines[0].strip(b"\r\xef\xbb\xbf ") != MAGIC.encode():
        raise DumpError("no RTCStats dump: the first line is another")
    reader = _Reader()
    entries = tuple(reader.read(lines[2:MAX_LINES]))
    metadata = _value(lines[1]) if len(lines) > 1 else None
    if len(lines) > MAX_LINES:
        reader.skipped.append(f"lines after the first {MAX_LINES}")
    known = metadata if isinstance(metadata, dict) else {}
    return Dump("RTCStats dump", known, entries, tuple(reader.skipped))


class _Reader:
    """Reads lines: sums up times, and puts together what was written shortened."""

    def __init__(self) -> None:
        self.skipped: list[str] = []
        self._time = 0.0
        self._reports: dict[str, ReportReader] = {}
        self._expanders: dict[str, Expander] = {}

    def read(self, lines: list[bytes]) -> Iterator[TraceEntry]:
        """Give the entries of lines."""
        for number, line in enumerate(lines, 3):
            if not line.strip():
                continue
            entry = self._entry(line)
            if entry is not None:
                yield entry
            elif number - 2 == len(lines):
                self.skipped.append(f"line {number}: cut off")
            else:
                self.skipped.append(f"line {number}: not readable")

    def _entry(self, line: bytes) -> TraceEntry | None:
        array = _value(line)
        if not isinstance(array, list) or len(array) < 4:
            return None
        method, connection, value, *extra, delta = array
        if not isinstance(delta, int | float) or isinstance(delta, bool):
            return None
        if not isinstance(method, str | int) or not isinstance(connection, str | None):
            return None
        time = self._time + delta
        if not 0 <= time < MAX_TIME * 1000:
            return None
        self._time = time
        name = METHODS.get(str(method), str(method))
        if connection is not None:
            value = self._whole(name, connection, value)
        return TraceEntry(self._time / 1000, connection, name, value, tuple(extra))

    def _whole(self, method: str, connection: str, value: Any) -> Any:
        if method == "getStats":
            reader = self._reports.setdefault(connection, ReportReader())
            report: Report = reader.read(value if isinstance(value, dict) else {})
            return report
        return self._expanders.setdefault(connection, Expander()).expand(method, value)


def _value(line: bytes) -> Any:
    if len(line) > MAX_LINE:
        return None
    try:
        return read_json(line)
    except (ValueError, RecursionError):
        return None


def read_json(text: str | bytes) -> Any:
    """Read JSON whose numbers can be reckoned with. Raises ValueError, RecursionError."""
    return json.loads(text, parse_float=_finite, parse_int=_whole_number, parse_constant=_no_number)


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _no_number(text)


def _whole_number(text: str) -> int:
    return int(text) if len(text) <= MAX_DIGITS else _no_number(text)


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"no number of a trace: {text[:MAX_DIGITS]}")
