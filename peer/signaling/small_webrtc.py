"""A client of Pipecat's SmallWebRTCTransport: a voice bot at the other end of one connection.

An offer goes to the bot's URL in a POST of JSON, the answer comes back with the name that the bot
has for the connection (``pc_id``); candidates found later are PATCHed. A data channel carries what
else there is to say: the application's messages (RTVI), pings, and the wish for another offer.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import Any, Self

from yarl import URL

from peer import DOMException, RTCPeerConnection

from .app_messages import PING, AppMessages, Message
from .errors import SignalingError
from .requests import GATHERING, client_session, read_text, request

logger = logging.getLogger("peer.signaling")

CHANNEL = "chat"
PING_INTERVAL = 1.0
"""Seconds between pings; a bot that has heard one takes three seconds of silence for the end."""
RETRY_INTERVAL = 5.0
"""Seconds after an offer that the bot refuses, before it is made again."""
MAX_CANDIDATES = 64
"""Candidates that wait to be sent; those beyond it are left out."""


class SmallWebRtcClient:
    """A session with a bot; used as ``async with``, which ends it.

    `url` is where offers go, ``https://host/api/offer`` as Pipecat's runner has it, `token` goes
    there as a bearer token, `headers` are added, and `request_data` is what the bot is given at its
    start. Connections are their owner's to close.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        request_data: Any = None,
    ) -> None:
        self._url = URL(url)
        fields = dict(headers or {})
        if token is not None:
            fields["Authorization"] = f"Bearer {token}"
        self._http = client_session(fields)
        self._request_data = request_data
        self._messages = AppMessages(self._signalled)
        self._pc: RTCPeerConnection | None = None
        self._pc_id: str | None = None
        self._offered = ""
        self._found: list[dict[str, Any]] = []
        self._negotiating = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._pinging: asyncio.Task[None] | None = None
        self._wants_offer = False
        self._was_refused = False

    @property
    def pc_id(self) -> str | None:
        """The bot's name for the connection, None before there is one."""
        return self._pc_id

    async def connect(self, pc: RTCPeerConnection) -> None:
        """Offer what a connection has, and take the bot's answer.

        Bots expect sound first, then a camera, then a screen: add transceivers in this order. They
        know one data channel, which is made here; Pipecat's take messages of others for its.
        Once more with another connection, it takes the place of the one before (``restart_pc``),
        as when that has failed; the bot goes on. Raises SignalingError when the bot refuses, and
        what setRemoteDescription raises of its answer.
        """
        if pc is self._pc:
            raise ValueError("the connection is in the session already")
        self._let_go()
        self._pc = pc
        self._messages.use(pc.createDataChannel(CHANNEL))
        pc.addEventListener("icecandidate", self._note_candidate)
        try:
            async with self._negotiating:
                await self._offer(pc, restart=self._pc_id is not None)
        except BaseException:
            self._let_go()
            raise
        pc.addEventListener("negotiationneeded", self._renegotiate)
        self._pinging = self._start(self._ping())

    def send(self, message: Mapping[str, Any]) -> None:
        """Say something to the bot, as soon as the channel is open.

        Raises SignalingError when too much waits for that, and when the session has ended.
        """
        self._messages.send(message)

    def messages(self) -> AsyncIterator[Message]:
        """Give what the bot says, until it leaves or the session ends."""
        return self._messages.listen()

    def set_enabled(self, index: int, enabled: bool) -> None:
        """Tell the bot whether to listen to the transceiver of this index; raises as `send`."""
        self._messages.signal("trackStatus", receiver_index=index, enabled=enabled)

    async def close(self) -> None:
        """End the session: nothing is sent any more, and `messages` ends."""
        self._let_go()
        self._messages.end()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._http.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def _let_go(self) -> None:
        pc, self._pc, self._was_refused = self._pc, None, False
        if self._pinging is not None:
            self._pinging.cancel()
        self._found.clear()
        if pc is not None:
            pc.removeEventListener("icecandidate", self._note_candidate)
            pc.removeEventListener("negotiationneeded", self._renegotiate)

    def _start(self, work: Any) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _signalled(self, message: Message) -> bool:
        match message.get("type"):
            case "renegotiate":
                self._renegotiate(None)
            case "peerLeft":
                self._messages.end()
            case _:
                return False
        return True

    def _renegotiate(self, event: object) -> None:
        if not self._wants_offer:
            self._wants_offer = True
            self._start(self._offer_again())

    async def _offer_again(self) -> None:
        if self._was_refused:
            # What was not negotiated is needed still, and the connection says so at once.
            await asyncio.sleep(RETRY_INTERVAL)
        async with self._negotiating:
            self._wants_offer = False
            pc = self._pc
            if pc is None or pc.signalingState != "stable":
                return
            self._was_refused = True
            try:
                await self._offer(pc)
                self._was_refused = False
            except (SignalingError, ValueError, TypeError, DOMException) as error:
                logger.warning("the bot takes no other offer: %s", error)

    async def _offer(self, pc: RTCPeerConnection, *, restart: bool = False) -> None:
        await pc.setLocalDescription()
        await pc.completeLocalDescription(GATHERING)
        self._offered = pc.localDescription.sdp
        said = {"sdp": self._offered, "type": "offer", "pc_id": self._pc_id, "restart_pc": restart}
        if self._request_data is not None:
            said["request_data"] = self._request_data
        try:
            answer = await self._ask("POST", said)
            sdp, name = answer.get("sdp"), answer.get("pc_id")
            if not isinstance(sdp, str) or not isinstance(name, str):
                raise SignalingError("an answer without a description, or without a name")
            await pc.setRemoteDescription({"type": "answer", "sdp": sdp})
        except BaseException:
            if pc.signalingState == "have-local-offer":
                await pc.setLocalDescription({"type": "rollback"})
            raise
        self._pc_id = name

    def _note_candidate(self, event: Any) -> None:
        candidate = event.candidate
        if candidate is None or len(self._found) >= MAX_CANDIDATES:
            return
        self._found.append(
            {
                "candidate": candidate.candidate,
                "sdp_mid": candidate.sdpMid,
                "sdp_mline_index": candidate.sdpMLineIndex,
            }
        )
        if len(self._found) == 1:
            self._start(self._send_candidates())

    async def _send_candidates(self) -> None:
        """Send those that no offer had, once the bot has a name for the connection."""
        async with self._negotiating:
            found = [each for each in self._found if f"a={each['candidate']}" not in self._offered]
            self._found.clear()
            if not found or self._pc_id is None:
                return
            try:
                await self._ask("PATCH", {"pc_id": self._pc_id, "candidates": found})
            except SignalingError as error:
                logger.debug("the bot takes no candidates: %s", error)

    async def _ask(self, method: str, said: Mapping[str, Any]) -> Message:
        async with request(self._http, method, self._url, json=said) as response:
            text = await read_text(response)
        with contextlib.suppress(ValueError, RecursionError):
            answer = json.loads(text)
            if isinstance(answer, dict):
                return answer
        raise SignalingError(f"the answer to {method} is no JSON object")

    async def _ping(self) -> None:
        channel = self._messages.channel
        while channel is not None and channel.readyState in ("connecting", "open"):
            if channel.readyState == "open":
                channel.send(f"{PING}: {round(asyncio.get_running_loop().time() * 1000)}")
            await asyncio.sleep(PING_INTERVAL)
