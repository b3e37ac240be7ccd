"""What the pages show that joins or serves something, over this machine's sockets."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from peer import RTCPeerConnection
from peer.signaling import Member, Room, RoomServer, WhipClient
from peer.testing import ToneTrack
from tests.demos.film import shoot
from tests.documents.programs import Section, programs, shows
from tests.signaling.support import ALONE, serving
from tests.signaling.test_janus import janus, plugin, say
from tools.command.load import crowd
from tools.command.load.command import Dialer
from tools.command.load.crowd import Plan, gather_crowd

PAGE = "docs/joining.md"


@shows("docs/start.md", "A bot for a browser", live=True)
async def the_bot_answers(section: Section) -> None:
    app = (await section.run())["app"]
    async with serving(app) as url, WhipClient(f"{url}/call") as client:
        pc = RTCPeerConnection(ALONE)
        channel = pc.createDataChannel("chat")
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        channel.on("open", lambda: channel.send("hello"))
        channel.on("message", answer.set_result)
        await client.connect(pc)
        assert await answer == "You said: hello"
        await pc.close()


@shows(PAGE, "Publish, play", live=True)
@shows(PAGE, "Serve", live=True)
async def the_publisher_reaches_the_server(
    section: Section, capsys: pytest.CaptureFixture[str]
) -> None:
    film = Path("film.mp4")
    shoot(film)
    client, server = (Section((PAGE, name), programs()[PAGE, name]) for name in NAMES)
    await client.run(0)
    await client.run(1)
    app = (await server.run())["app"]
    async with serving(app) as url:
        await client.names["publish"](str(film), f"{url}/whip", "let me in")
        assert capsys.readouterr().out == "they send video\n"
        pc = RTCPeerConnection(ALONE)
        model = await client.names["talk"](pc, f"{url}/whip", "let me in", "be kind")
        assert capsys.readouterr().out == "they send audio\n"
        await model.close()
        await pc.close()


NAMES = ("Publish, play", "Serve")


class JanusRoom:
    """A room of Janus in which Ada speaks from the moment when somebody publishes."""

    def __init__(self) -> None:
        self.connections: list[RTCPeerConnection] = []

    async def answer(self, socket: ServerConnection, message: dict[str, Any]) -> None:
        """Do what one of the plugin's requests asks for."""
        if message["janus"] == "trickle":
            await say(socket, message, "ack")
            return
        body, jsep = message["body"], message.get("jsep")
        told: dict[str, object] = {"videoroom": "event"}
        answer: dict[str, object] = {}
        if body["request"] == "join" and body["ptype"] == "subscriber":
            pc = self._connection()
            pc.addTrack(ToneTrack())
            await pc.setLocalDescription()
            answer = {"jsep": pc.localDescription.toJSON()}
        elif body["request"] == "start":
            await self.connections[-1].setRemoteDescription(jsep)
        elif jsep is not None:
            pc = self._connection()
            await pc.setRemoteDescription(jsep)
            await pc.setLocalDescription()
            answer = {"jsep": pc.localDescription.toJSON()}
            told["publishers"] = [{"id": 7, "display": "Ada", "streams": []}]
        else:
            told["videoroom"] = "joined"
        data = {"sender": message["handle_id"], "plugindata": plugin(**told)}
        await say(socket, message, "event", **data, **answer)
        if "publishers" in told:
            await say(socket, {"transaction": "news"}, "event", **data)

    def _connection(self) -> RTCPeerConnection:
        self.connections.append(RTCPeerConnection(ALONE))
        return self.connections[-1]


@shows(PAGE, "A room of Janus", live=True)
async def the_bot_hears_who_comes(section: Section) -> None:
    attend, room = (await section.run())["attend"], JanusRoom()
    made: list[RTCPeerConnection] = []

    def connection() -> RTCPeerConnection:
        made.append(RTCPeerConnection(ALONE))
        return made[-1]

    section.names["RTCPeerConnection"] = connection
    heard: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    async with janus(room.answer) as (url, asked):
        program = asyncio.create_task(
            attend(url, 1234, ToneTrack(), lambda track: heard.set_result(track.kind))
        )
        done, _ = await asyncio.wait({program, heard}, return_when=asyncio.FIRST_COMPLETED)
        assert heard in done, program.exception()
        program.cancel()
        await asyncio.wait({program})
    assert [pc.connectionState for pc in made] == ["closed", "closed"]
    assert heard.result() == "audio"
    assert asked[2]["body"]["room"] == 1234
    for pc in room.connections:
        await pc.close()


@shows(PAGE, "A bot of Pipecat", live=True)
async def the_caller_is_greeted(section: Section, capsys: pytest.CaptureFixture[str]) -> None:
    await section.run(0)
    app = (await section.run(1))["app"]
    async with serving(app) as url:
        pc = RTCPeerConnection(ALONE)
        greeting = await section.names["ask_bot"](pc, f"{url}/api/offer", ToneTrack())
        assert greeting["type"] == "bot-ready"
        assert capsys.readouterr().out == "they send audio\n"
        await pc.close()


@shows(PAGE, "A room of your own", live=True)
async def a_bot_answers_who_comes(section: Section) -> None:
    answer_all, rooms = (await section.run())["answer_all"], RoomServer()
    said: asyncio.Future[tuple[str, ...]] = asyncio.get_running_loop().create_future()
    section.names["print"] = lambda *words: said.set_result(words)
    heard = asyncio.Event()

    def welcome(member: Member) -> None:
        member.pc.addTrack(ToneTrack())
        member.pc.on("track", lambda track: heard.set())

    async with await rooms.serve("127.0.0.1", 0) as server:
        url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/"
        bot = asyncio.create_task(answer_all(url, "lobby", ToneTrack()))
        async with Room(url, "lobby", welcome, name="Ada", configuration=ALONE) as place:
            await heard.wait()
            assert await said == ("Ada", "sends", "audio")
            assert [member.name for member in place.members.values()] == ["a bot"]
        bot.cancel()
        await asyncio.wait({bot})
        rooms.close()


@shows("docs/load.md", "How many bots", live=True)
async def bots_call_the_echo(section: Section, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowd, "SET_UP_TIMEOUT", 50.0)
    app = (await section.run())["app"]
    async with serving(app) as url, Dialer(f"{url}/echo", None, [], None) as dial:
        outcome = await gather_crowd(Plan(bots=2, seconds=1.0), dial, lambda *progress: None)
    assert [call.failure for call in outcome.calls] == [None, None]
