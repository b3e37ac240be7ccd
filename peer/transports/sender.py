"""Sending the media of one section (W3C RTCRtpSender)."""

import asyncio
from collections import Counter
from collections.abc import Awaitable
from typing import Protocol

from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from av import VideoFrame

from peer.records import replace
from peer.rtp import (
    FullIntraRequest,
    Goodbye,
    Nack,
    PictureLoss,
    ReceiverReport,
    RtcpPacket,
    SenderReport,
    TemporaryBitrates,
)

from .encoded import MediaEncoder
from .encoded_media import MediaData
from .encoded_track import EncodedTrack, in_order
from .encoding import choose_codec, make_encoder, shape_of_encoder
from .given import announced_size, format_of, is_encoded, suits
from .key_frame_gate import KeyFrameGate
from .measure import SourceMeter, measure
from .outbound import EncodedFrame, OutboundStream
from .outlet import Outlet, SendDrop
from .pacing import PacedSending
from .parameters import RtpSendParameters
from .passage import Passage
from .rtcp import compound, feedback
from .sent_passage import SentPassage
from .sent_pictures import SentPictures
from .shaping import PictureGate
from .share import MediaShare
from .statistics import (
    OutboundStatistics,
    SourceStatistics,
    named,
)
from .steering import Steering

MAX_BACKLOG = 0.15
"""Seconds of packets that wait to leave, with more of which pictures are left out."""
MAX_GIVEN_BACKLOG = 0.5
"""The same for pictures that are encoded already: those after it need it, up to a key frame."""
MAX_PAUSE = 1.0
"""Seconds between attempts, of a track that gives nothing which can be sent, at most."""
_PAUSE = 0.02


class SendTransport(Protocol):
    """What a sender needs of the transport group."""

    @property
    def connected(self) -> bool:
        """Tell whether packets can be sent."""

    def set_sender(self, sender: "RtpSender", parameters: RtpSendParameters) -> None:
        """Hand RTCP about its streams to the sender, and tell it when `connected` changes."""

    def remove_sender(self, sender: "RtpSender", name: str) -> None:
        """Do so no more."""

    @property
    def sending(self) -> PacedSending:
        """What RTP is sent with, and what each sender may send."""

    def send_rtcp(self, data: bytes) -> None:
        """Send RTCP; ConnectionError when not connected."""

    def send_feedback(self, data: bytes) -> None:
        """Send feedback, if it can be sent and there is not too much of it."""

    def report_soon(self) -> None:
        """Ask for `reports` within half a second, and from then on."""


class RtpSender:
    """Sends one track, over whichever transport it is given.

    Stopping, starting and replacing the track keep the stream's place. A track that has ended is
    followed by silence. What else it or an encoder raises costs a frame, which `drops` counts.
    """

    def __init__(
        self,
        kind: str,
        track: MediaStreamTrack | None = None,
        *,
        share: MediaShare | None = None,
    ) -> None:
        self._share, self._share_is_own = share or MediaShare(), share is None
        self._kind = kind
        self._track = track
        self._transport: SendTransport | None = None
        self._parameters: RtpSendParameters | None = None
        self._codec: RTCRtpCodecParameters | None = None
        self._outlet = Outlet(kind)
        self._stream: OutboundStream | None = None
        self._given = isinstance(track, EncodedTrack)
        self._given_format: str | None = None
        self.keys = KeyFrameGate()
        self.passage = SentPassage(self._transmit, self.keys.ask)
        self._steering = Steering(self._outlet)
        self._source = SourceMeter()
        self._gate = PictureGate()
        self._frames_encoded = self._frames_sent = self._nacks = 0
        self._encode_time = 0.0
        self._pictures = SentPictures()
        self._sending: asyncio.Task[None] | None = None
        self._ending: set[asyncio.Task[None]] = set()

    @property
    def drops(self) -> Counter[SendDrop]:
        """How often each reason kept something from being sent."""
        return self._outlet.drops

    @property
    def kind(self) -> str:
        """ "audio" or "video"."""
        return self._kind

    @property
    def track(self) -> MediaStreamTrack | None:
        """The track being sent."""
        return self._track

    @property
    def parameters(self) -> RtpSendParameters | None:
        """How it sends; None when it does not."""
        return self._parameters

    @property
    def can_send_tones(self) -> bool:
        """Tell whether tones can be sent now: they were agreed, and it is active."""
        return self._outlet.tone_line() is not None

    def send_tone(self, key: str, seconds: float) -> None:
        """Send the tone of a key (`TONES`) in place of sound, where that is possible."""
        self._outlet.play(key, seconds)

    def set_passage(self, passage: Passage | None) -> None:
        """Have frames go through a program from now on, before they are made packets of."""
        self.passage.lead_through(passage)
        self._restart()

    def replace_track(self, track: MediaStreamTrack | None) -> None:
        """Send another track from now on, or none; TypeError for one of another kind.

        The track before is not stopped.
        """
        if track is not None and track.kind != self._kind:
            raise TypeError(f"a track of {track.kind} cannot replace one of {self._kind}")
        if track is not self._track:
            self._track = track
            self._given, self._given_format = isinstance(track, EncodedTrack), None
            self._source = SourceMeter()
            if self._parameters is not None:
                self._use(choose_codec(self._parameters.codecs))
            if track is None:
                self.passage.end_waiting()
            self._restart()

    def send(self, transport: SendTransport, parameters: RtpSendParameters) -> None:
        """Start, or go on with other parameters or over another transport.

        ValueError when none of the codecs can be encoded.
        """
        codec = choose_codec(parameters.codecs, self._given_format)
        before, was_on = self._parameters, self._transport
        shape = None if before is None else shape_of_encoder(before, codec)
        shaped = shape == shape_of_encoder(parameters, codec)
        if was_on is not None and before is not None:
            if (was_on, before.name) != (transport, parameters.name):
                was_on.remove_sender(self, before.name)
        changed = codec != self._codec or was_on is not transport or not shaped
        if before and (parameters.ssrc != before.ssrc or parameters.active > before.active):
            # What comes from another source, or after a pause, must need nothing from before.
            self.keys.ask()
        self._transport, self._parameters, self._codec = transport, parameters, codec
        self._stream = self._outlet.open(transport.sending, parameters, codec)
        self._steering.hurry()
        transport.set_sender(self, parameters)
        if self._stream.packets_sent:
            transport.report_soon()
        if changed or self._sending is None:
            self._restart()

    async def stop(self) -> None:
        """Send no more and say so (RTCP BYE); the track lives on.

        It returns always and leaves no task behind. Calling again changes nothing.
        """
        if self._transport is not None and self._parameters is not None:
            self._say_goodbye(self._parameters)
            self._transport.remove_sender(self, self._parameters.name)
        self._outlet.close()
        self._transport = self._parameters = self._codec = None
        self.passage.end_waiting()
        self._restart()
        await asyncio.gather(*self._ending, return_exceptions=True)
        if self._share_is_own:
            await self._share.close()

    def transport_changed(self) -> None:
        """Note that the transport connected, or is connected no more."""
        connected = self._transport is not None and self._transport.connected
        if connected != (self._sending is not None):
            self._restart()

    def receive_rtcp(self, packet: RtcpPacket) -> None:
        """Take an RTCP packet about the stream being sent."""
        match packet:
            case ReceiverReport() | SenderReport():
                self._steering.hurry()
                now = asyncio.get_running_loop().time()
                for block in packet.blocks:
                    self._outlet.note_report(block, now)
            case Nack():
                self._nacks += 1
                self._repeat(packet)
            case PictureLoss():
                self.keys.note_loss_indication()
            case FullIntraRequest():
                self.keys.note_command(packet, None if self._stream is None else self._stream.ssrc)
            case TemporaryBitrates(notification=False):
                self._take_bounds(packet)
            case _:
                return

    def reports(self, now: float) -> list[SenderReport]:
        """Return a report of each source that has sent."""
        return [] if self._stream is None else self._stream.reports(now)

    def statistics(self) -> OutboundStatistics | None:
        """Return the figures of the stream, None when nothing was ever to be sent."""
        stream, parameters = self._stream, self._parameters
        if stream is None:
            return None
        now = asyncio.get_running_loop().time()
        return OutboundStatistics(
            ssrc=stream.ssrc,
            rtx_ssrc=stream.rtx_ssrc,
            rid=None if parameters is None else parameters.rid,
            index=0 if parameters is None else parameters.index,
            codec=self._codec,
            active=parameters is not None and parameters.active,
            packets_sent=stream.packets_sent,
            bytes_sent=stream.octets_sent,
            header_bytes_sent=stream.header_octets_sent,
            packets_repeated=stream.packets_repeated,
            bytes_repeated=stream.octets_repeated,
            packets_redundant=stream.packets_redundant,
            packets_protecting=stream.protection.packets_sent,
            last_sent=stream.last_time,
            send_delay=self._outlet.waited,
            frames_encoded=self._frames_encoded,
            frames_sent=self._frames_sent,
            encode_time=self._encode_time,
            video=self._pictures.counts(now),
            pictures=self._pictures.figures(now),
            nacks_received=self._nacks,
            plis_received=self.keys.plis,
            firs_received=self.keys.firs,
            target_bitrate=self._outlet.bitrate(now),
            remote=self._outlet.remote,
            drops=named(self.drops, {SendDrop.TRANSFORMED_AWAY: self.passage.frames_dropped}),
        )

    def source_statistics(self) -> SourceStatistics | None:
        """Return what the track delivered since it was given; None without a track."""
        if self._track is None:
            return None
        return self._source.figures(asyncio.get_running_loop().time())

    def _restart(self) -> None:
        """End the loop that sends, and begin another when there is all it needs."""
        if self._sending is not None:
            self._sending.cancel()
            self._ending.add(self._sending)
            self._sending.add_done_callback(self._ending.discard)
            self._sending = None
        track, codec, transport = self._track, self._codec, self._transport
        if codec is None or transport is None or not transport.connected:
            track = None
        agreed = () if self._parameters is None else self._parameters.codecs
        given = track if isinstance(track, EncodedTrack) else None
        self._steering.lead(self, given, () if codec is None else in_order(codec, agreed))
        if track is None or codec is None:
            return
        # An encoder of its own for each loop: the one before may still be at work in its thread.
        encoder = self._renew_encoder(codec)
        self._sending = asyncio.get_running_loop().create_task(self._run(track, codec, encoder))

    def _renew_encoder(self, codec: RTCRtpCodecParameters) -> MediaEncoder | None:
        if self._parameters is None:
            return None
        parameters = self._parameters
        if self.passage.is_used:
            # Programs of other senders and receivers find whole packets, without copies.
            parameters = replace(parameters, codecs=(codec,))
        encoder = make_encoder(codec, parameters, self._share, given=self._given)
        self._steering.hurry()
        self.passage.begin_anew()
        self._pictures.begin_anew()
        if self._stream is not None:
            self._stream.rebase()
        return encoder

    async def _run(
        self, track: MediaStreamTrack, codec: RTCRtpCodecParameters, encoder: MediaEncoder | None
    ) -> None:
        task, failures = asyncio.current_task(), 0
        while encoder is not None:
            reason = SendDrop.TRACK_FAILED
            try:
                data = await track.recv()
                reason = SendDrop.ENCODER_FAILED
                given = is_encoded(data)
                if given != self._given or (given and not suits(data, codec)):
                    codec = self._take_up(data)
                    encoder = self._renew_encoder(codec) or encoder
                await self._send_next(data, codec, encoder)
            except MediaStreamError:
                self.passage.end_waiting()
                return
            except (Exception, asyncio.CancelledError) as error:
                if task is not None and task.cancelling():
                    raise
                self.drops[reason] += 1
                failures += 1
                if reason is SendDrop.ENCODER_FAILED:
                    # It may be in any state; a new one begins with a key frame.
                    encoder = self._renew_encoder(codec)
                await self._note_failure(error, track, failures)
            else:
                failures = 0

    def _take_up(self, data: MediaData) -> RTCRtpCodecParameters:
        """Send in the format that the track gives, if it was agreed on; else ValueError."""
        assert self._parameters is not None
        self._given_format, self._given = format_of(data), is_encoded(data)
        codec = choose_codec(self._parameters.codecs, self._given_format)
        if not suits(data, codec):
            raise ValueError(f"{self._given_format} was not agreed on")
        self._use(codec)
        return codec

    def _use(self, codec: RTCRtpCodecParameters) -> None:
        if codec != self._codec and self._transport is not None and self._parameters is not None:
            self._codec = codec
            self._stream = self._outlet.open(self._transport.sending, self._parameters, codec)

    async def _note_failure(
        self, error: BaseException, track: MediaStreamTrack, failures: int
    ) -> None:
        """Tell the loop of the first failure of several, and wait after each of the others."""
        if failures > 1:
            await asyncio.sleep(min(MAX_PAUSE, _PAUSE * 2 ** min(failures, 16)))
            return
        asyncio.get_running_loop().call_exception_handler(
            {"message": "a frame could not be sent", "exception": error, "track": track}
        )

    async def _send_next(
        self, data: MediaData, codec: RTCRtpCodecParameters, encoder: MediaEncoder
    ) -> None:
        loop, parameters, source = asyncio.get_running_loop(), self._parameters, self._source
        captured = now = loop.time()
        if (
            parameters is None
            or not parameters.active
            or not (self._outlet.is_audio or self._admits(data, encoder, parameters, now))
        ):
            source.add(data, measure(data), now)
            if self._given:
                self.passage.lose()
            await asyncio.sleep(0)  # a track that cannot keep up never waits: others need the loop
            return
        keyframe = not self._outlet.is_audio and self.keys.take(now, given=self._given)
        self._steering.steer(encoder, now, keyframe=keyframe, given=self._given)
        encoded = await encoder.encode(data, keyframe=keyframe)
        source.add(data, encoded.loudness, loop.time())
        self._encode_time += encoded.seconds
        takes_time = not self._outlet.is_audio or self.passage.is_used
        for frame in encoded.frames:
            self._frames_encoded += 1
            if self._kind == "video":
                self._note_picture(frame, data, encoded.data, codec)
            if self._stream is not None and not self._is_too_much(frame):
                sent = frame._replace(captured=captured) if takes_time else frame
                self.passage.send(sent, codec, encoded.data, self._stream, captured)

    def _is_too_much(self, frame: EncodedFrame) -> bool:
        """Tell whether to leave out a picture that no other needs: there is little room."""
        if frame.layer is None or frame.layer.is_reference:
            return False
        left_out = self._outlet.backlog() > MAX_BACKLOG / 2
        self.drops[SendDrop.CONGESTED] += left_out
        return left_out

    def _admits(
        self, data: MediaData, encoder: MediaEncoder, parameters: RtpSendParameters, now: float
    ) -> bool:
        """Tell whether a picture is sent: it is its turn, and there is room."""
        in_turn = self._gate.admits(data, parameters.max_framerate, now)
        return in_turn and self._has_room(data, encoder, now)

    def _has_room(self, data: MediaData, encoder: MediaEncoder, now: float) -> bool:
        """Tell whether a frame can be sent now; what is encoded already waits a little longer."""
        outlet = self._outlet
        outlet.bound = self._steering.bounds.bitrate(now)
        if self._given and outlet.backlog() > MAX_GIVEN_BACKLOG:
            self.drops[SendDrop.CONGESTED] += 1
            return False
        if not isinstance(data, VideoFrame):
            return True
        outlet.note_picture(data.width, data.height)
        paused = not outlet.share(now)
        self._pictures.note_limit(now, held_back=outlet.is_held_back)
        if not paused and outlet.backlog() <= MAX_BACKLOG:
            return True
        if not paused and self.keys.is_due(now):
            outlet.drop_waiting()
            return True
        if paused:
            # What comes after it must need nothing from before.
            self.keys.ask()
        self.drops[SendDrop.CONGESTED] += 1
        encoder.leave_out(data)
        return False

    def _note_picture(
        self, frame: EncodedFrame, source: MediaData, made: MediaData, codec: RTCRtpCodecParameters
    ) -> None:
        now = asyncio.get_running_loop().time()
        self._pictures.add(frame, source, made, now)
        if frame.is_key:
            self.keys.note_made(now)
        if frame.is_key and self._given:
            size = announced_size(frame.data, codec)
            if size is not None:
                self._outlet.note_picture(*size)

    def make_key_frame(self) -> Awaitable[None]:
        """Have the next picture need no other; awaited, until it or the last was made."""
        self.keys.ask()
        return self.passage.key_frame()

    def _transmit(self, frame: EncodedFrame, codec: RTCRtpCodecParameters) -> None:
        transport, stream, now = self._transport, self._stream, asyncio.get_running_loop().time()
        began = stream is not None and not stream.packets_sent
        try:
            self._frames_sent += self._outlet.transmit(frame, codec, now)
        except ConnectionError:
            # The change of the transport's state ends the loop.
            return
        if began and transport is not None:
            transport.report_soon()

    def _repeat(self, request: Nack) -> None:
        now = asyncio.get_running_loop().time()
        try:
            whole = self._outlet.repeat(request.numbers, now)
        except ConnectionError:
            return
        if not whole:
            self.keys.note_unrepaired(now)

    def _take_bounds(self, packet: TemporaryBitrates) -> None:
        """Take bounds on the bitrate, and answer which hold (RFC 5104 §4.2.2)."""
        parameters, transport = self._parameters, self._transport
        if parameters is None or transport is None:
            return
        now, bounds = asyncio.get_running_loop().time(), self._steering.bounds
        for limit in packet.limits:
            if limit.ssrc == parameters.ssrc:
                bounds.note(packet.sender, limit, now)
        self._outlet.bound = bounds.bitrate(now)
        self._steering.hurry()
        held = bounds.bounding_set(now)
        notification = TemporaryBitrates(parameters.ssrc, held, notification=True)
        transport.send_feedback(feedback(notification, parameters.ssrc, parameters))

    def _say_goodbye(self, parameters: RtpSendParameters) -> None:
        now = asyncio.get_running_loop().time()
        goodbye = Goodbye(tuple(report.ssrc for report in self.reports(now)))
        if self._transport is None or not goodbye.ssrcs:
            return
        try:
            data = compound(ReceiverReport(parameters.ssrc), parameters.cname, goodbye)
            self._transport.send_rtcp(data)
        except ConnectionError:
            return
