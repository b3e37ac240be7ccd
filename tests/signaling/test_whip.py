"""The client of WHIP and WHEP (RFC 9725), against our endpoint and against odd ones."""

import asyncio
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import cast

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

import peer.signaling
from peer import MediaStreamTrack, RTCIceServer, RTCPeerConnection
from peer.ice.stun import ERROR_CODE, ErrorCode, MessageClass, Method, build, parse
from peer.signaling import HttpEndpoint, SignalingError, WhipClient
from peer.signaling.fragments import credentials, fragment_credentials
from peer.testing import ToneTrack
from sdp import Fragment, parse_fragment, serialize_fragment

from .support import ALONE, SECONDS, endpoint_at, nothing, serving, speaking, state_of

SERVER = RTCIceServer("stun:192.0.2.1")


def test_a_publisher_is_heard_until_it_leaves() -> None:
    async def publish() -> None:
        heard: asyncio.Queue[MediaStreamTrack] = asyncio.Queue()

        def welcome(pc: RTCPeerConnection, request: web.Request) -> None:
            pc.on("track", heard.put_nowait)

        endpoint = HttpEndpoint(welcome, configuration=ALONE, token="let me in")
        async with asyncio.timeout(SECONDS), endpoint_at(endpoint) as url, speaking() as pc:
            async with WhipClient(url, token="let me in") as client:
                await client.connect(pc)
                assert str(client.session_url).startswith(f"{url}/")
                await state_of(pc, "connected")
                [theirs] = endpoint.connections
                await (await heard.get()).recv()
            assert client.session_url is None
            assert theirs.connectionState == "closed"
            assert endpoint.connections == []
            await client.close()

    asyncio.run(publish())


def test_a_player_hears() -> None:
    async def play() -> None:
        def welcome(pc: RTCPeerConnection, request: web.Request) -> None:
            pc.addTrack(ToneTrack())

        endpoint = HttpEndpoint(welcome, configuration=ALONE)
        pc = RTCPeerConnection(ALONE)
        receiver = pc.addTransceiver("audio", direction="recvonly").receiver
        async with (
            asyncio.timeout(SECONDS),
            endpoint_at(endpoint, "/whep") as url,
            WhipClient(url) as client,
        ):
            await client.connect(pc)
            await receiver.track.recv()
        await pc.close()

    asyncio.run(play())


def test_ice_restarts_in_a_session() -> None:
    async def restart() -> None:
        endpoint = HttpEndpoint(nothing, configuration=ALONE)
        async with (
            asyncio.timeout(SECONDS),
            endpoint_at(endpoint) as url,
            speaking() as pc,
            WhipClient(url) as client,
        ):
            await client.connect(pc)
            await state_of(pc, "connected")
            [theirs] = endpoint.connections
            before = _credentials(pc), _credentials(theirs)
            for _ in range(2):
                await client.restart()
                after = _credentials(pc), _credentials(theirs)
                assert not {*before} & {*after}
                assert pc.signalingState == theirs.signalingState == "stable"
                assert _credentials(pc) == _credentials(theirs, "remoteDescription")
                assert _credentials(theirs) == _credentials(pc, "remoteDescription")
                before = after
            await state_of(pc, "connected")
            assert endpoint.connections == [theirs]

    asyncio.run(restart())


def _credentials(pc: RTCPeerConnection, which: str = "localDescription") -> str:
    text: str = getattr(pc, which).sdp
    return next(line for line in text.splitlines() if line.startswith("a=ice-ufrag:"))


def test_servers_that_the_endpoint_names_are_used_where_there_are_none() -> None:
    async def ask() -> None:
        endpoint = HttpEndpoint(nothing, configuration=ALONE, ice_servers=[SERVER])
        async with (
            asyncio.timeout(SECONDS),
            endpoint_at(endpoint) as url,
            speaking() as pc,
            WhipClient(url) as client,
        ):
            assert await client.ice_servers() == [SERVER]
            await client.connect(pc)
            assert pc.getConfiguration().iceServers == [SERVER]

    asyncio.run(ask())


def test_a_refusal_is_an_error_with_its_status() -> None:
    async def ask() -> None:
        endpoint = HttpEndpoint(nothing, configuration=ALONE, token="let me in")
        async with endpoint_at(endpoint) as url, speaking() as pc, WhipClient(url) as client:
            with pytest.raises(SignalingError, match="401 Unauthorized") as caught:
                await client.connect(pc)
            assert caught.value.status == 401
            assert client.session_url is None

    asyncio.run(ask())


async def _post_to(answer: Callable[[web.Request], web.Response]) -> SignalingError:
    """Connect to an endpoint that answers so, and give the error."""

    async def handle(request: web.Request) -> web.Response:
        await request.read()
        return answer(request)

    app = web.Application()
    app.router.add_post("/whip", handle)
    async with serving(app) as url, speaking() as pc, WhipClient(f"{url}/whip") as client:
        with pytest.raises(SignalingError) as caught:
            await client.connect(pc)
        return caught.value


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        ({"status": 200, "text": "v=0"}, "no 201"),
        ({"status": 201, "text": "v=0"}, "without a Location"),
        ({"status": 201, "body": b"\xff", "headers": {"Location": "/a"}}, "no answer to POST"),
        ({"status": 201, "body": b" " * 300_000, "headers": {"Location": "/a"}}, "longer than"),
        ({"status": 201, "text": "v=0", "headers": {"Location": "//[a"}}, "no Location"),
        ({"status": 503, "headers": {"Retry-After": "7"}}, "503 Service Unavailable"),
    ],
)
def test_what_makes_no_sense_is_an_error(response: dict[str, object], reason: str) -> None:
    error = asyncio.run(_post_to(lambda request: web.Response(**response)))  # type: ignore[arg-type]
    assert reason in str(error)
    assert error.retry_after == (7.0 if response["status"] == 503 else None)


def test_nobody_there_is_an_error() -> None:
    async def ask() -> None:
        async with serving(web.Application()) as url:
            pass
        async with speaking() as pc, WhipClient(f"{url}/whip") as client:
            with pytest.raises(SignalingError, match="no answer to POST"):
                await client.connect(pc)

    asyncio.run(ask())


@pytest.mark.parametrize(
    ("answer", "reason"),
    [("v=0\r\n", "media sections"), (" " * 300_000, "longer than")],
    ids=["wrong", "long"],
)
def test_an_answer_that_cannot_be_set_ends_the_session(answer: str, reason: str) -> None:
    async def ask() -> list[str]:
        deleted = []

        async def post(request: web.Request) -> web.Response:
            # A server that no connection takes is no reason.
            fields = {"Location": "session/1", "Link": '<stun:>; rel="ice-server"'}
            return web.Response(status=201, text=answer, headers=fields)

        async def delete(request: web.Request) -> web.Response:
            deleted.append(request.path)
            return web.Response()

        app = web.Application()
        app.router.add_post("/whip/", post)
        app.router.add_delete("/whip/session/1", delete)
        async with serving(app) as url, speaking() as pc, WhipClient(f"{url}/whip/") as client:
            with pytest.raises(Exception, match=reason):
                await client.connect(pc)
            assert deleted == ["/whip/session/1"]
        return deleted

    assert asyncio.run(ask()) == ["/whip/session/1"]


def test_a_session_without_tls_gets_no_token_of_one_with_it() -> None:
    async def ask() -> None:
        async with WhipClient("https://a.example/whip", token="secret") as client:
            for base, location in (
                ("https://a.example/whip", "http://a.example/1"),
                # As after a redirection.
                ("http://b.example/whip", "/1"),
            ):
                told = SimpleNamespace(url=URL(base), status=201, headers={"Location": location})
                with pytest.raises(SignalingError, match="leaves TLS"):
                    client._session_of(cast("aiohttp.ClientResponse", told))
            assert client.session_url is None

    asyncio.run(ask())


def test_a_redirection_is_followed_with_the_token_to_the_same_origin_only() -> None:
    async def ask() -> list[str | None]:
        seen: list[str | None] = []

        async def elsewhere(request: web.Request) -> web.Response:
            seen.append(request.headers.get("Authorization"))
            return web.Response(status=403)

        other, app = web.Application(), web.Application()
        other.router.add_post("/whip", elsewhere)
        app.router.add_post("/moved", elsewhere)
        async with serving(other) as far, serving(app) as url:
            for target in (f"{far}/whip", f"{url}/moved"):
                location = target

                async def redirect(request: web.Request, to: str = location) -> web.Response:
                    raise web.HTTPTemporaryRedirect(to)

                door = web.Application()
                door.router.add_post("/whip", redirect)
                door.router.add_post("/moved", elsewhere)
                async with serving(door) as first:
                    asked = f"{first}/whip"
                    async with speaking() as pc, WhipClient(asked, token="secret") as client:
                        with pytest.raises(SignalingError, match="403"):
                            await client.connect(pc)
        return seen

    assert asyncio.run(ask()) == [None, None]


class LateServer(asyncio.DatagramProtocol):
    """A STUN server that keeps its answers back until it is told."""

    def __init__(self) -> None:
        self.asked: list[tuple[bytes, tuple[str, int]]] = []
        self.transport: asyncio.DatagramTransport | None = None
        self.late = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        self.asked.append((data, address))
        if not self.late:
            self.answer()

    def answer(self) -> None:
        """Answer all that was asked: with an error, so that nobody waits any longer."""
        assert self.transport is not None
        self.late = False
        for data, address in self.asked:
            request = parse(data)
            answer = build(
                Method.BINDING,
                MessageClass.ERROR,
                request.transaction_id,
                [(ERROR_CODE, ErrorCode(400, "late"))],
            )
            self.transport.sendto(answer, address)
        self.asked.clear()


def _patched(client: WhipClient) -> asyncio.Queue[Fragment]:
    """Give what a client sends after its offer, as the endpoint has taken it."""
    patched: asyncio.Queue[Fragment] = asyncio.Queue()
    send = client._patch

    async def patch(fragment: Fragment, etag: str) -> tuple[str, str | None]:
        answer = await send(fragment, etag)
        patched.put_nowait(parse_fragment(serialize_fragment(fragment)))
        return answer

    client._patch = patch  # type: ignore[method-assign]
    return patched


def test_candidates_found_after_the_offer_follow() -> None:
    async def trickle() -> tuple[str, Fragment]:
        endpoint = HttpEndpoint(nothing, configuration=ALONE)
        loop = asyncio.get_running_loop()
        _, server = await loop.create_datagram_endpoint(LateServer, ("127.0.0.1", 0))
        assert server.transport is not None
        port = server.transport.get_extra_info("sockname")[1]
        pc = RTCPeerConnection({"iceServers": [{"urls": f"stun:127.0.0.1:{port}"}]})
        pc.addTrack(ToneTrack())
        async with (
            asyncio.timeout(SECONDS),
            endpoint_at(endpoint) as url,
            WhipClient(url) as client,
        ):
            patched = _patched(client)
            await client.connect(pc)
            [theirs] = endpoint.connections
            offer = theirs.remoteDescription.sdp
            server.answer()
            fragment = await patched.get()
            await state_of(pc, "connected")
        server.transport.close()
        await pc.close()
        return offer, fragment

    offer, fragment = asyncio.run(trickle())
    assert "a=candidate:" in offer
    assert "a=end-of-candidates" not in offer
    # Nothing is told twice.
    assert fragment.candidates() == []
    assert fragment.media[0].ice.end_of_candidates
    assert fragment_credentials(fragment) == credentials(offer)


def test_candidates_found_after_a_restart_follow() -> None:
    async def trickle() -> tuple[list[Fragment], str]:
        endpoint = HttpEndpoint(nothing, configuration=ALONE)
        loop = asyncio.get_running_loop()
        _, server = await loop.create_datagram_endpoint(LateServer, ("127.0.0.1", 0))
        assert server.transport is not None
        server.late = False
        port = server.transport.get_extra_info("sockname")[1]
        pc = RTCPeerConnection({"iceServers": [{"urls": f"stun:127.0.0.1:{port}"}]})
        pc.addTrack(ToneTrack())
        async with (
            asyncio.timeout(SECONDS),
            endpoint_at(endpoint) as url,
            WhipClient(url) as client,
        ):
            await pc.setLocalDescription()
            patched = _patched(client)
            # All is told in the offer: nothing is left to be sent after it.
            await pc.completeLocalDescription()
            await client.connect(pc)
            assert patched.empty()
            server.late = True
            await client.restart()
            restart = await patched.get()
            server.answer()
            rest = await patched.get()
        server.transport.close()
        now = pc.localDescription.sdp
        await pc.close()
        return [restart, rest], now

    [restart, rest], now = asyncio.run(trickle())
    assert restart.candidates()
    assert not restart.media[0].ice.end_of_candidates
    assert rest.media[0].ice.end_of_candidates
    assert fragment_credentials(restart) == fragment_credentials(rest) == credentials(now)


def test_a_restart_that_is_given_up_is_taken_back() -> None:
    async def give_up() -> None:
        asked, never = asyncio.Event(), asyncio.Event()
        endpoint = HttpEndpoint(nothing, configuration=ALONE)

        async def patch(request: web.Request) -> web.Response:
            asked.set()
            await never.wait()
            raise AssertionError

        endpoint._patch = patch  # type: ignore[method-assign]
        async with (
            asyncio.timeout(SECONDS),
            endpoint_at(endpoint) as url,
            speaking() as pc,
            WhipClient(url) as client,
        ):
            await client.connect(pc)
            restarting = asyncio.ensure_future(client.restart())
            await asked.wait()
            restarting.cancel()
            await asyncio.wait([restarting])
            assert restarting.cancelled()
            assert pc.signalingState == "stable"
            never.set()

    asyncio.run(give_up())


def test_without_aiohttp_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    for name, home in (("WhipClient", "whip"), ("HttpEndpoint", "endpoint")):
        monkeypatch.delitem(vars(peer.signaling), name)
        monkeypatch.delitem(sys.modules, f"peer.signaling.{home}")
        with pytest.raises(ImportError, match=r"pip install aiopeer\[http\]"):
            getattr(peer.signaling, name)


def test_a_model_is_told_how_to_talk_along_with_the_offer() -> None:
    async def talk() -> object:
        told: list[object] = []

        async def welcome(pc: RTCPeerConnection, request: web.Request) -> None:
            told.append((await request.post())["session"])
            pc.addTrack(ToneTrack())

        endpoint = HttpEndpoint(welcome, configuration=ALONE, token="key")
        form = {"session": '{"type": "realtime"}'}
        async with (
            asyncio.timeout(SECONDS),
            endpoint_at(endpoint, "/v1/realtime/calls") as url,
            speaking() as pc,
            WhipClient(url, token="key", form=form) as client,
        ):
            await client.connect(pc)
            await pc.getReceivers()[0].track.recv()
        return told

    assert asyncio.run(talk()) == ['{"type": "realtime"}']


def test_a_client_has_one_session() -> None:
    async def ask() -> None:
        endpoint = HttpEndpoint(nothing, configuration=ALONE)
        async with endpoint_at(endpoint) as url, speaking() as pc, WhipClient(url) as client:
            with pytest.raises(ValueError, match="no session"):
                await client.restart()
            await client.connect(pc)
            with pytest.raises(ValueError, match="one session"):
                await client.connect(pc)

    asyncio.run(ask())
