"""The sound of a receiver: from packets to the frames of its track, in the loop that read them.

20 ms of sound take less time to decode than to hand to a thread and back.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable

from aiortc.rtcrtpparameters import RTCRtpCodecParameters

from peer.media import AudioDrop, AudioFormat, AudioPath, Heard, Moment
from peer.rtp import CaptureTimes

from .frame_times import FrameTimes
from .inbound import InboundPacket
from .measure import AudioMeter, Loudness
from .parameters import has_feedback
from .statistics import AudioFigures, SoundFigures
from .track import RemoteTrack


class Hearing:
    """Hears one track. With `even` its frames leave at an even pace, else at once.

    `times_of` gives the times of a frame, also `now` on the loop's clock. `ask` is given the SSRC
    and the numbers of packets that are to be sent again.
    """

    def __init__(
        self,
        track: RemoteTrack,
        times_of: Callable[[Moment, float], FrameTimes],
        ask: Callable[[int, list[int]], object],
        *,
        even: bool = False,
        capture_times: CaptureTimes | None = None,
    ) -> None:
        self.frames_decoded = 0
        self._track = track
        self._times_of = times_of
        self._path = AudioPath(self._deliver, ask, even=even, capture_times=capture_times)
        self._meter = AudioMeter()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def drops(self) -> Counter[AudioDrop]:
        """Why packets gave no sound, or not what they held."""
        return self._path.drops

    def set_codecs(self, codecs: Iterable[RTCRtpCodecParameters]) -> None:
        """Say what payload types mean from now on."""
        codecs = tuple(codecs)
        self._path.set_repairs(any(has_feedback(codec, "nack") for codec in codecs))
        self._path.set_formats(
            {
                codec.payloadType: AudioFormat(codec.mimeType, codec.clockRate, codec.channels or 1)
                for codec in codecs
                if codec.payloadType is not None
            }
        )

    def set_floor(self, seconds: float | None, *, even: bool) -> None:
        """Hold sound back at least so long, at an even pace; None: `even` says at what pace."""
        self._path.set_floor(seconds or 0.0)
        self._path.set_even(even or seconds is not None)
        self._schedule()

    def set_round_trip(self, seconds: float) -> None:
        """Say how long an answer of the peer takes."""
        self._path.set_round_trip(seconds)
        self._schedule()

    def receive(self, packet: InboundPacket, now: float, *, repaired: bool = False) -> None:
        """Take a packet of the track."""
        level = packet.extensions.audio_level
        self._path.is_heard = self._track.has_reader(now)
        self._path.receive(
            packet, now, level=None if level is None else level.level, repaired=repaired
        )
        self._schedule()

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
        loop = asyncio.get_running_loop()
        self._timer = None if deadline is None else loop.call_at(deadline, self._pull)

    def _pull(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time()
        self._path.is_heard = self._track.has_reader(now)
        self._path.pull(now)
        self._schedule()

    def _deliver(self, heard: Heard) -> None:
        frame, now = heard.frame, asyncio.get_running_loop().time()
        frame.opaque = self._times_of(heard.moment, now)
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
