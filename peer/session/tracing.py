"""What a connection tells of itself: to its ring, to who asked for a trace, and to the log."""

import asyncio
import itertools
import logging
import os
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

from peer.api import RTCConfiguration, running_loop
from peer.ice import Event as IceEvent
from peer.ice import Notes, Record, event_record
from peer.net import MACHINE, DriverEvent, InterfacesChanged, NetConfig, wall_time
from peer.trace import ICE, STALL, VERDICT, Ring, TraceEntry

from .log import Log
from .stalls import watch_stalls
from .told import ToldDescription

ENVIRONMENT = "AIOPEER_TRACE"
"""The variable that names a file or a folder, where a configuration says nothing."""

MAX_REPORTS = 8
"""Reports of statistics that a connection remembers at most."""
MAX_OBJECTS = 240
"""Objects that they have together; of larger reports fewer are remembered, two at least."""

Sink: TypeAlias = Callable[[TraceEntry], object]
IceTrace: TypeAlias = Callable[[Record], object]

logger = logging.getLogger("peer.connection")
_numbers = itertools.count()


class Tracer:
    """The one place where everything that a connection does, or is told, is taken note of."""

    def __init__(self, configuration: RTCConfiguration) -> None:
        self.id = f"PC_{next(_numbers)}"
        self.ring = Ring()
        self._sink, self._let_go = _sink(configuration, self.id)
        self._calls: dict[str, int] = {}
        self._reports: deque[TraceEntry] = deque()
        self._agents = 0
        self._log = Log(self.id)
        self._on_machine = (configuration.network or NetConfig()).system is MACHINE
        self._unwatch: Callable[[], object] | None = None

    @property
    def asked(self) -> bool:
        """Tell whether somebody wants the whole trace."""
        return self._sink is not None

    def note(self, method: str, value: Any = None, *extra: Any) -> None:
        """Take note of something; `value` and `extra` are plain JSON without anything secret.

        A description may be the value, as it is told.
        """
        if isinstance(value, ToldDescription):
            self._note_description(TraceEntry(wall_time(), self.id, method, value, extra))
            return
        entry = TraceEntry(wall_time(), self.id, method, value, extra)
        self.ring.add(entry)
        if self._heard:
            self._tell(entry)

    def _note_description(self, entry: TraceEntry) -> None:
        kept = entry
        if not self.ring.has_room(entry.value.text):
            kept = entry._replace(value=ToldDescription(entry.value.type, ""))
        self.ring.add(partial(_written, kept))
        if self._heard:
            self._tell(_written(entry))

    def begin(self, method: str, value: Any = None) -> str:
        """Take note of a call; returns what names it when it ends."""
        count = self._calls[method] = self._calls.get(method, -1) + 1
        name = f"{method}-{count}"
        self.note(method, value, name)
        return name

    def entries(self) -> list[TraceEntry]:
        """Return what is remembered, in the order of time."""
        return sorted((*self.ring, *self._reports), key=lambda entry: entry.time)

    def remember(self, report: dict[str, dict[str, Any]]) -> None:
        """Remember a report of statistics; the last few are kept."""
        self._keep(TraceEntry(wall_time(), self.id, "getStats", report))

    def sample(self, report: dict[str, dict[str, Any]], *extra: Any) -> None:
        """Give a report of statistics to who wants the trace; the last few are remembered."""
        entry = TraceEntry(wall_time(), self.id, "getStats", report, extra)
        self._keep(entry)
        self._give(entry)

    def _keep(self, report: TraceEntry) -> None:
        kept = self._reports
        kept.append(report)
        while len(kept) > MAX_REPORTS or (
            len(kept) > 2 and sum(len(one.value) for one in kept) > MAX_OBJECTS
        ):
            kept.popleft()

    def conclude(self, verdict: dict[str, Any]) -> None:
        """Give what is explained of the connection to who wants the trace."""
        self._give(TraceEntry(wall_time(), self.id, VERDICT, verdict))

    def close(self) -> None:
        """Let go of the file; what happens from now on stays in the ring alone."""
        self._sink = None
        unwatch, self._unwatch = self._unwatch, _nothing
        if unwatch is not None:
            unwatch()
        let_go, self._let_go = self._let_go, _nothing
        let_go()

    def _watch(self) -> Callable[[], object]:
        """Have who holds up a loop of this machine told; time that is simulated stalls nowhere."""
        loop = running_loop()
        if loop is None or not self._on_machine:
            return _nothing
        try:
            return watch_stalls(loop, self._note_stall)
        except RuntimeError as error:
            tell_of_failure("nobody is told who holds up the loop", error)
            return _nothing

    def _note_stall(self, duration: float, blamed: str) -> None:
        if self.asked or self.ring.is_due(STALL):
            self.note(STALL, {"duration": round(duration, 3), "blamed": blamed})

    @property
    def _heard(self) -> bool:
        """Tell whether an entry goes anywhere but into the ring."""
        return self._log.asked or self._sink is not None

    def _tell(self, entry: TraceEntry) -> None:
        self._log.write(entry)
        self._give(entry)

    def _give(self, entry: TraceEntry) -> None:
        if self._sink is None:
            return
        try:
            self._sink(entry)
        except Exception as error:
            self.close()
            tell_of_failure("a trace failed, and is given no more", error)

    # ICE

    def agent(self) -> tuple[int, IceTrace]:
        """Number an ICE agent, and give what is to be its trace; from now on there is a call."""
        if self._unwatch is None:
            self._unwatch = self._watch()
        number = self._agents
        self._agents += 1
        take = partial(self._note_ice, number)
        return number, Notes(take) if self._sink is None else take

    def ice_event(self, number: int, event: DriverEvent) -> None:
        """Take note of an event of an agent, which hides the addresses that are to be hidden."""
        if isinstance(event, InterfacesChanged):
            return
        now = asyncio.get_running_loop().time()
        write = partial(_event_entry, self.id, number, event, now, wall_time())
        self.ring.add(write)
        if self._log.asked:
            self._log.write(write())

    def _note_ice(self, number: int, record: Record) -> None:
        kind = record["kind"]
        kept = kind == "decision" or (kind == "drop" and self.ring.is_due(record["reason"]))
        if kept or self._sink is not None:
            entry = TraceEntry(wall_time(), self.id, ICE, record, (number,))
            self._give(entry)
            if kept:
                self.ring.add(entry)
                self._log.write(entry)


def _written(entry: TraceEntry) -> TraceEntry:
    return entry._replace(value=entry.value.plain())


def _event_entry(
    connection: str, number: int, event: IceEvent, now: float, time: float
) -> TraceEntry:
    return TraceEntry(time, connection, ICE, event_record(event, now), (number,))


def tell_of_failure(message: str, error: Exception) -> None:
    """Have the event loop handle what went wrong beside the connection, if there is a loop."""
    loop = running_loop()
    if loop is not None:
        loop.call_exception_handler({"message": message, "exception": error})


def _sink(
    configuration: RTCConfiguration, connection: str
) -> tuple[Sink | None, Callable[[], object]]:
    """Give what a trace goes to, and what is to be called in the end."""
    asked = configuration.trace
    if callable(asked):
        return asked, _nothing
    path = asked or os.environ.get(ENVIRONMENT)
    if not path:
        return None, _nothing
    from .trace_file import trace_file  # not before: few programs write one

    try:
        file = trace_file(path)
    except OSError as error:
        if asked:
            raise
        logger.warning("%s cannot be written: %s", ENVIRONMENT, error)
        return None, _nothing
    return file, partial(file.close, connection)


def _nothing() -> None:
    """There is nothing to let go of."""
