"""A receiver (W3C RTCRtpReceiver), and the track it gives."""

import asyncio
from collections.abc import Awaitable, Coroutine, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from peer.jsep import ReceiveParameters, is_rid
from peer.net import wall_time
from peer.stats import RTCStatsReport
from peer.transports import (
    EncodedFrames,
    EncodedTrack,
    RemoteTrack,
    RtpReceiver,
    TransportGroup,
    linear_level,
)

from .dtls_transport import RTCDtlsTransport
from .errors import InvalidStateError, JsepTypeError, RangeError
from .host import Host
from .kinship import Alone
from .media_stream import MediaStream
from .rtp_capabilities import RTCRtpCapabilities, get_capabilities
from .rtp_parameters import (
    RTCRtcpParameters,
    RTCRtpReceiveParameters,
    describe_codecs,
    describe_extensions,
    to_receive,
)
from .script_transform import RTCRtpScriptTransform, set_transform

MAX_BUFFER_TARGET = 4000
SOURCE_LIFETIME = 10.0
"""Seconds a source counts after its last packet (W3C §5.3)."""


@dataclass
class RTCRtpContributingSource:
    """A source mixed into a stream; `timestamp` is when its last packet arrived.

    `captureTimestamp` is when that was captured, by the clock of who did, in milliseconds since
    1900, and `senderCaptureTimeOffset` how far that clock is ahead of the sender's, where packets
    tell (webrtc-extensions §6).
    """

    timestamp: datetime
    source: int
    rtpTimestamp: int = 0
    audioLevel: float | None = None
    captureTimestamp: float | None = None
    senderCaptureTimeOffset: float | None = None


@dataclass
class RTCRtpSynchronizationSource(RTCRtpContributingSource):
    """A stream that packets came from."""


class RemoteStreamTrack(RemoteTrack):
    """The track of a receiver.

    Handlers of ``pc.on("track")`` get it bare, as with aiortc. So that they may as well be written
    for the W3C's event, it has that one's members: `track`, `receiver`, `transceiver`, `streams`.
    """

    def __init__(self, kind: str, track_id: str | None = None) -> None:
        super().__init__(kind, track_id)
        self.receiver: Any = None
        self.transceiver: Any = None
        self.streams: tuple[MediaStream, ...] = ()
        self.receptive = True
        """Whether media may unmute the track (W3C [[Receptive]]): late packets may not."""

    @property
    def track(self) -> "RemoteStreamTrack":
        """The track itself."""
        return self

    def set_muted(self, muted: bool) -> None:
        """Note whether the peer sends; the track stays muted when it is not to be received."""
        if muted or self.receptive:
            super().set_muted(muted)


class RTCRtpReceiver(metaclass=Alone):
    """Receives one track of a connection."""

    def __init__(self, host: Host, number: int, kind: str, track_id: str | None) -> None:
        self._host = host
        self._number = number
        self._kind = kind
        self._track = RemoteStreamTrack(kind, track_id)
        self._track.receiver = self
        self._agreed: ReceiveParameters | None = None
        self._buffer_target: float | None = None
        self._transform: RTCRtpScriptTransform | None = None
        self.below = RtpReceiver(kind, track=self._track, share=host.share)

    @property
    def kind(self) -> str:
        """ "audio" or "video"."""
        return self._kind

    @property
    def track(self) -> RemoteStreamTrack:
        """The track received."""
        return self._track

    @property
    def transport(self) -> RTCDtlsTransport | None:
        """What it receives over, None before that is negotiated."""
        return self._host.transport_of(self._number)

    @classmethod
    def getCapabilities(cls, kind: str) -> RTCRtpCapabilities | Any:
        """Return what can be received of "audio" or "video"; None for any other kind."""
        return get_capabilities(kind)

    def getParameters(self) -> RTCRtpReceiveParameters:
        """Return how it receives."""
        agreed = self._agreed
        if agreed is None:
            return RTCRtpReceiveParameters()
        return RTCRtpReceiveParameters(
            describe_extensions(agreed.header_extensions),
            RTCRtcpParameters(None, agreed.reduced_size),
            describe_codecs(self._kind, agreed.codecs),
        )

    def getContributingSources(self) -> list[RTCRtpContributingSource]:
        """Return the sources mixed into the stream in the last ten seconds, the latest first."""
        now = asyncio.get_running_loop().time()
        found = [
            RTCRtpContributingSource(
                _date(heard, now),
                source,
                timestamp,
                None,
                *_milliseconds(self.below.told_capture(source, timestamp)),
            )
            for source, (heard, timestamp) in self.below.contributors().items()
            if now - heard <= SOURCE_LIFETIME
        ]
        return sorted(found, key=lambda one: one.timestamp, reverse=True)

    def getSynchronizationSources(self) -> list[RTCRtpSynchronizationSource]:
        """Return the streams received in the last ten seconds, the latest first."""
        now = asyncio.get_running_loop().time()
        found = [
            RTCRtpSynchronizationSource(
                _date(stream.last_arrival, now),
                stream.ssrc,
                stream.rtp_timestamp,
                None if stream.audio_level is None else linear_level(stream.audio_level),
                *_milliseconds(self.below.told_capture(stream.ssrc, stream.rtp_timestamp)),
            )
            for stream in self.below.statistics()
            if now - stream.last_arrival <= SOURCE_LIFETIME
        ]
        return sorted(found, key=lambda one: one.timestamp, reverse=True)

    @property
    def jitterBufferTarget(self) -> float | None:
        """Milliseconds that frames are held back at least, 0 to 4000; None leaves it to us.

        With a number frames leave at an even pace (webrtc-extensions §5.3). RangeError for others.
        """
        return self._buffer_target

    @jitterBufferTarget.setter
    def jitterBufferTarget(self, milliseconds: float | None) -> None:
        if milliseconds is not None and not 0 <= milliseconds <= MAX_BUFFER_TARGET:
            raise RangeError(f"a buffer holds 0 to {MAX_BUFFER_TARGET} ms")
        self._buffer_target = milliseconds
        self.below.set_floor(None if milliseconds is None else milliseconds / 1000)

    @property
    def encodings(self) -> tuple[str, ...]:
        """The names (rid) of the encodings that have come, where the peer sends several.

        Simulcast is taken with `MediaConfig(receive_simulcast=True)`.
        """
        return self.below.encodings

    def select_encoding(self, rid: str) -> None:
        """Decode this encoding of several, from its next key frame on, which is asked for.

        It is the first to come before that. TypeError for what is no rid.
        """
        if not is_rid(rid):
            raise JsepTypeError(f"{rid!r} is no rid")
        self.below.select_encoding(rid)

    def encoded_frames(self, rid: str | None = None) -> EncodedFrames:
        """Read the track as it comes from now on, in decoding order: no decoder runs for that.

        It is an asynchronous iterator of RTCEncodedVideoFrame or RTCEncodedAudioFrame, beginning
        with a key frame, which ends with the track. Of several encodings (simulcast) it is that of
        the name `rid`, None the one that is decoded. `aclose`, or to forget it, ends it.
        """
        return self.below.encoded_frames(rid)

    def encoded_track(self, rid: str | None = None) -> EncodedTrack:
        """Return a track with the same frames, for another connection to send as they are.

        Each connection takes one of its own. The key frames that their peers ask for are asked of
        this receiver's.
        """
        return EncodedTrack(
            self._kind,
            self.encoded_frames(rid),
            lambda: self.below.request_keyframe(rid),
        )

    @property
    def transform(self) -> RTCRtpScriptTransform | None:
        """The program that frames go through before they are decoded (W3C encoded transform).

        Setting raises TypeError for what is none, InvalidStateError for one used before.
        """
        return self._transform

    @transform.setter
    def transform(self, transform: RTCRtpScriptTransform | None) -> None:
        self._transform = set_transform(self, self._transform, transform)
        self.below.set_passage(None if transform is None else transform.passage)

    def generate_key_frame(self, rid: str | None) -> Awaitable[object]:
        """Raise InvalidStateError: only a sender makes key frames."""
        raise InvalidStateError("a receiver makes no key frames")

    def send_key_frame_request(self) -> None:
        """Ask the peer for a key frame; InvalidStateError for sound."""
        if self._kind != "video":
            raise InvalidStateError("sound has no key frames")
        self.below.request_keyframe()

    async def getStats(self) -> RTCStatsReport:
        """Return statistics of what this receiver receives."""
        return await self._host.getStats(self)

    # For the connection

    def apply(self, group: TransportGroup, agreed: ReceiveParameters) -> None:
        """Receive over this transport what was negotiated."""
        self._agreed = agreed
        self.below.receive(group, to_receive(self._kind, agreed))

    def withdraw(self) -> Coroutine[Any, Any, None]:
        """Receive no more once this is awaited: nothing is agreed any longer."""
        self._agreed = None
        return self._stop()

    async def _stop(self) -> None:
        await self.below.stop()
        if self._transform is not None:
            await self._transform.ended()

    def end(self) -> None:
        """End the track, and the program its frames go through."""
        self._track.stop()
        if self._transform is not None:
            self._transform.detach()


def _date(moment: float, now: float) -> datetime:
    """Return the date of a moment on the loop's clock."""
    return datetime.fromtimestamp(wall_time(), UTC) - timedelta(seconds=now - moment)


def _milliseconds(seconds: Iterable[float | None]) -> list[float | None]:
    """Return times in milliseconds, those that are known."""
    return [None if one is None else 1000 * one for one in seconds]
