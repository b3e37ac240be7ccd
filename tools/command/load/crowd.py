"""The bots come one after the other, stay, and go; what the process takes meanwhile."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from peer import RTCPeerConnection

from .bots import Bot, Call, EncodedSound, Join, now

SET_UP_TIMEOUT = 20.0
"""Seconds after which a call counts as failed."""

Dial = Callable[[int], "tuple[RTCPeerConnection, Join]"]
"""Makes the connection of a bot, and says how it joins."""
Tell = Callable[[str, int, int], object]
"""Hears of progress: what is done, and how much of how much."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How many bots come, a second of them how many, and how long all of them stay (seconds)."""

    bots: int = 10
    rate: float = 5.0
    seconds: float = 10.0
    encoded: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """The calls, and what the time in which all were there took of the processors."""

    plan: Plan
    calls: list[Call]
    began: float
    """When all were there, by the clock of the loop."""
    seconds: float
    cpu: float
    """Seconds of a processor."""


async def gather_crowd(plan: Plan, dial: Dial, tell: Tell) -> Outcome:
    """Have the bots call, stay, and hang up. A call that fails costs itself."""
    encoded = EncodedSound() if plan.encoded else None
    async with _bots(plan, dial, encoded, tell) as bots:
        began, before = now(), time.process_time()
        for second in range(round(plan.seconds)):
            tell("measuring", second, round(plan.seconds))
            await asyncio.sleep(plan.seconds / round(plan.seconds))
        seconds, cpu = now() - began, time.process_time() - before
    return Outcome(plan, [bot.call for bot in bots], began, seconds, cpu)


@asynccontextmanager
async def _bots(
    plan: Plan, dial: Dial, encoded: EncodedSound | None, tell: Tell
) -> AsyncIterator[list[Bot]]:
    bots: list[Bot] = []
    calling: list[asyncio.Task[None]] = []
    try:
        for number in range(plan.bots):
            tell("calling", number, plan.bots)
            pc, join = dial(number)
            bots.append(Bot(pc, number, encoded))
            calling.append(asyncio.create_task(_begin(bots[-1], join)))
            await asyncio.sleep(1 / plan.rate)
        await asyncio.gather(*calling)
        yield bots
    finally:
        for task in calling:
            task.cancel()
        tell("hanging up", 0, plan.bots)
        await asyncio.gather(*(bot.end() for bot in bots))


async def _begin(bot: Bot, join: Join) -> None:
    try:
        async with asyncio.timeout(SET_UP_TIMEOUT):
            await bot.begin(join)
    except TimeoutError:
        bot.call.failure = f"nothing came back within {SET_UP_TIMEOUT:.0f} s"
    except Exception as error:
        bot.call.failure = f"{type(error).__name__}: {error}"
