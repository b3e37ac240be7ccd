"""Opus (RFC 6716) in RTP (RFC 7587)."""

from typing import Self

from av import AudioFrame

from peer.records import dataclass
from peer.rtp import has_voice

from .audio import AudioPacket, level_of, loudness_of
from .libopus import AUDIO, MAX_SAMPLES, VOIP, OpusDecoder, OpusEncoder, OpusError
from .sound import BYTES_PER_SAMPLE, Shaper

RATE = 48000
"""The RTP clock and the rate of everything here, whatever is heard of it (RFC 7587 §4.1)."""
BITRATE = 32_000
"""Bits per second of one channel unless something else is wanted."""
COMPLEXITY = 9
MAX_LOSS_PERCENT = 20
"""Beyond, protection would take more than it gives; as in libwebrtc."""
DTX_SIZE = 2
"""A packet of so many bytes says that there is nothing to send (RFC 6716 §2.1.9)."""
PACKET_TIME = 20.0
"""Milliseconds of a packet unless something else is wanted."""
STEP = 120
"""Samples of 2.5 ms, of which every length is a multiple."""
_PACKET_TIMES = (2.5, 5.0, 10.0, 20.0, 40.0, 60.0)
_MIN_BITRATE, _MAX_BITRATE = 6000, 510_000


@dataclass(frozen=True, slots=True)
class OpusSettings:
    """How to encode: the peer's wishes (RFC 7587 §6.1) and our own.

    `bitrate` is what it may take on average, for one channel or two; None leaves it to the
    encoder's. `packet_time` is in milliseconds. Two channels are sent only with `stereo`.
    """

    bitrate: int | None = None
    stereo: bool = False
    constant: bool = False
    dtx: bool = False
    fec: bool = True
    playback_rate: int = RATE
    packet_time: float = PACKET_TIME
    complexity: int = COMPLEXITY

    @classmethod
    def wanted(
        cls,
        parameters: dict[str, object],
        *,
        packet_time: float | None = None,
        max_packet_time: float | None = None,
    ) -> Self:
        """Return what the format parameters of the peer ask for; what is odd is left out."""

        def number(name: str) -> int | None:
            text = str(parameters.get(name, ""))
            return int(text) if text.isdecimal() and len(text) < 10 else None

        def is_set(name: str) -> bool:
            return number(name) == 1

        bitrate, rate = number("maxaveragebitrate"), number("maxplaybackrate")
        within = bitrate is not None and _MIN_BITRATE <= bitrate <= _MAX_BITRATE
        return cls(
            bitrate=bitrate if within else None,
            stereo=is_set("stereo"),
            constant=is_set("cbr"),
            dtx=is_set("usedtx"),
            fec=is_set("useinbandfec"),
            playback_rate=rate if rate is not None and 8000 <= rate < RATE else RATE,
            packet_time=_packet_time(packet_time, number("minptime"), max_packet_time),
        )


def _packet_time(wanted: float | None, least: float | None, most: float | None) -> float:
    """Choose a length that Opus has: the wanted one or the next shorter, never above the most."""
    limit = min(max(wanted or PACKET_TIME, least or 0), most or _PACKET_TIMES[-1])
    fitting = [time for time in _PACKET_TIMES if time <= limit + 0.5]
    return max(fitting, default=_PACKET_TIMES[0])


class OpusAudioEncoder:
    """Frames of any shape to Opus: mono as mono, stereo where it was asked for."""

    def __init__(self, settings: OpusSettings) -> None:
        self._settings = settings
        self._samples = round(RATE * settings.packet_time / 1000)
        self._limit: int | None = None
        self._room: int | None = None
        self._loss = 0
        self._applied: tuple[int, int] | None = None
        """What the encoder was told of bitrate and loss."""
        self._shaper: Shaper | None = None
        self._encoder: OpusEncoder | None = None
        self._offset = 0
        self._pausing = True

    def encode(self, frame: AudioFrame) -> list[AudioPacket]:
        """Encode a frame; av.FFmpegError or OpusError when it cannot be."""
        channels = 2 if self._settings.stereo and frame.layout.nb_channels > 1 else 1
        if self._encoder is None or self._encoder.channels != channels:
            self._start(channels)
        assert self._encoder is not None
        assert self._shaper is not None
        packets, fits = [], self._shaper.fits(frame)
        for chunk in self._shaper.add(frame):
            payload = self._encoder.encode(chunk.pcm, self._samples)
            if len(payload) <= DTX_SIZE:
                # Not a word until there is something; now and then libopus has a refresh to send.
                self._pausing = True
                continue
            timestamp = self._offset + chunk.position
            first = self._pausing or chunk.first
            loudness = loudness_of(chunk.pcm)
            voice, level = has_voice(payload), level_of(loudness)
            told = loudness if fits else None
            packets.append(AudioPacket(payload, timestamp, level, first, voice, told))
            self._pausing = False
        return packets

    def _start(self, channels: int) -> None:
        settings = self._settings
        if self._shaper is not None:
            self._offset += self._shaper.position
        self._shaper = Shaper(RATE, channels, self._samples)
        encoder = self._encoder = OpusEncoder(
            channels, application=VOIP if channels == 1 else AUDIO
        )
        encoder.set_complexity(settings.complexity)
        encoder.set_variable(not settings.constant)
        encoder.set_dtx(settings.dtx)
        encoder.set_max_playback_rate(settings.playback_rate)
        self._applied = None
        self._apply()

    def set_bitrate(self, bitrate: int | None, room: int | None = None) -> None:
        """Take so many bits per second, and no more than there is room for; 6000 at least."""
        self._limit, self._room = bitrate, room
        self._apply()

    def set_loss(self, fraction: float) -> None:
        """Protect packets as far as this loss makes it worth it."""
        percent = min(MAX_LOSS_PERCENT, round(100 * fraction))
        if percent != self._loss:
            self._loss = percent
            self._apply()

    def _apply(self) -> None:
        encoder = self._encoder
        if encoder is None:
            return
        limits = (self._settings.bitrate, self._limit)
        usual = BITRATE * encoder.channels
        wanted = min((limit for limit in limits if limit is not None), default=usual)
        within = wanted if self._room is None else min(wanted, self._room)
        if (within, self._loss) != self._applied:
            self._applied = within, self._loss
            encoder.set_bitrate(within)
            encoder.set_fec(self._settings.fec and self._loss > 0, self._loss)


class OpusAudioDecoder:
    """Opus to sound at 48 kHz of so many channels."""

    rate = RATE

    def __init__(self, channels: int = 2) -> None:
        self.channels = channels
        self._decoder = OpusDecoder(channels)

    def decode(self, payload: bytes) -> bytes:
        """Decode a packet; ValueError when it is none."""
        try:
            return self._decoder.decode(payload)
        except OpusError as error:
            raise ValueError(f"no Opus packet: {error}") from error

    def decode_copy(self, payload: bytes, samples: int) -> bytes:
        """Decode the copy of what was before; concealed where there is none."""
        try:
            return self._decoder.decode_fec(payload, samples)
        except OpusError:
            return self.conceal(samples)

    def conceal(self, samples: int) -> bytes:
        """Go on as it sounded, for any length: libopus has steps of 2.5 ms, and 120 ms at most."""
        width = BYTES_PER_SAMPLE * self.channels
        pieces = []
        while samples > 0:
            piece = min(samples, MAX_SAMPLES)
            pieces.append(self._decoder.conceal(-(-piece // STEP) * STEP)[: width * piece])
            samples -= piece
        return b"".join(pieces)

    def comfort(self, samples: int) -> bytes:
        """Go on with the noise behind the voice, which libopus knows."""
        return self.conceal(samples)
