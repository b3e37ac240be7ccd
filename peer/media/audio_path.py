"""From the packets of one section's sound to the frames of its track.

`peer.rtp` says what is to be heard when; here it is decoded, made up or left silent, in the thread
that received it: 20 ms of sound take less time than handing them over. Everything the sender can
do to a track (another source, another codec, pauses, losses) ends as frames on one time line.
"""

import enum
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from fractions import Fraction
from typing import NamedTuple

from av import AudioFrame

from peer.rtp import (
    DEFAULT_ROUND_TRIP,
    Action,
    AudioBuffer,
    AudioStatistics,
    CaptureTimes,
    Decision,
    EagerAudioBuffer,
    Place,
    RedBlock,
    RtpPacket,
    SoundReader,
    TimeLine,
    read_red,
    sound_reader,
)

from .audio import AudioDecoder, loudness_of
from .registry import find_audio_codec
from .sound import BYTES_PER_SAMPLE
from .stretch import stretch

MAX_DECODERS = 4
"""Decoders kept for the sources and codecs of a track; the one used longest ago makes room."""
MAX_PIECE = 0.02
"""Seconds of one frame of what is made up."""
QUIET = 60
"""Level in -dBov (RFC 6464) from which on nobody misses anything."""
HURRY = 0.1
"""Seconds off the delay from which sound may change its length where that is just heard."""
LIKENESS, HURRIED_LIKENESS = 0.9, 0.5
"""How alike two periods must be for one to be left out or repeated; as in libwebrtc."""
RED, EVENTS = "audio/red", "audio/telephone-event"


class AudioDrop(enum.Enum):
    """Why a packet of sound gave none, or not what it held."""

    MALFORMED = "malformed-payload"
    UNKNOWN_CODEC = "unknown-codec"
    MISPLACED = "misplaced"
    UNDECODABLE = "undecodable"


class AudioFormat(NamedTuple):
    """What a payload type means."""

    mime_type: str
    clock_rate: int
    channels: int = 1


class Moment(NamedTuple):
    """When a frame begins, in the clock of its source: as the packet tells that it came with.

    Of what was made up that is the packet before, and `arrival` is None.
    """

    packet: RtpPacket
    timestamp: int
    arrival: float | None


class Heard(NamedTuple):
    """A frame, how loud it is, 0 to 1, and when it begins."""

    frame: AudioFrame
    loudness: float
    moment: Moment


class _Waiting(NamedTuple):
    payload: bytes
    payload_type: int
    decoder: AudioDecoder
    moment: Moment
    clock_rate: int


class _Codec(NamedTuple):
    format: AudioFormat
    read: SoundReader


class AudioPath:
    """Takes the packets of a section, gives the frames of its track to `deliver`.

    With `even` frames leave at an even pace, as late as the network makes it necessary; else at
    once. `pull` is to be called at each `deadline`. Times are in seconds of one clock. `ask` is
    given the SSRC and the numbers of packets that are to be sent again.
    """

    def __init__(
        self,
        deliver: Callable[[Heard], object],
        ask: Callable[[int, list[int]], object] = lambda ssrc, numbers: None,
        *,
        even: bool = False,
        capture_times: CaptureTimes | None = None,
    ) -> None:
        self.drops: Counter[AudioDrop] = Counter()
        self.is_heard = True
        """Somebody listens; else nothing is decoded, and time goes on."""
        self.hand_out: Callable[[bytes, int, Moment], object] | None = None
        """Is given the payload and the payload type of each packet when it is its turn."""
        self._deliver = deliver
        self._ask = ask
        self._even = even
        self._capture_times = capture_times
        self._codecs: dict[int, _Codec] = {}
        self._others: dict[int, AudioFormat] = {}
        """What is no codec: copies of packets, and tones."""
        self._events: frozenset[int] = frozenset()
        self._decoders: dict[tuple[int, AudioFormat], AudioDecoder] = {}
        self._decoder_used: tuple[int, AudioFormat, AudioDecoder] | None = None
        """The last of them, which most packets are for, and whose it is."""
        self._latest: tuple[int, _Waiting] | None = None
        """The packet decoded last, and its own time among what was heard."""
        self._line: TimeLine | None = None
        self._time_base = Fraction(1)
        self._buffer: AudioBuffer[_Waiting] | EagerAudioBuffer[_Waiting] | None = None
        self._floor = self._sync_delay = 0.0
        self._repairs = False
        self._round_trip = DEFAULT_ROUND_TRIP

    @property
    def statistics(self) -> AudioStatistics | None:
        """What became of the sound, None before there was any."""
        return None if self._buffer is None else self._buffer.statistics

    @property
    def rate(self) -> int:
        """Ticks a second of the statistics and of the frames' times; 0 before there was sound."""
        return 0 if self._line is None else self._line.rate

    @property
    def target_delay(self) -> float:
        """Seconds that sound should be held back, pictures aside."""
        return 0.0 if self._buffer is None else self._buffer.target.unsynchronized

    def set_sync_delay(self, seconds: float) -> None:
        """Hold sound back by so much more, for the sake of pictures."""
        self._sync_delay = seconds
        if self._buffer is not None:
            self._buffer.target.sync_delay = seconds

    def set_formats(self, formats: Mapping[int, AudioFormat]) -> None:
        """Say what payload types mean from now on; what waits keeps what it meant."""
        self._codecs.clear()
        self._others = {
            number: one for number, one in formats.items() if one.mime_type.lower() in (RED, EVENTS)
        }
        self._events = frozenset(
            number for number, one in self._others.items() if one.mime_type.lower() == EVENTS
        )
        for number, one in formats.items():
            read = sound_reader(one.mime_type, one.clock_rate, one.channels)
            if read is not None:
                self._codecs[number] = _Codec(one, read)

    def set_even(self, even: bool) -> None:
        """Let frames leave at an even pace or at once from now on; a change drops what waits."""
        if even != self._even:
            self._even = even
            self.forget()

    def forget(self) -> None:
        """Drop what waits; the track's line and what is known of the network stay."""
        before = self._buffer
        if before is not None:
            self._buffer = self._make_buffer(before.rate)
            self._buffer.statistics, self._buffer.target = before.statistics, before.target

    def _make_buffer(self, rate: int) -> "AudioBuffer[_Waiting] | EagerAudioBuffer[_Waiting]":
        buffer: AudioBuffer[_Waiting] | EagerAudioBuffer[_Waiting]
        buffer = AudioBuffer(rate) if self._even else EagerAudioBuffer(rate)
        buffer.target.floor, buffer.target.sync_delay = self._floor, self._sync_delay
        buffer.repairs, buffer.missing.round_trip = self._repairs, self._round_trip
        return buffer

    def set_repairs(self, repairs: bool) -> None:
        """Say whether packets that are missing may be asked for."""
        self._repairs = repairs
        if self._buffer is not None:
            self._buffer.repairs = repairs

    def set_round_trip(self, seconds: float) -> None:
        """Say how long an answer of the sender takes."""
        self._round_trip = seconds
        if self._buffer is not None:
            self._buffer.missing.round_trip = seconds

    def set_floor(self, seconds: float) -> None:
        """Hold sound back at least so long, when it leaves at an even pace."""
        self._floor = seconds
        if self._buffer is not None:
            self._buffer.target.floor = seconds

    def receive(
        self, packet: RtpPacket, now: float, *, level: int | None = None, repaired: bool = False
    ) -> None:
        """Take a packet; `level` is what it says of itself in -dBov (RFC 6464)."""
        codec = self._codecs.get(packet.payload_type)
        if codec is None and packet.payload_type in self._events:
            self._pass_over(packet, now)
            return
        place = self._place(packet, codec, now, repaired=repaired)
        if place is None:
            return
        quiet = level is not None and level >= QUIET
        if not packet.payload:
            if self._buffer is not None:
                self._buffer.pad(place.number, now)
        elif codec is None:
            self._take_blocks(packet, place, now, quiet=quiet)
        else:
            own = RedBlock(packet.payload_type, 0, packet.payload)
            self._insert(packet, place, own, 0, codec, now, quiet=quiet)
        self.pull(now)

    def _pass_over(self, packet: RtpPacket, now: float) -> None:
        """Take note that a packet of a tone came, whose time is that of the tone's begin: there may
        be later sound before it."""
        if self._line is None or self._buffer is None:
            return
        number = self._line.number(packet.ssrc, packet.sequence_number)
        if number is not None:
            self._buffer.pad(number, now)
            self.pull(now)

    def _take_blocks(self, packet: RtpPacket, place: Place, now: float, *, quiet: bool) -> None:
        """Take a packet with copies: the last block is its own, the others are those
        (RFC 2198 §3)."""
        blocks = read_red(packet.payload)
        if not blocks:
            self.drops[AudioDrop.MALFORMED] += 1
            return
        codec = self._codecs.get(blocks[-1].payload_type)
        if codec is None:
            self.drops[AudioDrop.UNKNOWN_CODEC] += 1
            return
        for age, block in enumerate(reversed(blocks)):
            if block.payload_type == blocks[-1].payload_type and block.data:
                self._insert(packet, place, block, age, codec, now, quiet=quiet)

    def _place(
        self, packet: RtpPacket, codec: _Codec | None, now: float, *, repaired: bool
    ) -> Place | None:
        """Find where a packet belongs on the track's line; None when it is of no use."""
        means = self._others.get(packet.payload_type) if codec is None else codec.format
        if means is None:
            self.drops[AudioDrop.UNKNOWN_CODEC] += 1
            return None
        clock_rate = means.clock_rate
        if self._line is None:
            self._line = TimeLine(clock_rate, capture_times=self._capture_times)
            self._time_base = Fraction(1, clock_rate)
            self._buffer = self._make_buffer(clock_rate)
        place = self._line.place(
            packet.ssrc,
            packet.sequence_number,
            packet.timestamp,
            clock_rate,
            now,
            repaired=repaired,
        )
        if place is None:
            self.drops[AudioDrop.MISPLACED] += 1
        return place

    def _insert(
        self,
        packet: RtpPacket,
        place: Place,
        block: RedBlock,
        age: int,
        codec: _Codec,
        now: float,
        *,
        quiet: bool,
    ) -> None:
        """Put a payload into the buffer: the packet's own, or one of `age` packets before."""
        line, buffer, sound = self._line, self._buffer, codec.read(block.data)
        decoder = self._decoder(packet.ssrc, codec.format)
        if sound is not None and not sound.ticks and self._latest is not None:
            # What only begins a pause needs no decoder of its own (RFC 3389).
            decoder = self._latest[1].decoder
        if sound is None or decoder is None or line is None or buffer is None:
            self.drops[AudioDrop.MALFORMED if sound is None else AudioDrop.UNKNOWN_CODEC] += 1
            return
        clock_rate = codec.format.clock_rate
        repeats = sound.fec_ticks and not age
        buffer.insert(
            place.number,
            place.time - line.ticks(block.offset, clock_rate) if age else place.time,
            line.ticks(sound.ticks, clock_rate),
            _Waiting(
                block.data,
                block.payload_type,
                decoder,
                Moment(packet, packet.timestamp - block.offset & 0xFFFFFFFF, now),
                clock_rate,
            ),
            now,
            fec=line.ticks(sound.fec_ticks, clock_rate) if repeats else 0,
            is_quiet=quiet,
            is_dtx=sound.is_dtx,
            age=age,
        )

    def _decoder(self, ssrc: int, wanted: AudioFormat) -> AudioDecoder | None:
        """Return the decoder of a source for a codec: each remembers what it has heard."""
        used = self._decoder_used
        if used is not None and used[0] == ssrc and used[1] is wanted:
            return used[2]
        key = ssrc, wanted
        # Taken out first, so that those used longest ago are in front.
        known = self._decoders.pop(key, None) or _make_decoder(wanted)
        if known is None:
            return None
        if len(self._decoders) >= MAX_DECODERS:
            del self._decoders[next(iter(self._decoders))]
        self._decoders[key] = known
        self._decoder_used = ssrc, wanted, known
        return known

    def end(self, ssrc: int) -> None:
        """A source said BYE: what waits is heard, and nothing is made up after the one followed."""
        if self._line is not None and self._buffer is not None:
            self._line.end(ssrc)
            if ssrc == self._line.ssrc:
                self._buffer.end()

    def deadline(self) -> float | None:
        """Return when to pull, None when only a packet can change anything."""
        buffer = self._buffer
        if buffer is None:
            return None
        deadline, request = buffer.deadline(), buffer.next_request() if buffer.repairs else None
        if deadline is None or request is None:
            return request if deadline is None else deadline
        return min(deadline, request)

    def pull(self, now: float) -> None:
        """Deliver what is due, and ask for what is missing."""
        buffer, line = self._buffer, self._line
        if buffer is None or line is None:
            return
        for decision in buffer.pull(now):
            self._hear(decision)
        numbers = buffer.requests(now) if buffer.repairs else ()
        if numbers and line.ssrc is not None:
            self._ask(line.ssrc, [number & 0xFFFF for number in numbers])

    def _hear(self, decision: Decision[_Waiting]) -> None:
        waiting = decision.packet
        if waiting is not None:
            # A copy is of what comes before its packet.
            copied = decision.ticks if decision.action is Action.FEC else 0
            self._latest = decision.time + copied, waiting
            if self.hand_out is not None and decision.action is Action.DECODE:
                self.hand_out(waiting.payload, waiting.payload_type, waiting.moment)
        if not self.is_heard or self._latest is None or self._line is None:
            return
        line, decoder = self._line, self._latest[1].decoder
        time, left = decision.time, decision.ticks
        while left > 0:
            ticks = left if waiting is not None else min(left, int(MAX_PIECE * line.rate))
            samples = ticks * decoder.rate // line.rate
            pcm = self._sound(decision.action, decoder, waiting, samples)
            if decision.stretch:
                pcm = self._stretched(pcm, decoder, decision.stretch)
            if pcm:
                moment = self._moment(time, waiting)
                self._deliver(self._frame(decoder, pcm, line.leave(time), moment))
            time, left = time + ticks, left - ticks

    def _stretched(self, pcm: bytes, decoder: AudioDecoder, by: int) -> bytes:
        """Make a packet's sound longer or shorter, as far as nobody hears it."""
        rate, buffer = self.rate, self._buffer
        step = max(1, decoder.rate // rate)
        likeness = LIKENESS if abs(by) < HURRY * rate else HURRIED_LIKENESS
        wanted = by * decoder.rate // rate
        made = stretch(pcm, decoder.rate, decoder.channels, wanted, likeness=likeness, step=step)
        samples = (len(made) - len(pcm)) // (BYTES_PER_SAMPLE * decoder.channels)
        if samples and isinstance(buffer, AudioBuffer):
            buffer.stretched(samples * rate // decoder.rate)
        return made

    def _moment(self, time: int, waiting: _Waiting | None) -> Moment:
        """Return the moment of a time that is heard now, by the packet decoded last."""
        assert self._latest is not None
        begin, latest = self._latest
        if waiting is not None and time == begin:
            return waiting.moment
        packet, timestamp, arrival = latest.moment
        timestamp += (time - begin) * latest.clock_rate // self.rate
        return Moment(packet, timestamp & 0xFFFFFFFF, None if waiting is None else arrival)

    def _sound(
        self, action: Action, decoder: AudioDecoder, waiting: _Waiting | None, samples: int
    ) -> bytes:
        """Return what is heard, whatever a codec raises or gives, which may be a program's own."""
        try:
            if waiting is not None:
                if action is Action.FEC:
                    return _whole(decoder.decode_copy(waiting.payload, samples), decoder)
                return _whole(decoder.decode(waiting.payload), decoder)
            if action is Action.COMFORT:
                return _whole(decoder.comfort(samples), decoder)
        except Exception:
            self.drops[AudioDrop.UNDECODABLE] += 1
        if action is not Action.SILENCE:
            with suppress(Exception):
                return _whole(decoder.conceal(samples), decoder)
        return bytes(BYTES_PER_SAMPLE * decoder.channels * samples)

    def _frame(self, decoder: AudioDecoder, pcm: bytes, pts: int, moment: Moment) -> Heard:
        samples = len(pcm) // (BYTES_PER_SAMPLE * decoder.channels)
        layout = "mono" if decoder.channels == 1 else "stereo"
        frame = AudioFrame(format="s16", layout=layout, samples=samples)
        frame.planes[0].update(pcm)
        frame.sample_rate = decoder.rate
        frame.pts = pts
        frame.time_base = self._time_base
        return Heard(frame, loudness_of(pcm), moment)


def _whole(pcm: bytes, decoder: AudioDecoder) -> bytes:
    """Return samples; ValueError when they are no whole number in each channel."""
    if len(pcm) % (BYTES_PER_SAMPLE * decoder.channels):
        raise ValueError(f"{len(pcm)} bytes are no samples of {decoder.channels} channels")
    return pcm


def _make_decoder(wanted: AudioFormat) -> AudioDecoder | None:
    """Return a decoder, None when there is none or it cannot be made."""
    codec = find_audio_codec(wanted.mime_type)
    with suppress(Exception):
        return None if codec is None else codec.decoder()
    return None
