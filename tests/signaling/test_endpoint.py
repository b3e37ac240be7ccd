"""The endpoint of WHIP and WHEP (RFC 9725): what it answers to requests, odd ones too."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest
from aiohttp import web
from multidict import CIMultiDictProxy
from yarl import URL

import peer.signaling.door
from peer import RTCIceServer, RTCPeerConnection
from peer.signaling import HttpEndpoint
from peer.signaling.door import MAX_BODY
from peer.signaling.endpoint import _Session
from peer.signaling.fragments import SDP_TYPE, fragment_credentials, ice_fragment
from sdp import MEDIA_TYPE, parse, parse_fragment, replace, serialize_fragment

from .support import ALONE, SECONDS, endpoint_at, nothing, speaking, state_of

Answer = tuple[int, CIMultiDictProxy[str], str]
Ask = Callable[..., Awaitable[Answer]]
NO_MEDIA = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
OTHERS = """a=ice-ufrag:efgh
a=ice-pwd:9876543210987654321098
m=audio 9 UDP/TLS/RTP/SAVPF 111
a=mid:0
"""


def run(endpoint: HttpEndpoint, program: Callable[[Ask, str], Awaitable[None]]) -> None:
    """Run a program that asks an endpoint."""

    async def main() -> None:
        async with (
            asyncio.timeout(SECONDS),
            endpoint_at(endpoint) as url,
            aiohttp.ClientSession() as http,
        ):

            async def ask(method: str, path: str, body: str = "", **headers: str) -> Answer:
                fields = {name.replace("_", "-"): value for name, value in headers.items()}
                target = url.removesuffix("/whip") + path
                async with http.request(method, target, data=body, headers=fields) as response:
                    return response.status, response.headers, await response.text()

            offer = await _offer()
            await program(ask, offer)

    asyncio.run(main())


async def _offer() -> str:
    async with speaking() as pc:
        await pc.setLocalDescription()
        description = await pc.completeLocalDescription()
        assert description is not None
        return description.sdp


def test_an_offer_is_answered_with_all_there_is_to_say() -> None:
    server = RTCIceServer("turn:turn.example.net", "user", "password")
    endpoint = HttpEndpoint(nothing, configuration=ALONE, ice_servers=[server])

    async def program(ask: Ask, offer: str) -> None:
        status, headers, answer = await ask("POST", "/whip", offer, Content_Type=SDP_TYPE)
        assert status == 201
        assert headers["Content-Type"].startswith(SDP_TYPE)
        assert headers["Location"].startswith("/whip/")
        assert headers["ETag"].startswith('"')
        assert headers["Accept-Patch"] == MEDIA_TYPE
        assert 'rel="ice-server"' in headers["Link"]
        section = parse(answer).media[0]
        assert section.ice.candidates
        assert section.ice.end_of_candidates
        assert len(endpoint.connections) == 1
        status, _, _ = await ask("DELETE", headers["Location"])
        assert status == 200
        assert endpoint.connections == []
        for method in ("DELETE", "PATCH"):
            status, _, _ = await ask(method, headers["Location"])
            assert status == 404

    run(endpoint, program)


def test_what_is_no_offer_is_refused_and_leaves_nothing() -> None:
    endpoint = HttpEndpoint(nothing, configuration=ALONE)

    async def program(ask: Ask, offer: str) -> None:
        for body, kind, expected in (
            (offer, "text/plain", 415),
            ("", SDP_TYPE, 400),
            ("nonsense", SDP_TYPE, 400),
            (offer.replace("a=fingerprint", "a=nothing"), SDP_TYPE, 400),
            # A connection without anything would neither connect nor fail.
            (NO_MEDIA, SDP_TYPE, 422),
            (offer + "x" * MAX_BODY, SDP_TYPE, 413),
        ):
            status, _, _ = await ask("POST", "/whip", body, Content_Type=kind)
            assert (status, body[:10]) == (expected, body[:10])
        for method in ("GET", "PUT", "PATCH", "DELETE"):
            status, headers, _ = await ask(method, "/whip")
            assert status == 405
            assert "POST" in headers["Allow"]
        assert endpoint.connections == []

    run(endpoint, program)


def test_a_welcome_may_refuse() -> None:
    made: list[RTCPeerConnection] = []

    async def welcome(pc: RTCPeerConnection, request: web.Request) -> None:
        made.append(pc)
        raise web.HTTPForbidden

    async def program(ask: Ask, offer: str) -> None:
        status, _, _ = await ask("POST", "/whip", offer, Content_Type=SDP_TYPE)
        assert status == 403
        assert made[0].connectionState == "closed"

    run(HttpEndpoint(welcome, configuration=ALONE), program)


@pytest.mark.parametrize("token", ["s3cret", lambda request: request.query.get("key") == "s3cret"])
def test_who_brings_no_token_stays_outside(token: str | Callable[[web.Request], bool]) -> None:
    servers = [RTCIceServer("turn:turn.example.net", "user", "password")]
    endpoint = HttpEndpoint(nothing, configuration=ALONE, token=token, ice_servers=servers)

    async def program(ask: Ask, offer: str) -> None:
        # A browser may ask what it may do; credentials of servers are for those who may come in.
        status, headers, _ = await ask("OPTIONS", "/whip")
        assert (status, "Link" in headers) == (204, False)
        status, headers, _ = await ask("OPTIONS", "/whip?key=s3cret", Authorization="Bearer s3cret")
        assert (status, "Link" in headers) == (204, True)
        for path, authorization in (
            ("/whip", ""),
            ("/whip", "Bearer \udcff"),
            ("/whip?key=s3cre", "Bearer s3cre"),
            ("/whip?key=s3crets", "Bearer s3crets"),
            ("/whip?key=%20", "Basic s3cret"),
        ):
            status, headers, _ = await ask("POST", path, offer, Authorization=authorization)
            assert status == 401
            assert headers["WWW-Authenticate"] == "Bearer"
        status, headers, _ = await ask(
            "POST",
            "/whip?key=s3cret",
            offer,
            Authorization="bearer s3cret",
            Content_Type=SDP_TYPE,
        )
        assert status == 201
        # The session is not free for all either.
        status, _, _ = await ask("DELETE", headers["Location"])
        assert status == 401
        assert len(endpoint.connections) == 1

    run(endpoint, program)


def test_an_empty_token_is_none() -> None:
    with pytest.raises(ValueError, match="empty token"):
        HttpEndpoint(nothing, token="")


def test_a_session_is_where_it_was_asked_for_whatever_the_name() -> None:
    async def program() -> None:
        endpoint = HttpEndpoint(nothing, configuration=ALONE)
        async with (
            asyncio.timeout(SECONDS),
            endpoint_at(endpoint, "/{name}") as url,
            aiohttp.ClientSession() as http,
        ):
            for name in ("a%20b", "a%3Fb", "a%0D%0Ab"):
                target = URL(url.replace("{name}", name), encoded=True)
                fields = {"Content-Type": SDP_TYPE}
                offer = await _offer()
                async with http.post(target, data=offer, headers=fields) as response:
                    assert response.status == 201
                    session = target.join(URL(response.headers["Location"], encoded=True))
                assert session.raw_path.startswith(f"/{name}/")
                async with http.delete(session) as response:
                    assert response.status == 200
            assert endpoint.connections == []

    asyncio.run(program())


def test_who_is_still_on_the_way_in_finds_a_closed_endpoint() -> None:
    made: list[RTCPeerConnection] = []
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def welcome(pc: RTCPeerConnection, request: web.Request) -> None:
        made.append(pc)
        asked.set()
        await go_on.wait()

    endpoint = HttpEndpoint(welcome, configuration=ALONE)

    async def program(ask: Ask, offer: str) -> None:
        asking = asyncio.ensure_future(ask("POST", "/whip", offer, Content_Type=SDP_TYPE))
        await asked.wait()
        await endpoint.close()
        go_on.set()
        assert (await asking)[0] == 503
        assert made[0].connectionState == "closed"
        assert endpoint.connections == []
        status, _, _ = await ask("POST", "/whip", offer, Content_Type=SDP_TYPE)
        assert status == 503

    run(endpoint, program)


def test_who_does_not_end_their_offer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer.signaling.door, "BODY_TIMEOUT", 0.01)

    async def program() -> None:
        never = asyncio.Event()

        async def body() -> AsyncIterator[bytes]:
            yield b"v=0"
            await never.wait()

        async with (
            asyncio.timeout(SECONDS),
            endpoint_at(HttpEndpoint(nothing, configuration=ALONE)) as url,
            aiohttp.ClientSession() as http,
            http.post(url, data=body(), headers={"Content-Type": SDP_TYPE}) as response,
        ):
            assert response.status == 408

    asyncio.run(program())


def test_a_restart_that_makes_no_sense_costs_itself() -> None:
    endpoint = HttpEndpoint(nothing, configuration=ALONE)

    async def program(ask: Ask, offer: str) -> None:
        _, headers, _ = await ask("POST", "/whip", offer, Content_Type=SDP_TYPE)
        [pc] = endpoint.connections
        await pc.close()
        endpoint._sessions._sessions[headers["Location"].rpartition("/")[2]] = _Session(pc)
        status, _, _ = await ask(
            "PATCH", headers["Location"], OTHERS, Content_Type=MEDIA_TYPE, If_Match="*"
        )
        assert status == 400

    run(endpoint, program)


def test_sessions_are_bounded() -> None:
    endpoint = HttpEndpoint(nothing, configuration=ALONE, max_sessions=1)

    async def program(ask: Ask, offer: str) -> None:
        answers = [await ask("POST", "/whip", offer, Content_Type=SDP_TYPE) for _ in range(2)]
        assert [status for status, _, _ in answers] == [201, 503]
        assert int(answers[1][1]["Retry-After"]) > 0
        # One that ended makes room.
        await endpoint.connections[0].close()
        status, _, _ = await ask("POST", "/whip", offer, Content_Type=SDP_TYPE)
        assert status == 201

    run(endpoint, program)


def test_a_patch_is_of_the_generation_that_it_names() -> None:
    endpoint = HttpEndpoint(nothing, configuration=ALONE)

    async def program(ask: Ask, offer: str) -> None:
        _, headers, _ = await ask("POST", "/whip", offer, Content_Type=SDP_TYPE)
        session, tag = headers["Location"], headers["ETag"]
        own = serialize_fragment(ice_fragment(offer))
        bare = serialize_fragment(replace(ice_fragment(offer), ice=parse_fragment("").ice))
        for body, kind, condition, expected in (
            (own, SDP_TYPE, tag, 415),
            (own, MEDIA_TYPE, None, 428),
            (own, MEDIA_TYPE, '"another"', 412),
            (OTHERS, MEDIA_TYPE, '"another"', 412),
            (OTHERS, MEDIA_TYPE, tag, 422),
            (bare, MEDIA_TYPE, tag, 422),
            ("m=\x00", MEDIA_TYPE, tag, 400),
            (own, MEDIA_TYPE, tag, 204),
            (own + "a=candidate:odd\r\n", MEDIA_TYPE, tag, 204),
            # The same generation once more restarts nothing.
            (own, MEDIA_TYPE, "*", 204),
        ):
            condition_field = {} if condition is None else {"If_Match": condition}
            status, _, text = await ask(
                "PATCH", session, body, Content_Type=kind, **condition_field
            )
            assert status == expected, (body, condition, text)

    run(endpoint, program)


def test_a_restart_is_answered_with_a_new_generation() -> None:
    endpoint = HttpEndpoint(nothing, configuration=ALONE)

    async def program(ask: Ask, offer: str) -> None:
        _, headers, answer = await ask("POST", "/whip", offer, Content_Type=SDP_TYPE)
        session, tag = headers["Location"], headers["ETag"]
        status, headers, text = await ask(
            "PATCH", session, OTHERS, Content_Type=MEDIA_TYPE, If_Match="*"
        )
        assert status == 200
        assert headers["ETag"] != tag
        fragment = parse_fragment(text)
        assert fragment_credentials(fragment) != fragment_credentials(ice_fragment(answer))
        assert fragment.candidates()
        status, _, _ = await ask("PATCH", session, OTHERS, Content_Type=MEDIA_TYPE, If_Match=tag)
        assert status == 412
        status, _, _ = await ask(
            "PATCH", session, OTHERS, Content_Type=MEDIA_TYPE, If_Match=headers["ETag"]
        )
        assert status == 204

    run(endpoint, program)


def test_pages_of_origins_that_are_named_may_ask() -> None:
    async def program(ask: Ask, offer: str) -> None:
        for origin, expected in (("https://a.example", True), ("https://b.example", False)):
            answers = [
                await ask("OPTIONS", "/whip", Origin=origin),
                await ask("POST", "/whip", offer, Origin=origin, Content_Type=SDP_TYPE),
                await ask("POST", "/whip", "", Origin=origin, Content_Type="text/plain"),
            ]
            assert [status for status, _, _ in answers] == [204, 201, 415]
            assert answers[0][1]["Accept-Post"] == SDP_TYPE
            for _, headers, _ in answers:
                allowed = headers.get("Access-Control-Allow-Origin")
                assert allowed == (origin if expected else None)
                if expected:
                    assert "Location" in headers["Access-Control-Expose-Headers"]

    run(HttpEndpoint(nothing, configuration=ALONE, origins=["https://a.example"]), program)


def test_a_session_ends_with_its_connection() -> None:
    async def leave() -> None:
        endpoint = HttpEndpoint(nothing, configuration=ALONE)
        async with asyncio.timeout(SECONDS), endpoint_at(endpoint) as url, speaking() as pc:
            await pc.setLocalDescription()
            offer = await pc.completeLocalDescription()
            assert offer is not None
            fields = {"Content-Type": SDP_TYPE}
            async with (
                aiohttp.ClientSession() as http,
                http.post(url, data=offer.sdp, headers=fields) as response,
            ):
                answer = await response.text()
            await pc.setRemoteDescription({"type": "answer", "sdp": answer})
            [theirs] = endpoint.connections
            await state_of(theirs, "connected")
            # The end of DTLS says that the peer is gone.
            await pc.close()
            await state_of(theirs, "closed", "failed")
            assert endpoint.connections == []

    asyncio.run(leave())


def test_an_offer_may_come_in_a_form() -> None:
    told: list[object] = []

    async def welcome(pc: RTCPeerConnection, request: web.Request) -> None:
        told.append((await request.post())["session"])

    async def program(ask: Ask, offer: str) -> None:
        def form(name: str, text: str) -> str:
            # As browsers and other clients write it, with types of the parts or without.
            return (
                f'--x\r\nContent-Disposition: form-data; name="session"\r\n'
                f"Content-Type: application/json\r\n\r\n{{}}\r\n"
                f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n'
                f"Content-Type: application/sdp\r\n\r\n{text}\r\n--x--\r\n"
            )

        kind = "multipart/form-data; boundary=x"
        for body, expected in (
            (form("sdp", offer), 201),
            (form("other", offer), 400),
            (form("sdp", "nonsense"), 400),
            ("nonsense", 400),
            ("", 400),
        ):
            status, _, _ = await ask("POST", "/whip", body, Content_Type=kind)
            assert (status, body[:80]) == (expected, body[:80])
        # Once for the offer, and once for what is none.
        assert told == [b"{}"] * 2

    run(HttpEndpoint(welcome, configuration=ALONE), program)
