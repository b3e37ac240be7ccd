"""A server of rooms: it tells who is there, and carries what they say to each other.

Over a websocket each says first where it wants to be: ``{"join": ROOM, "name": NAME}``, or, after
its connection broke, ``{"resume": TOKEN, "heard": NUMBER}``. What follows are messages of a
`Mailbox`: ``welcome`` (with ``id``, ``token`` and ``members``), ``came``, ``gone`` and, from member
to member, ``{"to": ID, "message": ...}``, which arrives as ``{"from": ID, "message": ...}``.
"""

import asyncio
import contextlib
import json
import logging
import secrets
from collections.abc import Callable
from typing import Any, NamedTuple

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from .mailbox import MAX_MESSAGE, FullError, Mailbox, Message, TooLongError

logger = logging.getLogger("peer.signaling")

MAX_ROOMS = 64
"""Rooms with somebody in them, unless said otherwise."""
MAX_MEMBERS = 16
"""Members of a room, unless said otherwise."""
MAX_NAME = 64
"""Characters of the name of a room or a member."""
MAX_STRANGERS = 64
"""Websockets that have not said yet where they want to be; the oldest gives way."""
JOIN_TIMEOUT = 10.0
"""Seconds that they may take to, and that who has said it waits for its turn."""
RATE = 50.0
"""Messages a second that a member may send for long, and joinings of all; the others wait."""
BURST = 200.0
"""Messages, and joinings, that may come at once."""
RESUME_TIMEOUT = 30.0
"""Seconds within which a member whose connection broke has to be back."""

TRY_AGAIN_LATER = 1013
POLICY = 1008


class Refusal(NamedTuple):
    """Why somebody does not come in: a status of RFC 6455 §7.4, and words."""

    status: int
    reason: str


NO_SENSE = Refusal(POLICY, "nothing is said that makes sense")
UNKNOWN = Refusal(POLICY, "nobody is waited for who has this token")
NOT_LET_IN = Refusal(POLICY, "not let in")
ROOM_FULL = Refusal(TRY_AGAIN_LATER, "the room is full")
NO_ROOM_LEFT = Refusal(TRY_AGAIN_LATER, "all rooms are taken")
TOO_MANY_COME = Refusal(TRY_AGAIN_LATER, "too many come at once")


class Allowance:
    """Says how long a member has to wait before it may go on."""

    def __init__(self, now: float) -> None:
        self._left, self._then = BURST, now

    def wait(self, now: float) -> float:
        """Give the seconds that another message would have to wait."""
        self._left, self._then = min(BURST, self._left + (now - self._then) * RATE), now
        return max(0.0, (1 - self._left) / RATE)

    def spend(self, now: float) -> float:
        """Count a message; gives the seconds to wait."""
        wait = self.wait(now)
        self._left -= 1
        return wait


class _Member:
    """Somebody in a room, with or without a connection."""

    def __init__(self, room: str, name: str, now: float, *, is_page: bool) -> None:
        # Of two, the one with the lesser id is polite. Programs are towards pages: not every
        # browser goes on well when its offer is rolled back.
        self.id = ("p" if is_page else "a") + secrets.token_urlsafe(6)
        self.token = secrets.token_urlsafe(18)
        self.room, self.name = room, name
        self.mailbox = Mailbox()
        self.allowance = Allowance(now)
        self.socket: ServerConnection | None = None
        self.giving_up: asyncio.TimerHandle | None = None

    def told(self) -> Message:
        """Give what others are told."""
        return {"id": self.id, "name": self.name}


class RoomServer:
    """Rooms, which are there as long as somebody is in them.

    `may_join` says of a websocket and the name of a room whether it is let in; None lets everybody
    in. Who is too slow to take what is said to it is put out.
    """

    def __init__(
        self,
        *,
        may_join: Callable[[ServerConnection, str], bool] | None = None,
        max_rooms: int = MAX_ROOMS,
        max_members: int = MAX_MEMBERS,
    ) -> None:
        self._may_join = may_join
        self._max_rooms = max_rooms
        self._max_members = max_members
        self._rooms: dict[str, dict[str, _Member]] = {}
        self._tokens: dict[str, _Member] = {}
        self._strangers: dict[ServerConnection, None] = {}
        self._joining = Allowance(0.0)

    @property
    def rooms(self) -> dict[str, list[str]]:
        """The rooms there are, with the names of those in them."""
        return {
            name: [member.name for member in members.values()]
            for name, members in self._rooms.items()
        }

    async def serve(self, host: str, port: int, **options: Any) -> Server:
        """Serve websockets; `options` are those of websockets' ``serve``: `ssl`, `origins`, ..."""
        return await serve(self.attend, host, port, **{"max_size": MAX_MESSAGE, **options})

    async def attend(self, socket: ServerConnection) -> None:
        """Stay with a websocket until it ends: the handler for websockets' ``serve``."""
        with contextlib.suppress(ConnectionClosed):
            said = await self._hear_first(socket)
            found = self._resume(said) if "resume" in said else await self._join(said, socket)
            if isinstance(found, Refusal):
                await socket.close(*found)
            else:
                await self._stay(found, socket, is_back="resume" in said)

    def close(self) -> None:
        """Put everybody out; websockets that still come find empty rooms."""
        for member in list(self._tokens.values()):
            self._put_out(member)

    async def _hear_first(self, socket: ServerConnection) -> Message:
        """Give what a websocket says first; nothing when that is not to be had."""
        if len(self._strangers) >= MAX_STRANGERS:
            oldest = next(iter(self._strangers))
            del self._strangers[oldest]
            oldest.transport.abort()
        self._strangers[socket] = None
        try:
            async with asyncio.timeout(JOIN_TIMEOUT):
                said = json.loads(await socket.recv())
        except (ValueError, RecursionError, TimeoutError):
            return {}
        finally:
            self._strangers.pop(socket, None)
        return said if isinstance(said, dict) else {}

    async def _join(self, said: Message, socket: ServerConnection) -> _Member | Refusal:
        room, name = said.get("join"), said.get("name", "")
        if not isinstance(room, str) or not isinstance(name, str):
            return NO_SENSE
        if not 0 < len(room) <= MAX_NAME or len(name) > MAX_NAME:
            return NO_SENSE
        if self._may_join is not None and not self._may_join(socket, room):
            return NOT_LET_IN
        now = asyncio.get_running_loop().time()
        if self._joining.wait(now) > JOIN_TIMEOUT:
            return TOO_MANY_COME
        await asyncio.sleep(self._joining.spend(now))
        members = self._rooms.get(room, {})
        if not members and len(self._rooms) >= self._max_rooms:
            return NO_ROOM_LEFT
        if len(members) >= self._max_members:
            return ROOM_FULL
        is_page = socket.request is not None and "Origin" in socket.request.headers
        return self._let_in(_Member(room, name, now, is_page=is_page))

    def _let_in(self, member: _Member) -> _Member | Refusal:
        others = list(self._rooms.get(member.room, {}).values())
        told = [other.told() for other in others]
        welcome = {"id": member.id, "token": member.token, "members": told}
        try:
            member.mailbox.post({"welcome": welcome})
        except TooLongError:
            return ROOM_FULL
        members = self._rooms.setdefault(member.room, {})
        members[member.id] = self._tokens[member.token] = member
        for other in others:
            self._tell(other, {"came": member.told()})
        return member

    def _resume(self, said: Message) -> _Member | Refusal:
        member = self._tokens.get(str(said["resume"]))
        if member is None:
            return UNKNOWN
        member.mailbox.note_heard(said.get("heard"))
        return member

    async def _stay(self, member: _Member, socket: ServerConnection, *, is_back: bool) -> None:
        loop = asyncio.get_running_loop()
        if member.socket is not None:
            # Its connection broke, which is known here only now.
            member.socket.transport.abort()
        if member.giving_up is not None:
            member.giving_up.cancel()
        member.socket = socket
        delivering: asyncio.Future[None] | None = None
        patience = RESUME_TIMEOUT
        try:
            if is_back:
                await socket.send(json.dumps({"resumed": True, "heard": member.mailbox.heard}))
            delivering = asyncio.ensure_future(_deliver(member.mailbox, socket))
            async for text in socket:
                await asyncio.sleep(member.allowance.spend(loop.time()))
                self._take(member, text)
            # Who leaves says so; a connection that breaks does not.
            patience = 0.0
        finally:
            if delivering is not None:
                delivering.cancel()
            if member.socket is socket:
                member.socket = None
                member.giving_up = loop.call_later(patience, self._put_out, member)

    def _take(self, member: _Member, text: str | bytes) -> None:
        said = member.mailbox.take(text)
        if said is None:
            return
        other = self._rooms.get(member.room, {}).get(str(said.get("to")))
        if other is None:
            logger.debug("a message is for nobody who is there")
            return
        self._tell(other, {"from": member.id, "message": said.get("message")})

    def _tell(self, member: _Member, message: Message) -> None:
        try:
            member.mailbox.post(message)
        except TooLongError:
            logger.debug("a message is longer than anybody takes")
        except FullError:
            logger.warning("somebody takes too little of what is said, and is put out")
            self._put_out(member)

    def _put_out(self, member: _Member) -> None:
        members = self._rooms.get(member.room, {})
        if members.pop(member.id, None) is None:
            return
        del self._tokens[member.token]
        if member.giving_up is not None:
            member.giving_up.cancel()
        socket, member.socket = member.socket, None
        if socket is not None:
            socket.transport.abort()
        if not members:
            del self._rooms[member.room]
        for other in list(members.values()):
            self._tell(other, {"gone": member.id})


async def _deliver(mailbox: Mailbox, socket: ServerConnection) -> None:
    with contextlib.suppress(ConnectionClosed):
        await mailbox.deliver(socket)
