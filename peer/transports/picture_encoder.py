"""Encoding pictures, in the threads of their connection."""

import asyncio
import time

from aiortc.codecs import h264, vpx
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from av import VideoFrame

from peer.media import (
    Adaptation,
    Judged,
    VideoSettings,
    bounds_of,
    find_video_codec,
    rotation,
)
from peer.rtp import is_key_frame

from .encoded import Encoded
from .encoded_media import MediaData
from .given import given_frame
from .outbound import EncodedFrame
from .parameters import RtpSendParameters, takes_rotation
from .shaping import FrameGate, FrameRate, PictureClock, PictureShaper
from .share import MediaShare

_WORTH = (
    (320 * 240, 600_000),
    (640 * 480, 1_700_000),
    (960 * 540, 2_000_000),
    (1280 * 720, 2_500_000),
)
_WORTH_OF_OTHERS = 5_000_000
"""Bits per second that pictures up to a size are worth, as in libwebrtc, and larger ones."""
_AS_IT_IS = "maintain-framerate-and-resolution"
_MODULES = {"video/vp8": vpx, "video/h264": h264}
_STOCK = {name: module.MAX_BITRATE for name, module in _MODULES.items()}


class PictureEncoder:
    """Makes frames of pictures, as few bits as it may and as the picture is worth."""

    def __init__(
        self, codec: RTCRtpCodecParameters, parameters: RtpSendParameters, share: MediaShare
    ) -> None:
        found = find_video_codec(codec.mimeType)
        if found is None or found.encoder is None:
            raise ValueError(f"nothing encodes {codec.mimeType}")
        settings = VideoSettings(codec.parameters, temporal_layers=parameters.temporal_layers)
        self._encoder = found.encoder(settings)
        self._codec = codec
        self._parameters = parameters
        self._share = share
        self._bounds = bounds_of(codec.mimeType, codec.parameters)
        self._turns = not takes_rotation(parameters)
        self._shaper = PictureShaper(upright=self._turns)
        self._rate = FrameRate()
        self._clock = PictureClock(codec.clockRate)
        self._gate = FrameGate()
        self._limit: int | None = None
        self._adaptation: Adaptation | None = None

    async def encode(self, data: MediaData, *, keyframe: bool) -> Encoded:
        """Encode a picture, one that needs no other with `keyframe`."""
        if not isinstance(data, VideoFrame):
            raise TypeError(f"{data!r} is no picture")
        timestamp = self._clock.time(data, asyncio.get_running_loop().time())
        return await self._share.run(self._encode, data, timestamp, keyframe)

    def _encode(self, data: VideoFrame, timestamp: int, key: bool) -> Encoded:
        begin = time.perf_counter()
        now = timestamp / self._codec.clockRate
        adaptation = self._adaptation or self._begin(data)
        scale = self._parameters.scale_down_by * adaptation.scale
        scale = max(scale, self._bounds.scale(data.width, data.height))
        most = self._bounds.rate(int(data.width / scale), int(data.height / scale))
        if not self._gate.admits(now, min(adaptation.frame_rate or most, most)) and not key:
            return Encoded([], None, 0.0, data)
        picture = self._shaper.shape(data, scale)
        frame_rate = self._rate.add(now)
        pixels = picture.width * picture.height
        bitrate = self._bitrate(pixels)
        self._encoder.set_rate(bitrate, frame_rate)
        made = self._encoder.encode(picture, key=key)
        quantizer = None if made is None else made.quantizer
        judged = Judged(pixels, bitrate, frame_rate, made is None, quantizer)
        adaptation.note(judged, self._rate.elapsed)
        frames = []
        if made is not None:
            frames.append(
                EncodedFrame(
                    made.data,
                    timestamp,
                    is_key=made.is_key,
                    quantizer=made.quantizer,
                    target=bitrate / frame_rate / 8,
                    rotation=0 if self._turns else rotation(data),
                    layer=made.layer,
                )
            )
        return Encoded(frames, None, time.perf_counter() - begin, picture)

    def _begin(self, picture: VideoFrame) -> Adaptation:
        """Decide how large the first picture is; without an estimate as large as it comes.

        Of several encodings each has the size that it was given.
        """
        parameters = self._parameters
        preference = _AS_IT_IS if parameters.rid else parameters.degradation_preference
        adaptation = self._adaptation = Adaptation(self._codec.mimeType, preference)
        if self._limit is not None and not parameters.rid:
            pixels = picture.width * picture.height
            adaptation.begin(round(pixels / parameters.scale_down_by**2), self._limit)
        return adaptation

    def _bitrate(self, pixels: int) -> int:
        """Return what a picture is encoded at: as much as is allowed and the picture is worth.

        What a program has set in aiortc's modules holds: where to begin, and how far to go.
        """
        name = self._codec.mimeType.lower()
        module = _MODULES.get(name, vpx)
        bitrate = int(module.DEFAULT_BITRATE) if self._limit is None else self._limit
        bitrate = int(min(bitrate, self._bounds.bitrate))
        if self._parameters.max_bitrate is not None:
            return bitrate
        if _STOCK.get(name, module.MAX_BITRATE) != module.MAX_BITRATE:
            return min(bitrate, int(module.MAX_BITRATE))
        return min(bitrate, worth(pixels))

    def limit(self, bitrate: int | None, now: float) -> None:
        """Stay within so many bits per second from the next picture on."""
        self._limit = bitrate

    def note_loss(self, fraction: float, room: int | None) -> None:
        """Change nothing: what is lost is sent again."""

    def leave_out(self, data: VideoFrame) -> None:
        """Count a picture as if it had been encoded."""
        time = self._clock.time(data, asyncio.get_running_loop().time())
        self._rate.add(time / self._codec.clockRate)


class GivenPictures:
    """Takes pictures that are encoded already."""

    def __init__(self, codec: RTCRtpCodecParameters) -> None:
        self._codec = codec

    async def encode(self, data: MediaData, *, keyframe: bool) -> Encoded:
        """Return a picture as it is."""
        frame = given_frame(data, self._codec.clockRate)
        if frame is None:
            raise TypeError(f"{data!r} is not encoded")
        # Packets that a program has made itself seldom say that they are key frames.
        if not frame.is_key and is_key_frame(self._codec.mimeType, frame.data):
            frame = frame._replace(is_key=True)
        return Encoded([frame], None, 0.0, data)

    def limit(self, bitrate: int | None, now: float) -> None:
        """Change nothing: they are as large as they are."""

    def note_loss(self, fraction: float, room: int | None) -> None:
        """Change nothing."""

    def leave_out(self, data: VideoFrame) -> None:
        """Change nothing."""


def worth(pixels: int) -> int:
    """Return the bits per second that make a picture of that many pixels as good as it gets."""
    return next((bitrate for most, bitrate in _WORTH if pixels <= most), _WORTH_OF_OTHERS)
