"""Who may ask an endpoint, and what of a request is read."""

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Iterable

from aiohttp import web

MAX_BODY = 256 * 1024
"""Bytes of an offer or a fragment."""
BODY_TIMEOUT = 10.0
"""Seconds within which an offer or a fragment has to be there."""

Token = str | Callable[[web.Request], bool] | None
"""The bearer token that requests have to bring, or what says whether a request may come in."""


class Door:
    """Lets requests in by their token, and tells browsers whose pages may ask.

    Raises ValueError for a token that is empty.
    """

    def __init__(self, token: Token, origins: Iterable[str]) -> None:
        if token == "":
            raise ValueError("an empty token lets everybody in; None says so")
        self._token = token
        self._origins = frozenset(origins)

    def guard(
        self, handler: Callable[[web.Request], Awaitable[web.Response]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """Give a handler that answers those alone who may come in."""

        async def answer(request: web.Request) -> web.StreamResponse:
            response: web.StreamResponse
            try:
                # Browsers ask what they may do without a token (the preflight of CORS).
                if request.method != "OPTIONS" and not self.admits(request):
                    raise web.HTTPUnauthorized(headers={"WWW-Authenticate": "Bearer"})
                response = await handler(request)
            except web.HTTPException as refused:
                refused.headers.update(self._cross_origin(request))
                raise
            response.headers.update(self._cross_origin(request))
            return response

        return answer

    def admits(self, request: web.Request) -> bool:
        """Say whether a request may come in."""
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


async def read_body(request: web.Request, content_type: str) -> str:
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
