"""When to ask for a key frame (RFC 4585 §6.3.1, RFC 5104 §4.3.1): one gate for all reasons."""

import math
from collections import deque

SPACING = 0.2
"""Seconds between two requests, or a round trip if that is longer."""
MAX_PER_SECOND = 2
SILENCE = 5.0
"""Seconds without a packet after which nobody is asked any more."""
PATIENCE = 3.0
"""Seconds without a frame after which a key frame is asked for without another reason."""
ARRIVING = 0.2
"""Seconds for which a packet of a key frame says that one is on its way."""
REPETITION = 1.0
"""Seconds for which a request is the repetition of one that nothing came of."""


class KeyRequests:
    """The requests for one stream; `round_trip` is in seconds."""

    def __init__(self) -> None:
        self.round_trip = 0.1
        self._sent: deque[float] = deque(maxlen=MAX_PER_SECOND)
        self._packet_at: float | None = None
        self._frame_at = 0.0
        self._key_at: float | None = None
        self._new_at = -math.inf
        self.number = 0xFF
        """That of the latest request, as a command. Repetitions keep it, since senders obey each
        number once: a key frame that came, in part at least, was an answer to it."""

    def note_packet(self, now: float, *, is_key: bool) -> None:
        """Note a packet of the stream."""
        if self._packet_at is None:
            self._frame_at = now
        self._packet_at = now
        if is_key:
            self._key_at = now

    def note_frame(self, now: float) -> None:
        """Note a frame that could be decoded."""
        self._frame_at = now

    def deadline(self, *, needed: bool) -> float | None:
        """Return when the next request leaves if nothing comes, None when none will."""
        if self._packet_at is None:
            return None
        due = self._frame_at + PATIENCE
        if needed:
            due = self._frame_at
        if self._key_at is not None:
            due = max(due, self._key_at + ARRIVING)
        if self._sent:
            due = max(due, self._sent[-1] + max(SPACING, self.round_trip))
            if len(self._sent) == MAX_PER_SECOND:
                due = max(due, self._sent[0] + 1.0)
        return due if due < self._packet_at + SILENCE else None

    def poll(self, now: float, *, needed: bool) -> bool:
        """Tell whether to send a request now; then it counts as sent."""
        due = self.deadline(needed=needed)
        if due is None or now < due or self._packet_at is None:
            return False
        if now >= self._packet_at + SILENCE:
            return False
        self._sent.append(now)
        if now >= self._new_at + REPETITION or (self._key_at or 0.0) > self._new_at:
            self.number, self._new_at = (self.number + 1) & 0xFF, now
        return True
