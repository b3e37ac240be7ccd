"""Calls with the bot, by a visitor in Python."""

import asyncio
import re
from array import array

from tests.demos.media import luma_rows
from tests.demos.visitor import SECONDS, Visitor, open_house, until, visit

GREETING = "Hello, I am a Python program. Say something, or type help."


def ufrag(description: dict[str, str]) -> str:
    found = re.search(r"^a=ice-ufrag:(\S+)", description["sdp"], re.M)
    assert found
    return found[1]


async def loudness(visitor: Visitor, blocks: int) -> int:
    frames = [await visitor.listen() for _ in range(blocks)]
    return max(max(map(abs, array("h", bytes(frame.planes[0])))) for frame in frames)


def test_the_visitor_sees_themselves_in_neon_and_hears_the_melody() -> None:
    async def call() -> None:
        async with open_house() as (_, port), visit(port) as visitor:
            assert await visitor.hear() == GREETING
            rows = luma_rows(await visitor.see())
            assert (len(rows), len(rows[0])) == (120, 160)
            # The camera is dark on the left and bright on the right: neon lights the edge alone.
            assert max(rows[10][78:82]) > 150
            assert max(rows[10][:60]) < 80
            assert await loudness(visitor, 25) > 2000

    asyncio.run(call())


def test_it_obeys_commands_and_echoes_the_rest() -> None:
    async def call() -> None:
        async with open_house() as (_, port), visit(port) as visitor:
            assert await visitor.hear() == GREETING
            assert await visitor.ask("anything else") == "anything else"
            assert "hang up" in await visitor.ask("help")
            assert re.fullmatch(r"It is \d\d:\d\d:\d\d here\.", await visitor.ask(" Time "))
            assert await visitor.ask("effect") == "Now: sketch."
            await visitor.see()
            assert "pictures painted" in await visitor.ask("stats")

    asyncio.run(call())


def test_restart_changes_the_path_while_the_call_goes_on() -> None:
    async def call() -> None:
        async with open_house() as (_, port), visit(port) as visitor:
            await visitor.hear()
            assert "path" in await visitor.ask("restart")
            await until(lambda: len(visitor.descriptions) == 2)
            answer, offer = visitor.descriptions
            assert offer["type"] == "offer"
            assert ufrag(offer) != ufrag(answer)
            assert await visitor.ask("still there?") == "still there?"
            assert visitor.connection.connectionState == "connected"

    asyncio.run(call())


def test_when_offers_cross_the_bot_takes_its_own_back_and_repeats_it() -> None:
    async def call() -> None:
        async with open_house() as (reception, port), visit(port) as visitor:
            await visitor.hear()
            (bot,) = reception.rooms
            visitor.reading.clear()
            visitor.channel.send("restart")
            await until(lambda: bot.connection.signalingState == "have-local-offer")
            added = visitor.connection.addTransceiver("audio")
            await until(lambda: visitor.connection.signalingState == "have-local-offer")
            visitor.reading.set()
            await until(lambda: added.currentDirection and len(visitor.descriptions) == 3)
            kinds = [description["type"] for description in visitor.descriptions]
            assert (visitor.ignored, kinds) == (1, ["answer", "answer", "offer"])
            assert ufrag(visitor.descriptions[2]) != ufrag(visitor.descriptions[0])
            assert "path" in await visitor.hear()
            assert await visitor.ask("still there?") == "still there?"

    asyncio.run(call())


def test_hang_up_ends_the_call() -> None:
    async def call() -> None:
        async with open_house() as (reception, port), visit(port) as visitor:
            await visitor.hear()
            assert await visitor.ask("hang up") == "Goodbye."
            await asyncio.wait_for(visitor.gone.wait(), SECONDS)
            await until(lambda: not reception.rooms)

    asyncio.run(call())


def test_every_visitor_has_a_room_of_their_own_and_leaves_nothing_behind() -> None:
    async def call() -> None:
        async with open_house() as (reception, port):
            before = asyncio.all_tasks()
            async with visit(port) as first, visit(port) as second:
                await asyncio.gather(first.hear(), second.hear())
                assert len(reception.rooms) == 2
                bots = list(reception.rooms)
                assert await first.ask("effect") == "Now: sketch."
                assert await second.ask("effect") == "Now: sketch."
                assert await first.ask("effect") == "Now: thermal."
                await asyncio.gather(first.see(), second.see())
            await until(lambda: not asyncio.all_tasks() - before)
            assert not reception.rooms
            assert {bot.connection.connectionState for bot in bots} == {"closed"}

    asyncio.run(call())
