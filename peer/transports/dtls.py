"""DTLS and SRTP over one ICE component (RFC 5763, RFC 5764)."""

import asyncio
import enum
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import cast

import pylibsrtp
from aiortc.rtcdtlstransport import (
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
    State,
)
from aiortc.rtcicetransport import RTCIceTransport
from OpenSSL import SSL, crypto

from peer.ice import HandshakeStage
from peer.rtp import is_rtcp

from .certificate import Certificate
from .emitter import Emitter
from .handshake import ALERT_GRACE, Handshake
from .ice import DatagramSink, IceTransport
from .identity import Identity
from .plaintext import protected_records
from .records import MAX_DATAGRAM, MAX_PLAINTEXT, DtlsDrop, TransportCounters, split_records
from .srtp import EarlyMedia, SrtpReader

logger = logging.getLogger(__name__)

HANDSHAKE_TIMEOUT = 30.0
"""Seconds from the first usable pair until a handshake that makes no end has failed."""

MTU = 1200
EMBEDDED_MTU = 900
"""Bytes of a datagram that has room in a check (draft-hancke-webrtc-sped)."""
_MAX_FLIGHT = 1 << 17

DataSink = Callable[[bytes], object]


class DtlsRole(enum.Enum):
    """Who sends the ClientHello; with AUTO the controlled ICE agent does."""

    AUTO = "auto"
    CLIENT = "client"
    SERVER = "server"


class DtlsTransport(Emitter, RTCDtlsTransport):
    """One DTLS association. It runs once: `connect`, then `close`.

    It emits "statechange"; `state` is "new", "connecting", "connected", "closed" or "failed".
    """

    def __init__(
        self,
        ice: IceTransport,
        certificate: Certificate,
        *,
        handshake_timeout: float = HANDSHAKE_TIMEOUT,
        alert_grace: float = ALERT_GRACE,
    ) -> None:
        super().__init__(cast("RTCIceTransport", ice), [certificate])
        self._ice = ice
        self._certificate = certificate
        self._handshake_timeout = handshake_timeout
        self._alert_grace = alert_grace
        self._identity = Identity(())
        self._association: asyncio.Task[None] | None = None
        self._handshake: Handshake | None = None
        self._make_handshake: Callable[..., Handshake] = Handshake
        self._over: asyncio.Future[None] | None = None
        self._state_name = "new"
        self._dtls_role = DtlsRole.AUTO
        self._srtp: SrtpReader | None = None
        self._early = EarlyMedia()
        self._announced_ssrcs = 0
        self._cut_off = False
        self._mtu = MTU
        self._unused = True
        self._failure = ""
        self._data_sink: DataSink | None = None
        self._rtp_sink: DatagramSink | None = None
        self._rtcp_sink: DatagramSink | None = None
        self.counters = TransportCounters()
        self.drops: Counter[DtlsDrop] = Counter()

    @property
    def state(self) -> str:
        """One of "new", "connecting", "connected", "closed" and "failed"."""
        return self._state_name

    @property
    def ice(self) -> IceTransport:
        """The component below."""
        return self._ice

    @property
    def role(self) -> DtlsRole:
        """The role; AUTO until it is decided."""
        return self._dtls_role

    @property
    def failure(self) -> str:
        """Why the state is "failed"."""
        return self._failure

    @property
    def mistaken(self) -> bool:
        """Tell whether the peer has shown another certificate than the one signalled."""
        return bool(self._identity.doubt)

    @property
    def protocol_version(self) -> str | None:
        """The version of DTLS spoken, None until connected."""
        return self._openssl.get_protocol_version_name() if self._connected else None

    @property
    def cipher(self) -> str | None:
        """The cipher suite, None until connected."""
        return self._openssl.get_cipher_name() if self._connected else None

    @property
    def srtp_profile(self) -> str | None:
        """The SRTP protection profile, None until connected or when the peer has no SRTP."""
        return (
            self._openssl.get_selected_srtp_profile().decode() or None if self._connected else None
        )

    @property
    def remote_certificate(self) -> bytes | None:
        """The peer's certificate as DER, None until it was shown."""
        shown = None if self._ssl is None else self._openssl.get_peer_certificate()
        return None if shown is None else crypto.dump_certificate(crypto.FILETYPE_ASN1, shown)

    def getLocalParameters(self) -> RTCDtlsParameters:
        """Return the fingerprints as signalling has them."""
        return RTCDtlsParameters(fingerprints=self._certificate.fingerprints)

    def connect(self, role: DtlsRole, fingerprints: Iterable[RTCDtlsFingerprint]) -> None:
        """Begin: wait for ICE, shake hands, go on until closed. Raises RuntimeError if repeated.

        At least one fingerprint is needed. What becomes of it is told by the state.
        """
        if self._association is not None or self._state is not State.NEW:
            raise RuntimeError("a DTLS transport connects once")
        self._identity = Identity(fingerprints)
        self._set_role(role.value)
        self._association = asyncio.get_running_loop().create_task(self._associate())

    def set_data_sink(self, sink: DataSink) -> None:
        """Say who takes decrypted data (SCTP)."""
        self._data_sink = sink

    def drop_data_sink(self, sink: DataSink) -> None:
        """Hand data to that no more; nothing happens where another has it by now."""
        if self._data_sink == sink:
            self._data_sink = None

    def set_media_sinks(self, rtp: DatagramSink | None, rtcp: DatagramSink | None) -> None:
        """Say who takes decrypted RTP and RTCP, with the time of arrival."""
        self._rtp_sink, self._rtcp_sink = rtp, rtcp

    def announce_ssrcs(self, count: int) -> None:
        """Say how many SSRCs the peer's descriptions name."""
        self._announced_ssrcs = count
        if self._srtp is not None:
            self._srtp.announced = count

    async def wait_connected(self) -> None:
        """Wait for the handshake; ConnectionError when it failed or was given up."""
        changed = asyncio.Event()
        self.on("statechange", changed.set)
        try:
            while self._state in (State.NEW, State.CONNECTING):
                await changed.wait()
                changed.clear()
        finally:
            if changed.set in self.listeners("statechange"):
                self.remove_listener("statechange", changed.set)
        if self._state is not State.CONNECTED:
            raise ConnectionError(self._failure or f"the DTLS transport is {self.state}")

    def send_data(self, data: bytes) -> None:
        """Send a message encrypted by DTLS; ConnectionError when not connected."""
        self.send_messages((data,))

    def send_messages(self, messages: Iterable[bytes]) -> None:
        """Send messages, each in a datagram of its own; ConnectionError when not connected."""
        self._require_connection()
        try:
            for message in messages:
                self._openssl.send(message)
        except SSL.Error as error:
            raise ConnectionError("the DTLS association is broken") from error
        # Of several records in a datagram aiortc reads one, and the next with the next datagram.
        self._transmit(*split_records(self._read_written(), 1))

    def send_rtp(self, *packets: bytes) -> None:
        """Send RTP packets; ConnectionError when not connected."""
        self._send_protected(packets, control=False)

    def send_rtcp(self, data: bytes) -> None:
        """Send an RTCP compound; ConnectionError when not connected."""
        self._send_protected((data,), control=True)

    async def close(self, *, silently: bool = False) -> None:
        """End the association, with a word to the peer unless `silently`; the ICE transport stays.

        It returns always and leaves no task behind. Calling again changes nothing.
        """
        self._cut_off = False
        if self._state in (State.CONNECTING, State.CONNECTED) and not silently:
            self._say_goodbye()
        self._leave_ice()
        self._stop_handshake()
        self._set_state(State.CLOSED)
        mine = [self._association, self._task]
        tasks = [task for task in mine if task is not None and task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._let_go()

    def _let_go(self) -> None:
        """Refer to nobody above: what is closed goes without the garbage collector's help."""
        self._association = self._task = None
        self._data_sink = self._rtp_sink = self._rtcp_sink = None
        self.remove_all_listeners()

    @property
    def _connected(self) -> bool:
        return self._state is State.CONNECTED

    @property
    def _openssl(self) -> SSL.Connection:
        assert self._ssl is not None, "there is no association before the handshake"
        return self._ssl

    def _require_connection(self) -> None:
        if self._state is not State.CONNECTED:
            raise ConnectionError("the DTLS transport is not connected")

    async def _associate(self) -> None:
        """Run the handshake, over a pair or in checks; aiortc's pump goes on from there."""
        embeds = self._ice.embeds
        self._mtu = EMBEDDED_MTU if embeds else MTU
        try:
            if not embeds:
                await self._ice.wait_usable()
            await self.start(RTCDtlsParameters(fingerprints=list(self._identity.fingerprints)))
        except ConnectionError:
            self._set_state(State.CLOSED)

    async def _do_handshake(self) -> None:
        self._certificate.identify(self._openssl)
        self._openssl.set_ciphertext_mtu(self._mtu)
        self._openssl.set_verify(
            SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, self._identity.verify
        )
        handshake = self._handshake = self._make_handshake(
            self._openssl,
            self._ice,
            is_server=self._dtls_role is DtlsRole.SERVER,
            write=self._written,
            send=self._send_flight,
            take=self._take,
            drops=self.drops,
            alert_grace=self._alert_grace,
        )
        handshake.begin()
        await self._ice.wait_usable()
        self._set_state(State.CONNECTING)
        try:
            async with asyncio.timeout(self._handshake_timeout):
                await handshake.run()
        except TimeoutError:
            self._fail("the peer did not finish the handshake in time")
        except SSL.Error as error:
            self._fail(self._identity.doubt or f"the handshake was refused: {error}")
        except ConnectionError as error:
            self._fail(str(error))
        else:
            self._mtu = MTU
            self._openssl.set_ciphertext_mtu(MTU)
            self.encrypted = True

    def _validate_peer_identity(self, remoteParameters: RTCDtlsParameters) -> None:
        if not self._identity.proven:
            self._fail("the certificate is not the one of the fingerprint")

    def _setup_srtp(self) -> None:
        """Leave keys to the first packet: data alone needs none."""

    def _derive_keys(self) -> SrtpReader | None:
        """Derive the keys of SRTP (RFC 5764 §4.2); None when the peer has none.

        Peers built for data alone do not offer it (§4.1); media is then dropped.
        """
        if self._connected and self._openssl.get_selected_srtp_profile():
            super()._setup_srtp()
            self._srtp = SrtpReader(self._rx_srtp, self._announced_ssrcs)
        return self._srtp

    def _set_state(self, state: State) -> None:
        """Go over to a state, unless there is nobody left to hear of it.

        It would look as if the peer had closed, and what that sets off would outlive the loop.
        """
        # What goes in checks already is not told: there is nothing to connect over yet.
        early = state is State.CONNECTING and not self._ice.usable
        if not self._cut_off and not early:
            self._state_name = state.name.lower()
            super()._set_state(state)

    def _set_role(self, role: str) -> None:
        self._dtls_role = DtlsRole(role)
        super()._set_role(role)

    def _fail(self, reason: str) -> None:
        self._failure = self._failure or reason
        self._stop_handshake()
        logger.debug("DTLS failed: %s", self._failure)
        self._set_state(State.FAILED)

    def _stop_handshake(self) -> None:
        if self._handshake is not None:
            self._handshake.stop()
            self._handshake = None
        self._early = EarlyMedia()

    def _say_goodbye(self) -> None:
        """Send close_notify (RFC 5246 §7.2.1)."""
        if self._ssl is None:
            return
        try:
            self._openssl.shutdown()
            self._flush()
        except (SSL.Error, ConnectionError):
            logger.debug("the peer could not be told that the association ends")

    async def _recv_next(self) -> None:
        """Take datagrams as they come, until the peer or the ICE transport has closed."""
        if self._state is State.CLOSED:
            raise ConnectionError("the DTLS transport is closed")
        self._over = asyncio.get_running_loop().create_future()
        # What came with the end of the handshake, and before it.
        self._read_messages()
        early, old = self._early.release(asyncio.get_running_loop().time())
        self.drops += Counter({DtlsDrop.NO_KEYS: old})
        for data, arrived in early:
            self._receive_srtp(data, arrived)
        self._ice.set_sink(self._receive, self._finish)
        try:
            await self._over
        except (asyncio.CancelledError, GeneratorExit):
            # Not `close`, which says so first: the loop ends.
            self._cut_off = self._connected
            raise
        self._leave_ice()
        raise ConnectionError("the association has ended")

    def _finish(self) -> None:
        if self._over is not None and not self._over.done():
            self._over.set_result(None)

    def _leave_ice(self) -> None:
        """Let datagrams wait for another association, unless one has taken over."""
        if self._over is not None:
            self._over = None
            self._ice.drop_sink(self._receive)

    def _receive(self, data: bytes, now: float) -> None:
        if self._take(data, now):
            self._receive_records(data)

    def _take(self, data: bytes, now: float) -> bool:
        """Take a datagram; the first byte says what it is (RFC 7983 §7): True for DTLS."""
        self.counters.packets_received += 1
        self.counters.bytes_received += len(data)
        if 128 <= data[0] <= 191:
            self._receive_srtp(data, now)
        elif not 20 <= data[0] <= 63:
            self.drops[DtlsDrop.NOT_DTLS_NOR_SRTP] += 1
        elif len(data) > MAX_DATAGRAM:
            self.drops[DtlsDrop.TOO_LONG] += 1
        else:
            return True
        return False

    def _receive_records(self, data: bytes) -> None:
        """Decrypt a datagram; a record has a message, and needs no answer when it does."""
        protected, more = protected_records(data)
        if more:
            self.drops[DtlsDrop.UNEXPECTED_RECORD] += 1
        if len(protected) == 1:
            self._openssl.bio_write(protected[0])
            message = self._decrypt()
            if message is not None:
                self._hand_over(message)
        elif protected:
            self._openssl.bio_write(b"".join(protected))
            self._read_messages()

    def _read_messages(self) -> None:
        while (message := self._decrypt()) is not None:
            self._hand_over(message)

    def _hand_over(self, message: bytes) -> None:
        if self._state is State.CLOSED:
            return
        self._note_use()
        if self._data_sink is None:
            self.drops[DtlsDrop.NOBODY_LISTENS] += 1
        else:
            self._data_sink(message)

    def _decrypt(self) -> bytes | None:
        """Return the next message, None when there is none or the peer has closed."""
        try:
            message: bytes = self._openssl.recv(MAX_PLAINTEXT)
        except SSL.WantReadError:
            self._flush()
            return None
        except SSL.Error:
            self._flush()
            if self._openssl.get_shutdown() & SSL.RECEIVED_SHUTDOWN:
                self._finish()
                return None
            self.drops[DtlsDrop.DTLS_REFUSED] += 1
            return None
        return message

    def _receive_srtp(self, data: bytes, now: float) -> None:
        srtp = self._srtp or self._derive_keys()
        if srtp is None:
            self.drops[DtlsDrop.NO_KEYS] += self._connected or self._early.hold(data, now)
            return
        control = is_rtcp(data)
        packet = srtp.read(data, control=control)
        if isinstance(packet, DtlsDrop):
            self.drops[packet] += 1
            return
        self._note_use()
        sink = self._rtcp_sink if control else self._rtp_sink
        if sink is None:
            self.drops[DtlsDrop.NOBODY_LISTENS] += 1
        else:
            sink(packet, now)

    def _note_use(self) -> None:
        """Tell ICE that the peer uses the association: it needs nothing of the handshake."""
        if self._unused:
            self._unused = False
            self._ice.note_handshake(HandshakeStage.OVER)

    def _send_protected(self, packets: Sequence[bytes], *, control: bool) -> None:
        self._require_connection()
        if self._srtp is None and self._derive_keys() is None:
            self.drops[DtlsDrop.NO_KEYS] += len(packets)
            return
        protect = self._tx_srtp.protect_rtcp if control else self._tx_srtp.protect
        protected = []
        for data in packets:
            try:
                protected.append(protect(data))
            except pylibsrtp.Error:
                self.drops[DtlsDrop.SRTP_REFUSED] += 1
            except ValueError:
                self.drops[DtlsDrop.TOO_LONG] += 1
        self._transmit(*protected)

    def _flush(self) -> None:
        """Send what OpenSSL has written."""
        for datagram in self._written():
            self._transmit(datagram)

    def _written(self) -> list[bytes]:
        """Return what OpenSSL has written, cut between records to fit the MTU."""
        return split_records(self._read_written(), self._mtu)

    def _read_written(self) -> bytes:
        try:
            return self._openssl.bio_read(_MAX_FLIGHT)
        except SSL.WantReadError:
            return b""

    def _send_flight(self, datagrams: Sequence[bytes]) -> None:
        self._ice.send_flight(datagrams)
        self.counters.packets_sent += len(datagrams)
        self.counters.bytes_sent += sum(map(len, datagrams))

    def _transmit(self, *datagrams: bytes) -> None:
        self._ice.send(*datagrams)
        self.counters.packets_sent += len(datagrams)
        self.counters.bytes_sent += sum(map(len, datagrams))
