"""Ways in which a STUN or TURN server misbehaves, at the tester's command."""

from collections import deque
from dataclasses import dataclass

from peer.ice.stun import Method


@dataclass(slots=True)
class _Fault:
    code: int
    times: int | None


class Faults:
    """The present misbehaviour of a server.

    `is_silent` answers and relays nothing at all; `delay` (seconds) postpones every response;
    `lose_responses` does the work of the next so many requests without telling.
    """

    def __init__(self) -> None:
        self.is_silent = False
        self.delay = 0.0
        self.lose_responses = 0
        self._faults: dict[Method, deque[_Fault]] = {}

    def fail(self, method: Method, code: int, times: int | None = None) -> None:
        """Answer the next `times` requests of `method`, or all, with the error `code`.

        Calls queue up: the next fault begins when the one before is used up. Where a server
        asks for credentials, only requests that have shown them fail, so that a client sees
        the ordinary 401 first.
        """
        self._faults.setdefault(method, deque()).append(_Fault(code, times))

    def heal(self) -> None:
        """Behave well from now on."""
        self.is_silent = False
        self.delay = 0.0
        self.lose_responses = 0
        self._faults.clear()

    def next_error(self, method: int) -> int | None:
        """Use up one fault for a request of `method`; the error code to answer with."""
        for known, faults in self._faults.items():
            if known == method and faults:
                fault = faults[0]
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        faults.popleft()
                return fault.code
        return None

    def loses_response(self) -> bool:
        """Use up one of `lose_responses`."""
        if self.lose_responses:
            self.lose_responses -= 1
            return True
        return False
