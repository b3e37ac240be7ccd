"""Codecs by FFmpeg: those of the telephone network, G.711 and G.722 (RFC 3551 §4.5.14, §4.5.2).

Opus too, where libopus itself is not to be had: then nothing is known of copies, and what is
missing is concealed like the others.
"""

from typing import Literal, NamedTuple, cast

import av
from av import AudioCodecContext, AudioFrame, CodecContext

from .audio import QUIETEST, AudioPacket, level_of, loudness_of
from .conceal import Concealer
from .sound import BYTES_PER_SAMPLE, Shaper, samples_of

PACKET_TIME = 20.0
"""Milliseconds of a packet unless something else is wanted."""


class PlainCodec(NamedTuple):
    """FFmpeg's name, samples a second, the RTP clock, and channels."""

    name: str
    rate: int
    clock_rate: int
    channels: int = 1


PCMU = PlainCodec("pcm_mulaw", 8000, 8000)
PCMA = PlainCodec("pcm_alaw", 8000, 8000)
G722 = PlainCodec("g722", 16000, 8000)
"""Its clock is half its rate, by an error of RFC 1890 that was kept."""
OPUS = PlainCodec("libopus", 48000, 48000, 2)


def _open(codec: PlainCodec, mode: Literal["r", "w"]) -> AudioCodecContext:
    context = cast("AudioCodecContext", CodecContext.create(codec.name, mode))
    context.format = "s16"
    context.layout = "mono" if codec.channels == 1 else "stereo"
    context.sample_rate = codec.rate
    return context


class PlainAudioEncoder:
    """Frames of any shape to payloads of so many milliseconds."""

    def __init__(self, codec: PlainCodec, packet_time: float = PACKET_TIME) -> None:
        self._codec = codec
        self._context = _open(codec, "w")
        samples = round(codec.rate * packet_time / 1000)
        self._shaper = Shaper(codec.rate, codec.channels, samples)

    def encode(self, frame: AudioFrame) -> list[AudioPacket]:
        """Encode a frame; av.FFmpegError when it cannot be."""
        packets, fits = [], self._shaper.fits(frame)
        for chunk in self._shaper.add(frame):
            payload, time = self._encode(chunk.pcm), self._time_of(chunk.position)
            loudness = loudness_of(chunk.pcm)
            level = level_of(loudness)
            voice, told = level > QUIETEST, loudness if fits else None
            packets.append(AudioPacket(payload, time, level, chunk.first, voice, told))
        return packets

    def _encode(self, pcm: bytes) -> bytes:
        samples = len(pcm) // (BYTES_PER_SAMPLE * self._codec.channels)
        frame = AudioFrame(format="s16", layout=self._context.layout.name, samples=samples)
        frame.planes[0].update(pcm)
        frame.sample_rate = self._codec.rate
        return b"".join(bytes(packet) for packet in self._context.encode(frame))

    def _time_of(self, position: int) -> int:
        return position * self._codec.clock_rate // self._codec.rate

    def set_bitrate(self, bitrate: int | None, room: int | None = None) -> None:
        """Change nothing: the rate of these codecs is fixed."""

    def set_loss(self, fraction: float) -> None:
        """Change nothing: these codecs carry no protection."""


class PlainAudioDecoder:
    """Payloads to sound."""

    def __init__(self, codec: PlainCodec) -> None:
        self.rate = codec.rate
        self.channels = codec.channels
        self._context = _open(codec, "r")
        self._concealer = Concealer(codec.rate, codec.channels)

    def decode(self, payload: bytes) -> bytes:
        """Decode a payload; ValueError when FFmpeg refuses it."""
        try:
            frames = self._context.decode(av.Packet(payload))
        except av.FFmpegError as error:
            raise ValueError(f"cannot be decoded: {error}") from error
        pcm = b"".join(samples_of(frame) for frame in frames)
        return self._concealer.hear(pcm)

    def decode_copy(self, payload: bytes, samples: int) -> bytes:
        """Conceal: a payload carries nothing of the one before."""
        del payload
        return self.conceal(samples)

    def conceal(self, samples: int) -> bytes:
        """Repeat the pitch of what was heard, fading."""
        return self._concealer.conceal(samples)

    def comfort(self, samples: int) -> bytes:
        """Be silent."""
        return bytes(BYTES_PER_SAMPLE * self.channels * samples)
