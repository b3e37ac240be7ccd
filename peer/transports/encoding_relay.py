"""One encoding of a track for many connections."""

import asyncio
import math
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, TypeAlias
from weakref import WeakSet

from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from aiortc.rtcrtpparameters import RTCRtpCodecParameters

from .encoded import MediaEncoder
from .encoded_media import (
    EncodedMedia,
    RTCEncodedAudioFrame,
    RTCEncodedAudioFrameMetadata,
    RTCEncodedVideoFrame,
    RTCEncodedVideoFrameMetadata,
    linear_level,
)
from .encoded_queue import EncodedQueue
from .encoded_track import EncodedTrack
from .encoding import make_encoder
from .outbound import EncodedFrame
from .parameters import RtpSendParameters
from .share import MediaConfig, MediaShare

KEY_FRAME_INTERVAL = 0.3
"""Seconds from a key frame to the next that is made because somebody asks."""
MAX_SOUND = 50
"""Frames of sound that wait for their encoder; of pictures there is the latest."""

_Format: TypeAlias = tuple[str, tuple[tuple[str, object], ...]]


class EncodingRelay:
    """Encodes a track once for all connections that send it, in each format that they agreed on.

    Each connection is given a track of its own by `subscribe`. An encoding keeps to the lowest
    bitrate that one of them can take, and makes a key frame when one asks for it, though not more
    often than every 0.3 s. The track is read while one of them is sent.
    """

    def __init__(self, track: MediaStreamTrack, *, config: MediaConfig | None = None) -> None:
        self._track = track
        self._share = MediaShare(config)
        self._encodings: dict[_Format, _Encoding] = {}
        self._subscribers: WeakSet[_Subscriber] = WeakSet()
        self._reading: asyncio.Task[None] | None = None
        self._ending: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def encodings(self) -> int:
        """How many formats the track is encoded in at present."""
        return len(self._encodings)

    def subscribe(self) -> EncodedTrack:
        """Return a track for one connection; it ends with the one that is encoded.

        It has ended when that one has, or when the relay is closed.
        """
        subscriber = _Subscriber(self._track.kind, self._join, self._leave)
        self._subscribers.add(subscriber)
        if self._closed or self._track.readyState != "live":
            subscriber.stop()
        return subscriber

    async def close(self) -> None:
        """End the tracks that were given out; the one that is encoded goes on.

        It leaves no task and no thread. Calling again changes nothing.
        """
        self._closed = True
        for one in list(self._subscribers):
            one.stop()
        await asyncio.gather(*self._ending, return_exceptions=True)
        await self._share.close()

    def _join(self, subscriber: "_Subscriber", codec: RTCRtpCodecParameters) -> "_Encoding":
        """Have a subscriber get what is encoded in a format."""
        parameters = tuple(sorted((name, value) for name, value in codec.parameters.items()))
        form = codec.mimeType.lower(), parameters
        encoding = self._encodings.get(form)
        if encoding is None:
            encoding = self._encodings[form] = _Encoding(codec, self._share)
        encoding.subscribers.append(subscriber)
        if self._reading is None:
            self._reading = asyncio.get_running_loop().create_task(self._read())
        return encoding

    def _leave(self, subscriber: "_Subscriber", encoding: "_Encoding") -> None:
        encoding.subscribers.remove(subscriber)
        if not encoding.subscribers:
            self._end(encoding.task)
            self._encodings = {
                form: one for form, one in self._encodings.items() if one is not encoding
            }
        if not self._encodings and self._reading is not None:
            self._end(self._reading)
            self._reading = None

    def _end(self, task: asyncio.Task[None]) -> None:
        """Cancel a task; `close` waits for it, however long before that was."""
        task.cancel()
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _read(self) -> None:
        try:
            while True:
                data = await self._track.recv()
                for encoding in self._encodings.values():
                    encoding.put(data)
        except MediaStreamError:
            pass
        except Exception as error:
            asyncio.get_running_loop().call_exception_handler(
                {"message": "a track failed", "exception": error, "track": self._track}
            )
        self._reading = None
        for one in list(self._subscribers):
            one.stop()


class _Encoding:
    """The track in one format, for those who can send it."""

    def __init__(self, codec: RTCRtpCodecParameters, share: MediaShare) -> None:
        self.subscribers: list[_Subscriber] = []
        self.key_wanted = False
        self.codec = codec
        self._share = share
        self._key_at = -math.inf
        self._waiting: deque[Any] = deque(maxlen=MAX_SOUND if _is_sound(codec) else 1)
        self._wake = asyncio.Event()
        self.task = asyncio.get_running_loop().create_task(self._run())

    def put(self, data: Any) -> None:
        """Encode a frame; one that still waits makes room."""
        self._waiting.append(data)
        self._wake.set()

    async def _run(self) -> None:
        encoder, has_failed = self._make_encoder(), False
        while True:
            if not self._waiting:
                self._wake.clear()
                await self._wake.wait()
            try:
                await self._encode(encoder, self._waiting.popleft())
                has_failed = False
            except Exception as error:
                # It may be in any state; a new one begins with a key frame.
                encoder = self._make_encoder()
                if not has_failed:
                    asyncio.get_running_loop().call_exception_handler(
                        {"message": "a frame could not be encoded", "exception": error}
                    )
                has_failed = True

    def _make_encoder(self) -> MediaEncoder:
        parameters = RtpSendParameters("", (self.codec,), (), 0)
        return make_encoder(self.codec, parameters, self._share)

    async def _encode(self, encoder: MediaEncoder, data: Any) -> None:
        now = asyncio.get_running_loop().time()
        encoder.limit(self._bitrate(), now)
        keyframe = self.key_wanted and now - self._key_at >= KEY_FRAME_INTERVAL
        if keyframe:
            self.key_wanted = False
        encoded = await encoder.encode(data, keyframe=keyframe)
        for frame in encoded.frames:
            if frame.is_key:
                self._key_at = now
            described = _describe(frame, self.codec)
            for one in self.subscribers:
                one.put(described)

    def _bitrate(self) -> int | None:
        bitrates = [one.bitrate for one in self.subscribers if one.bitrate]
        return min(bitrates, default=None)


class _Subscriber(EncodedTrack):
    """What one connection sends of it."""

    def __init__(
        self,
        kind: str,
        join: Callable[["_Subscriber", RTCRtpCodecParameters], _Encoding],
        leave: Callable[["_Subscriber", _Encoding], None],
    ) -> None:
        super().__init__(kind, _nothing())
        self.bitrate: int | None = None
        self._join = join
        self._leave = leave
        self._encoding: _Encoding | None = None
        self._queue: EncodedQueue[None] = EncodedQueue()
        self._wake = asyncio.Event()

    async def recv(self) -> Any:
        """Return the next frame; who gives up waiting has taken none, and needs no task for it."""
        while self.readyState == "live":
            entry = self._queue.get()
            if entry is not None:
                return entry[0]
            self._wake.clear()
            await self._wake.wait()
        raise MediaStreamError

    def put(self, frame: EncodedMedia) -> None:
        """Add a frame."""
        self._queue.put(frame, None)
        if self._queue.needs_key:
            self.request_key_frame()
        self._wake.set()

    def choose_format(self, codecs: Sequence[RTCRtpCodecParameters]) -> None:
        """Get what is encoded in the first of these formats."""
        if self.readyState != "live":
            return
        wanted = codecs[0]
        if self._encoding is not None and self._encoding.codec == wanted:
            return
        self.rest()
        self._queue.needs_key = self.kind == "video"
        self._encoding = self._join(self, wanted)
        self._encoding.key_wanted = True

    def request_key_frame(self) -> None:
        """Have the next picture need no other."""
        if self._encoding is not None:
            self._encoding.key_wanted = True

    def limit(self, bitrate: int | None) -> None:
        """Note how many bits per second can be sent."""
        self.bitrate = bitrate

    def rest(self) -> None:
        """Have nothing encoded for it, until there are formats again."""
        encoding, self._encoding = self._encoding, None
        if encoding is not None:
            self._leave(self, encoding)
        self._queue.clear()
        self.bitrate = None

    def stop(self) -> None:
        """End it: nothing is encoded for it any more."""
        super().stop()
        self.rest()
        self._wake.set()


async def _nothing() -> AsyncIterator[EncodedMedia]:
    """Give no frames."""
    frames: tuple[EncodedMedia, ...] = ()
    for frame in frames:
        yield frame


def _is_sound(codec: RTCRtpCodecParameters) -> bool:
    return codec.mimeType.lower().startswith("audio/")


def _describe(frame: EncodedFrame, codec: RTCRtpCodecParameters) -> EncodedMedia:
    timestamp, level = frame.timestamp & 0xFFFFFFFF, frame.audio_level
    if _is_sound(codec):
        heard = None if level is None else linear_level(-level)
        sound = RTCEncodedAudioFrameMetadata(codec.mimeType, timestamp, audioLevel=heard)
        return RTCEncodedAudioFrame(frame.data, sound)
    picture = RTCEncodedVideoFrameMetadata(codec.mimeType, timestamp)
    return RTCEncodedVideoFrame(frame.data, picture, "key" if frame.is_key else "delta")
