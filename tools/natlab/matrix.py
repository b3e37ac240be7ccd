"""The matrices: calls in topologies, events in calls, as results and as tables."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from .best import best_path, kind_of
from .call import Call, calling
from .events import LabEvent, Scene
from .lab import Lab
from .oracle import PathKind
from .peers import LabPeer
from .plan import Topology

MakePeer = Callable[[], LabPeer]
CONNECTING = 20.0
"""Seconds after which a call that is not connected never will be."""
RECOVERING = 25.0
"""Seconds after what is watched within which data flows again, or does not."""
SETTLING, LOOK_AGAIN = 8.0, 0.25
"""Seconds within which a call has moved to the best path, and between looks."""
WARM = 100
"""Messages heard on both sides before something happens to a call."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call went in a topology."""

    topology: str
    seconds: float | None
    """From the offer until both sides have heard the other; None when they did not."""
    path: PathKind | None
    best: PathKind | None
    problems: tuple[str, ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether it connected exactly where it can, on the best path as far as it tells."""
        if self.best is None:
            return self.seconds is None
        return self.seconds is not None and self.path in (None, self.best)


@dataclass(frozen=True, slots=True)
class EventOutcome:
    """How a call lived through an event."""

    event: str
    side: str
    outage: float | None
    """The longest time in which a side heard nothing; None when nothing came any more."""
    inevitable: float
    path: PathKind | None
    states: tuple[str, ...]
    problems: tuple[str, ...] = ()


async def connect(lab: Lab, topology: Topology, a: MakePeer, b: MakePeer) -> Outcome:
    """Make a call in a topology."""
    best = best_path(topology)
    with lab.build(topology) as place:
        async with calling(place, a(), b()) as call:
            # Where there is no path it does not take long to be sure.
            seconds = await call.connected(CONNECTING if best is not None else CONNECTING / 4)
            path = await _settled(call, best) if seconds is not None else None
            return Outcome(topology.name, seconds, path, best, tuple(call.errors()))


async def survive(lab: Lab, event: LabEvent, side: int, a: MakePeer, b: MakePeer) -> EventOutcome:
    """Make a call, have something happen to one side, and see how long nothing is heard."""
    name = "ab"[side]
    with lab.build(event.topology) as place:
        async with calling(place, a(), b()) as call:
            warm = lambda: all(len(end.heard) >= WARM for end in call.ends)  # noqa: E731
            if not await call.until(warm, CONNECTING):
                problems = ("no call", *call.errors())
                return EventOutcome(event.name, name, None, 0.0, None, (), problems)
            for end in call.ends:
                end.states.clear()
            since = asyncio.get_running_loop().time()
            await event.action(Scene(place, place.hosts[side]))
            outage = await call.outage(since, event.quiet, RECOVERING)
            states = tuple(dict.fromkeys(state for end in call.ends for state in end.states))
            path = kind_of(await _path(call)) if outage is not None else None
            problems = tuple(call.errors())
            return EventOutcome(event.name, name, outage, event.inevitable, path, states, problems)


async def _settled(call: Call, best: PathKind | None) -> PathKind | None:
    """Tell the path in use; a better one than the first has some time to be found."""
    loop = asyncio.get_running_loop()
    end = loop.time() + SETTLING
    while True:
        path = kind_of(await _path(call))
        if path in (None, best) or loop.time() > end:
            return path
        await asyncio.sleep(LOOK_AGAIN)


async def _path(call: Call) -> tuple[str, str] | None:
    return next(filter(None, await call.paths()), None)


# -- tables -----------------------------------------------------------------------------------

GREEN, YELLOW, RED, PLAIN = "\033[32m", "\033[33m", "\033[31m", "\033[0m"
EVENT_GOOD, EVENT_FAIR = 0.5, 2.5
"""Seconds beyond what is inevitable up to which an outage is short, and bearable."""


def topology_lines(outcomes: Iterable[Outcome], *, colours: bool) -> Iterator[str]:
    """A line for each call in a topology, as they come, and a last one that sums them up."""
    yield f"{'topology':44}{'first heard':>12}  {'path':10}{'best':10}"
    good = total = 0
    for outcome in outcomes:
        total += 1
        good += outcome.is_good
        time = "-" if outcome.seconds is None else f"{outcome.seconds:.2f} s"
        path = "-" if outcome.seconds is None else outcome.path or "?"
        text = f"{outcome.topology:44}{time:>12}  {path:10}{outcome.best or '-':10}"
        tail = "" if outcome.is_good else "!"
        yield _coloured(text + _told(tail, outcome.problems), outcome.is_good, colours)
    yield f"{good} of {total} connected where they can, on the best path"


def event_lines(outcomes: Iterable[EventOutcome], *, colours: bool) -> Iterator[str]:
    """A line for each event, as they come, and a last one that sums them up."""
    yield f"{'event':44}{'side':5}{'outage':>9}{'of that no path':>17}  {'path':10}states"
    survived = total = 0
    for outcome in outcomes:
        total += 1
        survived += outcome.outage is not None
        lost = "for good" if outcome.outage is None else f"{outcome.outage:.2f} s"
        text = f"{outcome.event:44}{outcome.side:5}{lost:>9}{outcome.inevitable:>15.1f} s"
        text += f"  {outcome.path or '-':10}{', '.join(outcome.states)}"
        yield _coloured(text + _told("", outcome.problems), grade(outcome), colours)
    yield f"{survived} of {total} survived"


def grade(outcome: EventOutcome) -> bool | None:
    """Whether an outage was short; None for one that can be borne."""
    if outcome.outage is None:
        return False
    beyond = outcome.outage - outcome.inevitable
    return True if beyond <= EVENT_GOOD else None if beyond <= EVENT_FAIR else False


def _told(mark: str, problems: tuple[str, ...]) -> str:
    return f"{mark} {'; '.join(problems)}".rstrip()


def _coloured(text: str, good: bool | None, colours: bool) -> str:
    if not colours:
        return text.rstrip()
    return f"{ {True: GREEN, None: YELLOW, False: RED}[good] }{text.rstrip()}{PLAIN}".strip()
