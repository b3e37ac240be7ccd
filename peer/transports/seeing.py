"""The pictures of a receiver: from packets to the frames of its track.

Each encoding (RFC 8853; without names there is one) has a buffer that finds whole frames a decoder
can take, asks for what is missing and for key frames. Those of the encoding that is shown go to a
decoder in the connection's threads.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Protocol

from aiortc.rtcrtpparameters import RTCRtpCodecParameters

from peer.rtp import CaptureTimes, FrameQueue, VideoFrame

from .decoding import Decoded, MediaDrop, StreamDecoder, Undecoded
from .described import CLOCK_RATE, Origin, described_picture
from .encoded_frames import EncodedFrames, EncodedReaders
from .encoded_media import RTCEncodedVideoFrame
from .followed import FollowedEncoding
from .inbound import InboundPacket, InboundStream
from .parameters import INTRA_REQUEST, PICTURE_LOSS, has_feedback
from .passage import Passage
from .share import HungError, MediaShare, NoThreadError
from .statistics import PictureFigures
from .track import RemoteTrack

logger = logging.getLogger(__name__)

MAX_ENCODINGS = 4
"""Encodings of a track that are followed; the oldest that is not shown makes room."""
RECENT = 0.5
"""Seconds for which a source counts as one that sends."""


class Requests(Protocol):
    """How to ask the peer."""

    def ask_again(self, stream: InboundStream, numbers: Sequence[int]) -> None:
        """Ask for packets again (NACK)."""

    def ask_for_key(self, stream: InboundStream, command: int | None) -> None:
        """Ask for a picture that needs no other (PLI), or command it by that number (FIR)."""


class Seeing:
    """Sees one track. With `even` its frames leave as they are to be shown, else at once; while
    more than one in twenty is repaired, the others wait as long as that takes (`playout_delay`).

    Of several named encodings one is shown: the first to arrive, or the one that is selected.
    """

    def __init__(
        self,
        track: RemoteTrack,
        share: MediaShare,
        requests: Requests,
        *,
        even: bool = False,
        capture_times: CaptureTimes | None = None,
    ) -> None:
        self.drops: Counter[MediaDrop] = Counter()
        self.frames_decoded = 0
        self.passage: Passage | None = None
        """The program that frames go through before they are read or decoded."""
        self._readers = EncodedReaders(track)
        self._track = track
        self._share = share
        self._requests = requests
        self._capture_times = capture_times
        self._even = even
        self._floor = self._sync_delay = 0.0
        self._encodings: dict[str | None, FollowedEncoding] = {}
        self._shown: str | None = None
        self._repairs = self._tells_losses = self._commands = False
        self._round_trip: float | None = None
        self._shift: int | None = None
        """What is added to the times of the encoding that is shown, None when another begins."""
        self._decoded: tuple[int, float] | None = None
        """The time of the frame decoded last, on the track's line, and when it came."""
        self._pts = -1
        self._queue: FrameQueue[Origin] = FrameQueue()
        self._decoder: tuple[RTCRtpCodecParameters, StreamDecoder] | None = None
        self._wake = asyncio.Event()
        self._working: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._is_calm = False
        """Whether there was nothing to do and nobody wanted a key frame, when that was looked at
        last: packets that are but part of a frame change nothing then."""

    def start(self, codecs: Iterable[RTCRtpCodecParameters]) -> None:
        """Begin, or go on with payload types that mean something else."""
        codecs = list(codecs)
        self._repairs = any(has_feedback(codec, "nack") for codec in codecs)
        self._tells_losses = any(has_feedback(codec, *PICTURE_LOSS) for codec in codecs)
        self._commands = any(has_feedback(codec, *INTRA_REQUEST) for codec in codecs)
        for encoding in self._encodings.values():
            encoding.buffer.repairs = self._repairs
        if self._working is None:
            self._working = asyncio.get_running_loop().create_task(self._work())

    async def stop(self) -> None:
        """Forget all there was; it leaves no task and no timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._encodings.clear()
        self._queue = FrameQueue()
        self._shown = self._shift = self._decoder = None
        task, self._working = self._working, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def set_floor(self, seconds: float | None, *, even: bool) -> None:
        """Hold pictures back at least so long, as they are to be shown; None: as `even` says."""
        self._even, self._floor = even or seconds is not None, seconds or 0.0
        for encoding in self._encodings.values():
            encoding.playout.delay.floor = self._floor
            encoding.playout.delay.set_even(self._even)
        self._look(asyncio.get_running_loop().time())

    @property
    def delay(self) -> float:
        """Seconds that pictures are held back, lip synchronisation aside."""
        shown = self._encodings.get(self._shown)
        return 0.0 if shown is None else shown.playout.delay.unsynchronized

    def set_sync_delay(self, seconds: float) -> None:
        """Hold pictures back by so much more, for the sake of sound."""
        self._sync_delay = seconds
        for encoding in self._encodings.values():
            encoding.playout.delay.sync_delay = seconds

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the encodings there are, for as far as they have any."""
        return tuple(rid for rid in self._encodings if rid is not None)

    def select(self, rid: str) -> None:
        """Show this encoding of several from its next key frame on."""
        if rid == self._shown:
            return
        now = asyncio.get_running_loop().time()
        for one in self._readers_of(self._shown, now):
            one.lose()
        self._shown, self._shift = rid, None
        self._queue = FrameQueue()
        encoding = self._encodings.get(rid)
        if encoding is not None:
            encoding.buffer.decoder_failed()
        self._look(now)

    def read(self, rid: str | None) -> EncodedFrames:
        """Begin to read an encoding as it comes, None for the one that is shown."""
        return self._readers.open(rid, lambda: self.request_key(rid))

    def request_key(self, rid: str | None = None) -> None:
        """Ask for a picture that needs no other, until there is one; None: of what is shown."""
        encoding = self._encodings.get(rid or self._shown)
        if encoding is not None:
            encoding.key_wanted = True
            self._look(asyncio.get_running_loop().time())

    def set_round_trip(self, seconds: float) -> None:
        """Say how long an answer of the peer takes."""
        self._round_trip = seconds
        for encoding in self._encodings.values():
            encoding.set_round_trip(seconds)

    def receive(
        self,
        packet: InboundPacket,
        stream: InboundStream,
        codec: RTCRtpCodecParameters,
        now: float,
        *,
        repaired: bool = False,
        recovered: bool = False,
    ) -> None:
        """Take a packet of a stream, or what a retransmission or error correction brought of it."""
        encoding = self._encoding(stream)
        depayloader = encoding.depayloader(codec)
        if depayloader is None:
            self.drops[MediaDrop.UNKNOWN_PAYLOAD_TYPE] += 1
            return
        place = encoding.place(packet, depayloader, now, repaired=repaired)
        if place is None:
            self.drops[MediaDrop.MISPLACED] += 1
            self._invite(encoding, stream, now)
            return
        orientation = packet.extensions.orientation
        origin = Origin(stream, codec, packet.timestamp, packet.csrcs, orientation)
        if recovered:
            encoding.missing.recover(place.number)
        else:
            encoding.note_arrival(packet, now)
        repaired &= not recovered
        well_formed = encoding.take(packet, origin, place, depayloader, now, repaired=repaired)
        if not well_formed:
            self.drops[MediaDrop.MALFORMED_PAYLOAD] += 1
        if not (self._is_calm and encoding.is_calm):
            self._look(now)

    def note_correction(self, stream: InboundStream, now: float) -> None:
        """Note that error correction of a stream came, and that it brought all it can."""
        encoding = self._encodings.get(stream.rid)
        if encoding is not None and encoding.stream is stream:
            encoding.missing.note_correction(now)
            self._look(now)

    def _invite(self, encoding: FollowedEncoding, stream: InboundStream, now: float) -> None:
        """Ask another stream than the present one for the key frame with which it takes over."""
        if stream.ssrc != encoding.line.ssrc and encoding.keys.poll(now, needed=True):
            self._request_key(encoding, stream)

    def _request_key(self, encoding: FollowedEncoding, stream: InboundStream) -> None:
        if self._tells_losses:
            self._requests.ask_for_key(stream, None)
        elif self._commands:
            self._requests.ask_for_key(stream, encoding.keys.number)

    def followed(self, now: float) -> list[int]:
        """Return the sources whose pictures have come of late."""
        streams = [encoding.stream for encoding in self._encodings.values()]
        return [one.ssrc for one in streams if one is not None and now < one.last_arrival + RECENT]

    def stream_asking_for(self, sequence_number: int) -> InboundStream | None:
        """Return the only stream of which a packet of that number was asked for again."""
        found = [
            encoding.stream
            for encoding in self._encodings.values()
            if encoding.missing.has_asked_for(sequence_number)
        ]
        return found[0] if len(found) == 1 else None

    def suspect(self, ssrc: int, count: int, now: float) -> None:
        """Note that so many packets of a source may be missing behind the last one that came."""
        for encoding in self._encodings.values():
            if encoding.stream is not None and encoding.stream.ssrc == ssrc:
                encoding.missing.suspect(count, now)
                self._look(now)
                return

    def end(self, ssrc: int) -> None:
        """A stream said BYE."""
        for encoding in self._encodings.values():
            encoding.line.end(ssrc)

    def _encoding(self, stream: InboundStream) -> FollowedEncoding:
        encoding = self._encodings.get(stream.rid)
        if encoding is None:
            if len(self._encodings) >= MAX_ENCODINGS:
                del self._encodings[next(rid for rid in self._encodings if rid != self._shown)]
            encoding = FollowedEncoding(self._capture_times, even=self._even)
            self._encodings[stream.rid] = encoding
            encoding.buffer.repairs = self._repairs
            encoding.playout.delay.floor = self._floor
            encoding.playout.delay.sync_delay = self._sync_delay
            if self._round_trip is not None:
                encoding.set_round_trip(self._round_trip)
            self._shown = self._shown or stream.rid
        return encoding

    def _look(self, now: float) -> None:
        """Do what is due: frames that leave, packets and key frames to ask for."""
        deadline: float | None = None
        self._is_calm = True
        for rid, encoding in list(self._encodings.items()):
            for frame in encoding.frames(now):
                encoding.key_wanted &= not frame.is_key
                self._pass_on(frame, now)
            asks, needs_key = self._wants(rid, encoding, now)
            self._ask(encoding, now, for_key=asks, needs_key=needs_key)
            due = encoding.deadline(asks=asks, key_needed=needs_key)
            if due is not None and (deadline is None or due < deadline):
                deadline = due
            self._is_calm &= encoding.is_calm and not needs_key and not (asks and due is None)
        self._is_calm &= not self._queue.needs_key
        self._schedule(deadline)

    def _wants(self, rid: str | None, encoding: FollowedEncoding, now: float) -> tuple[bool, bool]:
        """Tell whether somebody wants an encoding, and whether a key frame is needed for it."""
        readers = self._readers_of(rid, now)
        is_watched = rid == self._shown and self._track.has_reader(now)
        needs_key = encoding.buffer.needs_key or encoding.key_wanted
        needs_key |= is_watched and self._queue.needs_key
        needs_key |= any(one.needs_key for one in readers)
        return is_watched or encoding.key_wanted or bool(readers), needs_key

    def _readers_of(self, rid: str | None, now: float) -> list[EncodedFrames]:
        return self._readers.of(rid, now, shown=rid == self._shown)

    def _pass_on(self, frame: "VideoFrame[Origin]", now: float) -> None:
        """Bring a frame to whoever wants it, through the program that may stand in between."""
        if self.passage is None:
            self._give(frame, now)
            return
        encoded = described_picture(frame, now)
        self.passage.put(
            encoded, partial(self._resume, frame, encoded), partial(self._give_up, frame)
        )

    def _resume(self, frame: "VideoFrame[Origin]", encoded: RTCEncodedVideoFrame) -> None:
        frame.data = encoded.data
        self._is_calm = False
        self._give(frame, asyncio.get_running_loop().time())

    def _give_up(self, frame: "VideoFrame[Origin]") -> None:
        """A program has dropped a frame; what needs it cannot be decoded."""
        stream = frame.packets[0].stream
        self._is_calm = False
        self.drops[MediaDrop.TRANSFORMED_AWAY] += 1
        stream.frames_dropped += 1
        if frame.is_reference:
            for one in self._readers_of(stream.rid, asyncio.get_running_loop().time()):
                one.lose()
            if stream.rid == self._shown:
                self._queue.lose()

    def _give(self, frame: "VideoFrame[Origin]", now: float) -> None:
        stream = frame.packets[0].stream
        is_shown, readers = stream.rid == self._shown, self._readers_of(stream.rid, now)
        for one in readers:
            one.put(described_picture(frame, now), now)
        if readers and not (is_shown and self._track.has_reader(now)):
            if is_shown:
                self._queue.lose()
        elif is_shown:
            self._show(frame, now)
        else:
            self.drops[MediaDrop.OTHER_ENCODING] += 1
            stream.frames_dropped += 1

    def _ask(
        self, encoding: FollowedEncoding, now: float, *, for_key: bool, needs_key: bool
    ) -> None:
        stream = encoding.stream
        if stream is None:
            return
        if self._repairs:
            missing = encoding.missing.due(now)
            if missing:
                self._requests.ask_again(stream, [number & 0xFFFF for number in missing])
        if for_key and encoding.keys.poll(now, needed=needs_key):
            self._request_key(encoding, stream)

    def _show(self, frame: "VideoFrame[Origin]", now: float) -> None:
        stream = frame.packets[0].stream
        if not self._track.has_reader(now):
            self._queue.lose()
            self.drops[MediaDrop.NO_READER] += 1
            stream.frames_dropped += 1
            return
        dropped = self._queue.dropped
        self._queue.put(frame, now)
        if self._queue.dropped > dropped:
            self.drops[MediaDrop.DECODER_TOO_SLOW] += self._queue.dropped - dropped
            stream.frames_dropped += self._queue.dropped - dropped
        self._wake.set()

    def _schedule(self, deadline: float | None) -> None:
        if self._timer is not None:
            if self._timer.when() == deadline:
                return
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = None if deadline is None else loop.call_at(deadline, self._due)

    def _due(self) -> None:
        self._timer = None
        self._look(asyncio.get_running_loop().time())

    async def _work(self) -> None:
        while True:
            frame = self._queue.get()
            if frame is None:
                self._wake.clear()
                await self._wake.wait()
                continue
            time, begun = self._time_of(frame), asyncio.get_running_loop().time()
            try:
                decoded = await self._decode(frame, time)
            except Undecoded as error:
                self._lose(frame, error.reason)
            except NoThreadError:
                self._lose(frame, MediaDrop.NO_THREAD)
            except HungError as error:
                # It may never come back: another one goes on.
                self._decoder = None
                logger.warning("a decoder of %s hangs: %s", frame.packets[0].codec.name, error)
                self._lose(frame, MediaDrop.DECODER_HUNG)
            else:
                self._deliver(frame, time, decoded, begun)

    async def _decode(self, frame: "VideoFrame[Origin]", time: int) -> Decoded:
        """Decode a frame, most in a thread; one that is at work when it is stopped has its decoder.

        Others of the loop have their turn between two that are decoded in it.
        """
        codec = frame.packets[0].codec
        if self._decoder is None or self._decoder[0] != codec:
            self._decoder = codec, StreamDecoder(codec, self._share)
        decoder = self._decoder[1]
        if not decoder.is_light(frame.data):
            return await self._share.run(decoder.decode, frame.data, time, rotation=frame.rotation)
        decoded = decoder.decode_light(frame.data, time, rotation=frame.rotation)
        if self._queue:
            await asyncio.sleep(0)
        return decoded

    def _time_of(self, frame: "VideoFrame[Origin]") -> int:
        """Return the time of a frame on the track's line, which goes on while others are shown."""
        if self._shift is None:
            begin = 0
            if self._decoded is not None:
                time, arrival = self._decoded
                begin = time + max(1, round((frame.arrival - arrival) * CLOCK_RATE))
            self._shift = begin - frame.time
        time = frame.time + self._shift
        self._decoded = time, frame.arrival
        return time

    def _lose(self, frame: "VideoFrame[Origin]", reason: MediaDrop) -> None:
        """A frame was lost at the decoder: only a key frame mends that."""
        stream = frame.packets[0].stream
        logger.debug("a frame of %s could not be decoded: %s", frame.packets[0].codec.name, reason)
        self.drops[reason] += 1
        dropped = self._queue.dropped
        self._queue.lose()
        stream.frames_dropped += 1 + self._queue.dropped - dropped
        encoding = self._encodings.get(stream.rid)
        if encoding is not None:
            encoding.buffer.decoder_failed()
            self._look(asyncio.get_running_loop().time())

    def _deliver(
        self, encoded: "VideoFrame[Origin]", time: int, decoded: Decoded, begun: float
    ) -> None:
        now, unread = asyncio.get_running_loop().time(), self._track.frames_dropped
        origin = encoded.packets[0]
        stream = origin.stream
        stream.note_decode_time(decoded.seconds)
        encoding = self._encodings.get(stream.rid)
        if encoding is not None:
            encoding.playout.delay.note_decoding(now - begun)
        for frame in decoded.frames:
            # A decoder may give another frame than it was given, where they are shown in
            # another order than sent.
            since = 0 if frame.pts is None else frame.pts - time
            timestamp = (origin.timestamp + since) & 0xFFFFFFFF
            frame.opaque = times = stream.times(timestamp, origin.csrcs, encoded.arrival, now)
            stream.note_played(times, now)
            self._pts = max(self._pts + 1, frame.pts or 0)
            frame.pts = self._pts
            self.frames_decoded += 1
            stream.note_decoded(frame, now, arrival=encoded.arrival, keyframe=encoded.is_key)
            self._track.deliver(frame)
        stream.frames_dropped += self._track.frames_dropped - unread

    def figures(self, stream: InboundStream) -> PictureFigures:
        """Return what became of the packets of a stream: those of its encoding's latest one."""
        encoding = self._encodings.get(stream.rid)
        if encoding is None or encoding.stream is not stream:
            return PictureFigures()
        counts = encoding.buffer.statistics
        return PictureFigures(
            received=counts.received,
            dropped=counts.dropped + encoding.playout.dropped,
            discarded=encoding.buffer.packets_late,
            buffer_delay=encoding.playout.waited,
            emitted=encoding.playout.emitted,
            assembly_time=counts.assembly_time,
            assembled=counts.assembled_from_several,
        )
