"""An HTTP endpoint for the clients of Pipecat's SmallWebRTCTransport: a bot without Pipecat."""

import asyncio
import contextlib
import json
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from itertools import islice
from typing import Any

from aiohttp import web

from peer import DOMException, RTCConfiguration, RTCDataChannel, RTCPeerConnection

from .app_messages import AppMessages, Message
from .door import Door, Token, read_body
from .errors import SignalingError
from .sessions import MAX_SESSIONS, Sessions, add_candidates, answer_offer

logger = logging.getLogger("peer.signaling")

JSON_TYPE = "application/json"
MAX_CANDIDATES = 64
"""Candidates that are taken of a request."""
FAREWELL = 1.0
"""Seconds that the word of leaving may take to be out."""


class SmallWebRtcCall:
    """Somebody who calls the bot: a connection, and what is said beside it.

    `request_data` is what the client said of itself. `replaces` is the call whose place this one
    takes (``restart_pc``), None for a new one.
    """

    def __init__(
        self, pc: RTCPeerConnection, request_data: Any, replaces: "SmallWebRtcCall | None"
    ) -> None:
        self.pc = pc
        self.pc_id = secrets.token_urlsafe(18)
        self.request_data = request_data
        self.replaces = replaces
        self._lock = asyncio.Lock()
        self._messages = AppMessages(lambda message: False)
        pc.on("datachannel", self._use)
        pc.on("connectionstatechange", self._look)

    def send(self, message: Mapping[str, Any]) -> None:
        """Say something to the client, as soon as there is a channel.

        Clients expect RTVI: ``{"label": "rtvi-ai", "type": ..., "data": ...}``. Raises
        SignalingError when too much waits for the channel, and when the call has ended.
        """
        self._messages.send(message)

    def messages(self) -> AsyncIterator[Message]:
        """Give what the client says until the call ends; ``trackStatus`` is among it."""
        return self._messages.listen()

    def renegotiate(self) -> None:
        """Ask for another offer, after tracks have come or gone; raises as `send`."""
        self._messages.signal("renegotiate")

    async def close(self) -> None:
        """Say that the bot leaves, and close the connection."""
        channel = self._messages.channel
        try:
            if channel is not None and channel.readyState == "open":
                self._messages.signal("peerLeft")
                await _emptied(channel)
        except (SignalingError, DOMException) as error:
            logger.debug("the client does not hear that the bot leaves: %s", error)
        finally:
            await self.pc.close()
            self._messages.end()

    async def answer(self, offer: str) -> dict[str, str]:
        """Set an offer, and give what is answered. Raises what HTTP says of odd ones."""
        async with self._lock:
            await answer_offer(self.pc, offer)
            described = self.pc.localDescription
            return {"sdp": described.sdp, "type": described.type, "pc_id": self.pc_id}

    def _use(self, channel: RTCDataChannel) -> None:
        if self._messages.channel is None:
            self._messages.use(channel)

    def _look(self) -> None:
        if self.pc.connectionState in ("failed", "closed"):
            self._messages.end()


Welcome = Callable[[SmallWebRtcCall, web.Request], Awaitable[None] | None]
"""Prepares a call before the offer is set: adds tracks, listens. May raise web.HTTPError."""


class SmallWebRtcEndpoint:
    """Answers the clients of Pipecat's SmallWebRTCTransport, with a connection each.

    `welcome` gets each new call, and the request it came by, before the offer is set. `token`,
    `configuration`, `origins` and `max_sessions` are those of `HttpEndpoint`.
    """

    def __init__(
        self,
        welcome: Welcome,
        *,
        token: Token = None,
        configuration: RTCConfiguration | None = None,
        origins: Sequence[str] = (),
        max_sessions: int = MAX_SESSIONS,
    ) -> None:
        self._welcome = welcome
        self._door = Door(token, origins)
        self._configuration = configuration
        self._calls: Sessions[SmallWebRtcCall] = Sessions(max_sessions)

    @property
    def connections(self) -> list[RTCPeerConnection]:
        """The connections of the calls there are."""
        return self._calls.connections

    def add_to(self, app: web.Application, path: str = "/api/offer") -> None:
        """Serve at `path`. Calls end when the application does."""
        app.router.add_post(path, self._door.guard(self._post))
        app.router.add_patch(path, self._door.guard(self._patch))
        app.router.add_options(path, self._door.guard(self._options))
        app.on_shutdown.append(self._shut_down)

    async def close(self) -> None:
        """End all calls; there are none after that."""
        await self._calls.close()

    async def _shut_down(self, app: web.Application) -> None:
        await self.close()

    async def _options(self, request: web.Request) -> web.Response:
        return web.Response(status=HTTPStatus.NO_CONTENT)

    async def _post(self, request: web.Request) -> web.Response:
        said = await _read(request)
        offer, name = said.get("sdp"), said.get("pc_id")
        if said.get("type") != "offer" or not isinstance(offer, str):
            raise web.HTTPBadRequest(text="an offer is expected\n")
        if not isinstance(name, str) or name not in self._calls:
            return await self._begin(request, said, offer)
        if not said.get("restart_pc"):
            return web.json_response(await self._calls.find(name).answer(offer))
        # Its place is free from now on: who asks twice at once begins another call.
        replaced = self._calls.take(name)
        try:
            return await self._begin(request, said, offer, replaced)
        finally:
            await replaced.pc.close()

    async def _begin(
        self,
        request: web.Request,
        said: Message,
        offer: str,
        replaced: SmallWebRtcCall | None = None,
    ) -> web.Response:
        data = said.get("request_data", said.get("requestData"))
        with self._calls.beginning():
            call = SmallWebRtcCall(RTCPeerConnection(self._configuration), data, replaced)
            try:
                prepared = self._welcome(call, request)
                if prepared is not None:
                    await prepared
                answer = await call.answer(offer)
            except BaseException:
                await call.pc.close()
                raise
        await self._calls.keep(call.pc_id, call)
        return web.json_response(answer)

    async def _patch(self, request: web.Request) -> web.Response:
        said = await _read(request)
        call = self._calls.find(str(said.get("pc_id")))
        await add_candidates(call.pc, islice(_candidates(said), MAX_CANDIDATES))
        return web.json_response({"status": "success"})


async def _read(request: web.Request) -> Message:
    """Give what a request says. Raises what HTTP says of what is no JSON object."""
    try:
        said = json.loads(await read_body(request, JSON_TYPE))
    except (ValueError, RecursionError) as error:
        raise web.HTTPBadRequest(text="JSON is expected\n") from error
    if not isinstance(said, dict):
        raise web.HTTPBadRequest(text="a JSON object is expected\n")
    return said


def _candidates(said: Message) -> Iterator[dict[str, Any]]:
    """Give the candidates of a request under the W3C's names."""
    found = said.get("candidates")
    for each in found if isinstance(found, list) else ():
        if isinstance(each, dict):
            yield {
                "candidate": each.get("candidate"),
                "sdpMid": each.get("sdp_mid"),
                "sdpMLineIndex": each.get("sdp_mline_index"),
            }


async def _emptied(channel: RTCDataChannel) -> None:
    """Wait until all that was said is out, or the time for it is over."""
    out = asyncio.Event()
    channel.once("bufferedamountlow", out.set)
    if channel.bufferedAmount > 0:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(out.wait(), FAREWELL)
