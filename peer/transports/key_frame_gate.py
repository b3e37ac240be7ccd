"""When the next picture of a stream is to need no other: one gate for all who ask."""

import math
from collections.abc import Callable

from peer.rtp import FullIntraRequest, IntraRequests

KEYFRAME_INTERVAL = 0.3
"""Seconds from a picture that needs no other to the next that is made because it is asked for."""
REFRESH_INTERVAL = 1.0
"""Seconds from a picture that needs no other to one that is made instead of repeating much."""


class KeyFrameGate:
    """A request that comes too early waits; several are one. Times are in seconds."""

    def __init__(self) -> None:
        self.allows: Callable[[], bool] = lambda: True
        """Asked when the peer wants one."""
        self.plis = self.firs = 0
        """What the peer has asked with (RFC 4585 §6.3.1, RFC 5104 §4.3.1)."""
        self._commands = IntraRequests()
        self._is_wanted = False
        self._made_at = -math.inf

    def ask(self) -> None:
        """Have the next one need no other."""
        self._is_wanted = True

    def note_loss_indication(self) -> None:
        """Note that the peer lost a picture (PLI)."""
        self.plis += 1
        self._is_wanted |= self.allows()

    def note_command(self, request: FullIntraRequest, ssrc: int | None) -> None:
        """Note a command, which counts when it is for this source and not a repeated one (FIR)."""
        self.firs += 1
        if self._commands.is_new(request, ssrc):
            self._is_wanted |= self.allows()

    def note_unrepaired(self, now: float) -> None:
        """Note that what is missing will not come: the peer would wait for long before it asks."""
        self._is_wanted |= now - self._made_at > REFRESH_INTERVAL

    def is_due(self, now: float) -> bool:
        """Tell whether a picture now would be one that needs no other."""
        return self._is_wanted and now - self._made_at >= KEYFRAME_INTERVAL

    def take(self, now: float, *, given: bool) -> bool:
        """Tell the same, for the picture that is made now.

        What is `given` encoded may not come of it: who gives it is not asked all the time.
        """
        if not self.is_due(now):
            return False
        self._is_wanted = False
        if given:
            self._made_at = now
        return True

    def note_made(self, now: float) -> None:
        """Note a picture that needs no other, whoever asked for it."""
        self._made_at = now
