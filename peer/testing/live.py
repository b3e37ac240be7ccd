"""A simulated internet that runs on the clock of an event loop."""

import asyncio
import math
from collections.abc import Callable
from typing import Any

from .internet import Simulation

TICK = 1e-9
"""Seconds by which a loop may call early, as asyncio's do."""


class LiveSimulation(Simulation):
    """A simulation whose time is that of an event loop, virtual or real: nobody runs it."""

    def __init__(self, loop: asyncio.AbstractEventLoop, seed: int, internet_delay: float) -> None:
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None
        self._armed = math.inf
        super().__init__(seed, internet_delay=internet_delay)

    @property
    def now(self) -> float:
        """The loop's time, in seconds."""
        return self._loop.time()

    def schedule(self, when: float, callback: Callable[[Any], None], argument: object) -> None:
        """Call `callback(argument)` at `when`."""
        super().schedule(when, callback, argument)
        if when < self._armed:
            self._arm(when)

    def _arm(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._armed = when
        self._timer = self._loop.call_at(when, self._run_due)

    def _run_due(self) -> None:
        # What is scheduled meanwhile is looked at in the end, once.
        self._timer, self._armed = None, -math.inf
        try:
            self.run(self._loop.time() + TICK)
        finally:
            when = self.next_event_time()
            self._armed = math.inf
            if when is not None:
                self._arm(when)
