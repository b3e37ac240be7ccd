"""A sender (W3C RTCRtpSender)."""

import secrets
from asyncio import AbstractEventLoop
from collections.abc import Awaitable, Coroutine, Mapping
from typing import Any

from peer.jsep import SendParameters, is_rid
from peer.stats import RTCStatsReport
from peer.transports import MediaStreamTrack, TrackSender, TransportGroup
from sdp import Codec

from .awaitable import Begun, Done, prompt
from .dtls_transport import RTCDtlsTransport
from .dtmf_sender import RTCDTMFSender
from .encodings import (
    altered_encodings,
    best_encoding,
    check_codecs,
    initial_encodings,
    negotiated_encodings,
    without_lost_choices,
)
from .errors import InvalidStateError, JsepTypeError, NotFoundError
from .host import Host
from .kinship import Alone
from .media_stream import MediaStream, stream_names
from .options import RTCRtpEncodingParameters
from .rtp_capabilities import CODECS, RTCRtpCapabilities, get_capabilities
from .rtp_parameters import (
    RTCRtcpParameters,
    RTCRtpSendParameters,
    check_unchanged,
    describe_codecs,
    describe_extensions,
    read_send_parameters,
    to_send,
)
from .script_transform import RTCRtpScriptTransform, set_transform


class RTCRtpSender(metaclass=Alone):
    """Sends one track of a connection, or none."""

    def __init__(
        self,
        host: Host,
        number: int,
        kind: str,
        track: MediaStreamTrack | None,
        encodings: list[RTCRtpEncodingParameters],
    ) -> None:
        self._host = host
        self._number = number
        self._kind = kind
        self._encodings = encodings or initial_encodings(kind, ())
        self._preference: str | None = None
        self._last_read: RTCRtpSendParameters | None = None
        self._stopped = False
        self._has_sent = False
        self._group: TransportGroup | None = None
        self._agreed: SendParameters | None = None
        self._transform: RTCRtpScriptTransform | None = None
        self._sources: dict[str | None, int] = {}
        self.below = TrackSender(kind, track, share=host.share)
        self._dtmf = RTCDTMFSender(self.below) if kind == "audio" else None

    @property
    def event_loop(self) -> AbstractEventLoop | None:
        """The event loop it belongs to, None before it is used in one."""
        return self._host.event_loop

    @property
    def kind(self) -> str:
        """ "audio" or "video"."""
        return self._kind

    @property
    def track(self) -> MediaStreamTrack | None:
        """The track being sent."""
        return self.below.track

    @property
    def transport(self) -> RTCDtlsTransport | None:
        """What it sends over, None before that is negotiated."""
        return self._host.transport_of(self._number)

    @property
    def dtmf(self) -> RTCDTMFSender | None:
        """What plays the tones of a telephone's keys to the peer; None for video."""
        return self._dtmf

    @classmethod
    def getCapabilities(cls, kind: str) -> RTCRtpCapabilities | Any:
        """Return what can be sent of "audio" or "video"; None for any other kind."""
        return get_capabilities(kind)

    @prompt
    def replaceTrack(self, track: MediaStreamTrack | None) -> Begun[None]:
        """Send another track, or none, without negotiation (W3C §5.2).

        It happens at once, or when the operations of the connection that are under way have ended,
        whether it is awaited or not. Raises TypeError for a track of another kind,
        InvalidStateError when the transceiver is stopped.
        """
        if not (track is None or isinstance(track, MediaStreamTrack)):
            raise JsepTypeError(f"{track!r} is no track")
        if track is not None and track.kind != self._kind:
            raise JsepTypeError(f"a track of {track.kind} cannot replace one of {self._kind}")
        self._check_alive()

        def change() -> None:
            self._check_alive()
            self.set_track(track)

        return Begun(self._host.in_turn(change))

    def setStreams(self, *streams: MediaStream) -> None:
        """Say which streams the track belongs to; the peer hears of it by negotiation.

        Raises TypeError for what is no stream.
        """
        self._host.set_streams(self._number, stream_names(streams))

    def getParameters(self) -> RTCRtpSendParameters:
        """Return how it sends; to be altered and given to `setParameters` in the same turn."""
        transaction = secrets.token_hex(16)
        self._last_read = self._describe(transaction)
        self._host.queue_task(self._forget_read)
        return self._describe(transaction)

    def _describe(self, transaction: str) -> RTCRtpSendParameters:
        agreed = self._agreed
        parameters = RTCRtpSendParameters(
            transactionId=transaction,
            encodings=self._negotiated_encodings(),
            rtcp=RTCRtcpParameters(self._host.state.cname, False),
            degradationPreference=self._preference,
        )
        if agreed is not None:
            parameters.codecs = describe_codecs(self._kind, agreed.codecs)
            parameters.headerExtensions = describe_extensions(agreed.header_extensions)
            parameters.rtcp = RTCRtcpParameters(agreed.cname, agreed.reduced_size)
        return parameters

    @prompt
    def setParameters(self, parameters: RTCRtpSendParameters | Mapping[str, object]) -> Begun[None]:
        """Send with altered parameters; of those only members of the encodings may change.

        It has happened when the call returns; to await it is as good. Raises InvalidStateError for
        parameters that were not read in this turn of the loop, InvalidModificationError for those
        of an earlier `getParameters`, for a changed member that is read-only and for a codec that
        was not agreed on, OperationError for several codecs, RangeError and TypeError for values
        out of range.
        """
        self._check_alive()
        given = read_send_parameters(parameters)
        if self._last_read is None:
            raise InvalidStateError("the parameters were not read in this turn of the loop")
        check_unchanged(self._last_read, given)
        check_codecs(given.encodings, self._choosable)
        changed = {one.rid: one for one in altered_encodings(self._kind, given.encodings)}
        self._last_read = None
        self._preference = given.degradationPreference
        self._encodings = list(({one.rid: one for one in self._encodings} | changed).values())
        self._send()
        return Begun(Done())

    @property
    def transform(self) -> RTCRtpScriptTransform | None:
        """The program that frames go through before they are sent (W3C encoded transform).

        Setting raises TypeError for what is none, InvalidStateError for one used before.
        """
        return self._transform

    @transform.setter
    def transform(self, transform: RTCRtpScriptTransform | None) -> None:
        self._transform = set_transform(self, self._transform, transform)
        if transform is None:
            self.below.set_passage(None)
            self.below.allows_key_frame = lambda _: True
        else:
            self.below.set_passage(transform.passage)
            self.below.allows_key_frame = transform.allows_key_frame

    def generate_key_frame(self, rid: str | None) -> Awaitable[object]:
        """Make a key frame; it may be awaited, until the frame is on its way to the transform.

        Raises InvalidStateError for sound, TypeError for what is no rid, NotFoundError for a rid
        that is not sent.
        """
        if self._kind != "video":
            raise InvalidStateError("sound has no key frames")
        if rid is not None and not is_rid(rid):
            raise JsepTypeError(f"{rid!r} is no rid")
        if not any(one.active and rid in (None, one.rid) for one in self._negotiated_encodings()):
            raise NotFoundError("no active encoding has that name")
        return self.below.make_key_frame(rid)

    def send_key_frame_request(self) -> None:
        """Raise InvalidStateError: only a receiver asks for key frames."""
        raise InvalidStateError("a sender asks for no key frames")

    async def getStats(self) -> RTCStatsReport:
        """Return statistics of what this sender sends."""
        return await self._host.getStats(self)

    # For the connection

    def belongs_to(self, host: Host) -> bool:
        """Tell whether a connection has made it."""
        return self._host is host

    @property
    def has_sent(self) -> bool:
        """Tell whether it was ever negotiated to send: addTrack uses it no more then."""
        return self._has_sent

    def apply(self, group: TransportGroup, agreed: SendParameters) -> None:
        """Send over this transport what was negotiated, within what the application has set."""
        self._group, self._agreed = group, agreed
        self._has_sent = self._has_sent or agreed.active
        self._send()

    def withdraw(self) -> Coroutine[Any, Any, None]:
        """Send no more once this is awaited: nothing is agreed any longer."""
        self._group = self._agreed = None
        return self._stop()

    async def _stop(self) -> None:
        if self._dtmf is not None:
            self._dtmf.stop()
        await self.below.stop()
        if self._transform is not None:
            await self._transform.ended()

    def _send(self) -> None:
        group, agreed = self._group, self._agreed
        if group is None or agreed is None:
            return
        known = self._negotiated_encodings()
        sent = known if len(agreed.rids) > 1 else [best_encoding(known)]
        parameters = {
            one.rid: to_send(
                self._kind,
                agreed,
                one,
                source=self._source(one.rid),
                index=index,
                preference=self._preference,
                playout_delay=self._host.share.config.playout_delay,
            )
            for index, one in enumerate(known)
            if one in sent
        }
        self.below.send(group, parameters)

    def _source(self, rid: str | None) -> int:
        """Return which of the sources of its section an encoding is, the same each time."""
        return self._sources.setdefault(rid, len(self._sources))

    def set_track(self, track: MediaStreamTrack | None) -> None:
        """Send another track, or none, from now on."""
        self.below.replace_track(track)

    def _check_alive(self) -> None:
        if self._stopped:
            raise InvalidStateError("the transceiver is stopped")

    def mark_stopped(self) -> None:
        """Refuse changes from now on: the transceiver is stopped."""
        self._stopped = True
        if self._transform is not None:
            self._transform.detach()

    def _negotiated_encodings(self) -> list[RTCRtpEncodingParameters]:
        known = self._host.state.transceiver(self._number)
        agreed = () if known is None else known.encodings
        left = negotiated_encodings(self._kind, self._encodings, agreed)
        return without_lost_choices(left, self._choosable)

    @property
    def _choosable(self) -> tuple[Codec, ...]:
        """What encodings may be sent with: what was agreed on, before that all there is."""
        return CODECS[self._kind] if self._agreed is None else self._agreed.codecs

    def _forget_read(self) -> None:
        self._last_read = None
