"""Statistics for a trace: each second from when it connects on, and in each state worth it; and
what the trace comes to, when it has failed and in the end."""

import asyncio
from typing import Any

from peer.net import wall_time

from .data import Data
from .links import Links
from .media import Media
from .tracing import Tracer, tell_of_failure

INTERVAL = 1.0
"""Seconds between two reports."""


class Sampler:
    """Has reports of statistics in the trace, as long as somebody wants it."""

    def __init__(self, tracer: Tracer, links: Links, media: Media, data: Data) -> None:
        self._tracer = tracer
        self._parts = links, media, data
        self._timer: asyncio.TimerHandle | None = None
        self._count = 0

    def follow(self, state: str) -> None:
        """Report in a state that is worth it, and each second from when it connects on."""
        if state == "connecting" and self._tracer.asked:
            self._again()
        if state not in ("connected", "failed"):
            return
        if not self._tracer.asked:
            if state == "failed":
                self.remember()
            return
        self._report(f"{state}-{self._count}")
        self._count += 1
        if state == "failed":
            self._conclude()
        self._again()

    def remember(self) -> float:
        """Have the connection remember a report of this moment, for who asks what is wrong.

        Returns the moment, in seconds since 1970.
        """
        report = self._collect()
        if report is not None:
            self._tracer.remember(report)
        return wall_time()

    def stop(self) -> None:
        """Report once more, and no more then; say what the trace comes to."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._report("close")
        if self._tracer.asked:
            self._conclude()

    def _again(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(INTERVAL, self._periodic)

    def _periodic(self) -> None:
        if self._tracer.asked:
            self._report()
            self._again()
        else:
            self._timer = None

    def _report(self, *reason: str) -> None:
        report = self._collect()
        if report is not None:
            self._tracer.sample(report, *reason)

    def _conclude(self) -> None:
        """Have the verdict in the trace; one that cannot be given ends neither event nor close."""
        from peer.explain import explain  # not before: few connections are traced

        try:
            self._tracer.conclude(explain(self._tracer.entries()).as_json())
        except Exception as error:
            tell_of_failure("a trace has no verdict", error)

    def _collect(self) -> dict[str, dict[str, Any]] | None:
        """Make a report; None when that fails, which ends neither an event nor a close."""
        from .statistics import collect_statistics  # not before: few connections are asked

        try:
            return collect_statistics(*self._parts, None).toJSON()
        except Exception as error:
            tell_of_failure("a trace has no statistics of this moment", error)
            return None
