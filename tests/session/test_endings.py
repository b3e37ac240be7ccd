"""What is ended in the background begins later, and is waited for."""

import asyncio

from peer.session.endings import Endings
from tests.api.support import run


def test_an_ending_begins_in_the_next_turn_and_is_waited_for() -> None:
    async def scenario() -> None:
        endings, told, gate = Endings(), list[str](), asyncio.Event()

        async def ending() -> None:
            told.append("begun")
            await gate.wait()
            told.append("ended")

        endings.begin(ending())
        assert told == []
        await asyncio.sleep(0)
        assert told == ["begun"]
        waiting = asyncio.create_task(endings.wait())
        await asyncio.sleep(0)
        assert not waiting.done()
        gate.set()
        await waiting
        assert told == ["begun", "ended"]
        await endings.wait()

    run(scenario)


def test_one_that_fails_keeps_nobody_from_waiting_for_the_others() -> None:
    async def scenario() -> None:
        endings, ended = Endings(), list[bool]()

        async def fail() -> None:
            raise OSError(9, "Bad file descriptor")

        async def end() -> None:
            await asyncio.sleep(0)
            ended.append(True)

        endings.begin(fail())
        endings.begin(end())
        await endings.wait()
        assert ended == [True]

    run(scenario)
