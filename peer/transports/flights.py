"""Flights of a DTLS handshake that are sent again (RFC 6347 §4.2.4)."""

import asyncio
import contextlib
import math
from collections.abc import Callable

from OpenSSL import SSL

HELLO_REPEATS = (0.15, 0.45)
"""Seconds after which a ClientHello that met with silence is sent again."""
FIRST_TIMEOUT = 1.0
"""Seconds until OpenSSL repeats a flight for the first time (RFC 6347 §4.2.4.1)."""
CARRIED_TIMEOUT = 4.0
"""The same where ICE sends it again in checks: by then that has not helped."""
RESOLUTION = 0.1
"""Seconds; a flight is due at a multiple of these."""


class Flights:
    """Repeats what gets no answer, until stopped.

    `flush` sends what OpenSSL has written. OpenSSL knows when a flight is due; it is asked again
    after the handshake, since with DTLS 1.3 the last one may have to be repeated.
    """

    def __init__(self, association: SSL.Connection, flush: Callable[[], object]) -> None:
        self._association = association
        self._flush = flush
        self._begun = False
        self._patience = 0.0
        self._due: asyncio.TimerHandle | None = None
        self._hellos: list[asyncio.TimerHandle] = []

    def begin(self, *, carried: bool = False) -> None:
        """Repeat flights from now on: there is a way to send them.

        What was written before counts as sent just now, whatever OpenSSL has counted off. Where
        checks carry them as well, `carried`, they are left to that for a while.
        """
        self._begun = True
        self._patience = CARRIED_TIMEOUT if carried else 0.0
        if self._association.DTLSv1_get_timeout() is not None:
            self._wait(max(FIRST_TIMEOUT, self._patience))

    def watch(self) -> None:
        """Repeat a flight that was sent just now when it is due (RFC 6347 §4.2.4.1)."""
        timeout = self._association.DTLSv1_get_timeout() if self._begun else None
        # What OpenSSL has counted off already differs from time to time.
        due = None if timeout is None else math.ceil(timeout / RESOLUTION) * RESOLUTION
        self._wait(None if due is None else max(due, self._patience))

    def repeat_hello(self, send: Callable[[], object]) -> None:
        """Repeat the ClientHello until the peer is heard.

        It may come before the peer's side of ICE is done and be lost; OpenSSL would repeat it after
        a second (RFC 6347 §4.2.4.1).
        """
        loop = asyncio.get_running_loop()
        self._hellos = [loop.call_later(delay, send) for delay in HELLO_REPEATS]

    def heard(self) -> None:
        """Note that the peer is there: its ClientHello is repeated no more."""
        while self._hellos:
            self._hellos.pop().cancel()

    def stop(self) -> None:
        """Repeat nothing any more."""
        self.heard()
        if self._due is not None:
            self._due.cancel()

    def _wait(self, delay: float | None) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None
        if delay is not None:
            self._due = asyncio.get_running_loop().call_later(delay, self._repeat)

    def _repeat(self) -> None:
        self._due = None
        early = self._association.DTLSv1_get_timeout()
        if early:
            loop = asyncio.get_running_loop()
            catch_up = getattr(loop, "wait_for_machine", None)
            if catch_up is None:
                self._due = loop.call_later(early, self._repeat)
                return
            # OpenSSL goes by the machine's clock, which a loop of virtual time has outrun.
            catch_up(early)
        with contextlib.suppress(SSL.Error, ConnectionError):
            # Nothing is repeated when another flight has taken the place of the one that was due.
            self._association.DTLSv1_handle_timeout()
            self._flush()
            self.watch()
