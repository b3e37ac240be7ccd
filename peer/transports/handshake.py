"""The handshake of a DTLS association, whatever strangers write into it (RFC 6347 §4.2)."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence

from OpenSSL import SSL

from peer.ice import HandshakeStage

from .flights import Flights
from .ice import IceTransport
from .plaintext import Verdict, alert_code, cut_records, is_change, judge
from .records import MAX_DATAGRAM, DtlsDrop

ALERT_GRACE = 3.0
"""Seconds an alert that nothing protects has to stay the peer's last word to be believed.

That is longer than a peer that goes on waits before it repeats a flight (RFC 6347 §4.2.4.1).
"""
CERTIFICATE_VERIFIED = b"SSLv3/TLS read certificate verify"
"""What OpenSSL says of a server that waits for the ChangeCipherSpec of a client."""
MAX_EARLY = 16
"""Records that are held back until they are due."""


class Handshake:
    """Runs OpenSSL's handshake once, over an ICE transport: `begin`, then `run`.

    A datagram is taken within the call that read it, and one that came in a check answered with
    what it returns. `write` gives what OpenSSL has written, cut into datagrams, and `send` sends
    them; `take` gets each datagram that came by itself first and tells whether it may have records.
    """

    def __init__(
        self,
        association: SSL.Connection,
        ice: IceTransport,
        *,
        is_server: bool,
        write: Callable[[], list[bytes]],
        send: Callable[[Sequence[bytes]], None],
        take: Callable[[bytes, float], bool],
        drops: Counter[DtlsDrop],
        alert_grace: float = ALERT_GRACE,
    ) -> None:
        self._association = association
        self._ice = ice
        self._is_server = is_server
        self._write = write
        self._send_flight = send
        self._take = take
        self._drops = drops
        self._alert_grace = alert_grace
        self._doubt: asyncio.TimerHandle | None = None
        self._flights = Flights(association, lambda: self._send(write()))
        self._over = asyncio.Event()
        self._error: Exception | None = None
        self._hello: Sequence[bytes] = ()
        self._early: Sequence[bytes] = ()

    def begin(self) -> None:
        """Begin: a client's ClientHello leaves, in checks where they carry it."""
        self._ice.begin_handshake(self._take_embedded)
        self._hello = self._advance(())
        self._send(self._hello)
        self._ice.set_sink(self._receive, self._lose)

    async def run(self) -> None:
        """Wait until it is done; SSL.Error or ConnectionError when it fails.

        There is a pair to send on now: flights that get no answer are sent again.
        """
        if not self._over.is_set():
            carried = self._ice.carries
            self._flights.begin(carried=carried)
            if self._hello and not carried:
                self._flights.repeat_hello(lambda: self._send_flight(self._hello))
        await self._over.wait()
        if self._error is not None:
            raise self._error
        self._ice.note_handshake(self._stage)

    def stop(self) -> None:
        """Repeat no flight any more, and take nothing."""
        self._flights.stop()
        self._believe_no_more()
        self._ice.drop_sink(self._receive)
        self._ice.end_handshake(self._take_embedded)

    @property
    def _stage(self) -> HandshakeStage:
        """Whether our last flight may still be on its way: in DTLS 1.2 the server's is the last,
        in 1.3 the client's (RFC 9147 §5.8)."""
        last_is_clients = self._association.get_protocol_version_name() != "DTLSv1.2"
        last = self._is_server is not last_is_clients
        return HandshakeStage.FINISHED if last else HandshakeStage.PROVEN

    def _receive(self, datagram: bytes, now: float) -> None:
        """Take a datagram that came by itself."""
        if self._take(datagram, now) and (records := self._admit(datagram)):
            self._ice.note_handshake(HandshakeStage.HEARD, datagram)
            self._send(self._answer(records))

    def _take_embedded(self, datagram: bytes, _now: float) -> Sequence[bytes]:
        """Take a datagram that came in a check; returns the next flight."""
        flight: Sequence[bytes] = ()
        if len(datagram) > MAX_DATAGRAM:
            self._drops[DtlsDrop.TOO_LONG] += 1
        elif not self._over.is_set() and (records := self._admit(datagram)):
            flight = self._answer(records)
        if flight and not self._over.is_set():
            self._flights.watch()
        return flight

    def _answer(self, records: Sequence[bytes]) -> Sequence[bytes]:
        self._believe_no_more()
        self._flights.heard()
        change = next((at for at, one in enumerate(records) if is_change(one)), len(records))
        flight = self._advance(records[:change])
        self._early = (*self._early, *records[change:])[:MAX_EARLY]
        if self._early and self._change_is_due and not self._over.is_set():
            early, self._early = self._early, ()
            flight = (*flight, *self._advance(early))
        return flight

    @property
    def _change_is_due(self) -> bool:
        """Tell whether OpenSSL takes a ChangeCipherSpec now.

        It drops one that has overtaken what comes before it, and does not take it a second time. A
        client gets one only after it has sent its own.
        """
        state = self._association.get_state_string()
        return not self._is_server or state == CERTIFICATE_VERIFIED

    def _advance(self, records: Sequence[bytes]) -> Sequence[bytes]:
        """Hand records to OpenSSL; returns what it answers."""
        if records:
            self._association.bio_write(b"".join(records))
        try:
            self._association.do_handshake()
        except SSL.WantReadError:
            return self._write()
        except SSL.Error as error:
            self._end(error)
            return self._write()
        self._end(None)
        return self._write()

    def _send(self, flight: Sequence[bytes]) -> None:
        if flight:
            self._send_flight(flight)
            if not self._over.is_set():
                self._flights.watch()

    def _end(self, error: Exception | None) -> None:
        self._error = error
        self._over.set()
        # What comes behind the last flight waits for who reads on.
        self._ice.drop_sink(self._receive)

    def _lose(self) -> None:
        self._end(ConnectionError("the ICE transport is closed"))

    def _admit(self, datagram: bytes) -> list[bytes]:
        """Return the records of a datagram that may be of the handshake, and count the others.

        An alert that nothing protects may be anybody's: it counts when the peer says no more.
        """
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
        return good

    def _note_alert(self, code: int) -> None:
        """Believe an alert that nothing protects once it has stayed the peer's last word."""
        if self._doubt is None:
            loop = asyncio.get_running_loop()
            refusal = ConnectionError(f"the peer refused the handshake with alert {code}")
            self._doubt = loop.call_later(self._alert_grace, self._end, refusal)

    def _believe_no_more(self) -> None:
        if self._doubt is not None:
            self._doubt.cancel()
            self._doubt = None
