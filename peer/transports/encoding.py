"""What makes payloads of what a track gives.

Sound is encoded where it is read: that takes less time than handing it to a thread. Pictures go
to the threads of their connection.
"""

import time
from collections.abc import Iterable
from typing import NamedTuple

from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from av import AudioFrame, VideoFrame

from peer.media import (
    AudioEncoder,
    AudioPacket,
    OpusSettings,
    find_audio_codec,
    find_video_codec,
)
from peer.rtp import Redundancy, copies_worth

from .encoded import Encoded, MediaEncoder
from .encoded_media import MediaData
from .given import given_frame
from .measure import measure
from .outbound import EncodedFrame
from .parameters import RtpSendParameters, redundant_payload_type, takes_rotation
from .picture_encoder import GivenPictures, PictureEncoder
from .share import MediaShare

MIN_COPIED_BITRATE = 16_000
"""Bits per second of sound below which copies of it would take away more than they give."""
FIXED_BITRATES = {"audio/pcmu": 64_000, "audio/pcma": 64_000, "audio/g722": 64_000}
"""Bits per second of formats that cannot take less (RFC 3551 §4.5)."""


def choose_codec(
    codecs: Iterable[RTCRtpCodecParameters], given: str | None = None
) -> RTCRtpCodecParameters:
    """Return the codec to send with: that of what is encoded already, else the first there is.

    `given` is a MIME type in lower case. ValueError when none of the codecs can be encoded.
    """
    codecs = list(codecs)
    for codec in codecs:
        if given == codec.mimeType.lower():
            return codec
    for codec in codecs:
        pictures = find_video_codec(codec.mimeType)
        if find_audio_codec(codec.mimeType) is not None or (pictures and pictures.encoder):
            return codec
    raise ValueError("none of the codecs can be encoded")


def shape_of_encoder(
    parameters: RtpSendParameters, codec: RTCRtpCodecParameters
) -> tuple[object, ...]:
    """Return what an encoder is made for."""
    return (
        parameters.packet_time,
        parameters.max_packet_time,
        parameters.scale_down_by,
        parameters.max_bitrate is None,
        parameters.degradation_preference,
        redundant_payload_type(parameters.codecs, codec),
        takes_rotation(parameters),
        parameters.temporal_layers,
    )


def make_encoder(
    codec: RTCRtpCodecParameters,
    parameters: RtpSendParameters,
    share: MediaShare,
    *,
    given: bool = False,
) -> MediaEncoder:
    """Make an encoder, or what takes what is `given` encoded.

    ValueError when there is none for the codec.
    """
    sound = find_audio_codec(codec.mimeType)
    if sound is None:
        return GivenPictures(codec) if given else PictureEncoder(codec, parameters, share)
    settings = OpusSettings.wanted(
        dict(codec.parameters),
        packet_time=parameters.packet_time,
        max_packet_time=parameters.max_packet_time,
    )
    copies = None
    red = redundant_payload_type(parameters.codecs, codec)
    if red is not None and codec.payloadType is not None:
        cost = FIXED_BITRATES.get(codec.mimeType.lower(), MIN_COPIED_BITRATE)
        copies = _Copies(red, Redundancy(codec.payloadType), cost)
    return SoundEncoder(sound.encoder(settings), codec.clockRate, settings.bitrate, copies)


class _Copies(NamedTuple):
    """What repeats packets in those after them, and the payload type those have then.

    `cost` is what each needs with the sound itself, in bits per second.
    """

    payload_type: int
    redundancy: Redundancy
    cost: int


class SoundEncoder:
    """Sound, in the loop that reads it.

    What the peer misses is repeated in the packets that follow, where that was agreed; what is
    lost for all that, the codec protects. All of it together stays within the limits, of which
    `most` is the codec's own, and within the room there is.
    """

    def __init__(
        self,
        encoder: AudioEncoder,
        clock_rate: int,
        most: int | None = None,
        copies: _Copies | None = None,
    ) -> None:
        self._encoder = encoder
        self._clock_rate = clock_rate
        self._most = most
        self._copies = copies
        self._bitrate = most
        self._loss = 0.0
        self._room: int | None = None
        self._begun = False

    async def encode(self, data: MediaData, *, keyframe: bool) -> Encoded:
        """Encode a frame of any shape; every packet has its own time."""
        if not isinstance(data, AudioFrame):
            return self._take(data)
        begin = time.perf_counter()
        packets = self._encoder.encode(data)
        frames = list(map(self._send, packets))
        taken = time.perf_counter() - begin
        is_whole = len(packets) == 1 and data.layout.nb_channels == 1
        return Encoded(
            frames, measure(data, packets[0].loudness if is_whole else None), taken, data
        )

    def _take(self, data: MediaData) -> Encoded:
        """Take what is encoded already; TypeError when it is not."""
        given = given_frame(data, self._clock_rate)
        if given is None:
            raise TypeError(f"{data!r} is no sound")
        packet = AudioPacket(given.data, given.timestamp, given.audio_level, not self._begun)
        return Encoded([self._send(packet)], None, 0.0, data)

    def _send(self, packet: AudioPacket) -> EncodedFrame:
        self._begun = True
        payload, payload_type = packet.payload, None
        if self._copies is not None:
            redundant = self._copies.redundancy.add(packet.timestamp, payload)
            if redundant is not None:
                payload, payload_type = redundant, self._copies.payload_type
        return EncodedFrame(
            payload,
            packet.timestamp,
            packet.level,
            packet.voice,
            marker=packet.first,
            payload_type=payload_type,
        )

    def limit(self, bitrate: int | None, now: float) -> None:
        """Stay within so many bits per second."""
        within, most = bitrate, self._most
        if most is not None and (within is None or most < within):
            within = most
        if within != self._bitrate:
            self._bitrate = within
            self._adapt()

    def note_loss(self, fraction: float, room: int | None) -> None:
        """Protect it as far as this loss makes it worth it, and the room allows."""
        if (fraction, room) != (self._loss, self._room):
            self._loss, self._room = fraction, room
            self._adapt()

    def leave_out(self, data: VideoFrame) -> None:
        """Change nothing: there is room for sound."""

    def _adapt(self) -> None:
        sent = 1
        if self._copies is not None:
            sent += copies_worth(self._loss)
            for most in (self._bitrate, self._room):
                if most is not None:
                    sent = max(1, min(sent, most // self._copies.cost))
            self._copies.redundancy.copies = sent - 1
        self._encoder.set_bitrate(
            None if self._bitrate is None else self._bitrate // sent,
            None if self._room is None else self._room // sent,
        )
        self._encoder.set_loss(self._loss**sent)
