"""An HTTP endpoint that answers offers: the servers of WHIP (RFC 9725) and WHEP."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterator, Sequence
from http import HTTPStatus
from typing import Any

from aiohttp import web

from peer import RTCConfiguration, RTCIceServer, RTCPeerConnection
from sdp import (
    MEDIA_TYPE,
    Fragment,
    SdpError,
    parse_fragment,
    serialize_candidate,
    serialize_fragment,
)

from .door import BODY_TIMEOUT, Door, Token, read_body
from .fragments import SDP_TYPE, credentials, fragment_credentials, ice_fragment, take_fragment
from .links import write_ice_servers
from .sessions import MAX_SESSIONS, Sessions, accept, add_candidates, answer_offer

FORM_TYPE = "multipart/form-data"

Welcome = Callable[[RTCPeerConnection, web.Request], Awaitable[None] | None]
"""Prepares a connection before the offer is set: adds tracks, listens. May raise web.HTTPError."""


class _Session:
    """A connection that somebody asked for, and the tag of its generation of ICE."""

    __slots__ = ("etag", "lock", "pc")

    def __init__(self, pc: RTCPeerConnection) -> None:
        self.pc = pc
        self.lock = asyncio.Lock()
        self.renew()

    def renew(self) -> None:
        self.etag = f'"{secrets.token_urlsafe(9)}"'


class HttpEndpoint:
    """Answers offers over HTTP, with a connection each: WHIP, and WHEP, which say the same.

    `welcome` gets each new connection, and the request it came by, before the offer is set. An
    offer may come in the field "sdp" of a form, whose others ``await request.post()`` has.
    `token` is the bearer token that requests have to bring, or what says whether a request may
    come in; None lets everybody in. `ice_servers` are named to those who may; `configuration` is
    that of the connections. `origins` are those whose pages may use it, ``"*"`` for all. More than
    `max_sessions` at one time get 503. A session ends with its connection, and the other way
    round. Raises ValueError for a token that is empty.
    """

    def __init__(
        self,
        welcome: Welcome,
        *,
        token: Token = None,
        ice_servers: Sequence[RTCIceServer] = (),
        configuration: RTCConfiguration | None = None,
        origins: Sequence[str] = (),
        max_sessions: int = MAX_SESSIONS,
    ) -> None:
        self._welcome = welcome
        self._door = Door(token, origins)
        self._links = write_ice_servers(ice_servers)
        self._configuration = configuration
        self._sessions: Sessions[_Session] = Sessions(max_sessions)

    @property
    def connections(self) -> list[RTCPeerConnection]:
        """The connections of the sessions there are."""
        return self._sessions.connections

    def add_to(self, app: web.Application, path: str) -> None:
        """Serve at `path`; sessions are below it. They end when the application does."""
        endpoint, session = path, f"{path.rstrip('/')}/{{session}}"
        guard = self._door.guard
        app.router.add_post(endpoint, guard(self._post))
        app.router.add_options(endpoint, guard(self._options))
        app.router.add_patch(session, guard(self._patch))
        app.router.add_delete(session, guard(self._delete))
        app.router.add_options(session, guard(self._options))
        app.on_shutdown.append(self._shut_down)

    async def close(self) -> None:
        """End all sessions; there are none after that."""
        await self._sessions.close()

    async def _shut_down(self, app: web.Application) -> None:
        await self.close()

    async def _options(self, request: web.Request) -> web.Response:
        response = web.Response(status=HTTPStatus.NO_CONTENT)
        response.headers["Accept-Post"] = SDP_TYPE
        if self._door.admits(request):
            # They come with credentials.
            self._name_servers(response)
        return response

    def _name_servers(self, response: web.Response) -> None:
        for link in self._links:
            response.headers.add("Link", link)

    async def _post(self, request: web.Request) -> web.Response:
        offer = await _read_offer(request)
        with self._sessions.beginning():
            session = _Session(RTCPeerConnection(self._configuration))
            await self._answer(session.pc, offer, request)
        name = secrets.token_urlsafe(18)
        await self._sessions.keep(name, session)
        response = web.Response(
            status=HTTPStatus.CREATED,
            text=session.pc.localDescription.sdp,
            content_type=SDP_TYPE,
            headers={
                "Location": f"{request.rel_url.raw_path.rstrip('/')}/{name}",
                "ETag": session.etag,
                "Accept-Patch": MEDIA_TYPE,
            },
        )
        self._name_servers(response)
        return response

    async def _answer(self, pc: RTCPeerConnection, offer: str, request: web.Request) -> None:
        """Answer an offer with all candidates (RFC 9725 §4.3.1); or close and raise."""
        try:
            prepared = self._welcome(pc, request)
            if prepared is not None:
                await prepared
            await answer_offer(pc, offer)
        except BaseException:
            await pc.close()
            raise

    async def _patch(self, request: web.Request) -> web.Response:
        session = self._sessions.find(request.match_info["session"])
        fragment_text = await read_body(request, MEDIA_TYPE)
        tag = request.headers.get("If-Match")
        if tag is None:
            raise web.HTTPPreconditionRequired
        try:
            fragment = parse_fragment(fragment_text)
        except SdpError as error:
            raise web.HTTPBadRequest(text=f"{error}\n") from error
        async with session.lock:
            given = fragment_credentials(fragment)
            current = credentials(session.pc.remoteDescription.sdp)
            if given is None:
                raise web.HTTPUnprocessableEntity(text="credentials of no generation\n")
            if tag == "*" and given != current:
                return await self._restart(session, fragment)
            if tag not in ("*", session.etag):
                raise web.HTTPPreconditionFailed
            if given != current:
                raise web.HTTPUnprocessableEntity(text="credentials of another generation\n")
            await add_candidates(session.pc, _candidates(fragment, given[0]))
        return web.Response(status=HTTPStatus.NO_CONTENT)

    async def _restart(self, session: _Session, fragment: Fragment) -> web.Response:
        """Answer a restart of ICE: the offer that was set, with what the fragment says of ICE."""
        pc = session.pc
        offer = take_fragment(pc.remoteDescription.sdp, fragment)
        await accept(pc, offer)
        await pc.setLocalDescription()
        await pc.completeLocalDescription()
        session.renew()
        return web.Response(
            text=serialize_fragment(ice_fragment(pc.localDescription.sdp)),
            content_type=MEDIA_TYPE,
            headers={"ETag": session.etag},
        )

    async def _delete(self, request: web.Request) -> web.Response:
        session = self._sessions.take(request.match_info["session"])
        await session.pc.close()
        return web.Response()


async def _read_offer(request: web.Request) -> str:
    """Give the offer of a request: its body, or the field "sdp" of a form."""
    if request.content_type != FORM_TYPE:
        return await read_body(request, SDP_TYPE)
    try:
        # No longer than the application takes, by default 1 MiB.
        async with asyncio.timeout(BODY_TIMEOUT):
            form = await request.post()
        offer = form.get("sdp")
        if isinstance(offer, bytes | bytearray):
            offer = offer.decode()
    except TimeoutError as error:
        raise web.HTTPRequestTimeout from error
    except (ValueError, AssertionError) as error:
        raise web.HTTPBadRequest(text="a form that cannot be read\n") from error
    if not isinstance(offer, str):
        raise web.HTTPBadRequest(text='a form without the field "sdp"\n')
    return offer


def _candidates(fragment: Fragment, ufrag: str) -> Iterator[dict[str, Any]]:
    """Give the candidates of a fragment as those of the W3C."""
    for section in fragment.media:
        found = [serialize_candidate(candidate) for candidate in section.ice.candidates]
        if section.ice.end_of_candidates:
            found.append("")
        for candidate in found:
            yield {"candidate": candidate, "sdpMid": section.mid, "usernameFragment": ufrag}
