"""Commands for a picture that needs no other (FIR, RFC 5104 §4.3.1)."""

from .feedback import FullIntraRequest

MAX_COMMANDERS = 16
"""Receivers whose last number is remembered; the one that commanded longest ago makes room."""


class IntraRequests:
    """Tells a new command for one source from one that is repeated."""

    __slots__ = ("_numbers",)

    def __init__(self) -> None:
        self._numbers: dict[int, int] = {}

    def is_new(self, request: FullIntraRequest, ssrc: int | None) -> bool:
        """Note a request; tells whether it has a command for this source that was not obeyed."""
        new = False
        for target, number in request.entries:
            if target == ssrc:
                new = new or self._numbers.get(request.sender) != number
                self._numbers.pop(request.sender, None)
                self._numbers[request.sender] = number
        if len(self._numbers) > MAX_COMMANDERS:
            del self._numbers[next(iter(self._numbers))]
        return new
