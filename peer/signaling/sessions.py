"""The sessions of an endpoint: a connection each, so many at one time, ended with it."""

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Generic, Protocol, TypeVar

from aiohttp import web

from peer import DOMException, RTCPeerConnection

from .fragments import has_transport

logger = logging.getLogger("peer.signaling")

MAX_SESSIONS = 100
"""Sessions at one time, unless said otherwise."""
RETRY_AFTER = 5
"""Seconds after which somebody who found no place may try again."""
CLOSE_TIMEOUT = 5.0
"""Seconds that the connections may take to close."""


class Session(Protocol):
    """What an endpoint keeps of a connection."""

    @property
    def pc(self) -> RTCPeerConnection:
        """The connection."""


S = TypeVar("S", bound=Session)


class Sessions(Generic[S]):
    """At most `limit` sessions by their names; each goes when its connection has ended."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._sessions: dict[str, S] = {}
        self._closing: set[asyncio.Future[None]] = set()
        self._begun = 0
        self._is_closed = False

    @property
    def connections(self) -> list[RTCPeerConnection]:
        """The connections of the sessions there are."""
        return [session.pc for session in self._sessions.values()]

    @contextlib.contextmanager
    def beginning(self) -> Iterator[None]:
        """Hold a place for a session that is being made. Raises what HTTP says of no place."""
        if self._is_closed or len(self._sessions) + self._begun >= self._limit:
            raise web.HTTPServiceUnavailable(headers={"Retry-After": str(RETRY_AFTER)})
        self._begun += 1
        try:
            yield
        finally:
            self._begun -= 1

    async def keep(self, name: str, session: S) -> None:
        """Keep a session until its connection has ended. Raises what HTTP says after `close`."""
        if self._is_closed:
            await session.pc.close()
            raise web.HTTPServiceUnavailable
        self._sessions[name] = session

        def look() -> None:
            if session.pc.connectionState in ("failed", "closed"):
                self._sessions.pop(name, None)
                self._close(session.pc)

        session.pc.on("connectionstatechange", look)
        look()

    def __contains__(self, name: object) -> bool:
        return name in self._sessions

    def find(self, name: str) -> S:
        """Give a session. Raises what HTTP says of none."""
        session = self._sessions.get(name)
        if session is None:
            raise web.HTTPNotFound
        return session

    def take(self, name: str) -> S:
        """Give a session that is kept no more. Raises what HTTP says of none."""
        session = self.find(name)
        del self._sessions[name]
        return session

    async def close(self) -> None:
        """End all sessions; there are none after that."""
        self._is_closed = True
        sessions = list(self._sessions.values())
        self._sessions.clear()
        for session in sessions:
            self._close(session.pc)
        if self._closing:
            await asyncio.wait(self._closing, timeout=CLOSE_TIMEOUT)

    def _close(self, pc: RTCPeerConnection) -> None:
        closing = asyncio.ensure_future(pc.close())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)


async def answer_offer(pc: RTCPeerConnection, offer: str) -> None:
    """Set an offer and answer it with all candidates. Raises what HTTP says of odd ones."""
    await accept(pc, offer)
    await pc.setLocalDescription()
    await pc.completeLocalDescription()
    if not has_transport(pc.localDescription.sdp):
        # Such a connection would neither connect nor fail, and its session never end.
        raise web.HTTPUnprocessableEntity(text="nothing of the offer can be had\n")


async def accept(pc: RTCPeerConnection, offer: str) -> None:
    """Set an offer. Raises what HTTP says of one that makes no sense."""
    try:
        await pc.setRemoteDescription({"type": "offer", "sdp": offer})
    except (ValueError, TypeError, DOMException) as error:
        raise web.HTTPBadRequest(text=f"{error}\n") from error


async def add_candidates(pc: RTCPeerConnection, candidates: Iterable[Mapping[str, Any]]) -> None:
    """Take candidates; one that makes no sense costs itself."""
    for candidate in candidates:
        try:
            await pc.addIceCandidate(candidate)
        except (ValueError, TypeError, DOMException) as error:
            logger.debug("a candidate is left out: %s", error)
