"""What lies between pictures, where numbers are missing there.

With ULPFEC the sums of packets have numbers of the pictures' stream and follow a picture, with its
timestamp (RFC 5109 §14.1); so may padding. Senders repeat neither. Where pictures are numbered it
shows that no packet of them is missing: behind the last packet of one, which has the marker bit,
comes the first of the next, or one without media of the same time.
"""

from .payloads.piece import Depayloader, PayloadDrop


class BetweenPictures:
    """The newest packet of a stream, and whether it is the last of a picture or comes behind."""

    __slots__ = ("_ended", "_number", "_payload", "_time")

    def __init__(self) -> None:
        self._number = self._time = -1
        self._payload = b""
        self._ended = False

    def note(
        self, number: int, time: int, payload: bytes, depayloader: Depayloader, *, marker: bool
    ) -> range:
        """Note a packet; returns the numbers before it that were of no picture."""
        passed = range(0)
        step = number - self._number
        if step <= 0:
            return passed
        if step > 1 and self._ended and self._is_behind(time, payload, depayloader):
            passed = range(self._number + 1, number)
        self._number = number
        if payload:
            self._time, self._payload, self._ended = time, payload, marker
        elif time != self._time or (step > 1 and not passed):
            self._ended = False
        return passed

    def _is_behind(self, time: int, payload: bytes, depayloader: Depayloader) -> bool:
        if not payload:
            return time == self._time
        before, after = depayloader.read(self._payload), depayloader.read(payload)
        if isinstance(before, PayloadDrop) or isinstance(after, PayloadDrop):
            return False
        old, new = before.layers, after.layers
        if old is None or new is None or min(old.picture_id, new.picture_id) < 0:
            return False
        return after.begins and new.picture_id == old.picture_id + 1 & (1 << new.picture_bits) - 1
