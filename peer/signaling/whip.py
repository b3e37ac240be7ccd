"""Publishing to and playing from an HTTP endpoint: the clients of WHIP (RFC 9725) and WHEP.

The two say the same (draft-ietf-wish-whep): an offer goes there in a POST, the answer comes back
with the URL of the session; candidates found later and restarts are PATCHed, DELETE ends it. They
differ in the direction of the media, which is the connection's to say.
"""

import asyncio
import contextlib
import dataclasses
import logging
from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus
from types import MappingProxyType, TracebackType
from typing import Self

import aiohttp
from yarl import URL

from peer import RTCIceServer, RTCPeerConnection
from sdp import MEDIA_TYPE, Fragment, SdpError, parse_fragment, replace, serialize_fragment

from .errors import SignalingError
from .fragments import SDP_TYPE, ice_fragment, take_fragment
from .links import read_ice_servers
from .requests import GATHERING, client_session, read_text, request

logger = logging.getLogger("peer.signaling")


class WhipClient:
    """A session at a WHIP or WHEP endpoint, for one connection.

    `url` is the endpoint's, `token` goes into each request as a bearer token; `headers` are added
    to each. Redirections are followed, with the token only to the same origin. With `form` the
    offer is the field "sdp" of a form (multipart/form-data) that has these fields as well, as voice
    models want it that are told in the same request how to talk.

    Used as ``async with`` it ends the session; the connection is its owner's to close.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> None:
        self._url = URL(url)
        self._form = form
        self._headers = dict(headers or {})
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"
        self._http = client_session(self._headers)
        self._pc: RTCPeerConnection | None = None
        self._session: URL | None = None
        self._etag: str | None = None
        self._told: Fragment | None = None
        self._trickling: asyncio.Task[None] | None = None
        self._restarting = asyncio.Lock()
        self._changes = asyncio.Event()

    @property
    def session_url(self) -> str | None:
        """The URL of the session, None before there is one and after it was ended."""
        return None if self._session is None else str(self._session)

    async def ice_servers(self) -> list[RTCIceServer]:
        """Ask for the servers to make a connection with (RFC 9725 §4.6, by OPTIONS).

        An endpoint that names none there may name some in its answer; `connect` gives them to the
        connection, for what it gathers from then on. Raises SignalingError.
        """
        async with self._request("OPTIONS", self._url) as response:
            return read_ice_servers(response.headers.getall("Link", []))

    async def connect(self, pc: RTCPeerConnection) -> None:
        """Offer what the connection has, and take the endpoint's answer.

        Candidates that are found afterwards follow. Raises SignalingError when the endpoint
        refuses, and what setRemoteDescription raises of its answer; there is no session then, and
        another try takes another client.
        """
        if self._pc is not None:
            raise ValueError("a client has one session; make another client")
        self._pc = pc
        pc.addEventListener("icecandidate", self._found)
        await pc.setLocalDescription()
        await pc.completeLocalDescription(GATHERING)
        offer = pc.localDescription.sdp
        self._told = ice_fragment(offer)
        try:
            answer = await self._post(offer)
            await pc.setRemoteDescription({"type": "answer", "sdp": answer})
        except BaseException:
            await self.close()
            raise
        self._trickling = asyncio.create_task(self._trickle())

    async def restart(self) -> None:
        """Restart ICE in the session (RFC 9725 §4.3.3).

        Raises SignalingError when the endpoint cannot do that; the session goes on as it was.
        """
        async with self._restarting:
            pc = self._connection()
            await self._stop_trickling()
            try:
                await self._restart(pc)
            except BaseException:
                if pc.signalingState == "have-local-offer":
                    await pc.setLocalDescription({"type": "rollback"})
                raise
            finally:
                if self._session is not None:
                    # Before, all may have been told; of the new generation more may come.
                    self._changes.set()
                    self._trickling = asyncio.create_task(self._trickle())

    async def _restart(self, pc: RTCPeerConnection) -> None:
        pc.restartIce()
        await pc.setLocalDescription()
        await pc.completeLocalDescription(GATHERING)
        fragment = ice_fragment(pc.localDescription.sdp)
        text, etag = await self._patch(fragment, "*")
        try:
            answer = take_fragment(pc.remoteDescription.sdp, parse_fragment(text))
        except SdpError as error:
            raise SignalingError(f"the answer to a restart makes no sense: {error}") from error
        await pc.setRemoteDescription({"type": "answer", "sdp": answer})
        self._told = fragment
        self._etag = etag or self._etag

    async def close(self) -> None:
        """End the session, if there is one; the endpoint has `REQUEST_TIMEOUT` to hear of it."""
        if self._pc is not None:
            self._pc.removeEventListener("icecandidate", self._found)
        session, self._session = self._session, None
        try:
            await self._stop_trickling()
            if session is not None:
                with contextlib.suppress(SignalingError):
                    async with self._request("DELETE", session):
                        pass
        finally:
            await self._http.close()

    async def _stop_trickling(self) -> None:
        if self._trickling is not None:
            self._trickling.cancel()
            await asyncio.wait([self._trickling])

    def _connection(self) -> RTCPeerConnection:
        if self._pc is None or self._session is None:
            raise ValueError("there is no session")
        return self._pc

    def _found(self, event: object) -> None:
        self._changes.set()

    async def _post(self, offer: str) -> str:
        body: str | aiohttp.FormData = offer
        content_type: str | None = SDP_TYPE
        if self._form is not None:
            fields = {"sdp": offer, **self._form}
            body, content_type = aiohttp.FormData(fields, default_to_multipart=True), None
        async with self._request("POST", self._url, content_type, body) as response:
            if response.status != HTTPStatus.CREATED:
                raise SignalingError(f"{response.status} is no 201", status=response.status)
            # First of all: it is to be ended, whatever the rest of the answer is.
            self._session = self._session_of(response)
            self._etag = response.headers.get("ETag")
            self._use(read_ice_servers(response.headers.getall("Link", [])))
            return await read_text(response)

    def _session_of(self, response: aiohttp.ClientResponse) -> URL:
        """Give the URL of a session that was made; the token is sent there."""
        location = response.headers.get("Location")
        if location is None:
            raise SignalingError("a session without a Location", status=response.status)
        try:
            session = response.url.join(URL(location))
        except ValueError as error:
            raise SignalingError(f"no Location: {error}", status=response.status) from error
        if self._url.scheme == "https" != session.scheme:
            raise SignalingError(f"{session} leaves TLS", status=response.status)
        return session

    def _use(self, servers: list[RTCIceServer]) -> None:
        """Give the connection servers that the endpoint names, unless it has some."""
        pc = self._pc
        if servers and pc is not None and not (settings := pc.getConfiguration()).iceServers:
            pc.setConfiguration(dataclasses.replace(settings, iceServers=servers))

    async def _trickle(self) -> None:
        """Send the candidates that come, until all are sent or the endpoint takes none."""
        pc = self._connection()
        while self._etag is not None and not self._all_told():
            await self._changes.wait()
            self._changes.clear()
            if pc.signalingState != "stable":
                # A restart is under way, which sends what it has.
                continue
            now = ice_fragment(pc.localDescription.sdp)
            fragment = _news(now, self._told)
            if fragment is None:
                continue
            try:
                await self._patch(fragment, self._etag)
            except SignalingError as error:
                logger.debug("the endpoint takes no candidates: %s", error)
                return
            self._told = now

    def _all_told(self) -> bool:
        told = self._told
        return told is not None and all(each.ice.end_of_candidates for each in told.media)

    async def _patch(self, fragment: Fragment, etag: str) -> tuple[str, str | None]:
        if self._session is None:
            raise SignalingError("the session has ended")
        body = serialize_fragment(fragment)
        async with self._request(
            "PATCH", self._session, MEDIA_TYPE, body, {"If-Match": etag}
        ) as response:
            return await read_text(response), response.headers.get("ETag")

    @contextlib.asynccontextmanager
    async def _request(
        self,
        method: str,
        url: URL,
        content_type: str | None = None,
        body: str | aiohttp.FormData | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Make a request; raises SignalingError unless it succeeds."""
        fields = dict(headers)
        if content_type is not None:
            fields["Content-Type"] = content_type
        async with request(self._http, method, url, data=body, headers=fields) as response:
            yield response

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()


def _news(now: Fragment, told: Fragment | None) -> Fragment | None:
    """Give what of a fragment was not told yet, None when that is nothing."""
    if told is None or told.ice != now.ice:
        return now
    fresh = now.new_candidates(told)
    ended = {each.mid for each in told.media if each.ice.end_of_candidates}
    media = tuple(
        replace(
            section,
            ice=replace(
                section.ice,
                candidates=tuple(candidate for mid, candidate in fresh if mid == section.mid),
            ),
        )
        for section in now.media
    )
    has_news = bool(fresh) or any(
        each.ice.end_of_candidates and each.mid not in ended for each in now.media
    )
    return replace(now, media=media) if has_news else None
