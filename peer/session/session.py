"""What a peer connection is made of: offer/answer, the transports, media and data, joined."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from peer.api import (
    CircuitBreakerEvent,
    Done,
    Event,
    EventTarget,
    Going,
    RTCConfiguration,
    RTCDataChannel,
    RTCDataChannelEvent,
    RTCDtlsTransport,
    RTCPeerConnectionIceErrorEvent,
    RTCPeerConnectionIceEvent,
    ice_config,
    ice_pacing,
    local_candidate,
    running_loop,
)
from peer.ice import Candidate, GatheringFailed
from peer.jsep import (
    DEFAULT_ICE_OPTIONS,
    BundlePolicy,
    Configuration,
    Outcome,
    RtcpMuxPolicy,
    SignalingState,
    Source,
    State,
    change_source,
    close,
    create_state,
    is_negotiation_needed,
    set_streams,
    transport_of_section,
)
from peer.net import NetConfig
from peer.records import replace
from peer.stats import RTCStatsReport
from peer.transports import Certificate, MediaConfig, MediaShare, make_initiation
from sdp import Fingerprint

from .data import Data
from .executor import Executor, StepFailure, raise_failures
from .link import EMBEDDING, FORMER_EMBEDDING, RENOMINATION, Link
from .links import Links
from .media import Media
from .operations import OperationsChain
from .sampling import Sampler
from .states import connection_state, gathering_state, ice_connection_state
from .told import told_configuration, told_event
from .tracing import Tracer
from .transceivers import Transceivers

if TYPE_CHECKING:
    from peer.explain import Explanation

logger = logging.getLogger(__name__)

MAX_MESSAGE_SIZE = 262144
"""Bytes of the largest message taken from a data channel, as much as browsers take."""
TURNS_OF_A_TASK = 8
"""Turns of the event loop that make what the W3C calls a task.

In that time a task begins the operation it was made for, hears of one that it awaits or of several
that it gathers, perhaps through tasks between, and begins the next.
"""


class Session:
    """The parts of a connection, its states, and the events about them.

    Events go out through `target`, none after `close`. `ended` is called when the peer has closed
    everything.
    """

    def __init__(
        self, target: EventTarget, configuration: RTCConfiguration, ended: Callable[[], object]
    ) -> None:
        self._target = target
        self._ended = ended
        self.tracer = Tracer(configuration)
        self.tracer.note("create", told_configuration(configuration))
        certificates = configuration.certificates
        self.certificate = certificates[0] if certificates else Certificate.generate()
        self.certificate.prepare()
        self.configuration = configuration
        self.entropy = (configuration.network or NetConfig()).system.entropy
        initiation = make_initiation(self.entropy)
        engine = _engine(configuration, self.certificate, initiation)
        self._state = create_state(engine, self.entropy)
        self.share = MediaShare(configuration.media)
        self.chain = OperationsChain(self._chain_emptied)
        self.links = Links(configuration, self.certificate, self, self.tracer)
        self.media = Media(self, self.links)
        self.data = Data(self.links, self._take_channel, self.tracer)
        self.transceivers = Transceivers(self, self.media, self.entropy)
        self.sampler = Sampler(self.tracer, self.links, self.media, self.data)
        self._executor = Executor(self.links, self.media, self.data)
        self._closed = False
        self._told_ice_connection_state = "new"
        self._told_connection_state = "new"
        self._told_gathering_state = "new"
        self._gathering_changed = asyncio.Event()
        self._gathering_soon = 0
        self._executing = False
        self._negotiation_needed = False
        self._check_when_empty = False
        self._check_queued = False
        self._deferred: list[Callable[[], object]] = []
        self.event_loop = running_loop()

    @property
    def state(self) -> State:
        """The state of offer/answer."""
        return self._state

    @property
    def closed(self) -> bool:
        """Tell whether the connection is closed."""
        return self._closed

    # Changes of offer/answer

    def in_turn(self, change: Callable[[], object]) -> Awaitable[None]:
        """Make a change when the operations under way have ended, awaited or not; else at once."""
        if self.chain.empty:
            change()
            return Done()

        async def operation() -> None:
            change()

        return Going(self.chain.begin(operation))

    def change(self, state: State) -> None:
        """Set the state, and fire "negotiationneeded" if it asks for that."""
        self._state = state
        self.update_negotiation_needed()

    def keep(self, state: State) -> None:
        """Remember a description just created, which leaves what has to be negotiated as it is."""
        self._state = state

    def carry_out(self, outcome: Outcome) -> None:
        """Set the state of an outcome, and do what its plan says.

        Raises OperationError when a step fails; the others are done nevertheless.
        """
        failures = self.apply(outcome)
        self.update_negotiation_needed()
        raise_failures(failures)

    def apply(self, outcome: Outcome) -> list[StepFailure]:
        """Commit a state and carry out its plan; returns the steps that failed."""
        ended = self._state.wiring.data is not None and outcome.state.wiring.data is None
        self._state = outcome.state
        self._executing = True
        try:
            return self._executor.run(outcome.plan)
        finally:
            self._executing = False
            if ended:
                self._renew_initiation()
            self._show_association()
            # Tasks in the W3C's text: whoever set the description hears of it before.
            self.soon(self.transports_changed)
            self.soon(self._tell_gathering_state)

    def _renew_initiation(self) -> None:
        """Have later descriptions speak of another association (RFC 9260 §5.3.1).

        One that follows at once was described before, and runs over other keys.
        """
        initiation = make_initiation(self.entropy)
        configuration = replace(self._state.configuration, sctp_init=initiation)
        self._state = replace(self._state, configuration=configuration)

    def describe(self, outcome: Outcome) -> list[StepFailure]:
        """Do what setting a description comes to, and tell of it (W3C §4.4.1.5).

        Returns the steps that failed: also then the description is set, and told of.
        """
        if outcome.oddities:
            logger.debug("let pass in the peer's description: %s", "; ".join(outcome.oddities))
        before = self._state.signaling_state
        failures = self.apply(outcome)
        if self._state.signaling_state != before:
            self._tell(Event("signalingstatechange"))
        for event in self.media.tell():
            self._tell(event, event.track)
        self._negotiation_needed = False
        self.update_negotiation_needed()
        return failures

    def set_streams(self, number: int, streams: Sequence[str]) -> None:
        """Put the track of a sender into these streams."""
        self.change(set_streams(self._state, number, streams))

    def transport_of(self, number: int) -> RTCDtlsTransport | None:
        """Return what the section of a transceiver runs over, None before that is negotiated."""
        transceiver = self._state.transceiver(number)
        if transceiver is None or transceiver.mid is None:
            return None
        return self._transport_of(transceiver.mid)

    def _show_association(self) -> None:
        """Show the association of the data channels from the offer on, whosever that is.

        What it runs over is decided by the answer (W3C "set a session description").
        """
        mid = next((slot.mid for slot in self._state.slots if slot.is_data), None)
        transport = None if mid is None else self._transport_of(mid)
        if transport is None and mid is not None and self._state.pending_remote is not None:
            transport = self.links.early()
        self.data.show(transport, mid)

    def _transport_of(self, mid: str) -> RTCDtlsTransport | None:
        transport = transport_of_section(self._state, mid)
        link = None if transport is None else self.links.all.get(transport.id)
        return None if link is None else link.dtls

    # Negotiation needed (W3C §4.7.3)

    def update_negotiation_needed(self) -> None:
        """Check whether negotiation is needed, once no operation is under way."""
        if not self.chain.empty:
            self._check_when_empty = True
        elif not self._check_queued:
            # One that waits sees this change as well.
            self._check_queued = True
            self.queue_task(self._check_negotiation)

    def _check_negotiation(self) -> None:
        self._check_queued = False
        if self._closed:
            return
        if not self.chain.empty:
            self._check_when_empty = True
        elif self._state.signaling_state is not SignalingState.STABLE:
            # Seen to again when it is stable.
            return
        elif not is_negotiation_needed(self._state):
            self._negotiation_needed = False
        elif not self._negotiation_needed:
            self._negotiation_needed = True
            self._tell(Event("negotiationneeded"))

    def _chain_emptied(self) -> None:
        if self._check_when_empty:
            self._check_when_empty = False
            self.update_negotiation_needed()

    def soon(self, callback: Callable[[], object]) -> None:
        """Call from the event loop; outside of one, when there is one."""
        loop = running_loop()
        if loop is None:
            self._deferred.append(callback)
        else:
            loop.call_soon(callback)

    def queue_task(self, callback: Callable[[], object]) -> None:
        """Call in what the W3C calls a task: when what this turn sets off has begun."""
        self._call_after(TURNS_OF_A_TASK, callback)

    def _call_after(self, turns: int, callback: Callable[[], object]) -> None:
        self.soon(partial(self._call_after, turns - 1, callback) if turns > 1 else callback)

    def catch_up(self) -> None:
        """Do what was put off for want of a running event loop."""
        self.event_loop = running_loop()
        deferred, self._deferred = self._deferred, []
        for callback in deferred:
            self.soon(callback)

    # Gathering

    def begin_gathering(self) -> None:
        """Gather where that is due, as soon as the caller has heard of its description."""
        if not self.links.ungathered:
            return
        # Whoever waits for the end of candidates from now on must not take it for reached.
        self._gathering_soon += 1
        asyncio.get_running_loop().call_soon(self._gather)

    def _gather(self) -> None:
        self._gathering_soon -= 1
        self._gathering_changed.set()
        if not self._closed:
            self.links.gather()

    async def wait_gathered(self, within: float) -> None:
        """Wait for the end of candidates, no longer than so many seconds once gathering began.

        However short that is, and however busy the event loop: host candidates are there by then.
        """
        while self._gathering_soon > 0 and not self._closed:
            self._gathering_changed.clear()
            await self._gathering_changed.wait()
        try:
            async with asyncio.timeout(within):
                while self._gathers() and not self._closed:
                    self._gathering_changed.clear()
                    await self._gathering_changed.wait()
        except TimeoutError:
            return

    def _gathers(self) -> bool:
        return self._gathering_soon > 0 or self.gathering_state == "gathering"

    def gathering_begun(self) -> None:
        """Tell of the state of gathering before candidates are told of."""
        self._tell_gathering_state()

    def candidate_gathered(self, link: Link, candidate: Candidate | None) -> None:
        """Tell of a local candidate."""
        if candidate is None:
            self._tell_gathering_state()
            return
        made = local_candidate(candidate, link.local.ufrag, link.mid, self._index(link.mid))
        self._tell(RTCPeerConnectionIceEvent(candidate=made, url=made.url), made)

    def gathering_failed(self, event: GatheringFailed) -> None:
        """Tell of a server that gave nothing."""
        told = RTCPeerConnectionIceErrorEvent(
            address=event.local.host if event.local.port else None,
            port=event.local.port or None,
            url=event.url,
            errorCode=event.code,
            errorText=event.reason,
        )
        self._tell(told, told)

    def _index(self, mid: str) -> int | None:
        mids = [slot.mid for slot in self._state.slots]
        return mids.index(mid) if mid in mids else None

    def _tell_gathering_state(self) -> None:
        state = self.gathering_state
        if self._closed or state == self._told_gathering_state:
            return
        self._told_gathering_state = state
        self._gathering_changed.set()
        self._tell(Event("icegatheringstatechange"))
        if state == "complete":
            self._tell(RTCPeerConnectionIceEvent(candidate=None), None)

    # States: those of the transports as they are, so that listeners of a transport see them
    # changed already (W3C §5.6: all states change before the first event).

    @property
    def gathering_state(self) -> str:
        """The RTCIceGatheringState."""
        return gathering_state(link.gathering_state for link in self.links.all.values())

    @property
    def ice_connection_state(self) -> str:
        """The RTCIceConnectionState."""
        if self._closed:
            return "closed"
        return ice_connection_state(self.links.ice_states)

    @property
    def connection_state(self) -> str:
        """The RTCPeerConnectionState."""
        if self._closed:
            return "closed"
        return connection_state(self.ice_connection_state, self.links.dtls_states)

    def transports_changed(self) -> None:
        """Tell of the states of the connection that are others now."""
        if self._closed or self._executing:
            return
        ice, dtls = self.ice_connection_state, self.links.dtls_states
        state = connection_state(ice, dtls)
        self.links.note_handshakes()
        ice_before, self._told_ice_connection_state = self._told_ice_connection_state, ice
        before, self._told_connection_state = self._told_connection_state, state
        if ice != ice_before:
            self._tell(Event("iceconnectionstatechange"))
        if state != before:
            self._tell(Event("connectionstatechange"))
        if dtls and set(dtls) == {"closed"}:
            self.soon(self._closed_by_peer)

    def circuit_changed(self, ssrc: int, reason: str | None) -> None:
        """Tell of a stream that should not be sent any more, or may be again."""
        event = CircuitBreakerEvent(ssrc, reason)
        self._tell(event, event)

    def source_collided(self, mid: str, source: Source) -> None:
        """Give a source of ours another SSRC, once what is under way in this turn is done."""
        self.soon(partial(self._change_source, mid, source))

    def _change_source(self, mid: str, source: Source) -> None:
        if not self._closed:
            failed = self.apply(change_source(self._state, mid, source, entropy=self.entropy))
            self.update_negotiation_needed()
            for failure in failed:
                # It is given up, and nobody waits to hear of it.
                logger.warning("media with another source could not be set up: %s", failure.error)

    def _take_channel(self, channel: RTCDataChannel) -> None:
        self._tell(RTCDataChannelEvent(channel=channel), channel)

    def _tell(self, event: Event, *args: object) -> None:
        if not self._closed:
            self.tracer.note(f"on{event.type}", self._told(event))
            if event.type == "connectionstatechange":
                self.sampler.follow(self._told_connection_state)
            self._target.dispatch(event.type, event, *args)

    def _told(self, event: Event) -> object:
        states = {
            "signalingstatechange": self._state.signaling_state.value,
            "icegatheringstatechange": self._told_gathering_state,
            "iceconnectionstatechange": self._told_ice_connection_state,
            "connectionstatechange": self._told_connection_state,
        }
        return states[event.type] if event.type in states else told_event(event)

    def configure(self, configuration: RTCConfiguration) -> None:
        """Use another configuration from the next gathering on."""
        self.configuration = self.links.configuration = configuration

    # Statistics

    async def getStats(self, selector: object = None) -> RTCStatsReport:
        """Return statistics of what belongs to a track, a sender or a receiver; None: of all."""
        from .statistics import collect_statistics  # not before: few connections are asked

        return collect_statistics(self.links, self.media, self.data, selector)

    def explain(self) -> "Explanation":
        """Explain what is going on, with figures of this moment if it is open, in its loop."""
        from peer.explain import explain  # not before: few connections are asked

        asked_live = not self._closed and running_loop() is not None
        now = self.sampler.remember() if asked_live else None
        return explain(self.tracer.entries(), now=now)

    # The end

    def close(self) -> None:
        """End everything that can end at once; `finish` does the rest."""
        self.sampler.stop()
        self.tracer.note("close")
        self._state = close(self._state)
        self._closed = True
        self.chain.close()
        self._gathering_changed.set()
        self.media.end()
        self.data.end()
        self.links.end()

    async def finish(self) -> None:
        """Close what needs the network for it; returns always and leaves nothing behind."""
        await self.media.close()
        await self.share.close()
        await self.data.close()
        await self.links.close_all()
        self.tracer.close()
        # The connection may go without the garbage collector's help.
        del self._target, self._ended

    def _closed_by_peer(self) -> None:
        """Close as aiortc does when the peer has closed every DTLS association."""
        if not self._closed:
            self._ended()


def _engine(
    configuration: RTCConfiguration, certificate: Certificate, initiation: bytes
) -> Configuration:
    told, media = certificate.signalled, configuration.media or MediaConfig()
    ice = ice_config(configuration)
    embeds, renominates = ice.embed_handshake, (RENOMINATION,) if ice.renomination else ()
    return Configuration(
        (Fingerprint(told.algorithm, told.value),),
        bundle_policy=BundlePolicy(configuration.bundlePolicy.value),
        rtcp_mux_policy=RtcpMuxPolicy(configuration.rtcpMuxPolicy.value),
        ice_options=(*DEFAULT_ICE_OPTIONS, *renominates, *(EMBEDDING if embeds else ())),
        former_ice_options=tuple(FORMER_EMBEDDING) if embeds else (),
        ice_pacing=ice_pacing(configuration),
        ice_lite=ice.lite,
        max_message_size=MAX_MESSAGE_SIZE,
        sctp_init=initiation,
        lenient_munging=configuration.lenientMunging,
        always_negotiate_data_channels=configuration.alwaysNegotiateDataChannels,
        congestion_feedback=media.congestion_feedback,
        capture_times=media.capture_times,
        playout_delay=media.playout_delay is not None,
        receive_simulcast=media.receive_simulcast,
    )
