"""Openings for numbers whose channel still closes here: the peer has seen both resets already.

The answer to our reset is on its way, or lost; the one to come waits for it, with what is sent on
it and the reset that may follow.
"""

from .dcep import Open


class Successor:
    """An opening that waits; `message` is None where the channel is not taken."""

    __slots__ = ("ended", "message")

    def __init__(self, message: Open | None) -> None:
        self.message = message
        self.ended = False
        """The peer has reset its direction meanwhile."""


class Successors:
    """The openings that wait, one at a time of each number."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: dict[int, Successor] = {}

    def get(self, number: int) -> Successor | None:
        """Return the one that waits for a number."""
        return self._waiting.get(number)

    @property
    def names(self) -> int:
        """The characters of the labels and protocols that wait."""
        messages = [each.message for each in self._waiting.values()]
        return sum(each.names for each in messages if each is not None)

    def put(self, number: int, message: Open | None) -> None:
        """Have an opening wait."""
        self._waiting[number] = Successor(message)

    def take(self, number: int) -> Successor | None:
        """Return the one for a number, whose turn it is."""
        return self._waiting.pop(number, None)

    def clear(self) -> None:
        """Forget them: the peer has lost its state."""
        self._waiting.clear()
