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
from .paces import MAX_PACES, Common, Pace, common
from .parameters import RtpSendParameters
from .share import MediaConfig, MediaShare

KEY_FRAME_INTERVAL = 0.3
"""Seconds from a key frame to the next that is made because somebody asks."""
MAX_SOUND = 50
"""Frames of sound that wait for their encoder; of pictures there is the latest."""
_REGROUP_INTERVAL = 0.5

_Format: TypeAlias = tuple[str, tuple[tuple[str, object], ...]]


class EncodingRelay:
    """Encodes a track once for all connections that send it, in each format that they agreed on.

    Each connection is given a track of its own by `subscribe`. An encoding keeps to the lowest
    bitrate of those who share it, and makes a key frame when one asks for it, though not more
    often than every 0.3 s. Lines that take less than half of what is usual share another one of
    pictures, of which a format has three at most. The track is read while one of them is sent.
    """

    def __init__(self, track: MediaStreamTrack, *, config: MediaConfig | None = None) -> None:
        self._track = track
        self._share = MediaShare(config)
        # Those of a format, for ever slower lines.
        self._encodings: dict[_Format, list[_Encoding]] = {}
        self._regroup_at = -math.inf
        self._subscribers: WeakSet[_Subscriber] = WeakSet()
        self._reading: asyncio.Task[None] | None = None
        self._ending: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def encodings(self) -> int:
        """How many times the track is encoded at present: once in a format, or for each pace."""
        return sum(map(len, self._encodings.values()))

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
        paces = self._encodings.setdefault(form, [])
        if not paces:
            paces.append(_Encoding(codec, self._share))
        encoding = paces[0]
        encoding.subscribers.append(subscriber)
        if self._reading is None:
            self._reading = asyncio.get_running_loop().create_task(self._read())
        return encoding

    def _leave(self, subscriber: "_Subscriber", encoding: "_Encoding") -> None:
        encoding.subscribers.remove(subscriber)
        self._drop_unused()
        if not self._encodings and self._reading is not None:
            self._end(self._reading)
            self._reading = None

    def _drop_unused(self) -> None:
        """End encodings that nobody shares any more."""
        for paces in self._encodings.values():
            for encoding in paces:
                if not encoding.subscribers:
                    self._end(encoding.task)
            paces[:] = [encoding for encoding in paces if encoding.subscribers]
        self._encodings = {form: paces for form, paces in self._encodings.items() if paces}

    def _regroup(self, now: float) -> None:
        """Have those share an encoding whose lines take about as much."""
        if now < self._regroup_at:
            return
        self._regroup_at = now + _REGROUP_INTERVAL
        for paces in self._encodings.values():
            for index, encoding in enumerate(paces[:]):
                encoding.all_count = index == MAX_PACES - 1
                above = paces[index - 1].common if index else None
                here = encoding.common
                for one in encoding.subscribers[:]:
                    step = one.pace.judge(one.bitrate, here, above, now)
                    if index + step == len(paces):
                        paces.append(_Encoding(encoding.codec, self._share))
                    if step:
                        one.move(paces[index + step])
        self._drop_unused()

    def _end(self, task: asyncio.Task[None]) -> None:
        """Cancel a task; `close` waits for it, however long before that was."""
        task.cancel()
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _read(self) -> None:
        try:
            while True:
                data = await self._track.recv()
                if self._track.kind == "video":
                    # Encoders of sound count samples: who moved would step in time.
                    self._regroup(asyncio.get_running_loop().time())
                for paces in self._encodings.values():
                    for encoding in paces:
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
    """The track in one format and at one pace, for those who can send it.

    The slowest is for all who are left: there `all_count`, however little their lines take. So they
    do for sound, which has one pace.
    """

    def __init__(self, codec: RTCRtpCodecParameters, share: MediaShare) -> None:
        self.subscribers: list[_Subscriber] = []
        self.key_wanted = False
        self.all_count = _is_sound(codec)
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
        common = self.common
        encoder.limit(None if common is None else common.bitrate, now)
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

    @property
    def common(self) -> Common | None:
        """What the lines take that share it, None while nothing is known of any."""
        return common([one.bitrate for one in self.subscribers], all_count=self.all_count)


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
        self.pace = Pace()
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
        self._begin(self._join(self, wanted))

    def _begin(self, encoding: _Encoding) -> None:
        """Go on with frames of another encoding, from its next key frame on."""
        self._encoding = encoding
        self._queue.needs_key = self.kind == "video"
        encoding.key_wanted = True

    def move(self, encoding: _Encoding) -> None:
        """Share another encoding of the same format."""
        if self._encoding is not None:
            self._encoding.subscribers.remove(self)
        encoding.subscribers.append(self)
        self.pace = Pace()
        self._begin(encoding)

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
        self.bitrate, self.pace = None, Pace()

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
