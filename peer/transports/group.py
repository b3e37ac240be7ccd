"""The transports of one ICE stream, and the sections that run over them (RFC 9143)."""

import asyncio
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from aiortc.rtcdtlstransport import RTCDtlsFingerprint

from peer.rtp import (
    REPORT_INTERVAL,
    ClockOffset,
    CongestionFeedback,
    ExtendedReport,
    Goodbye,
    MaximumBitrate,
    RoundTrip,
    RtcpDrop,
    RtcpPacket,
    RtpDrop,
    SenderClocks,
    SenderReportRequest,
    SourceDescription,
    TransportFeedback,
    measured_round_trips,
    read_compound,
)

from .arrivals import ArrivalFeedback
from .captured import Onlooker, dtls_maker
from .certificate import Certificate
from .dtls import HANDSHAKE_TIMEOUT, DtlsRole, DtlsTransport
from .emitter import Emitter
from .ice import IceTransport
from .inbound import InboundPacket
from .ntp import ntp_time
from .outlet import ROUND_TRIP
from .own_sources import OwnSources
from .pacing import PacedSending, network_of
from .parameters import RtpReceiveParameters, RtpSendParameters, extension_numbers
from .receiver import RtpReceiver
from .reporting import Reporter
from .router import Drop, Encoding, RtpRouter, RtpSection
from .rtcp import sdes_mids, sources, targets
from .sctp import SctpTransport
from .sender import RtpSender
from .statistics import named
from .suspicion import Suspicion

MAX_EARLY_PACKETS = 100
EARLY_PACKET_LIFETIME = 1.0
"""Seconds a packet waits for the description that says where it belongs."""


class TransportGroup(Emitter):
    """DTLS over each component of an ICE stream, with RTP, RTCP and data over it.

    Without RTCP multiplexing there are two components, each with a DTLS association of its own
    (RFC 5764 §3), and RTCP goes over the second. Emits "statechange" when a DTLS state changed,
    "circuitbreaker" when a stream should not be sent any more, with its SSRC and why, or may again,
    "collision" when a source of ours is to have another SSRC, with its section and which it is.
    """

    def __init__(
        self,
        ice: Sequence[IceTransport],
        certificate: Certificate,
        *,
        handshake_timeout: float = HANDSHAKE_TIMEOUT,
        report_interval: float = REPORT_INTERVAL,
        onlooker: Onlooker | None = None,
    ) -> None:
        super().__init__()
        self._new_dtls = dtls_maker(certificate, handshake_timeout, onlooker)
        self._ice = list(ice)
        self._association: int | None = None
        self._was_connected = False
        self._closed = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._router = RtpRouter()
        self._extensions = extension_numbers(())
        self._suspicion = Suspicion()
        self._arrivals = ArrivalFeedback(self.send_rtcp)
        self._sending: PacedSending | None = None
        self._clocks = SenderClocks()
        self._round_trip = RoundTrip()
        self._own = OwnSources(self.send_rtcp, partial(self.emit, "collision"))
        self._receivers: dict[str, tuple[RtpReceiver, RtpReceiveParameters]] = {}
        self._senders: dict[str, tuple[RtpSender, RtpSendParameters]] = {}
        self._reporter = Reporter(
            self.send_rtcp,
            self._senders,
            self._receivers,
            interval=report_interval,
            on_breach=partial(self.emit, "circuitbreaker"),
        )
        self._dtls = [self._make_dtls(component) for component in self._ice]
        self._route = network_of(self._ice[0].selected_pair)
        self._ice[0].on("selectedcandidatepairchange", self._follow_path)
        self._data: SctpTransport | None = None
        self._early: deque[tuple[bytes, float, Drop]] = deque(maxlen=MAX_EARLY_PACKETS)
        self.drops: Counter[Drop | RtcpDrop | RtpDrop] = Counter()

    @property
    def ice(self) -> tuple[IceTransport, ...]:
        """The components, that of RTP first."""
        return tuple(self._ice)

    @property
    def dtls(self) -> tuple[DtlsTransport, ...]:
        """The DTLS transport of each component."""
        return tuple(self._dtls)

    @property
    def rtp(self) -> DtlsTransport:
        """The DTLS transport of RTP and data."""
        return self._dtls[0]

    @property
    def rtcp(self) -> DtlsTransport:
        """The DTLS transport of RTCP, the same when it is multiplexed."""
        return self._dtls[-1]

    @property
    def connected(self) -> bool:
        """Tell whether RTP and data can be sent."""
        return self.rtp.state == "connected"

    @property
    def breaches(self) -> Mapping[int, str]:
        """Why streams should not be sent any more, by SSRC (RFC 8083)."""
        return self._reporter.breakers.breaches

    def dropped(self, component: int) -> dict[str, int]:
        """Return how much of what came to a component was dropped, by the name of the reason.

        With that of RTP and data are the packets and the messages they would have been, and what
        was too much of feedback to be sent.
        """
        below = self._dtls[component - 1].drops
        if component > 1:
            return named(below)
        data = {} if self._data is None else self._data.drops
        return named(below, self.drops, self._reporter.drops, data)

    def connect(
        self, role: DtlsRole, fingerprints: Iterable[RTCDtlsFingerprint], *, association: int = 0
    ) -> None:
        """Begin the handshakes; the association that runs already goes on undisturbed.

        Another `association` number begins a new one (RFC 8842 §6): media and data move over.
        """
        if self._closed or association == self._association:
            return
        fingerprints = tuple(fingerprints)
        if self._association is not None:
            self._replace_associations()
        self._association = association
        for dtls in self._dtls:
            dtls.connect(role, fingerprints)

    def drop_rtcp_component(self) -> None:
        """Multiplex RTCP: close the second component's DTLS (RFC 5761 §5.1.1).

        Its ICE transport is its owner's to close.
        """
        while len(self._dtls) > 1:
            self._ice.pop()
            self._retire(self._dtls.pop())

    def set_receiver(self, receiver: RtpReceiver, parameters: RtpReceiveParameters) -> None:
        """Hand the packets of a section to a receiver. `RtpReceiver.receive` calls this."""
        self._receivers[parameters.mid] = receiver, parameters
        payload_types = (codec.payloadType for codec in parameters.codecs)
        section = RtpSection(
            parameters.mid,
            frozenset(number for number in payload_types if number is not None),
            frozenset((*parameters.ssrcs, *parameters.rtx)),
        )
        self._router.set_section(section)
        self._describe_streams()
        self._list_sources()
        if self._round_trip.mean is not None:
            receiver.set_round_trip(self._round_trip.mean)
        self._replay()

    def remove_receiver(self, receiver: RtpReceiver, mid: str) -> None:
        """Take a section out; nothing happens when another receiver has it by now."""
        if mid in self._receivers and self._receivers[mid][0] is receiver:
            del self._receivers[mid]
            self._router.remove_section(mid)
            self._describe_streams()
            self._list_sources()

    def set_sender(self, sender: RtpSender, parameters: RtpSendParameters) -> None:
        """Hand RTCP about its streams to a sender. `RtpSender.send` calls this.

        A section has one for each encoding.
        """
        name = parameters.name
        self._senders[name] = sender, parameters
        self._router.set_outgoing(name, parameters.sources)
        self._list_sources()

    def remove_sender(self, sender: RtpSender, name: str) -> None:
        """Take a sender out; nothing happens when another has the name by now."""
        if name in self._senders and self._senders[name][0] is sender:
            del self._senders[name]
            self._router.set_outgoing(name, ())
            self._list_sources()

    def set_data(self, sctp: SctpTransport | None) -> None:
        """Say whose data runs over this group; an association is moved here."""
        self._data = sctp
        if sctp is not None:
            sctp.set_transport(self.rtp)

    @property
    def sending(self) -> PacedSending:
        """What senders send RTP with, and what each of them may send; made for the first."""
        if self._sending is None:
            self._sending = PacedSending(self.send_rtp)
        return self._sending

    def send_rtp(self, *packets: bytes) -> None:
        """Send RTP packets at once; ConnectionError when not connected."""
        self._dtls[0].send_rtp(*packets)

    def send_rtcp(self, data: bytes) -> None:
        """Send an RTCP compound; ConnectionError when not connected."""
        self.rtcp.send_rtcp(data)

    def report_soon(self) -> None:
        """Report within half a second: a stream has begun."""
        self._reporter.report_soon()

    def send_feedback(self, data: bytes) -> None:
        """Send feedback, if it can be sent and there is not too much of it."""
        self._reporter.send_feedback(data)

    def clock_of(self, cname: str) -> ClockOffset:
        """Return what maps the clock of a sender, by its canonical name, to ours."""
        return self._clocks.clock_of(cname)

    async def close(self) -> None:
        """Close DTLS on all components; the ICE transports stay.

        Senders, receivers and data are stopped on their own. It returns always and leaves no task
        behind. Calling again changes nothing.
        """
        self._closed = True
        self._early.clear()
        self._arrivals.close()
        self._reporter.close()
        if self._sending is not None:
            self._sending.close()
        await asyncio.gather(*(dtls.close() for dtls in self._dtls))
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.remove_all_listeners()

    def _make_dtls(self, ice: IceTransport) -> DtlsTransport:
        dtls = self._new_dtls(ice)
        dtls.set_media_sinks(self._receive_rtp, self._receive_rtcp)
        dtls.on("statechange", self._follow_dtls)
        self._announce_ssrcs(dtls)
        return dtls

    def _replace_associations(self) -> None:
        before, self._dtls = self._dtls, [self._make_dtls(ice) for ice in self._ice]
        if self._data is not None:
            self._data.set_transport(self.rtp)
        for dtls in before:
            self._retire(dtls)
        self._follow_dtls()

    def _retire(self, dtls: DtlsTransport) -> None:
        """Close a transport in the background, without a word: the peer gives it up as well."""
        dtls.remove_listener("statechange", self._follow_dtls)
        task = asyncio.get_running_loop().create_task(dtls.close(silently=True))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _follow_dtls(self) -> None:
        if self.connected != self._was_connected:
            self._was_connected = self.connected
            for sender, _ in list(self._senders.values()):
                sender.transport_changed()
        self.emit("statechange")

    def _follow_path(self) -> None:
        """Begin another estimate where packets go through another network."""
        before, self._route = self._route, network_of(self._ice[0].selected_pair) or self._route
        moved = before is not None and before != self._route and not self._closed
        if moved and self._sending is not None:
            self._sending.change_path(asyncio.get_running_loop().time())

    def _describe_streams(self) -> None:
        """Read the extensions by the numbers of all sections; a BUNDLE group agrees on them."""
        described = [parameters for _, parameters in self._receivers.values()]
        self._extensions = extension_numbers(
            extension for parameters in described for extension in parameters.header_extensions
        )
        self._arrivals.agree(described)
        for dtls in self._dtls:
            self._announce_ssrcs(dtls)

    def _list_sources(self) -> None:
        self._own.list(
            [parameters for _, parameters in self._senders.values()],
            [parameters for _, parameters in self._receivers.values()],
        )

    def _announce_ssrcs(self, dtls: DtlsTransport) -> None:
        described = [parameters for _, parameters in self._receivers.values()]
        dtls.announce_ssrcs(sum(len(each.ssrcs) + len(each.rtx) for each in described))

    def _receive_rtp(self, data: bytes, now: float) -> None:
        packet = InboundPacket.read(data, self._extensions)
        if isinstance(packet, RtpDrop):
            self.drops[packet] += 1
            return
        if packet.ssrc in self._own.ssrcs:
            self._own.note_collision(packet.ssrc, now)
        self._arrivals.note(packet, len(data), now)
        self._reporter.note_received(len(data))
        labels = packet.extensions
        rid = labels.rid or labels.repaired_rid
        owner = self._router.route(
            packet.ssrc,
            packet.payload_type,
            packet.sequence_number,
            mid=labels.mid,
            encoding=Encoding(rid, repaired=not labels.rid) if rid else None,
        )
        if isinstance(owner, str):
            receiver, _ = self._receivers[owner]
            receiver.receive_rtp(packet, self._router.encoding(packet.ssrc), now)
            if labels.transport_sequence_number is not None:
                pictures = (one.pictures for one, _ in self._receivers.values())
                self._suspicion.note(packet, labels.transport_sequence_number, pictures, now)
            return
        self.drops[owner] += 1
        if owner is not Drop.PAYLOAD_TYPE_NOT_IN_SECTION:
            self._early.append((data, now, owner))

    def _replay(self) -> None:
        """Route again what came before the description that explains it."""
        waiting, now = list(self._early), asyncio.get_running_loop().time()
        self._early.clear()
        for data, arrived, reason in waiting:
            if now - arrived <= EARLY_PACKET_LIFETIME:
                self.drops[reason] -= 1
                self._receive_rtp(data, arrived)

    def _receive_rtcp(self, data: bytes, now: float) -> None:
        packets, drop = read_compound(data)
        if drop is not None:
            self.drops[drop] += 1
        others = []
        for packet in packets:
            # What comes many times a second says nothing else.
            if isinstance(packet, TransportFeedback | CongestionFeedback):
                self.sending.take(packet, now)
            else:
                others.append(packet)
        if others:
            self._take_reports(others, now)

    def _take_reports(self, packets: Sequence[RtcpPacket], now: float) -> None:
        for packet in packets:
            # First, because it says where the others belong.
            if isinstance(packet, SourceDescription):
                for ssrc, mid in sdes_mids(packet):
                    self._router.bind(ssrc, mid)
        for packet in packets:
            self._hand_out(packet, now)
            if isinstance(packet, MaximumBitrate):
                self.sending.note_limit(packet.bitrate, now)
            elif isinstance(packet, Goodbye):
                for ssrc in packet.ssrcs:
                    self._router.forget(ssrc)
            elif isinstance(packet, ExtendedReport) and packet.reference_time is not None:
                self._reporter.references.note(packet.ssrc, packet.reference_time, now)
            elif isinstance(packet, SenderReportRequest):
                if self._router.outgoing(packet.media) is not None:
                    self._reporter.report_now(self._round_trip.mean or ROUND_TRIP)
        self._measure_round_trip(packets)
        self._reporter.breakers.take(packets, self._round_trip.mean, now)

    def _measure_round_trip(self, packets: Sequence[RtcpPacket]) -> None:
        ours = {parameters.ssrc for _, parameters in self._senders.values()}
        ours.update(parameters.rtcp_ssrc for _, parameters in self._receivers.values())
        reported, answered = measured_round_trips(packets, ours, ntp_time())
        for measured in (reported, answered):
            if measured is not None:
                self._round_trip.note(measured)
        if self._round_trip.mean is None or reported is answered is None:
            return
        for receiver, _ in self._receivers.values():
            receiver.set_round_trip(self._round_trip.mean)
            if answered is not None:
                receiver.note_answer(answered)

    def _hand_out(self, packet: RtcpPacket, now: float) -> None:
        for mid in {self._router.incoming(ssrc) for ssrc in sources(packet)}:
            if mid in self._receivers:
                self._receivers[mid][0].receive_rtcp(packet, now)
        for name in {self._router.outgoing(ssrc) for ssrc in targets(packet)}:
            if name in self._senders:
                self._senders[name][0].receive_rtcp(packet)
