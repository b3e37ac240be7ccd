"""Losses of other streams, by the numbers of their transport
(draft-holmer-rmcat-transport-wide-cc-extensions-01).

A lost packet shows when the next one of its stream comes. Behind the last packet of a picture that
is the next picture: about as long as a repair takes. But packets of all streams share the numbers
of the transport, and sound comes in between: where a number of the transport is missing and none of
the stream that has the packet behind it, a packet of another stream is lost. Which one, and whether
anybody misses it, is for others to guess.
"""

from .serial import SEQUENCE_BITS, signed_difference

MAX_STREAMS = 64
"""Streams whose latest numbers are known; the one that was silent longest makes room."""


class TransportGaps:
    """The packets of one transport, as they come."""

    __slots__ = ("_highest", "_latest")

    def __init__(self) -> None:
        self._highest: int | None = None
        self._latest: dict[int, int] = {}

    def note(self, number: int, ssrc: int, sequence_number: int) -> int:
        """Note a packet by its number on the transport and in its stream.

        Returns how many packets of other streams are seen to be missing right before it.
        """
        highest, before = self._highest, self._latest.pop(ssrc, None)
        ahead = 1 if highest is None else signed_difference(number, highest, SEQUENCE_BITS)
        if ahead > 0:
            self._highest = number
        own = 1 if before is None else signed_difference(sequence_number, before, SEQUENCE_BITS)
        self._latest[ssrc] = sequence_number if before is None or own > 0 else before
        if len(self._latest) > MAX_STREAMS:
            del self._latest[next(iter(self._latest))]
        return 0 if before is None else max(0, ahead - max(1, own))
