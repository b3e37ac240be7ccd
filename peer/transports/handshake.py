"""The handshake of a DTLS association, whatever strangers write into it (RFC 6347 §4.2)."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable
from functools import partial

from OpenSSL import SSL

from .flights import Flights
from .ice import IceTransport
from .plaintext import Verdict, alert_code, cut_records, judge
from .records import DtlsDrop

ALERT_GRACE = 3.0
"""Seconds an alert that nothing protects has to stay the peer's last word to be believed.

That is longer than a peer that goes on waits before it repeats a flight (RFC 6347 §4.2.4.1).
"""


class Handshake:
    """Runs OpenSSL's handshake once, over an ICE transport.

    `flush` sends what OpenSSL has written and returns it, `send` sends a datagram. `take` gets each
    datagram first and tells whether it may have records.
    """

    def __init__(
        self,
        association: SSL.Connection,
        ice: IceTransport,
        *,
        is_server: bool,
        flush: Callable[[], list[bytes]],
        send: Callable[[bytes], None],
        take: Callable[[bytes, float], bool],
        drops: Counter[DtlsDrop],
        alert_grace: float = ALERT_GRACE,
    ) -> None:
        self._association = association
        self._ice = ice
        self._is_server = is_server
        self._flush = flush
        self._send = send
        self._take = take
        self._drops = drops
        self._alert_grace = alert_grace
        self._alert: int | None = None
        self._believed_at: float | None = None
        self._flights = Flights(association, flush)

    async def run(self) -> None:
        """Shake hands; SSL.Error or ConnectionError when that fails."""
        begun = self._is_server
        while True:
            try:
                self._association.do_handshake()
            except SSL.WantReadError:
                flight = self._flush()
                if flight:
                    self._flights.watch()
                if not begun:
                    self._flights.repeat_hello(partial(self._send_again, flight))
                    begun = True
                self._association.bio_write(await self._receive())
            else:
                self._flush()
                return

    def stop(self) -> None:
        """Repeat no flight any more."""
        self._flights.stop()

    async def _receive(self) -> bytes:
        """Wait for records of the handshake; ConnectionError when the peer has refused it.

        An alert that nothing protects may be anybody's: it counts when the peer says no more.
        """
        while True:
            try:
                async with asyncio.timeout_at(self._believed_at):
                    datagram, now = await self._ice.receive()
            except TimeoutError:
                raise ConnectionError(
                    f"the peer refused the handshake with alert {self._alert}"
                ) from None
            records = self._admit(datagram) if self._take(datagram, now) else b""
            if records:
                self._believed_at = None
                self._flights.heard()
                return records

    def _admit(self, datagram: bytes) -> bytes:
        """Return the records of a datagram that may be of the handshake, and count the others."""
        good = []
        records = cut_records(datagram)
        if not records:
            self._drops[DtlsDrop.UNEXPECTED_RECORD] += 1
        for record in records:
            match judge(record, from_client=self._is_server):
                case Verdict.GOOD:
                    good.append(record)
                case Verdict.ALERT:
                    self._drops[DtlsDrop.UNPROTECTED_ALERT] += 1
                    self._note_alert(alert_code(record))
                case Verdict.NONSENSE:
                    self._drops[DtlsDrop.UNEXPECTED_RECORD] += 1
        return b"".join(good)

    def _note_alert(self, code: int) -> None:
        if self._believed_at is None:
            self._alert = code
            self._believed_at = asyncio.get_running_loop().time() + self._alert_grace

    def _send_again(self, flight: list[bytes]) -> None:
        with contextlib.suppress(ConnectionError):
            for datagram in flight:
                self._send(datagram)
