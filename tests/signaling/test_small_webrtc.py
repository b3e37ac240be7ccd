"""The client of SmallWebRTC and our endpoint for it: a call, what is said in it, other offers."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from peer import MediaStreamTrack, RTCError, RTCPeerConnection
from peer.signaling import SignalingError, SmallWebRtcCall, SmallWebRtcClient, SmallWebRtcEndpoint
from peer.signaling.app_messages import MAX_HEARD, MAX_HEARD_TEXT, MAX_WAITING, AppMessages
from peer.testing import PictureTrack, ToneTrack

from .support import ALONE, SECONDS, serving, speaking, state_of


class Bot:
    """Sends back what is said, and keeps what it hears."""

    def __init__(self, **options: Any) -> None:
        self.calls: asyncio.Queue[SmallWebRtcCall] = asyncio.Queue()
        self.tracks: asyncio.Queue[MediaStreamTrack] = asyncio.Queue()
        self.endpoint = SmallWebRtcEndpoint(self.welcome, configuration=ALONE, **options)

    def welcome(self, call: SmallWebRtcCall, request: web.Request) -> None:
        call.pc.addTrack(ToneTrack())
        call.pc.on("track", self.tracks.put_nowait)
        self.calls.put_nowait(call)


def run(program: Callable[[Bot, str], Awaitable[None]], **options: Any) -> None:
    """Run a program with a bot and its URL."""

    async def whole() -> None:
        bot, app = Bot(**options), web.Application()
        bot.endpoint.add_to(app)
        async with asyncio.timeout(SECONDS), serving(app) as url:
            await program(bot, f"{url}/api/offer")

    asyncio.run(whole())


def test_both_hear_and_read_each_other() -> None:
    async def talk(bot: Bot, url: str) -> None:
        async with speaking() as pc, SmallWebRtcClient(url, request_data={"who": "Ada"}) as client:
            client.send({"label": "rtvi-ai", "type": "client-ready"})
            await client.connect(pc)
            call = await bot.calls.get()
            assert client.pc_id == call.pc_id
            assert call.request_data == {"who": "Ada"}
            assert call.replaces is None
            await (await bot.tracks.get()).recv()
            await pc.getReceivers()[0].track.recv()
            heard = call.messages()
            assert await anext(heard) == {"label": "rtvi-ai", "type": "client-ready"}
            client.set_enabled(0, False)
            status = {"type": "trackStatus", "receiver_index": 0, "enabled": False}
            assert await anext(heard) == {"type": "signalling", "message": status}
            call.send({"type": "bot-ready"})
            said = client.messages()
            assert await anext(said) == {"type": "bot-ready"}
            await call.close()
            # The bot has left, and says so.
            assert [message async for message in said] == []
            assert [message async for message in heard] == []
            with pytest.raises(SignalingError):
                client.send({})

    run(talk)


def test_pings_are_no_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("peer.signaling.small_webrtc.PING_INTERVAL", 0.01)

    async def ping(bot: Bot, url: str) -> None:
        async with speaking() as pc, SmallWebRtcClient(url) as client:
            await client.connect(pc)
            call = await bot.calls.get()
            pings: asyncio.Queue[str] = asyncio.Queue()
            call.pc.on("datachannel", lambda channel: channel.on("message", pings.put_nowait))
            for _ in range(3):
                assert (await pings.get()).startswith("ping")
            client.send({"said": 1})
            assert await anext(call.messages()) == {"said": 1}

    run(ping)


def test_the_bot_asks_for_another_offer() -> None:
    async def add(bot: Bot, url: str) -> None:
        async with speaking() as pc, SmallWebRtcClient(url) as client:
            pc.addTransceiver("video", direction="recvonly")
            await client.connect(pc)
            call = await bot.calls.get()
            await state_of(pc, "connected")
            call.pc.addTrack(PictureTrack())
            call.renegotiate()
            await pc.getTransceivers()[1].receiver.track.recv()
            assert client.pc_id == call.pc_id
            assert bot.endpoint.connections == [call.pc]

    run(add)


def test_what_the_client_adds_is_offered_by_itself() -> None:
    async def add(bot: Bot, url: str) -> None:
        async with speaking() as pc, SmallWebRtcClient(url) as client:
            await client.connect(pc)
            call = await bot.calls.get()
            assert (await bot.tracks.get()).kind == "audio"
            pc.addTrack(PictureTrack())
            track = await bot.tracks.get()
            assert track.kind == "video"
            await track.recv()
            assert bot.endpoint.connections == [call.pc]

    run(add)


def test_an_offer_that_is_refused_is_made_again_after_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("peer.signaling.small_webrtc.RETRY_INTERVAL", 0.2)
    times: list[float] = []
    real = SmallWebRtcEndpoint._post

    async def post(endpoint: SmallWebRtcEndpoint, request: web.Request) -> web.Response:
        times.append(asyncio.get_running_loop().time())
        if 1 < len(times) < 4:
            raise web.HTTPInternalServerError
        return await real(endpoint, request)

    monkeypatch.setattr(SmallWebRtcEndpoint, "_post", post)

    async def add(bot: Bot, url: str) -> None:
        async with speaking() as pc, SmallWebRtcClient(url) as client:
            await client.connect(pc)
            assert (await bot.tracks.get()).kind == "audio"
            pc.addTrack(PictureTrack())
            assert (await bot.tracks.get()).kind == "video"

    run(add)
    assert len(times) == 4
    # Between two of these there is an answer and a pause.
    assert times[3] - times[1] > 0.3


def test_a_connection_takes_the_place_of_another() -> None:
    async def restart(bot: Bot, url: str) -> None:
        async with speaking() as first, speaking() as second, SmallWebRtcClient(url) as client:
            await client.connect(first)
            before = await bot.calls.get()
            with pytest.raises(ValueError, match="already"):
                await client.connect(first)
            await client.connect(second)
            after = await bot.calls.get()
            assert after.replaces is before
            assert before.pc.connectionState == "closed"
            assert bot.endpoint.connections == [after.pc]
            await second.getReceivers()[0].track.recv()
            client.send({"said": 2})
            assert await anext(after.messages()) == {"said": 2}
            # It is another one's place: the limit is one.
            async with speaking() as third, SmallWebRtcClient(url) as other:
                with pytest.raises(SignalingError) as refused:
                    await other.connect(third)
                assert refused.value.status == 503
                assert refused.value.retry_after

    run(restart, max_sessions=1)


def test_candidates_that_come_late_are_patched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("peer.signaling.small_webrtc.GATHERING", 0.0)

    async def trickle(bot: Bot, url: str) -> None:
        async with speaking() as pc, SmallWebRtcClient(url) as client:
            await client.connect(pc)
            call = await bot.calls.get()
            await state_of(pc, "connected")
            await state_of(call.pc, "connected")

    run(trickle)


def test_what_does_not_fit_the_protocol_is_refused() -> None:
    async def ask(bot: Bot, url: str) -> None:
        async def status(method: str, **request: Any) -> int:
            async with http.request(method, url, **request) as response:
                return response.status

        async with speaking() as pc, aiohttp.ClientSession() as http:
            await pc.setLocalDescription()
            offer = pc.localDescription.toJSON()
            assert await status("POST", data="{}") == 415
            as_json = {"headers": {"Content-Type": "application/json"}}
            for text in ("", "[]", "{", "[" * 100_000, "{}"):
                assert await status("POST", data=text, **as_json) == 400, text[:9]
            assert await status("POST", json=offer | {"type": "answer"}) == 400
            assert await status("POST", json=offer | {"sdp": "nonsense"}) == 400
            assert await status("POST", json=offer | {"sdp": 7}) == 400
            assert bot.endpoint.connections == []
            # A name that nobody has is no obstacle, as with Pipecat.
            assert await status("POST", json=offer | {"pc_id": "gone", "restart_pc": True}) == 200
            assert await status("PATCH", json={"pc_id": "gone", "candidates": []}) == 404
            call = [await bot.calls.get() for _ in range(bot.calls.qsize())][-1]
            for candidates in (None, 7, [None, {}, {"candidate": "nonsense", "sdp_mid": "0"}]):
                patch = {"pc_id": call.pc_id, "candidates": candidates}
                assert await status("PATCH", json=patch) == 200
            await bot.endpoint.close()
            assert call.pc.connectionState == "closed"
            assert await status("POST", json=offer) == 503

    run(ask)


def test_pages_of_listed_origins_may_call_with_the_token() -> None:
    async def ask(bot: Bot, url: str) -> None:
        origin = {"Origin": "https://example.com"}
        async with aiohttp.ClientSession(headers=origin) as http:
            async with http.options(url) as response:
                assert response.status == 204
                assert response.headers["Access-Control-Allow-Origin"] == "https://example.com"
                assert "PATCH" in response.headers["Access-Control-Allow-Methods"]
            async with http.post(url, json={}) as response:
                assert response.status == 401
        async with speaking() as pc, SmallWebRtcClient(url, token="let me in") as client:
            await client.connect(pc)

    run(ask, token="let me in", origins=["https://example.com"])


def test_a_bot_that_makes_no_sense_leaves_the_connection_as_it_was() -> None:
    answers: list[Any] = [
        {"text": "no JSON"},
        {"text": "[]"},
        {"text": "{}"},
        {"text": '{"sdp": "nonsense", "pc_id": "1"}'},
        {"text": "busy", "status": 503},
    ]

    async def offer(request: web.Request) -> web.Response:
        return web.Response(**answers.pop())

    async def call() -> None:
        app = web.Application()
        app.router.add_post("/api/offer", offer)
        async with (
            asyncio.timeout(SECONDS),
            serving(app) as url,
            speaking() as pc,
            SmallWebRtcClient(f"{url}/api/offer") as client,
        ):
            while answers:
                with pytest.raises((SignalingError, RTCError)):
                    await client.connect(pc)
                assert pc.signalingState == "stable"
                assert client.pc_id is None

    asyncio.run(call())


def test_what_is_said_is_bounded() -> None:
    async def talk(bot: Bot, url: str) -> None:
        async with speaking() as pc, SmallWebRtcClient(url) as client:
            for number in range(MAX_WAITING):
                client.send({"number": number})
            with pytest.raises(SignalingError):
                client.send({})
            await client.connect(pc)
            call = await bot.calls.get()
            assert await anext(call.messages()) == {"number": 0}
            await state_of(pc, "connected")
            for number in range(MAX_WAITING, 2 * MAX_HEARD):
                client.send({"number": number})
            client.send({"last": True})
            # Channels of the application are none of the session's.
            other = pc.createDataChannel("another")
            other.on("open", lambda: other.send("{}"))
            while call._messages._heard.qsize() < MAX_HEARD:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            heard = call.messages()
            found = [await anext(heard) for _ in range(MAX_HEARD)]
            assert found[0]["number"] > 0

    run(talk)


def test_long_messages_are_bounded_together() -> None:
    async def listen() -> list[int]:
        messages = AppMessages(lambda message: False)
        long = "x" * (MAX_HEARD_TEXT // 8)
        for number in range(16):
            messages._take(json.dumps({"number": number, "long": long}))
        messages._take(json.dumps({"number": 16}))
        messages.end()
        found = [message["number"] async for message in messages.listen()]
        assert messages._heard_text == 0
        return found

    assert asyncio.run(listen()) == list(range(9, 17))


def test_nonsense_in_the_channel_costs_itself() -> None:
    async def talk(bot: Bot, url: str) -> None:
        async with speaking() as pc, SmallWebRtcClient(url) as client:
            await client.connect(pc)
            call = await bot.calls.get()
            client.send({"first": 1})
            await anext(call.messages())
            channel = client._messages.channel
            assert channel is not None
            for text in ("nonsense", b"\xff", "[1]", "[" * 10_000, '{"type": "signalling"}'):
                channel.send(text)
            client.send({"second": 2})
            heard = call.messages()
            assert await anext(heard) == {"type": "signalling"}
            assert await anext(heard) == {"second": 2}

    run(talk)


def test_a_call_that_has_ended_is_closed_all_the_same() -> None:
    async def close(bot: Bot, url: str) -> None:
        async with speaking() as pc, SmallWebRtcClient(url) as client:
            client.send({"first": 1})
            await client.connect(pc)
            call = await bot.calls.get()
            await anext(call.messages())
            # As when the connection fails: the channel may be open still.
            call._messages.end()
            assert call._messages.channel is not None
            assert call._messages.channel.readyState == "open"
            await call.close()
            assert call.pc.connectionState == "closed"
            await call.close()

    run(close)


def test_a_connection_that_was_closed_ends_the_call() -> None:
    async def hang_up(bot: Bot, url: str) -> None:
        pc = RTCPeerConnection(ALONE)
        pc.addTrack(ToneTrack())
        async with SmallWebRtcClient(url) as client:
            await client.connect(pc)
            call = await bot.calls.get()
            await state_of(call.pc, "connected")
            await pc.close()
            assert [message async for message in call.messages()] == []
            await state_of(call.pc, "closed")

    run(hang_up)
