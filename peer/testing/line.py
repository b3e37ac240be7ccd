"""The line between a site and the internet: what it does to packets, and what went over it."""

import asyncio
from dataclasses import replace
from typing import Any, NamedTuple

from .internet import Conditions, Link


class Counters(NamedTuple):
    """What entered one direction of a line, and how many packets of it did not come out."""

    packets: int
    octets: int
    lost: int


class Line:
    """Both directions of an access line; `up` leads to the internet."""

    def __init__(self, link: Link) -> None:
        self._link = link

    @property
    def up(self) -> Conditions:
        """What it does to packets that leave."""
        return self._link.up.conditions

    @up.setter
    def up(self, conditions: Conditions) -> None:
        self._link.up.conditions = conditions

    @property
    def down(self) -> Conditions:
        """What it does to packets that come in."""
        return self._link.down.conditions

    @down.setter
    def down(self, conditions: Conditions) -> None:
        self._link.down.conditions = conditions

    def change(self, **conditions: Any) -> None:
        """Change some of the conditions of both directions, such as `rate` or `loss`."""
        self.up = replace(self.up, **conditions)
        self.down = replace(self.down, **conditions)

    def cut(self) -> None:
        """Lose everything, also what is on its way, without telling anybody."""
        self._link.cut()

    def restore(self) -> None:
        """Carry packets again."""
        self._link.restore()

    async def outage(self, seconds: float) -> None:
        """Cut the line for so long."""
        self.cut()
        try:
            await asyncio.sleep(seconds)
        finally:
            self.restore()

    @property
    def sent(self) -> Counters:
        """What went up."""
        return Counters(self._link.up.packets, self._link.up.octets, self._link.up.lost)

    @property
    def received(self) -> Counters:
        """What came down."""
        return Counters(self._link.down.packets, self._link.down.octets, self._link.down.lost)
