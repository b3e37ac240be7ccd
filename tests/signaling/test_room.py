"""A place in a room: connections with everybody who is there, and ways back to the server."""

import asyncio
import itertools
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import serve

from peer import MediaStreamTrack
from peer.signaling import Member, Room, RoomServer, SignalingError
from peer.testing import ToneTrack
from tests.net.certificates import make_certificates

from .support import ALONE, state_of
from .test_room_server import BOUND, House, house, run


class Guest:
    """Somebody who sends a tone, and keeps what they hear of each of the others."""

    def __init__(self, inside: House, name: str, **options: Any) -> None:
        self.name = name
        self.met: asyncio.Queue[Member] = asyncio.Queue()
        self.tracks: asyncio.Queue[tuple[str, MediaStreamTrack]] = asyncio.Queue()
        self.room = Room(
            inside.url, "lobby", self.welcome, name=name, configuration=ALONE, **options
        )

    def welcome(self, member: Member) -> None:
        member.pc.addTrack(ToneTrack())
        member.pc.on("track", lambda track: self.tracks.put_nowait((member.name, track)))
        self.met.put_nowait(member)

    async def hear(self, number: int) -> set[str]:
        """Hear so many others; gives their names."""
        heard = [await self.tracks.get() for _ in range(number)]
        for _, track in heard:
            await track.recv()
        return {name for name, _ in heard}


def test_three_hear_each_other_and_know_who_leaves() -> None:
    async def meet(inside: House) -> None:
        ada, bob, eve = (Guest(inside, name) for name in ("Ada", "Bob", "Eve"))
        async with ada.room, bob.room:
            async with eve.room:
                assert await ada.hear(2) == {"Bob", "Eve"}
                assert await bob.hear(2) == {"Ada", "Eve"}
                assert await eve.hear(2) == {"Ada", "Bob"}
                members = [await ada.met.get() for _ in range(2)]
                [gone] = [member for member in members if member.name == "Eve"]
            await gone.left.wait()
            await state_of(gone.pc, "closed")
            assert [member.name for member in ada.room.members.values()] == ["Bob"]
        assert ada.room.members == {}

    run(meet)


def test_calls_go_on_while_the_server_is_gone() -> None:
    async def lose(inside: House) -> None:
        ada, bob = Guest(inside, "Ada"), Guest(inside, "Bob")
        async with ada.room, bob.room:
            await ada.hear(1)
            await bob.hear(1)
            member = await ada.met.get()
            for place in inside.rooms._tokens.values():
                assert place.socket is not None
                place.socket.transport.abort()
            # Offered while there is no server, and answered when there is one again.
            member.pc.addTrack(ToneTrack())
            assert await bob.hear(1) == {"Ada"}
            assert list(ada.room.members.values()) == [member]
            assert member.pc.connectionState == "connected"

    run(lose)


def test_a_server_that_knows_nobody_any_more_is_joined_anew() -> None:
    async def forget(inside: House) -> None:
        ada, bob = Guest(inside, "Ada"), Guest(inside, "Bob")
        async with ada.room, bob.room:
            await ada.hear(1)
            before = (await ada.met.get()).id, ada.room.id
            inside.rooms.close()
            member = await ada.met.get()
            assert await ada.hear(1) == {"Bob"}
            assert not {member.id, ada.room.id} & set(before)

    run(forget)


def test_a_server_that_stays_away_ends_the_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("peer.signaling.room.RESUME_TIMEOUT", 0.0)
    monkeypatch.setattr("peer.signaling.room.RETRY_INTERVAL", 0.01)

    async def end() -> None:
        async with asyncio.timeout(BOUND):
            async with house() as inside:
                ada = Guest(inside, "Ada")
                await ada.room.open()
            with pytest.raises(SignalingError):
                await ada.room.stay()
            await ada.room.close()
            await ada.room.close()

    asyncio.run(end())


def test_who_is_not_let_in_hears_why() -> None:
    async def enter(inside: House) -> None:
        ada = Guest(inside, "Ada")
        with pytest.raises(SignalingError, match="the room is full"):
            await ada.room.open()
        await ada.room.close()

    run(enter, max_members=0)


def test_who_is_not_there_is_no_server() -> None:
    async def enter() -> None:
        room = Room("ws://127.0.0.1:9/", "lobby", lambda member: None)
        with pytest.raises(SignalingError):
            await room.open()
        with pytest.raises(ValueError, match="not in the room"):
            await room.stay()
        await room.close()

    asyncio.run(enter())


def test_whom_a_server_tells_of_is_met_once_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("peer.signaling.room.MAX_MET", 2)

    async def enter() -> None:
        async def talk(socket: Any) -> None:
            told = [{"id": number, "name": "Bob"} for number in ("me", "a", "a", "b", "c")]
            welcome = {"id": "me", "token": "t", "members": told}
            await socket.send(json.dumps({"number": 1, "welcome": welcome}))
            await socket.send(json.dumps({"number": 2, "came": {"id": "a", "name": "Eve"}}))
            await socket.wait_closed()

        met: list[str] = []
        async with asyncio.timeout(BOUND), serve(talk, "127.0.0.1", 0) as server:
            url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/"
            async with Room(
                url, "lobby", lambda member: met.append(member.id), configuration=ALONE
            ) as room:
                assert sorted(room.members) == met == ["a", "b"]

    asyncio.run(enter())


@asynccontextmanager
async def server_of(talk: Callable[[Any], Awaitable[None]]) -> AsyncIterator[str]:
    """Serve websockets; gives the URL."""
    async with asyncio.timeout(BOUND), serve(talk, "127.0.0.1", 0) as server:
        yield f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/"


WELCOME = json.dumps({"number": 1, "welcome": {"id": "me", "token": "t", "members": []}})


def test_who_is_not_let_in_again_hears_why() -> None:
    async def enter() -> None:
        joined = 0

        async def talk(socket: Any) -> None:
            nonlocal joined
            if "resume" in json.loads(await socket.recv()):
                await socket.close(1008, "unknown")
                return
            joined += 1
            if joined == 1:
                await socket.send(WELCOME)
            else:
                await socket.close(1013, "the room is full")

        async with server_of(talk) as url:
            room = Room(url, "lobby", lambda member: None)
            await room.open()
            with pytest.raises(SignalingError, match="the room is full"):
                await room.stay()
            assert joined == 2
            await room.close()

    asyncio.run(enter())


def test_connections_that_break_at_once_are_made_now_and_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("peer.signaling.room.RETRY_INTERVAL", 0.1)
    tries: list[float] = []
    enough = asyncio.Event()

    class Counting(Room):
        async def _resume(self, token: str) -> Any:
            tries.append(asyncio.get_running_loop().time())
            if len(tries) == 4:
                enough.set()
            return await super()._resume(token)

    async def enter() -> None:
        async def talk(socket: Any) -> None:
            is_back = "resume" in json.loads(await socket.recv())
            await socket.send('{"resumed": true, "heard": 0}' if is_back else WELCOME)

        async with server_of(talk) as url, Counting(url, "lobby", lambda member: None):
            await enough.wait()

    asyncio.run(enter())
    assert all(after - before > 0.09 for before, after in itertools.pairwise(tries))


def test_leaving_breaks_off_a_return() -> None:
    async def enter() -> None:
        returning, gone = asyncio.Event(), asyncio.Event()

        async def talk(socket: Any) -> None:
            if "resume" not in json.loads(await socket.recv()):
                await socket.send(WELCOME)
                return
            returning.set()
            await socket.wait_closed()
            gone.set()

        async with server_of(talk) as url:
            async with Room(url, "lobby", lambda member: None):
                await returning.wait()
            await gone.wait()

    asyncio.run(enter())


@pytest.mark.parametrize("at_once", [True, False])
def test_a_welcome_that_fails_costs_that_connection(at_once: bool) -> None:
    async def meet(inside: House) -> None:
        told: asyncio.Queue[Exception] = asyncio.Queue()
        asyncio.get_running_loop().set_exception_handler(
            lambda _, context: told.put_nowait(context["exception"])
        )
        met: list[Member] = []

        def welcome(member: Member) -> Awaitable[None] | None:
            met.append(member)
            if at_once:
                raise OSError("no camera")
            return later()

        async def later() -> None:
            await asyncio.sleep(0)
            raise OSError("no camera")

        async with Guest(inside, "Ada").room, Room(inside.url, "lobby", welcome) as room:
            assert str(await told.get()) == "no camera"
            assert room.members == {}
            await met[0].left.wait()
            await state_of(met[0].pc, "closed")
        assert told.empty()

    run(meet)


@pytest.mark.parametrize("says", ["nonsense", "[]", "[" * 50_000])
def test_a_server_that_makes_no_sense_of_a_return_is_joined_anew(says: str) -> None:
    async def enter() -> None:
        numbers = itertools.count(1)

        async def talk(socket: Any) -> None:
            if "resume" in json.loads(await socket.recv()):
                await socket.send(says)
                await socket.wait_closed()
                return
            number = next(numbers)
            welcome = {"id": f"me, {number}", "token": "t", "members": []}
            await socket.send(json.dumps({"number": 1, "welcome": welcome}))
            if number > 1:
                again.set()
                await socket.wait_closed()

        again = asyncio.Event()
        async with asyncio.timeout(BOUND), serve(talk, "127.0.0.1", 0) as server:
            url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/"
            async with Room(url, "lobby", lambda member: None):
                await again.wait()

    asyncio.run(enter())


@pytest.mark.parametrize(
    "says",
    [
        '{"number": 1, "welcome": 7}',
        '{"number": 1, "welcome": {"id": "a", "token": "t", "members": 3}}',
        '{"number": 1, "came": {}}',
        '{"number": 1, "from": "x", "message": {}}',
    ],
)
def test_a_server_that_makes_no_sense_costs_itself(
    says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("peer.signaling.room.OPEN_TIMEOUT", 0.1)

    async def enter() -> None:
        async def talk(socket: Any) -> None:
            await socket.send(says)
            await socket.wait_closed()

        async with serve(talk, "127.0.0.1", 0) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            room = Room(f"ws://127.0.0.1:{port}/", "lobby", lambda member: None)
            with pytest.raises(SignalingError):
                await room.open()
            assert room.members == {}

    asyncio.run(enter())


def test_a_room_behind_tls(tmp_path: Path) -> None:
    files = make_certificates(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    trusting = ssl.create_default_context(cafile=files.authority)

    async def meet() -> None:
        rooms = RoomServer()
        async with (
            asyncio.timeout(BOUND),
            await rooms.serve("127.0.0.1", 0, ssl=context) as server,
        ):
            port = next(iter(server.sockets)).getsockname()[1]
            inside = House(f"wss://localhost:{port}/", rooms)
            ada, bob = (Guest(inside, name, ssl=trusting) for name in ("Ada", "Bob"))
            async with ada.room, bob.room:
                assert await ada.hear(1) == {"Bob"}
            rooms.close()

    asyncio.run(meet())
