"""Tracks of what is encoded already."""

import asyncio
from collections.abc import AsyncIterable, Callable, Sequence
from typing import Any
from weakref import WeakSet

from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from av.packet import Packet

from peer.media import find_audio_codec
from peer.rtp import make_depayloader

from .encoded_media import EncodedMedia


class EncodedTrack(MediaStreamTrack):
    """A track of frames that are encoded already: they are sent as they are.

    `frames` gives `av.Packet`, as of a camera's or a file's encoder, or what `encoded_frames()` of
    a receiver gives; the track ends with it, and `stop` cancels it. `request_key_frame` is called
    when a peer needs one. A subclass hears more: what can be sent, how much, and when nothing is.
    """

    def __init__(
        self,
        kind: str,
        frames: "AsyncIterable[EncodedMedia | Packet[Any]]",
        request_key_frame: Callable[[], object] | None = None,
    ) -> None:
        super().__init__()
        self.kind = kind
        self._frames = aiter(frames)
        self._request_key_frame = request_key_frame
        self._reading: asyncio.Task[Any] | None = None
        self._senders: WeakSet[object] = WeakSet()

    async def recv(self) -> Any:
        """Return the next frame; MediaStreamError when the track has ended."""
        if self.readyState != "live":
            raise MediaStreamError
        # Who gives up waiting, as a sender does for a moment, leaves the frame to the next who
        # comes: a generator that is cancelled would be at its end.
        reading = self._reading or asyncio.get_running_loop().create_task(self._read())
        self._reading = reading
        try:
            frame = await asyncio.shield(reading)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if self.readyState == "live" or (task is not None and task.cancelling()):
                raise
            raise MediaStreamError from None
        except StopAsyncIteration:
            self.stop()
            raise MediaStreamError from None
        except Exception:
            self._reading = None
            raise
        self._reading = None
        return frame

    async def _read(self) -> Any:
        return await anext(self._frames)

    def stop(self) -> None:
        """End it; whoever waits for a frame is told."""
        super().stop()
        if self._reading is not None:
            self._reading.cancel()

    def begin(self, sender: object, codecs: Sequence[RTCRtpCodecParameters]) -> None:
        """Note that a sender can send these formats, and what else it can than before."""
        self._senders.add(sender)
        self.choose_format(codecs)

    def end(self, sender: object) -> None:
        """Note that it sends nothing any more."""
        self._senders.discard(sender)
        if not self._senders:
            self.rest()

    def steer(self, bitrate: int | None, *, keyframe: bool) -> None:
        """Hear what an encoder is told with each frame."""
        self.limit(bitrate)
        if keyframe:
            self.request_key_frame()

    def request_key_frame(self) -> None:
        """Have the next picture need no other, if that can be had."""
        if self._request_key_frame is not None:
            self._request_key_frame()

    def choose_format(self, codecs: Sequence[RTCRtpCodecParameters]) -> None:
        """Hear what can be sent, the preferred format first, before anything is."""

    def rest(self) -> None:
        """Hear that nothing is sent any more, until there are formats again."""

    def limit(self, bitrate: int | None) -> None:
        """Hear how many bits per second are to be sent at most, as often as that changes."""


def in_order(
    codec: RTCRtpCodecParameters, codecs: Sequence[RTCRtpCodecParameters]
) -> list[RTCRtpCodecParameters]:
    """Return the formats of media among codecs, one of them first."""
    others = [one for one in codecs if one != codec and _has_packets(one.mimeType)]
    return [codec, *others]


def _has_packets(mime_type: str) -> bool:
    return make_depayloader(mime_type) is not None or find_audio_codec(mime_type) is not None
