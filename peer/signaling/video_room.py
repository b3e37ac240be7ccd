"""A room of Janus' VideoRoom plugin: who publishes there, publishing, subscribing."""

from collections.abc import AsyncIterator, Iterable
from typing import Any, NamedTuple

from peer import RTCPeerConnection

from .janus import JanusEvent, JanusHandle, JanusSession

PLUGIN = "janus.plugin.videoroom"


class Publisher(NamedTuple):
    """Somebody who publishes in a room, and what: kind by mid ("audio", "video", "data")."""

    id: int | str
    display: str | None
    streams: dict[str, str]


class VideoRoom:
    """One's place in a room; leaving the session, or `leave`, gives it up.

    `room` is Janus' number, or text, for it; `pin` what it may ask for. `publishers` are the
    others as far as they have been told: those of `join`, and what `changes` has given.
    """

    def __init__(self, session: JanusSession, room: int | str, *, pin: str | None = None) -> None:
        self._session = session
        self._room: dict[str, Any] = {"room": room} if pin is None else {"room": room, "pin": pin}
        self._handle: JanusHandle | None = None
        self._subscriptions: list[JanusHandle] = []
        self.publishers: dict[int | str, Publisher] = {}

    async def join(self, display: str | None = None) -> list[Publisher]:
        """Enter, under a name that others see; gives who publishes. Raises SignalingError."""
        if self._handle is not None:
            raise ValueError("one is in the room already")
        handle = await self._session.attach(PLUGIN)
        body = {"request": "join", "ptype": "publisher", **self._room}
        if display is not None:
            body["display"] = display
        try:
            event = await handle.message(body)
        except BaseException:
            await handle.detach()
            raise
        self._handle = handle
        self._note(event)
        return list(self.publishers.values())

    async def publish(self, pc: RTCPeerConnection, **settings: Any) -> None:
        """Publish what a connection has to send; `settings` are Janus', such as ``bitrate``.

        Once more, after tracks have come or gone, it is published as it is then.
        """
        await self._joined().offer(pc, {"request": "publish", **settings})

    async def unpublish(self) -> None:
        """Publish no more. The connection is its owner's to close."""
        await self._joined().message({"request": "unpublish"})

    async def subscribe(
        self, pc: RTCPeerConnection, publishers: Iterable[int | str]
    ) -> JanusHandle:
        """Have what some publish sent to a connection, which gets a handle of its own for it."""
        handle = await self._session.attach(PLUGIN)
        streams = [{"feed": publisher} for publisher in publishers]
        body = {"request": "join", "ptype": "subscriber", "streams": streams, **self._room}
        try:
            offered = await handle.message(body)
            await handle.answer(pc, offered, {"request": "start"})
        except BaseException:
            await handle.detach()
            raise
        kept = [each for each in self._subscriptions if not each.has_ended]
        self._subscriptions = [*kept, handle]
        return handle

    async def changes(self) -> AsyncIterator[Publisher | int | str]:
        """Give each publisher that comes or changes, and the id of each that goes, as they do."""
        async for event in self._joined().events():
            for publisher in self._note(event):
                yield publisher
            for name in ("unpublished", "leaving"):
                gone = event.data.get(name)
                if isinstance(gone, int | str) and gone in self.publishers:
                    del self.publishers[gone]
                    yield gone

    async def leave(self) -> None:
        """Leave the room, and end the subscriptions. Connections are their owners' to close."""
        subscriptions, self._subscriptions = self._subscriptions, []
        for handle in subscriptions:
            await handle.detach()
        if self._handle is not None:
            handle, self._handle = self._handle, None
            await handle.detach()
        self.publishers.clear()

    def _joined(self) -> JanusHandle:
        if self._handle is None:
            raise ValueError("one is not in the room")
        return self._handle

    def _note(self, event: JanusEvent) -> list[Publisher]:
        found = [_publisher(each) for each in _dictionaries(event.data.get("publishers"))]
        self.publishers.update({each.id: each for each in found})
        return found


def _publisher(told: dict[str, Any]) -> Publisher:
    number, display = told.get("id"), told.get("display")
    streams = {
        str(stream["mid"]): str(stream.get("type"))
        for stream in _dictionaries(told.get("streams"))
        if "mid" in stream
    }
    return Publisher(
        number if isinstance(number, int | str) else str(number),
        display if isinstance(display, str) else None,
        streams,
    )


def _dictionaries(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
