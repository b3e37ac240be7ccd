"""The sound of a receiver: from packets to the frames of its track, in the loop that read them.

20 ms of sound take less time to decode than to hand to a thread and back.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial

from aiortc.rtcrtpparameters import RTCRtpCodecParameters

from peer.media import AudioDrop, AudioFormat, AudioPath, Heard, Moment
from peer.rtp import CaptureTimes, RtpPacket

from .decoding import MediaDrop
from .described import described_sound
from .encoded_frames import EncodedFrames, EncodedReaders
from .encoded_media import RTCEncodedAudioFrame
from .frame_times import FrameTimes
from .inbound import InboundPacket
from .measure import AudioMeter, Loudness
from .parameters import has_feedback
from .passage import Passage
from .statistics import AudioFigures, SoundFigures
from .track import RemoteTrack


class Hearing:
    """Hears one track. With `even` its frames leave at an even pace, else at once.

    `times_of` gives the times of a frame, by `now` on the loop's clock and whether it comes out.
    `ask` is given the SSRC and the numbers of packets that are to be sent again.
    """

    def __init__(
        self,
        track: RemoteTrack,
        times_of: Callable[[Moment, float, bool], FrameTimes],
        ask: Callable[[int, list[int]], object],
        *,
        even: bool = False,
        capture_times: CaptureTimes | None = None,
    ) -> None:
        self.frames_decoded = 0
        self.passage: Passage | None = None
        """The program that packets go through before they are buffered."""
        self._transformed_away = 0
        self._readers = EncodedReaders(track)
        self._codecs: dict[int, RTCRtpCodecParameters] = {}
        self._track = track
        self._times_of = times_of
        self._path = AudioPath(self._deliver, ask, even=even, capture_times=capture_times)
        self._meter = AudioMeter()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def drops(self) -> Counter[AudioDrop | MediaDrop]:
        """Why packets gave no sound, or not what they held."""
        drops: Counter[AudioDrop | MediaDrop] = Counter(self._path.drops)
        drops[MediaDrop.TRANSFORMED_AWAY] = self._transformed_away
        return drops

    def set_codecs(self, codecs: Iterable[RTCRtpCodecParameters]) -> None:
        """Say what payload types mean from now on."""
        codecs = tuple(codecs)
        self._path.set_repairs(any(has_feedback(codec, "nack") for codec in codecs))
        self._codecs = {
            codec.payloadType: codec for codec in codecs if codec.payloadType is not None
        }
        self._path.set_formats(
            {
                number: AudioFormat(codec.mimeType, codec.clockRate, codec.channels or 1)
                for number, codec in self._codecs.items()
            }
        )

    def set_floor(self, seconds: float | None, *, even: bool) -> None:
        """Hold sound back at least so long, at an even pace; None: `even` says at what pace."""
        self._path.set_floor(seconds or 0.0)
        self._path.set_even(even or seconds is not None)
        self._schedule()

    @property
    def delay(self) -> float:
        """Seconds that sound is held back, lip synchronisation aside."""
        return self._path.target_delay

    def set_sync_delay(self, seconds: float) -> None:
        """Hold sound back by so much more, for the sake of pictures."""
        self._path.set_sync_delay(seconds)

    def set_round_trip(self, seconds: float) -> None:
        """Say how long an answer of the peer takes."""
        self._path.set_round_trip(seconds)
        self._schedule()

    def read(self) -> EncodedFrames:
        """Begin to read the track as it comes: each packet once, in order."""
        self._path.hand_out = self._hand_out
        return self._readers.open(None, lambda: None)

    def receive(self, packet: InboundPacket, now: float, *, repaired: bool = False) -> None:
        """Take a packet of the track, through the program that may stand in between."""
        codec = self._codecs.get(packet.payload_type)
        if self.passage is None or codec is None or not packet.payload:
            self._hear(packet, now, repaired=repaired)
            return
        times = self._times_of(Moment(packet, packet.timestamp, now), now, False)
        level = _level(packet)
        frame = described_sound(packet.payload, packet, codec, times, level=level)
        resume = partial(self._resume, packet, frame, repaired=repaired)
        self.passage.put(frame, resume, self._give_up)

    def _resume(
        self, packet: InboundPacket, frame: RTCEncodedAudioFrame, *, repaired: bool
    ) -> None:
        packet.payload = frame.data
        self._hear(packet, asyncio.get_running_loop().time(), repaired=repaired)

    def _give_up(self) -> None:
        self._transformed_away += 1

    def _hear(self, packet: InboundPacket, now: float, *, repaired: bool) -> None:
        path, said = self._path, packet.extensions.audio_level
        path.is_heard = self._track.has_reader(now)
        path.receive(packet, now, level=None if said is None else said.level, repaired=repaired)
        self._schedule()

    def _hand_out(self, payload: bytes, payload_type: int, moment: Moment) -> None:
        """Give a packet whose turn it is to those who read the track as it comes."""
        now = asyncio.get_running_loop().time()
        readers, codec = self._readers.of(None, now, shown=True), self._codecs.get(payload_type)
        if readers and codec is not None:
            level, times = _level(moment.packet), self._times_of(moment, now, False)
            for one in readers:
                one.put(described_sound(payload, moment.packet, codec, times, level=level), now)

    def end(self, ssrc: int) -> None:
        """A source said BYE."""
        self._path.end(ssrc)
        self._schedule()

    def close(self) -> None:
        """Drop what waits, and leave no timer; it may go on with other packets."""
        self._path.forget()
        self._schedule()

    def _schedule(self) -> None:
        deadline, timer = self._path.deadline(), self._timer
        if timer is not None:
            if timer.when() == deadline:
                return
            timer.cancel()
            self._timer = None
        if deadline is not None:
            self._timer = asyncio.get_running_loop().call_at(deadline, self._pull)

    def _pull(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time()
        self._path.is_heard = self._track.has_reader(now)
        self._path.pull(now)
        self._schedule()

    def _deliver(self, heard: Heard) -> None:
        frame, now = heard.frame, asyncio.get_running_loop().time()
        frame.opaque = self._times_of(heard.moment, now, True)
        self.frames_decoded += 1
        self._meter.add(Loudness(heard.loudness, frame.samples, frame.samples / frame.sample_rate))
        self._track.deliver(frame)

    def figures(self) -> AudioFigures:
        """Return what was heard."""
        return self._meter.figures()

    def sound(self) -> SoundFigures | None:
        """Return what became of the packets, None before there were any."""
        counts, rate = self._path.statistics, self._path.rate
        if counts is None:
            return None
        return SoundFigures(
            buffer_delay=counts.delay,
            target_delay=counts.target_delay,
            minimum_delay=counts.minimum_delay,
            emitted=counts.emitted,
            concealed=counts.concealed,
            silent_concealed=counts.silent_concealed,
            concealment_events=counts.concealment_events,
            inserted=counts.inserted,
            removed=counts.removed,
            discarded=counts.late + counts.flushed,
            fec_received=counts.fec_received,
            fec_discarded=counts.fec_discarded,
            undecodable=self._path.drops.total(),
            clock_rate=rate,
        )


def _level(packet: RtpPacket) -> int | None:
    """Return what a packet says of its loudness, in -dBov (RFC 6464)."""
    if not isinstance(packet, InboundPacket) or packet.extensions.audio_level is None:
        return None
    return packet.extensions.audio_level.level
