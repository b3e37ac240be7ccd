"""The WebSocket API of the Janus WebRTC server: sessions, handles of plugins, and what they say.

A session is one WebSocket; a handle is one plugin's side of one connection. Requests carry a
transaction and are answered under it, at once or, by plugins, in an event that follows an "ack".
"""

import asyncio
import contextlib
import itertools
import json
import logging
from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import Any, NamedTuple, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from peer import DOMException, RTCPeerConnection

from .errors import SignalingError

logger = logging.getLogger("peer.signaling")

REQUEST_TIMEOUT = 10.0
"""Seconds that Janus may take to answer."""
KEEPALIVE_INTERVAL = 25.0
"""Seconds between signs of life; Janus gives a session up after 60."""
MAX_MESSAGE = 256 * 1024
"""Bytes of one message of Janus."""
MAX_EARLY = 64
"""Candidates of Janus that wait for the description that they belong to."""
MAX_EVENTS = 256
"""Events that a handle keeps for who reads them; the oldest give way."""


class JanusError(SignalingError):
    """Janus, or a plugin of it, refused; `code` is theirs."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code


class JanusEvent(NamedTuple):
    """What a plugin says: its data, and a description where it has one."""

    data: dict[str, Any]
    jsep: dict[str, Any] | None


class JanusSession:
    """A session with Janus; used as ``async with``, which ends it with all handles.

    `url` is that of its WebSocket API, such as ``ws://localhost:8188/``. `token` and `api_secret`
    are sent where Janus asks for them.
    """

    def __init__(
        self, url: str, *, token: str | None = None, api_secret: str | None = None
    ) -> None:
        self._url = url
        self._credentials = {
            name: value for name, value in (("token", token), ("apisecret", api_secret)) if value
        }
        self._socket: ClientConnection | None = None
        self._id: int | None = None
        self._numbers = itertools.count(1)
        self._waiting: dict[str, asyncio.Queue[dict[str, Any] | None]] = {}
        self._handles: dict[int, JanusHandle] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Connect. Raises SignalingError."""
        try:
            self._socket = await connect(
                self._url,
                subprotocols=[Subprotocol("janus-protocol")],
                open_timeout=REQUEST_TIMEOUT,
                close_timeout=REQUEST_TIMEOUT,
                max_size=MAX_MESSAGE,
            )
        except (OSError, WebSocketException, TimeoutError) as error:
            raise SignalingError(f"no connection to {self._url}: {error}") from error
        self._tasks = [asyncio.create_task(self._read(self._socket))]
        try:
            self._id = _id_of(await self.request({"janus": "create"}))
        except BaseException:
            await self.close()
            raise
        self._tasks.append(asyncio.create_task(self._keep_alive()))

    async def attach(self, plugin: str) -> "JanusHandle":
        """Get a handle of a plugin, ``janus.plugin.videoroom`` for one. Raises SignalingError."""
        answer = await self.request({"janus": "attach", "plugin": plugin})
        handle = JanusHandle(self, _id_of(answer))
        self._handles[handle.id] = handle
        return handle

    async def request(self, message: Mapping[str, Any], *, final: bool = False) -> dict[str, Any]:
        """Send a message, and give the answer; with `final` the event that an "ack" announces.

        Raises JanusError when Janus refuses, SignalingError when it does not answer.
        """
        if self._socket is None:
            raise SignalingError("there is no session")
        name = str(next(self._numbers))
        answers = self._waiting[name] = asyncio.Queue()
        whole = {**message, **self._credentials, "transaction": name}
        if self._id is not None:
            whole["session_id"] = self._id
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT):
                await self._socket.send(json.dumps(whole))
                found = await answers.get()
                while final and found is not None and found.get("janus") == "ack":
                    found = await answers.get()
        except (OSError, WebSocketException, TimeoutError) as error:
            reason = str(error) or type(error).__name__
            raise SignalingError(f"no answer to {message.get('janus')}: {reason}") from error
        finally:
            self._waiting.pop(name, None)
        if found is None:
            raise SignalingError("the session has ended")
        if found.get("janus") == "error":
            refused = found.get("error")
            refused = refused if isinstance(refused, Mapping) else {}
            raise _error(refused.get("code"), refused.get("reason"))
        return found

    def forget(self, handle: "JanusHandle") -> None:
        """A handle has ended."""
        self._handles.pop(handle.id, None)

    async def close(self) -> None:
        """End the session and all its handles."""
        if self._id is not None:
            with contextlib.suppress(SignalingError):
                await self.request({"janus": "destroy"})
            self._id = None
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._tasks = []
        socket, self._socket = self._socket, None
        if socket is not None:
            await socket.close()
        self._end_handles()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(KEEPALIVE_INTERVAL)
            with contextlib.suppress(SignalingError):
                await self.request({"janus": "keepalive"})

    async def _read(self, socket: ClientConnection) -> None:
        try:
            async for text in socket:
                try:
                    message = json.loads(text)
                except (ValueError, RecursionError):
                    message = None
                if not isinstance(message, dict):
                    logger.debug("Janus says what is no JSON object")
                    continue
                self._take(message)
        except WebSocketException as error:
            logger.debug("the connection to Janus has ended: %s", error)
        finally:
            for answers in self._waiting.values():
                answers.put_nowait(None)
            self._end_handles()

    def _end_handles(self) -> None:
        for handle in list(self._handles.values()):
            handle.end()

    def _take(self, message: dict[str, Any]) -> None:
        answers = self._waiting.get(str(message.get("transaction")))
        if answers is not None:
            answers.put_nowait(message)
            return
        if message.get("janus") == "timeout":
            # Janus has heard nothing for too long, and has ended the session by itself.
            self._end_handles()
        sender = message.get("sender")
        handle = self._handles.get(sender) if isinstance(sender, int) else None
        if handle is not None:
            handle.take(message)


class JanusHandle:
    """A plugin's side of one connection."""

    def __init__(self, session: JanusSession, number: int) -> None:
        self.id = number
        self._session = session
        self._events: asyncio.Queue[JanusEvent | None] = asyncio.Queue()
        self._pc: RTCPeerConnection | None = None
        self._early: list[Any] = []
        self._sending: set[asyncio.Task[None]] = set()
        self.has_ended = False

    async def message(
        self, body: Mapping[str, Any], jsep: Mapping[str, Any] | None = None
    ) -> JanusEvent:
        """Say something to the plugin, and give its answer.

        Raises JanusError when it refuses, SignalingError when it does not answer.
        """
        message: dict[str, Any] = {"janus": "message", "handle_id": self.id, "body": dict(body)}
        if jsep is not None:
            message["jsep"] = dict(jsep)
        event = _event_of(await self._session.request(message, final=True))
        if "error_code" in event.data:
            raise _error(event.data["error_code"], event.data.get("error"))
        return event

    async def offer(self, pc: RTCPeerConnection, body: Mapping[str, Any]) -> JanusEvent:
        """Offer what a connection has, along with `body`, and set the plugin's answer."""
        self._take_over(pc)
        await pc.setLocalDescription()
        event = await self.message(body, pc.localDescription.toJSON())
        if event.jsep is None:
            raise SignalingError(f"no answer to an offer: {event.data}")
        await pc.setRemoteDescription(event.jsep)
        self._catch_up()
        return event

    async def answer(
        self, pc: RTCPeerConnection, offered: JanusEvent, body: Mapping[str, Any]
    ) -> JanusEvent:
        """Answer an offer of the plugin, along with `body`."""
        if offered.jsep is None:
            raise SignalingError(f"there is no offer: {offered.data}")
        self._take_over(pc)
        await pc.setRemoteDescription(offered.jsep)
        self._catch_up()
        await pc.setLocalDescription()
        return await self.message(body, pc.localDescription.toJSON())

    async def events(self) -> AsyncIterator[JanusEvent]:
        """Give what the plugin says of its own accord, until the handle ends."""
        while (event := await self._events.get()) is not None:
            yield event
        # Whoever else listens, or listens again, hears of the end as well.
        self._events.put_nowait(None)

    async def detach(self) -> None:
        """End the handle, unless it has. Its connection is its owner's to close."""
        if self.has_ended:
            return
        with contextlib.suppress(SignalingError):
            await self._session.request({"janus": "detach", "handle_id": self.id})
        self.end()

    def end(self) -> None:
        """The handle is there no more."""
        if self.has_ended:
            return
        self.has_ended = True
        self._session.forget(self)
        if self._pc is not None:
            self._pc.removeEventListener("icecandidate", self._trickle)
        for task in self._sending:
            task.cancel()
        self._events.put_nowait(None)

    def take(self, message: dict[str, Any]) -> None:
        """Take what Janus says of the handle."""
        kind = message.get("janus")
        if kind == "event":
            while self._events.qsize() >= MAX_EVENTS:
                self._events.get_nowait()
                logger.warning("nobody reads what Janus says: an event is dropped")
            self._events.put_nowait(_event_of(message))
        elif kind == "detached":
            self.end()
        elif kind == "trickle":
            self._take_candidate(message.get("candidate"))
        else:
            logger.debug("Janus says %s of handle %d", kind, self.id)

    def _take_over(self, pc: RTCPeerConnection) -> None:
        if self._pc is None:
            self._pc = pc
            pc.addEventListener("icecandidate", self._trickle)
        elif self._pc is not pc:
            raise ValueError("a handle has one connection; attach another")

    def _take_candidate(self, candidate: Any) -> None:
        """Add a candidate of Janus; those that overtake their description wait for it."""
        pc = self._pc
        if pc is not None and pc.remoteDescription is not None:
            self._start(self._add(pc, candidate))
        elif len(self._early) < MAX_EARLY:
            self._early.append(candidate)
        else:
            logger.warning("a candidate is left out: there are too many before the description")

    def _catch_up(self) -> None:
        early, self._early = self._early, []
        for candidate in early:
            self._take_candidate(candidate)

    def _trickle(self, event: Any) -> None:
        found = event.candidate
        candidate = {"completed": True} if found is None else found.toJSON()
        message = {"janus": "trickle", "handle_id": self.id, "candidate": candidate}
        self._start(self._tell(message))

    async def _tell(self, message: Mapping[str, Any]) -> None:
        try:
            await self._session.request(message)
        except SignalingError as error:
            logger.debug("Janus takes no candidate: %s", error)

    async def _add(self, pc: RTCPeerConnection, candidate: Any) -> None:
        if isinstance(candidate, Mapping) and candidate.get("completed"):
            candidate = None
        try:
            await pc.addIceCandidate(candidate)
        except (ValueError, TypeError, DOMException) as error:
            logger.debug("a candidate is left out: %s", error)

    def _start(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)


def _event_of(message: Mapping[str, Any]) -> JanusEvent:
    """Give a plugin's words."""
    plugin = message.get("plugindata")
    data = plugin.get("data") if isinstance(plugin, Mapping) else None
    data = data if isinstance(data, dict) else {}
    jsep = message.get("jsep")
    return JanusEvent(data, jsep if isinstance(jsep, dict) else None)


def _id_of(answer: Mapping[str, Any]) -> int:
    """Give the number of a session or handle that was made."""
    data = answer.get("data")
    number = data.get("id") if isinstance(data, Mapping) else None
    if not isinstance(number, int):
        raise SignalingError("Janus made something, but does not say what")
    return number


def _error(code: object, reason: object) -> JanusError:
    return JanusError(code if isinstance(code, int) else 0, str(reason)[:200])
