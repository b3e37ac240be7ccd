"""A program between the codec and the network (W3C webrtc-encoded-transform §6, §7)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import field
from typing import Protocol, Self

from peer.records import dataclass
from peer.transports import Passage, RTCEncodedAudioFrame, RTCEncodedVideoFrame

from .errors import InvalidStateError, JsepTypeError
from .event_target import EventHandler, EventTarget
from .events import Event


@dataclass(frozen=True, slots=True)
class KeyFrameRequestEvent(Event):
    """The peer asks for a key frame; after `preventDefault` none is made for that."""

    type: str = field(default="keyframerequest", kw_only=True)
    rid: str | None = None
    prevented: list[bool] = field(default_factory=list, kw_only=True, repr=False)

    @property
    def defaultPrevented(self) -> bool:
        """Tell whether the request comes to nothing."""
        return bool(self.prevented)

    def preventDefault(self) -> None:
        """Have the request come to nothing."""
        self.prevented.append(True)


LAST_WORDS = 1.0
"""Seconds that a program has to end when it is cancelled; a connection that closes waits for it."""


class TransformOwner(Protocol):
    """The sender or receiver that a transform is set on."""

    def generate_key_frame(self, rid: str | None) -> Awaitable[object]:
        """Make the next picture need no other; done when it goes through the transform."""

    def send_key_frame_request(self) -> None:
        """Ask the peer for one."""


class EncodedFrameSource:
    """The frames that come (W3C `readable`): ``async for frame in transformer.readable``."""

    def __init__(self, passage: Passage) -> None:
        self._passage = passage

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> RTCEncodedVideoFrame | RTCEncodedAudioFrame:
        frame = await self._passage.read()
        if frame is None:
            raise StopAsyncIteration
        return frame


class EncodedFrameSink:
    """Where frames go on (W3C `writable`)."""

    def __init__(self, passage: Passage) -> None:
        self._passage = passage

    def write(self, frame: RTCEncodedVideoFrame | RTCEncodedAudioFrame) -> None:
        """Let a frame go on that was read; those read before it, and not written, are dropped.

        Nothing happens with one that is from elsewhere, was written already, or before a later one.
        """
        if not isinstance(frame, RTCEncodedVideoFrame | RTCEncodedAudioFrame):
            raise JsepTypeError(f"{frame!r} is no encoded frame")
        self._passage.write(frame)


class RTCRtpScriptTransformer(EventTarget):
    """What the program of a transform reads from and writes to.

    Emits "keyframerequest" when the peer of a sender asks for a key frame.
    """

    onkeyframerequest = EventHandler[KeyFrameRequestEvent]()

    def __init__(self, passage: Passage, options: object) -> None:
        super().__init__()
        self.readable = EncodedFrameSource(passage)
        self.writable = EncodedFrameSink(passage)
        self.options = options
        self._owner: TransformOwner | None = None

    def generateKeyFrame(self, rid: str | None = None) -> Awaitable[object]:
        """Have a sender make a key frame, of the encoding `rid` or of all.

        It may be awaited, and has ended when the frame is there to be read, or when the track has
        ended or is sent no more. Raises InvalidStateError unless it is a sender of pictures,
        TypeError for what is no rid and NotFoundError for a rid that is not sent.
        """
        return self._require().generate_key_frame(rid)

    def sendKeyFrameRequest(self) -> None:
        """Ask the peer of a receiver for a key frame.

        Raises InvalidStateError unless it is a receiver of pictures.
        """
        self._require().send_key_frame_request()

    def _require(self) -> TransformOwner:
        if self._owner is None:
            raise InvalidStateError("the transform is not in use")
        return self._owner

    # For the transform

    def belong_to(self, owner: TransformOwner | None) -> None:
        """Note whose frames they are."""
        self._owner = owner


class RTCRtpScriptTransform:
    """What the `transform` of a sender or receiver takes.

    `main(transformer)` is a coroutine function. It runs, in the event loop, from the first frame
    until the transform is taken off or the sender or receiver ends: then it is cancelled. Once it
    returns or raises, no frame passes any more.
    """

    def __init__(
        self,
        main: Callable[[RTCRtpScriptTransformer], Awaitable[object]],
        options: object = None,
    ) -> None:
        if not callable(main):
            raise JsepTypeError("a transform takes a coroutine function")
        self._main = main
        self._is_used = False
        self._task: asyncio.Task[None] | None = None
        self.passage = Passage(self._begin)
        self._transformer = RTCRtpScriptTransformer(self.passage, options)

    # For senders and receivers

    def attach(self, owner: TransformOwner) -> None:
        """Belong to a sender or receiver; InvalidStateError when it has belonged to one."""
        if self._is_used:
            raise InvalidStateError("the transform is in use already, or was")
        self._is_used = True
        self._transformer.belong_to(owner)

    def detach(self) -> None:
        """End it: the program is cancelled."""
        self._transformer.belong_to(None)
        self.passage.close()
        if self._task is not None:
            self._task.cancel()

    async def ended(self) -> None:
        """Wait until the program has ended, if it was told to, and for a moment only."""
        if self._task is not None and self.passage.is_closed:
            await asyncio.wait([self._task], timeout=LAST_WORDS)

    def allows_key_frame(self, rid: str | None) -> bool:
        """Tell the program that the peer asks for a key frame; False: it is to come to nothing."""
        event = KeyFrameRequestEvent(rid=rid)
        self._transformer.dispatch("keyframerequest", event, event)
        return not event.defaultPrevented

    def _begin(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        try:
            await self._main(self._transformer)
        except Exception as error:
            asyncio.get_running_loop().call_exception_handler(
                {"message": "a transform failed", "exception": error, "transform": self}
            )
        finally:
            self.passage.close()


def set_transform(
    owner: TransformOwner, before: RTCRtpScriptTransform | None, now: object
) -> RTCRtpScriptTransform | None:
    """Put a transform in the place of another, None for none; returns it.

    Raises TypeError for what is no transform, InvalidStateError for one that was used before.
    """
    if now is before:
        return before
    if not (now is None or isinstance(now, RTCRtpScriptTransform)):
        raise JsepTypeError(f"{now!r} is no RTCRtpScriptTransform")
    if now is not None:
        now.attach(owner)
    if before is not None:
        before.detach()
    return now
