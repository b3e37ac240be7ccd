"""The client of Janus' WebSocket API, against a server that says what a test wants."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from peer import RTCPeerConnection
from peer.signaling import JanusError, JanusEvent, JanusSession, SignalingError
from peer.signaling.janus import MAX_EARLY, MAX_EVENTS

from .support import ALONE, SECONDS, speaking

Answer = Callable[[ServerConnection, dict[str, Any]], Awaitable[None]]


@asynccontextmanager
async def janus(answer: Answer) -> AsyncIterator[tuple[str, list[dict[str, Any]]]]:
    """Serve sessions and handles; the rest is for `answer`. Gives the URL and what is asked."""
    asked: list[dict[str, Any]] = []

    async def talk(socket: ServerConnection) -> None:
        async for text in socket:
            message = json.loads(text)
            asked.append(message)
            if message["janus"] in ("create", "attach", "destroy", "detach", "keepalive"):
                await say(socket, message, "success", data={"id": len(asked)})
            else:
                await answer(socket, message)

    async with (
        asyncio.timeout(SECONDS),
        serve(talk, "127.0.0.1", 0, subprotocols=["janus-protocol"]) as server,  # type: ignore[list-item]
    ):
        port = next(iter(server.sockets)).getsockname()[1]
        yield f"ws://127.0.0.1:{port}/", asked


async def say(
    socket: ServerConnection, message: dict[str, Any], kind: str, **members: object
) -> None:
    """Answer a message."""
    answer = {"janus": kind, "transaction": message["transaction"], **members}
    await socket.send(json.dumps(answer))


async def nothing(socket: ServerConnection, message: dict[str, Any]) -> None:
    """Say nothing."""


def plugin(**data: object) -> dict[str, object]:
    """What a plugin says."""
    return {"plugin": "janus.plugin.test", "data": data}


def test_what_follows_an_ack_is_the_answer() -> None:
    async def answer(socket: ServerConnection, message: dict[str, Any]) -> None:
        # At once, one after the other: neither is lost.
        await say(socket, message, "ack")
        told = plugin(result=message["body"])
        await say(socket, message, "event", sender=message["handle_id"], plugindata=told)

    async def ask() -> None:
        async with janus(answer) as (url, asked):
            async with JanusSession(url, token="t0ken", api_secret="s3cret") as session:
                handle = await session.attach("janus.plugin.test")
                event = await handle.message({"request": "a"})
                assert event == JanusEvent({"result": {"request": "a"}}, None)
            assert [message["janus"] for message in asked] == [
                "create",
                "attach",
                "message",
                "destroy",
            ]
            assert all(message["token"] == "t0ken" for message in asked)
            assert all(message["apisecret"] == "s3cret" for message in asked)
            assert len({message["transaction"] for message in asked}) == 4
            with pytest.raises(SignalingError, match="no session"):
                await handle.message({"request": "b"})

    asyncio.run(ask())


@pytest.mark.parametrize(
    ("kind", "members", "code", "reason"),
    [
        ("error", {"error": {"code": 456, "reason": "no"}}, 456, "456: no"),
        ("error", {"error": "odd"}, 0, "None"),
        (
            "event",
            {"plugindata": plugin(error_code=426, error="No such room")},
            426,
            "No such room",
        ),
        ("event", {"plugindata": plugin(error_code="odd")}, 0, "None"),
    ],
)
def test_a_refusal_is_an_error(
    kind: str, members: dict[str, object], code: int, reason: str
) -> None:
    async def answer(socket: ServerConnection, message: dict[str, Any]) -> None:
        await say(socket, message, kind, **members)

    async def ask() -> None:
        async with janus(answer) as (url, _), JanusSession(url) as session:
            handle = await session.attach("janus.plugin.test")
            with pytest.raises(JanusError, match=reason) as caught:
                await handle.message({"request": "a"})
            assert caught.value.code == code

    asyncio.run(ask())


def test_who_waits_hears_that_the_session_has_ended() -> None:
    async def answer(socket: ServerConnection, message: dict[str, Any]) -> None:
        await socket.close()

    async def ask() -> None:
        async with janus(answer) as (url, _), JanusSession(url) as session:
            handle = await session.attach("janus.plugin.test")
            with pytest.raises(SignalingError, match="ended"):
                await handle.message({"request": "a"})
            assert [event async for event in handle.events()] == []
            await handle.detach()

    asyncio.run(ask())


def test_who_gets_no_answer_stops_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask() -> None:
        async with janus(nothing) as (url, _), JanusSession(url) as session:
            handle = await session.attach("janus.plugin.test")
            with monkeypatch.context() as patch:
                patch.setattr("peer.signaling.janus.REQUEST_TIMEOUT", 0.01)
                with pytest.raises(SignalingError, match="no answer to message"):
                    await handle.message({"request": "a"})

    asyncio.run(ask())


def test_nobody_there_is_an_error() -> None:
    async def ask() -> None:
        async with janus(nothing) as (url, _):
            pass
        with pytest.raises(SignalingError, match="no connection"):
            await JanusSession(url).open()

    asyncio.run(ask())


def test_odd_words_cost_themselves() -> None:
    async def answer(socket: ServerConnection, message: dict[str, Any]) -> None:
        for text in (
            "[" * 100_000,
            "",
            "[]",
            "{",
            "1",
            '{"janus": 7}',
            '{"sender": "a"}',
            '{"sender": [1]}',
        ):
            await socket.send(text)
        odd_members: list[dict[str, Any]] = [
            {},
            {"plugindata": []},
            {"plugindata": {"data": 3}, "jsep": 4},
        ]
        for odd in odd_members:
            event = {"janus": "event", "sender": message["handle_id"], **odd}
            await socket.send(json.dumps(event))
        # An error that nobody asked for is told as an event.
        told = plugin(error_code=1, error="later")
        event = {"janus": "event", "sender": message["handle_id"], "plugindata": told}
        await socket.send(json.dumps(event))
        await say(socket, message, "success", plugindata=plugin(done=True))

    async def ask() -> None:
        async with janus(answer) as (url, _), JanusSession(url) as session:
            handle = await session.attach("janus.plugin.test")
            event = await handle.message({"request": "a"})
            assert event.data == {"done": True}
            await handle.detach()
            events = [event.data async for event in handle.events()]
            assert events == [{}, {}, {}, {"error_code": 1, "error": "later"}]
            # Who listens once more hears of the end too.
            assert [event async for event in handle.events()] == []

    asyncio.run(ask())


def test_events_that_nobody_reads_are_bounded() -> None:
    async def answer(socket: ServerConnection, message: dict[str, Any]) -> None:
        for number in range(2 * MAX_EVENTS):
            event = {
                "janus": "event",
                "sender": message["handle_id"],
                "plugindata": plugin(number=number),
            }
            await socket.send(json.dumps(event))
        await say(socket, message, "success")

    async def ask() -> None:
        async with janus(answer) as (url, _), JanusSession(url) as session:
            handle = await session.attach("janus.plugin.test")
            await handle.message({"request": "a"})
            await handle.detach()
            numbers = [event.data["number"] async for event in handle.events()]
            assert numbers == list(range(MAX_EVENTS, 2 * MAX_EVENTS))

    asyncio.run(ask())


def test_a_handle_that_janus_ends_has_ended() -> None:
    async def answer(socket: ServerConnection, message: dict[str, Any]) -> None:
        detached = {"janus": "detached", "sender": message["handle_id"]}
        await socket.send(json.dumps(detached))

    async def ask() -> None:
        async with janus(answer) as (url, _), JanusSession(url) as session:
            handle = await session.attach("janus.plugin.test")
            asking = asyncio.ensure_future(handle.message({"request": "a"}))
            assert [event async for event in handle.events()] == []
            asking.cancel()
            await asyncio.wait([asking])

    asyncio.run(ask())


def test_a_session_that_janus_ends_has_ended() -> None:
    async def answer(socket: ServerConnection, message: dict[str, Any]) -> None:
        await socket.send(json.dumps({"janus": "timeout", "session_id": 1}))

    async def ask() -> None:
        async with janus(answer) as (url, _), JanusSession(url) as session:
            handle = await session.attach("janus.plugin.test")
            asking = asyncio.ensure_future(handle.message({"request": "a"}))
            assert [event async for event in handle.events()] == []
            asking.cancel()
            await asyncio.wait([asking])

    asyncio.run(ask())


@pytest.mark.parametrize("made", [{}, {"data": 1}, {"data": {"id": "a"}}])
def test_a_handle_needs_a_number(made: dict[str, object]) -> None:
    async def ask() -> None:
        async with janus(nothing) as (url, _), JanusSession(url) as session:

            async def request(message: object, *, final: bool = False) -> dict[str, object]:
                return {"janus": "success", **made}

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(session, "request", request)
                with pytest.raises(SignalingError, match="does not say what"):
                    await session.attach("janus.plugin.test")

    asyncio.run(ask())


def test_a_candidate_for_a_connection_that_is_closed_costs_itself() -> None:
    async def answer(socket: ServerConnection, message: dict[str, Any]) -> None:
        """Say nothing."""

    async def ask() -> list[object]:
        escaped: list[object] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _loop, context: escaped.append(context))
        async with janus(answer) as (url, _), JanusSession(url) as session:
            handle = await session.attach("janus.plugin.test")
            pc = RTCPeerConnection(ALONE)
            handle._take_over(pc)
            await pc.close()
            await handle._add(pc, {"candidate": "", "sdpMid": "0"})
        return escaped

    assert asyncio.run(ask()) == []


def test_a_handle_that_has_ended_is_ended_once() -> None:
    async def ask() -> None:
        async with janus(nothing) as (url, asked), JanusSession(url) as session:
            handle = await session.attach("janus.plugin.test")
            for _ in range(2):
                await handle.detach()
            assert [message["janus"] for message in asked] == ["create", "attach", "detach"]

    asyncio.run(ask())


CANDIDATE = "candidate:1 1 udp 2130706431 192.0.2.7 9 typ host"


def test_candidates_that_overtake_their_description_wait_for_it() -> None:
    async def offer() -> str:
        async def answer(socket: ServerConnection, message: dict[str, Any]) -> None:
            if message["janus"] == "trickle":
                await say(socket, message, "ack")
                return
            candidate = {"candidate": CANDIDATE, "sdpMid": "0"}
            for _ in range(2 * MAX_EARLY):
                trickle = {"janus": "trickle", "sender": message["handle_id"]}
                await socket.send(json.dumps({**trickle, "candidate": candidate}))
            await theirs.setRemoteDescription(message["jsep"])
            await theirs.setLocalDescription()
            jsep = theirs.localDescription.toJSON()
            await say(socket, message, "event", plugindata=plugin(), jsep=jsep)

        theirs = RTCPeerConnection(ALONE)
        async with janus(answer) as (url, _), JanusSession(url) as session, speaking() as pc:
            handle = await session.attach("janus.plugin.test")
            await handle.offer(pc, {})
            while handle._sending:
                await asyncio.wait(handle._sending)
            text: str = pc.remoteDescription.sdp
        await theirs.close()
        return text

    assert CANDIDATE in asyncio.run(offer())
