"""The server of rooms, asked by websockets that say what a test wants."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from peer.signaling import RoomServer, room_server
from peer.signaling.mailbox import MAX_KEPT, MAX_MESSAGE
from peer.signaling.room_server import BURST, JOIN_TIMEOUT, MAX_NAME, RATE, Allowance

BOUND = 60.0
"""Seconds that a test may take: many connections are made in one."""

Say = dict[str, Any]


class Visitor:
    """A websocket to the server that numbers what it says."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.said = self.heard = 0

    async def say(self, **message: Any) -> None:
        self.said += 1
        text = json.dumps({"number": self.said, "heard": self.heard, **message})
        await self.socket.send(text)

    async def hear(self) -> Say:
        """Give the next numbered message, without its numbers."""
        while True:
            message: Say = json.loads(await self.socket.recv())
            if "number" in message:
                assert message.pop("number") == self.heard + 1
                self.heard += 1
                del message["heard"]
                return message


class House:
    """A server, and the ways to it."""

    def __init__(self, url: str, rooms: RoomServer) -> None:
        self.url, self.rooms = url, rooms
        self.sockets: list[ClientConnection] = []

    async def enter(self, **first: Any) -> Visitor:
        socket = await connect(self.url)
        self.sockets.append(socket)
        await socket.send(json.dumps(first))
        return Visitor(socket)

    async def join(self, room: str, name: str = "") -> tuple[Visitor, Say]:
        visitor = await self.enter(join=room, name=name)
        return visitor, (await visitor.hear())["welcome"]

    async def refused(self, text: str) -> tuple[int | None, str | None]:
        """Give the status and the reason with which a websocket is closed that says this."""
        socket = await connect(self.url)
        self.sockets.append(socket)
        await socket.send(text)
        await socket.wait_closed()
        return socket.protocol.close_code, socket.protocol.close_reason


@asynccontextmanager
async def house(**options: Any) -> AsyncIterator[House]:
    """Run a server of rooms."""
    rooms = RoomServer(**options)
    async with await rooms.serve("127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        inside = House(f"ws://127.0.0.1:{port}/", rooms)
        try:
            yield inside
        finally:
            for socket in inside.sockets:
                await socket.close()
            rooms.close()


def run(program: Callable[[House], Awaitable[None]], **options: Any) -> None:
    """Run a program with a server."""

    async def whole() -> None:
        async with asyncio.timeout(BOUND), house(**options) as inside:
            await program(inside)

    asyncio.run(whole())


def test_members_hear_of_each_other_and_talk() -> None:
    async def meet(inside: House) -> None:
        ada, first = await inside.join("lobby", "Ada")
        assert first["members"] == []
        bob, second = await inside.join("lobby", "Bob")
        assert second["members"] == [{"id": first["id"], "name": "Ada"}]
        assert await ada.hear() == {"came": {"id": second["id"], "name": "Bob"}}
        elsewhere, _ = await inside.join("kitchen", "Eve")
        await bob.say(to=first["id"], message={"any": "thing"})
        assert await ada.hear() == {"from": second["id"], "message": {"any": "thing"}}
        # Nobody else is reached, in this room or another.
        await elsewhere.say(to=first["id"], message="not this")
        await bob.say(to="nobody", message="nor this")
        await bob.say(to=first["id"], message="but this")
        assert await ada.hear() == {"from": second["id"], "message": "but this"}
        assert inside.rooms.rooms == {"lobby": ["Ada", "Bob"], "kitchen": ["Eve"]}
        await bob.socket.close()
        assert await ada.hear() == {"gone": second["id"]}

    run(meet)


def test_who_comes_back_has_missed_nothing_and_was_not_missed() -> None:
    async def come_back(inside: House) -> None:
        ada, first = await inside.join("lobby", "Ada")
        bob, second = await inside.join("lobby", "Bob")
        await ada.hear()
        ada.socket.transport.abort()
        for number in range(3):
            await bob.say(to=first["id"], message=number)
        again = await inside.enter(resume=first["token"], heard=ada.heard)
        said = json.loads(await again.socket.recv())
        assert said == {"resumed": True, "heard": 0}
        again.heard, again.said = ada.heard, 0
        assert [await again.hear() for _ in range(3)] == [
            {"from": second["id"], "message": number} for number in range(3)
        ]
        await again.say(to=second["id"], message="back")
        # Bob has heard of nothing else.
        assert await bob.hear() == {"from": first["id"], "message": "back"}

    run(come_back)


def test_a_place_is_kept_for_a_while_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room_server, "RESUME_TIMEOUT", 0.05)

    async def stay_away(inside: House) -> None:
        ada, _ = await inside.join("lobby", "Ada")
        bob, second = await inside.join("lobby", "Bob")
        await ada.hear()
        bob.socket.transport.abort()
        assert await ada.hear() == {"gone": second["id"]}
        resume = json.dumps({"resume": second["token"], "heard": 1})
        assert (await inside.refused(resume))[0] == 1008

    run(stay_away)


def test_a_second_connection_takes_the_place_of_one_thought_alive() -> None:
    async def take_over(inside: House) -> None:
        ada, first = await inside.join("lobby", "Ada")
        again = await inside.enter(resume=first["token"], heard=1)
        assert json.loads(await again.socket.recv())["resumed"]
        with pytest.raises(ConnectionClosed):
            await ada.socket.recv()
        again.heard = 1
        _, second = await inside.join("lobby", "Bob")
        assert await again.hear() == {"came": {"id": second["id"], "name": "Bob"}}

    run(take_over)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "[" * 50_000,
        "{}",
        json.dumps({"join": ""}),
        json.dumps({"join": 7}),
        json.dumps({"join": "lobby", "name": None}),
        json.dumps({"join": "x" * (MAX_NAME + 1)}),
        json.dumps({"join": "lobby", "name": "x" * (MAX_NAME + 1)}),
        json.dumps({"resume": "nobody's"}),
        json.dumps({"resume": {}}),
    ],
)
def test_what_makes_no_sense_is_refused(text: str) -> None:
    async def enter(inside: House) -> None:
        assert (await inside.refused(text))[0] == 1008
        assert inside.rooms.rooms == {}

    run(enter)


def test_rooms_and_members_are_bounded() -> None:
    async def fill(inside: House) -> None:
        for _ in range(2):
            await inside.join("lobby")
        assert await inside.refused('{"join": "lobby"}') == (1013, "the room is full")
        await inside.join("kitchen")
        assert await inside.refused('{"join": "attic"}') == (1013, "all rooms are taken")

    run(fill, max_rooms=2, max_members=2)


def test_who_may_join_is_the_programs_to_say() -> None:
    async def enter(inside: House) -> None:
        await inside.join("open")
        assert await inside.refused('{"join": "closed"}') == (1008, "not let in")

    run(enter, may_join=lambda socket, room: room == "open")


def test_who_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room_server, "JOIN_TIMEOUT", 0.05)

    async def wait(inside: House) -> None:
        async with connect(inside.url) as silent:
            with pytest.raises(ConnectionClosed):
                await silent.recv()

    run(wait)


def test_those_who_say_nothing_keep_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room_server, "JOIN_TIMEOUT", 2 * BOUND)
    monkeypatch.setattr(room_server, "MAX_STRANGERS", 2)

    async def wait(inside: House) -> None:
        async with connect(inside.url) as first, connect(inside.url) as second:
            while len(inside.rooms._strangers) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            await inside.join("lobby")
            with pytest.raises(ConnectionClosed):
                await first.recv()
            assert len(inside.rooms._strangers) == 1
            # Who has been there for less long may still say it.
            await second.send(json.dumps({"join": "lobby"}))
            assert "welcome" in json.loads(await second.recv())

    run(wait)


def test_a_message_that_is_too_long_ends_the_connection() -> None:
    async def shout(inside: House) -> None:
        ada, first = await inside.join("lobby")
        await ada.say(to=first["id"], message="x" * MAX_MESSAGE)
        with pytest.raises(ConnectionClosed) as closed:
            await ada.hear()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009

    run(shout)


def test_a_message_that_grows_too_long_on_its_way_harms_nobody() -> None:
    async def talk(inside: House) -> None:
        ada, first = await inside.join("lobby")
        bob, second = await inside.join("lobby")
        await ada.hear()
        # As bytes of UTF-8 it is short enough; as Bob's server writes it, it is not.
        text = json.dumps(
            {"number": 1, "to": first["id"], "message": "é" * 20_000}, ensure_ascii=False
        )
        assert len(text.encode()) < MAX_MESSAGE
        bob.said += 1
        await bob.socket.send(text)
        await bob.say(to=first["id"], message="short")
        assert await ada.hear() == {"from": second["id"], "message": "short"}

    run(talk)


def test_who_would_wait_too_long_to_join_is_refused() -> None:
    async def crowd(inside: House) -> None:
        now = asyncio.get_running_loop().time()
        while inside.rooms._joining.wait(now) <= 2 * JOIN_TIMEOUT:
            inside.rooms._joining.spend(now)
        for _ in range(3):
            assert await inside.refused('{"join": "a"}') == (1013, "too many come at once")
        # Those who are refused make nobody wait.
        assert inside.rooms._joining.wait(now) <= 2 * JOIN_TIMEOUT + 2 / RATE

    run(crowd)


def test_who_takes_nothing_is_put_out() -> None:
    async def flood(inside: House) -> None:
        ada, first = await inside.join("lobby", "Ada")
        ada.socket.transport.abort()
        bob, _ = await inside.join("lobby", "Bob")
        for number in range(MAX_KEPT):
            await bob.say(to=first["id"], message=number)
        assert await bob.hear() == {"gone": first["id"]}
        assert inside.rooms.rooms == {"lobby": ["Bob"]}

    run(flood)


def test_messages_are_paced() -> None:
    allowance = Allowance(100.0)
    assert [allowance.spend(100.0) for _ in range(round(BURST))] == [0.0] * round(BURST)
    assert allowance.spend(100.0) == pytest.approx(1 / RATE)
    assert allowance.spend(100.0 + 1 / RATE) == pytest.approx(1 / RATE)
    # After a while there is a burst again, and no more than one.
    assert allowance.spend(1e6) == 0.0
    assert sum(allowance.spend(1e6) == 0.0 for _ in range(1000)) == BURST - 1


def test_closing_puts_everybody_out() -> None:
    async def close(inside: House) -> None:
        ada, _ = await inside.join("lobby")
        inside.rooms.close()
        with pytest.raises(ConnectionClosed):
            await ada.hear()
        assert inside.rooms.rooms == {}
        inside.rooms.close()

    run(close)
