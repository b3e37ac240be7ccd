"""A place in a room of a `RoomServer`: a connection with each of the others."""

import asyncio
import contextlib
import json
import logging
import math
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from peer import RTCConfiguration, RTCPeerConnection

from .errors import SignalingError
from .mailbox import MAX_MESSAGE, FullError, Mailbox, Message, TooLongError
from .negotiation import PerfectNegotiation
from .room_server import RESUME_TIMEOUT

logger = logging.getLogger("peer.signaling")

OPEN_TIMEOUT = 10.0
"""Seconds that the server may take to let one in."""
CLOSE_TIMEOUT = 2.0
"""Seconds that the server may take to say goodbye, and a negotiation to be broken off."""
RETRY_INTERVAL = 0.5
"""Seconds between tries to come back to the server."""
MAX_MET = 256
"""Others that one has a connection with; with more, whatever the server says, there is none."""
MAX_UNREAD = 256
"""Messages of a member that wait while its connection takes others; more are left out."""


class Member:
    """Somebody else in the room, and the connection with them; `left` is set when they go."""

    def __init__(self, number: str, name: str, pc: RTCPeerConnection) -> None:
        self.id, self.name, self.pc = number, name, pc
        self._inbox: asyncio.Queue[Message] = asyncio.Queue(MAX_UNREAD)
        self._reading: asyncio.Task[None] | None = None
        self.left = asyncio.Event()

    async def read(self, negotiation: PerfectNegotiation) -> None:
        """Take what they say for as long as they are there."""
        while not self.left.is_set():
            await negotiation.receive(await self._inbox.get())

    def start(self, work: Any) -> None:
        """Begin to read."""
        self._reading = asyncio.ensure_future(work)

    def hear(self, message: Message) -> None:
        """They say something."""
        try:
            self._inbox.put_nowait(message)
        except asyncio.QueueFull:
            logger.warning("%s says more than can be taken: a message is left out", self.name)

    async def part(self) -> None:
        """They have gone."""
        self.left.set()
        if self._reading is not None:
            self._reading.cancel()
        await self.pc.close()
        if self._reading is not None:
            await asyncio.wait([self._reading], timeout=CLOSE_TIMEOUT)


Welcome = Callable[[Member], Awaitable[None] | None]
"""Prepares the connection with somebody: adds tracks, listens."""


class Room:
    """One's place in a room; used as ``async with``, which leaves it and ends its connections.

    `url` is that of a `RoomServer`, `room` a name of up to 64 characters, `name` what others see.
    `welcome` gets each of the others before anything is said to them; one with whom it fails is
    parted from, and the event loop's exception handler is told. When the connection to the
    server breaks, the calls go on, and one is back within 30 s without anybody having noticed, or
    joins anew. `options` are those of websockets' ``connect``, such as `ssl`.
    """

    def __init__(
        self,
        url: str,
        room: str,
        welcome: Welcome,
        *,
        name: str = "",
        configuration: RTCConfiguration | None = None,
        **options: Any,
    ) -> None:
        self._url = url
        self._join = {"join": room, "name": name}
        self._welcome = welcome
        self._configuration = configuration
        self._options = {"max_size": MAX_MESSAGE, "close_timeout": CLOSE_TIMEOUT, **options}
        self._mailbox = Mailbox()
        self._token: str | None = None
        self._tried_at = -math.inf
        self._staying: asyncio.Future[None] | None = None
        self._parting: set[asyncio.Future[None]] = set()
        self._is_in: asyncio.Future[None] | None = None
        self.id: str | None = None
        self.members: dict[str, Member] = {}

    async def open(self) -> None:
        """Go in. Raises SignalingError when one is not let in."""
        if self._staying is not None:
            raise ValueError("one is in the room, or was")
        self._is_in = asyncio.get_running_loop().create_future()
        self._staying = asyncio.ensure_future(self._stay(await self._reach(self._join)))
        self._staying.add_done_callback(_note_end)
        waiting = {self._staying, self._is_in}
        try:
            done, _ = await asyncio.wait(
                waiting, timeout=OPEN_TIMEOUT, return_when=asyncio.FIRST_COMPLETED
            )
            if not done:
                raise SignalingError("the server does not let anybody in")
        except BaseException:
            await self.close()
            raise
        if self._staying.done():
            await self._staying

    async def stay(self) -> None:
        """Wait until the room is left. Raises SignalingError when the server is lost for good."""
        if self._staying is None:
            raise ValueError("one is not in the room")
        await asyncio.wait([self._staying])
        if not self._staying.cancelled():
            self._staying.result()

    async def close(self) -> None:
        """Leave the room, and end the connections with the others."""
        if self._staying is not None:
            self._staying.cancel()
            await asyncio.wait([self._staying])
        self._part_from_all()
        if self._parting:
            await asyncio.wait(self._parting)

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

    async def _reach(self, first: Message) -> ClientConnection:
        try:
            socket = await connect(self._url, open_timeout=OPEN_TIMEOUT, **self._options)
            await socket.send(json.dumps(first))
        except (OSError, WebSocketException, TimeoutError) as error:
            raise SignalingError(f"no connection to {self._url}: {error}") from error
        return socket

    async def _stay(self, socket: ClientConnection) -> None:
        """Listen to the server, and come back to it, until the room is left."""
        try:
            while True:
                try:
                    await self._listen(socket)
                finally:
                    await socket.close()
                socket = await self._come_back(socket.protocol.close_reason)
        finally:
            self._part_from_all()

    async def _listen(self, socket: ClientConnection) -> None:
        delivering = asyncio.ensure_future(self._mailbox.deliver(socket))
        with contextlib.suppress(ConnectionClosed):
            try:
                async for text in socket:
                    if (message := self._mailbox.take(text)) is not None:
                        self._hear(message)
            finally:
                delivering.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await delivering

    async def _come_back(self, reason: str | None) -> ClientConnection:
        """Give another connection to the server, to the old place or else to a new one."""
        if self._token is None:
            raise SignalingError(f"one is not let in: {reason or 'the server says no more'}")
        loop = asyncio.get_running_loop()
        until = loop.time() + RESUME_TIMEOUT
        while True:
            # A connection may have broken as soon as it was there.
            await asyncio.sleep(self._tried_at + RETRY_INTERVAL - loop.time())
            self._tried_at = loop.time()
            try:
                return await self._resume(self._token)
            except SignalingError as error:
                if loop.time() > until:
                    raise
                logger.debug("not back yet: %s", error)

    async def _resume(self, token: str) -> ClientConnection:
        socket = await self._reach({"resume": token, "heard": self._mailbox.heard})
        try:
            async with asyncio.timeout(OPEN_TIMEOUT):
                said = json.loads(await socket.recv())
        except (ConnectionClosed, TimeoutError, ValueError, RecursionError):
            said = None
        except BaseException:
            await socket.close()
            raise
        if not isinstance(said, dict):
            await socket.close()
            # The place is lost, and with it what was said; the server knows nobody else by now.
            self._part_from_all()
            self._mailbox = Mailbox()
            socket = await self._reach(self._join)
            # Who is not let in again has no place to come back to.
            self._token = None
            return socket
        self._mailbox.note_heard(said.get("heard"))
        return socket

    def _hear(self, message: Message) -> None:
        match message:
            case {"welcome": {"id": str(own), "token": str(token), "members": [*members]}}:
                self.id, self._token = own, token
                for member in members:
                    self._meet(member)
                if self._is_in is not None and not self._is_in.done():
                    self._is_in.set_result(None)
            case {"came": {} as member}:
                self._meet(member)
            case {"gone": str(number)} if number in self.members:
                self._part(self.members.pop(number))
            case {"from": str(number), "message": {} as said} if number in self.members:
                self.members[number].hear(said)
            case _:
                logger.debug("the server says what makes no sense here")

    def _meet(self, told: Any) -> None:
        match told:
            case {"id": str(number), "name": str(name)} if self._may_meet(number):
                member = Member(number, name, RTCPeerConnection(self._configuration))
            case _:
                return
        self.members[number] = member
        negotiation = PerfectNegotiation(
            member.pc,
            lambda message: self._say(number, message),
            polite=str(self.id) < number,
        )
        member.start(self._attend(member, negotiation))

    async def _attend(self, member: Member, negotiation: PerfectNegotiation) -> None:
        """Welcome somebody, and take what they say."""
        try:
            prepared = self._welcome(member)
            if prepared is not None:
                await prepared
        except Exception as error:
            asyncio.get_running_loop().call_exception_handler(
                {"message": f"{member.name!r} could not be welcomed", "exception": error}
            )
            if self.members.get(member.id) is member:
                self._part(self.members.pop(member.id))
        else:
            await member.read(negotiation)

    def _may_meet(self, number: str) -> bool:
        is_new = self.id not in (None, number) and number not in self.members
        return is_new and len(self.members) < MAX_MET

    def _say(self, number: str, message: Message) -> None:
        try:
            self._mailbox.post({"to": number, "message": message})
        except FullError:
            logger.warning("the server takes nothing: what is said is lost")
        except TooLongError:
            logger.warning("what is said is longer than the server takes, and is lost")

    def _part(self, member: Member) -> None:
        parting = asyncio.ensure_future(member.part())
        self._parting.add(parting)
        parting.add_done_callback(self._parting.discard)

    def _part_from_all(self) -> None:
        members, self.members = self.members, {}
        for member in members.values():
            self._part(member)


def _note_end(staying: asyncio.Future[None]) -> None:
    """Say why a stay has ended; whoever asks with `stay` hears it as well."""
    if not staying.cancelled() and (error := staying.exception()) is not None:
        logger.debug("the room is left: %s", error)
