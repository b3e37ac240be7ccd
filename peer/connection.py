"""The peer connection (W3C RTCPeerConnection)."""

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from peer.jsep import (
    DescriptionView,
    current_local_description,
    current_remote_description,
    local_description,
    pending_local_description,
    pending_remote_description,
    remote_description,
    request_ice_restart,
)
from peer.transports import Certificate, MediaStreamTrack

from .api import (
    Begun,
    CircuitBreakerEvent,
    Ending,
    Event,
    EventHandler,
    EventTarget,
    InvalidStateError,
    MediaStream,
    RTCConfiguration,
    RTCDataChannel,
    RTCDataChannelEvent,
    RTCPeerConnectionIceErrorEvent,
    RTCPeerConnectionIceEvent,
    RTCRtpReceiver,
    RTCRtpSender,
    RTCRtpTransceiver,
    RTCSctpTransport,
    RTCSessionDescription,
    RTCTrackEvent,
    check_change,
    check_gathering_timeout,
    make_certificate,
    normalize,
    prompt,
)
from .session import Negotiation, Session, told_configuration
from .stats import RTCStatsReport

if TYPE_CHECKING:
    from .explain import Explanation

_AIORTC = ("iceconnectionstatechange", "connectionstatechange")
"""What aiortc tells of its own close as well; listeners of the W3C's kind hear nothing."""


class RTCPeerConnection(EventTarget):
    """A connection to one peer.

    Events, for ``@pc.on(name)`` with the argument in brackets and for handlers such as
    ``pc.onicecandidate`` with the W3C's event: "icecandidate" (RTCIceCandidate, None at the end),
    "icecandidateerror" (the event), "track" (the track), "datachannel" (the channel),
    "negotiationneeded", "signalingstatechange", "icegatheringstatechange",
    "iceconnectionstatechange" and "connectionstatechange" (nothing); beside the W3C's
    "circuitbreaker" (the event).

    It may be made outside of an event loop. Raises what W3C says of a wrong configuration:
    TypeError, SyntaxError, InvalidAccessError, RangeError.
    """

    onicecandidate = EventHandler[RTCPeerConnectionIceEvent]()
    onicecandidateerror = EventHandler[RTCPeerConnectionIceErrorEvent]()
    ontrack = EventHandler[RTCTrackEvent]()
    ondatachannel = EventHandler[RTCDataChannelEvent]()
    onnegotiationneeded = EventHandler[Event]()
    onsignalingstatechange = EventHandler[Event]()
    onicegatheringstatechange = EventHandler[Event]()
    oniceconnectionstatechange = EventHandler[Event]()
    onconnectionstatechange = EventHandler[Event]()
    oncircuitbreaker = EventHandler[CircuitBreakerEvent]()

    def __init__(self, configuration: RTCConfiguration | Mapping[str, Any] | None = None) -> None:
        super().__init__()
        self._session = Session(self, normalize(configuration), self._ended_by_peer)
        self._negotiation = Negotiation(self._session)
        self._ending: Ending | None = None

    @property
    def event_loop(self) -> asyncio.AbstractEventLoop | None:
        """The event loop it belongs to, None before it is used in one."""
        return self._session.event_loop

    # States

    @property
    def signalingState(self) -> str:
        """The RTCSignalingState."""
        return self._session.state.signaling_state.value

    @property
    def iceGatheringState(self) -> str:
        """One of "new", "gathering" and "complete"."""
        return self._session.gathering_state

    @property
    def iceConnectionState(self) -> str:
        """The RTCIceConnectionState."""
        return self._session.ice_connection_state

    @property
    def connectionState(self) -> str:
        """The RTCPeerConnectionState."""
        return self._session.connection_state

    @property
    def canTrickleIceCandidates(self) -> bool | None:
        """Tell whether the peer takes candidates as they come; None before its description."""
        return self._session.state.can_trickle_ice_candidates

    # Descriptions

    @property
    def localDescription(self) -> RTCSessionDescription | Any:
        """The pending local description, else the current one, with the candidates so far.

        None before there is one, as `remoteDescription`; aiortc's types do not say so.
        """
        return _show(local_description(self._session.state, self._session.links.gathered))

    @property
    def currentLocalDescription(self) -> RTCSessionDescription | None:
        """The local description of the last finished exchange, with the candidates so far."""
        return _show(current_local_description(self._session.state, self._session.links.gathered))

    @property
    def pendingLocalDescription(self) -> RTCSessionDescription | None:
        """The local description that waits for an answer, with the candidates so far."""
        return _show(pending_local_description(self._session.state, self._session.links.gathered))

    @property
    def remoteDescription(self) -> RTCSessionDescription | Any:
        """The pending remote description, else the current one."""
        return _show(remote_description(self._session.state))

    @property
    def currentRemoteDescription(self) -> RTCSessionDescription | None:
        """The remote description of the last finished exchange."""
        return _show(current_remote_description(self._session.state))

    @property
    def pendingRemoteDescription(self) -> RTCSessionDescription | None:
        """The remote description that waits for an answer."""
        return _show(pending_remote_description(self._session.state))

    async def createOffer(
        self,
        options: object = None,
        *,
        iceRestart: bool = False,
        offerToReceiveAudio: bool | None = None,
        offerToReceiveVideo: bool | None = None,
    ) -> RTCSessionDescription:
        """Make an offer of what there is. Raises InvalidStateError in the wrong state."""
        given = {
            "iceRestart": iceRestart,
            "offerToReceiveAudio": offerToReceiveAudio,
            "offerToReceiveVideo": offerToReceiveVideo,
        }
        return await self._negotiation.create_offer(given if options is None else options)

    async def createAnswer(self, options: object = None) -> RTCSessionDescription:
        """Make an answer to the remote offer. Raises InvalidStateError when there is none."""
        return await self._negotiation.create_answer()

    async def setLocalDescription(self, description: object = None) -> None:
        """Set what createOffer or createAnswer made; without a description make and set it.

        Candidates are gathered from then on. When nobody listens to "icecandidate" it waits
        for them, no longer than `RTCConfiguration.gatheringTimeout`, so that `localDescription`
        is complete (half trickle, RFC 8838 §3); `RTCConfiguration.trickle` forces either. Raises
        InvalidStateError, InvalidModificationError when the text was altered.
        """
        wait = self._session.configuration.trickle is False or (
            self._session.configuration.trickle is None and not self.has_listener("icecandidate")
        )
        await self._negotiation.set_local(description)
        if wait:
            await self._session.wait_gathered(self._session.configuration.gatheringTimeout)

    async def setRemoteDescription(self, description: object) -> None:
        """Set a description of the peer; an offer rolls one of ours back (RFC 9429 §4.1.10.2).

        Raises InvalidStateError, RTCError when the text does not parse, InvalidAccessError when
        its content is not acceptable, TypeError for what is no description. What raises has
        changed nothing.
        """
        await self._negotiation.set_remote(description)

    async def completeLocalDescription(
        self,
        timeout: float | None = None,  # noqa: ASYNC109 - reaching it is no error
    ) -> RTCSessionDescription | None:
        """Wait for all candidates and return the local description (half trickle, RFC 8838 §3).

        After `timeout` seconds, by default `RTCConfiguration.gatheringTimeout`, it is returned
        as it is then. Raises RangeError for a time below zero, TypeError for what is none.
        """
        limit = self._session.configuration.gatheringTimeout if timeout is None else timeout
        check_gathering_timeout(limit)
        await self._session.wait_gathered(limit)
        return self.localDescription

    async def addIceCandidate(self, candidate: object = None) -> None:
        """Take a candidate of the peer: an object, a dictionary as browsers send it, or None.

        None and an empty candidate without a section are the end of all candidates, an empty
        one with a section that of its section. Raises InvalidStateError without a remote
        description, TypeError for a candidate that names no section, OperationError for one
        that does not parse or names a section or generation nobody knows.
        """
        await self._negotiation.add_ice_candidate(candidate)

    def restartIce(self) -> None:
        """Have the next offer restart ICE (W3C §4.4.2); nothing happens once closed."""
        if not self._session.closed:
            self._session.tracer.note("restartIce")
            self._session.change(request_ice_restart(self._session.state))

    # Media

    def addTrack(self, track: MediaStreamTrack, *streams: MediaStream) -> RTCRtpSender:
        """Send a track, with a transceiver that sends nothing yet or with a new one.

        Raises InvalidAccessError for a track that is being sent already, InvalidStateError once
        closed, TypeError for what is no track.
        """
        sender = self._session.transceivers.add_track(track, streams)
        self._session.tracer.note(
            "addTrack", [track.kind, track.id, "", *(one.id for one in streams)]
        )
        return sender

    def removeTrack(self, sender: RTCRtpSender) -> None:
        """Send a track no more. Raises InvalidAccessError for the sender of another connection."""
        self._session.transceivers.remove_track(sender)
        self._session.tracer.note("removeTrack")

    def addTransceiver(
        self,
        trackOrKind: MediaStreamTrack | str,
        init: object = None,
        *,
        direction: object = None,
        streams: object = None,
        sendEncodings: object = None,
    ) -> RTCRtpTransceiver:
        """Add a transceiver for a track, or for "audio" or "video" without one.

        `init` is the W3C's dictionary, or as with aiortc the direction. Raises TypeError for an
        unknown kind or direction and for bad encodings, RangeError for numbers out of range.
        """
        given = {"direction": init} if isinstance(init, str) else init
        if given is None:
            named = {"direction": direction, "streams": streams, "sendEncodings": sendEncodings}
            given = {name: value for name, value in named.items() if value is not None}
        made = self._session.transceivers.add_transceiver(trackOrKind, given)
        self._session.tracer.note("addTransceiver", [made.kind, {"direction": made.direction}])
        return made

    def getSenders(self) -> list[RTCRtpSender]:
        """Return the senders of all transceivers that are not stopped."""
        return [one.sender for one in self._session.media.transceivers if not one.stopped]

    def getReceivers(self) -> list[RTCRtpReceiver]:
        """Return the receivers of all transceivers that are not stopped."""
        return [one.receiver for one in self._session.media.transceivers if not one.stopped]

    def getTransceivers(self) -> list[RTCRtpTransceiver]:
        """Return the transceivers in the order they were made."""
        return self._session.media.transceivers

    # Data

    @property
    def sctp(self) -> RTCSctpTransport | None:
        """The association of the data channels, None before it is negotiated."""
        return self._session.data.sctp

    def createDataChannel(
        self,
        label: str,
        maxPacketLifeTime: object = None,
        maxRetransmits: int | None = None,
        ordered: bool = True,
        protocol: str = "",
        negotiated: bool = False,
        id: int | None = None,  # noqa: A002 - the W3C's name
    ) -> RTCDataChannel:
        """Make a data channel; it opens when the peer is connected.

        The second argument may be the W3C's dictionary. `maxPacketLifeTime` is in milliseconds.
        Raises TypeError for options that exclude each other or are out of range,
        InvalidStateError once closed, OperationError for an id in use.
        """
        options: object = maxPacketLifeTime
        if not isinstance(maxPacketLifeTime, Mapping):
            options = {
                "maxPacketLifeTime": maxPacketLifeTime,
                "maxRetransmits": maxRetransmits,
                "ordered": ordered,
                "protocol": protocol,
                "negotiated": negotiated,
                "id": id,
            }
        return self._negotiation.create_data_channel(label, options)

    # Configuration, statistics, the end

    def getConfiguration(self) -> RTCConfiguration:
        """Return the configuration in use, with its defaults."""
        configuration = self._session.configuration
        return replace(
            configuration,
            iceServers=[replace(one) for one in configuration.iceServers or []],
            certificates=list(configuration.certificates),
        )

    def setConfiguration(self, configuration: RTCConfiguration | Mapping[str, Any]) -> None:
        """Change the servers and policies that the next gathering goes by.

        Raises InvalidStateError once closed, InvalidModificationError for what cannot be changed.
        """
        if self._session.closed:
            raise InvalidStateError("the connection is closed")
        new = normalize(configuration)
        described = self._session.state.local is not None
        kept = check_change(self._session.configuration, new, local_description_set=described)
        self._session.configure(kept)
        self._session.tracer.note("setConfiguration", told_configuration(kept))

    @classmethod
    async def generateCertificate(cls, keygenAlgorithm: object) -> Certificate:
        """Make a certificate for `RTCConfiguration.certificates`.

        The algorithm is "ECDSA", or a dictionary with the name "ECDSA" or "RSASSA-PKCS1-v1_5".
        Raises NotSupportedError for any other.
        """
        return make_certificate(keygenAlgorithm)

    async def getStats(self, selector: object = None) -> RTCStatsReport:
        """Return statistics of everything, or of what belongs to a track, sender or receiver.

        Raises InvalidAccessError when the track is that of no sender or receiver, or of several.
        """
        return await self._session.getStats(selector)

    def explain(self) -> "Explanation":
        """Say in words what is going on: why it does not connect, what ended it, what media lacks.

        Also for a connection that works, or has been closed; printing what is returned gives
        verdict, evidence and next step. What grows is compared with what the last few calls saw.
        """
        return self._session.explain()

    @prompt
    def close(self) -> Coroutine[Any, Any, None]:
        """End the connection at once.

        Awaiting it waits until nothing is left, no task, socket or timer; that takes a few
        seconds at most, and goes on whether it is awaited or not. Calling again changes nothing.
        """
        return Begun(self._end())

    def _end(self) -> Ending:
        if self._ending is None:
            # First: who hears of a transport's end may close again.
            self._ending = Ending(self._session.finish)
            self._session.close()
            for name in _AIORTC:
                self.emit(name)
        return self._ending

    def _ended_by_peer(self) -> None:
        self._end()
        for name in _AIORTC:
            self.emit(f"on{name}", Event(name))


def _show(view: DescriptionView | None) -> RTCSessionDescription | None:
    return None if view is None else RTCSessionDescription(view.text, view.type.value)
