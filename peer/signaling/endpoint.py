"""An HTTP endpoint that answers offers: the servers of WHIP (RFC 9725) and WHEP."""

import asyncio
import hmac
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus

from aiohttp import web

from peer import DOMException, RTCConfiguration, RTCIceServer, RTCPeerConnection
from sdp import (
    MEDIA_TYPE,
    Fragment,
    SdpError,
    parse_fragment,
    serialize_candidate,
    serialize_fragment,
)

from .fragments import (
    SDP_TYPE,
    credentials,
    fragment_credentials,
    has_transport,
    ice_fragment,
    take_fragment,
)
from .links import write_ice_servers

logger = logging.getLogger("peer.signaling")

FORM_TYPE = "multipart/form-data"
MAX_BODY = 256 * 1024
"""Bytes of an offer or a fragment."""
MAX_SESSIONS = 100
"""Sessions at one time, unless said otherwise."""
RETRY_AFTER = 5
"""Seconds after which somebody who found no place may try again."""
BODY_TIMEOUT = 10.0
"""Seconds within which an offer or a fragment has to be there."""
CLOSE_TIMEOUT = 5.0
"""Seconds that the connections may take to close."""

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
        token: str | Callable[[web.Request], bool] | None = None,
        ice_servers: Sequence[RTCIceServer] = (),
        configuration: RTCConfiguration | None = None,
        origins: Sequence[str] = (),
        max_sessions: int = MAX_SESSIONS,
    ) -> None:
        if token == "":
            raise ValueError("an empty token lets everybody in; None says so")
        self._welcome = welcome
        self._token = token
        self._links = write_ice_servers(ice_servers)
        self._configuration = configuration
        self._origins = frozenset(origins)
        self._max_sessions = max_sessions
        self._sessions: dict[str, _Session] = {}
        self._closing: set[asyncio.Future[None]] = set()
        self._begun = 0
        self._is_closed = False

    @property
    def connections(self) -> list[RTCPeerConnection]:
        """The connections of the sessions there are."""
        return [session.pc for session in self._sessions.values()]

    def add_to(self, app: web.Application, path: str) -> None:
        """Serve at `path`; sessions are below it. They end when the application does."""
        endpoint, session = path, f"{path.rstrip('/')}/{{session}}"
        app.router.add_post(endpoint, self._answering(self._post))
        app.router.add_options(endpoint, self._answering(self._options))
        app.router.add_patch(session, self._answering(self._patch))
        app.router.add_delete(session, self._answering(self._delete))
        app.router.add_options(session, self._answering(self._options))
        app.on_shutdown.append(self._shut_down)

    async def close(self) -> None:
        """End all sessions; there are none after that."""
        self._is_closed = True
        for session in self._take_all():
            self._close(session.pc)
        if self._closing:
            await asyncio.wait(self._closing, timeout=CLOSE_TIMEOUT)

    def _close(self, pc: RTCPeerConnection) -> None:
        closing = asyncio.ensure_future(pc.close())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    async def _shut_down(self, app: web.Application) -> None:
        await self.close()

    def _take_all(self) -> list[_Session]:
        sessions = list(self._sessions.values())
        self._sessions.clear()
        return sessions

    def _answering(
        self, handler: Callable[[web.Request], Awaitable[web.Response]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """Give a handler that lets in who may come, and tells browsers whose pages may ask."""

        async def answer(request: web.Request) -> web.StreamResponse:
            response: web.StreamResponse
            try:
                # Browsers ask what they may do without a token (the preflight of CORS).
                if request.method != "OPTIONS" and not self._admits(request):
                    raise web.HTTPUnauthorized(headers={"WWW-Authenticate": "Bearer"})
                response = await handler(request)
            except web.HTTPException as refused:
                refused.headers.update(self._cross_origin(request))
                raise
            response.headers.update(self._cross_origin(request))
            return response

        return answer

    def _admits(self, request: web.Request) -> bool:
        token = self._token
        if token is None:
            return True
        if callable(token):
            return token(request)
        kind, _, given = request.headers.get("Authorization", "").partition(" ")
        # aiohttp reads what is no UTF-8 with stand-ins for its bytes.
        told = given.strip().encode(errors="surrogateescape")
        return kind.lower() == "bearer" and hmac.compare_digest(told, token.encode())

    def _cross_origin(self, request: web.Request) -> dict[str, str]:
        origin = request.headers.get("Origin")
        if origin is None or not self._origins & {origin, "*"}:
            return {}
        return {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Methods": "POST, PATCH, DELETE, OPTIONS",
            "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match",
            "Access-Control-Expose-Headers": "Location, ETag, Link, Accept-Patch, Retry-After",
            "Access-Control-Max-Age": "600",
            "Vary": "Origin",
        }

    async def _options(self, request: web.Request) -> web.Response:
        response = web.Response(status=HTTPStatus.NO_CONTENT)
        response.headers["Accept-Post"] = SDP_TYPE
        if self._admits(request):
            # They come with credentials.
            self._name_servers(response)
        return response

    def _has_room(self) -> bool:
        taken = len(self._sessions) + self._begun
        return not self._is_closed and taken < self._max_sessions

    def _name_servers(self, response: web.Response) -> None:
        for link in self._links:
            response.headers.add("Link", link)

    async def _post(self, request: web.Request) -> web.Response:
        offer = await _read_offer(request)
        if not self._has_room():
            raise web.HTTPServiceUnavailable(headers={"Retry-After": str(RETRY_AFTER)})
        self._begun += 1
        try:
            session = _Session(RTCPeerConnection(self._configuration))
            await self._answer(session, offer, request)
        finally:
            self._begun -= 1
        if self._is_closed:
            await session.pc.close()
            raise web.HTTPServiceUnavailable
        name = secrets.token_urlsafe(18)
        self._sessions[name] = session
        self._end_with_connection(name, session.pc)
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

    async def _answer(self, session: _Session, offer: str, request: web.Request) -> None:
        """Set an offer and answer it with all candidates (RFC 9725 §4.3.1); or close and raise."""
        pc = session.pc
        try:
            prepared = self._welcome(pc, request)
            if prepared is not None:
                await prepared
            try:
                await pc.setRemoteDescription({"type": "offer", "sdp": offer})
            except (ValueError, TypeError, DOMException) as error:
                raise web.HTTPBadRequest(text=f"{error}\n") from error
            await pc.setLocalDescription()
            await pc.completeLocalDescription()
            if not has_transport(pc.localDescription.sdp):
                # Such a connection would neither connect nor fail, and its session never end.
                raise web.HTTPUnprocessableEntity(text="nothing of the offer can be had\n")
        except BaseException:
            await pc.close()
            raise

    def _end_with_connection(self, name: str, pc: RTCPeerConnection) -> None:
        def look() -> None:
            if pc.connectionState in ("failed", "closed"):
                self._sessions.pop(name, None)
                self._close(pc)

        pc.on("connectionstatechange", look)
        look()

    async def _patch(self, request: web.Request) -> web.Response:
        session = self._session(request)
        fragment_text = await _read(request, MEDIA_TYPE)
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
            await _add_candidates(session.pc, fragment, given[0])
        return web.Response(status=HTTPStatus.NO_CONTENT)

    async def _restart(self, session: _Session, fragment: Fragment) -> web.Response:
        """Answer a restart of ICE: the offer that was set, with what the fragment says of ICE."""
        pc = session.pc
        offer = take_fragment(pc.remoteDescription.sdp, fragment)
        try:
            await pc.setRemoteDescription({"type": "offer", "sdp": offer})
        except (ValueError, TypeError, DOMException) as error:
            raise web.HTTPBadRequest(text=f"{error}\n") from error
        await pc.setLocalDescription()
        await pc.completeLocalDescription()
        session.renew()
        return web.Response(
            text=serialize_fragment(ice_fragment(pc.localDescription.sdp)),
            content_type=MEDIA_TYPE,
            headers={"ETag": session.etag},
        )

    async def _delete(self, request: web.Request) -> web.Response:
        session = self._session(request)
        del self._sessions[request.match_info["session"]]
        await session.pc.close()
        return web.Response()

    def _session(self, request: web.Request) -> _Session:
        session = self._sessions.get(request.match_info["session"])
        if session is None:
            raise web.HTTPNotFound
        return session


async def _read_offer(request: web.Request) -> str:
    """Give the offer of a request: its body, or the field "sdp" of a form."""
    if request.content_type != FORM_TYPE:
        return await _read(request, SDP_TYPE)
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


async def _read(request: web.Request, content_type: str) -> str:
    """Give the body of a request; raises what HTTP says of another type, and of too much."""
    if request.content_type != content_type:
        raise web.HTTPUnsupportedMediaType(headers={"Accept": content_type})
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_TIMEOUT):
            async for chunk in request.content.iter_chunked(MAX_BODY):
                body += chunk
                if len(body) > MAX_BODY:
                    raise web.HTTPRequestEntityTooLarge(MAX_BODY, len(body))
    except TimeoutError as error:
        raise web.HTTPRequestTimeout from error
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise web.HTTPBadRequest(text="a body in UTF-8 is expected\n") from error


async def _add_candidates(pc: RTCPeerConnection, fragment: Fragment, ufrag: str) -> None:
    """Take the candidates of a fragment; one that makes no sense costs itself."""
    for section in fragment.media:
        found = [serialize_candidate(candidate) for candidate in section.ice.candidates]
        if section.ice.end_of_candidates:
            found.append("")
        for candidate in found:
            value = {"candidate": candidate, "sdpMid": section.mid, "usernameFragment": ufrag}
            try:
                await pc.addIceCandidate(value)
            except (ValueError, TypeError, DOMException) as error:
                logger.debug("a candidate is left out: %s", error)
