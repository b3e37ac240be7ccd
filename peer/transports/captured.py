"""A DTLS transport that shows what it protects, for captures of packets."""

import contextlib
import itertools
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Protocol

from OpenSSL import SSL

from .certificate import Certificate
from .dtls import DtlsTransport
from .handshake import Handshake
from .ice import DatagramSink, IceTransport

_numbers = itertools.count()


class Onlooker(Protocol):
    """Is shown what DTLS and SRTP protect, and the keys. It must neither raise nor take long."""

    def keys(self, client_random: bytes, master_secret: bytes) -> None:
        """Look at the secrets of an association, before anything that they protect is sent."""

    def records(self, datagram: bytes, association: int, *, leaves: bool) -> None:
        """Look at a datagram of DTLS, whatever way it goes; associations are numbered."""

    def data(self, message: bytes, *, leaves: bool) -> None:
        """Look at a message that DTLS protects."""

    def media(self, packet: bytes, association: int, *, control: bool, leaves: bool) -> None:
        """Look at a packet of RTP, or of RTCP."""


class Show(Protocol):
    """Shows a datagram."""

    def __call__(self, datagram: bytes, *, leaves: bool) -> None:
        """Show it."""


class ShownHandshake(Handshake):
    """Shows what comes in checks, and what answers it; all else passes through the transport."""

    def __init__(self, *args: Any, show: Show, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._show = show

    def _take_embedded(self, datagram: bytes, now: float) -> Sequence[bytes]:
        self._show(datagram, leaves=False)
        flight = super()._take_embedded(datagram, now)
        for answer in flight:
            self._show(answer, leaves=True)
        return flight


class CapturedDtlsTransport(DtlsTransport):
    """Shows everything to an onlooker; in all else it is a `DtlsTransport`."""

    def __init__(self, *args: Any, onlooker: Onlooker, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._onlooker = onlooker
        self._number = next(_numbers)
        self._make_handshake = partial(ShownHandshake, show=self._show)
        self._told_secret = b""

    def _show(self, datagram: bytes, *, leaves: bool) -> None:
        self._onlooker.records(datagram, self._number, leaves=leaves)

    def send_messages(self, messages: Iterable[bytes]) -> None:
        """Send messages, each in a datagram of its own; ConnectionError when not connected."""
        sent = tuple(messages)
        super().send_messages(sent)
        for message in sent:
            self._onlooker.data(message, leaves=True)

    def set_media_sinks(self, rtp: DatagramSink | None, rtcp: DatagramSink | None) -> None:
        """Say who takes decrypted RTP and RTCP, with the time of arrival."""
        super().set_media_sinks(self._shown(rtp, control=False), self._shown(rtcp, control=True))

    def _shown(self, sink: DatagramSink | None, *, control: bool) -> DatagramSink | None:
        if sink is None:
            return None

        def receive(packet: bytes, now: float) -> None:
            self._onlooker.media(packet, self._number, control=control, leaves=False)
            sink(packet, now)

        return receive

    def _hand_over(self, message: bytes) -> None:
        self._onlooker.data(message, leaves=False)
        super()._hand_over(message)

    def _send_protected(self, packets: Sequence[bytes], *, control: bool) -> None:
        super()._send_protected(packets, control=control)
        for packet in packets:
            self._onlooker.media(packet, self._number, control=control, leaves=True)

    def _take(self, data: bytes, now: float) -> bool:
        taken = super()._take(data, now)
        if taken:
            self._show(data, leaves=False)
        return taken

    def _send_flight(self, datagrams: Sequence[bytes]) -> None:
        super()._send_flight(datagrams)
        for datagram in datagrams:
            self._show(datagram, leaves=True)

    def _transmit(self, *datagrams: bytes) -> None:
        super()._transmit(*datagrams)
        for datagram in datagrams:
            if 20 <= datagram[0] <= 63:  # RFC 7983 §7
                self._show(datagram, leaves=True)

    def _written(self) -> list[bytes]:
        """Tell of the keys as soon as there are some: what is written next may be under them."""
        secret = b""
        with contextlib.suppress(SSL.Error):  # there are none yet
            secret = self._openssl.master_key() or b""
        if secret != self._told_secret:
            self._told_secret = secret
            self._onlooker.keys(self._openssl.client_random() or b"", secret)
        return super()._written()


def dtls_maker(
    certificate: Certificate, handshake_timeout: float, onlooker: Onlooker | None
) -> Callable[[IceTransport], DtlsTransport]:
    """Give what makes a transport for a component, shown to an onlooker if there is one."""

    def make(ice: IceTransport) -> DtlsTransport:
        if onlooker is None:
            return DtlsTransport(ice, certificate, handshake_timeout=handshake_timeout)
        return CapturedDtlsTransport(
            ice, certificate, onlooker=onlooker, handshake_timeout=handshake_timeout
        )

    return make
