"""Connect two peer connections in one process, here and with aiortc.

    python -m tools.bench.call [--rounds N] [--delay MS] [--profile]

Prints, as medians, the wall time and the CPU time from two connections that have been made to a
data channel that is open on both sides, and our share of aiortc's times. Both kinds run the same
program in turn: host candidates alone, complete descriptions. With `delay` each datagram takes so
long, in another process. `--profile` runs ours alone.
"""

import argparse
import asyncio
import cProfile
import pstats
import statistics
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import aiortc

import peer

from .relay import Relay

LIMIT = 20.0
"""Seconds after which a connection is given up."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What one connection cost, in seconds."""

    wall: float
    cpu: float


class Kind:
    """The classes of one implementation."""

    def __init__(self, name: str, connection: Any, configuration: Any) -> None:
        self.name = name
        self._connection = connection
        self._configuration = configuration

    def make(self) -> Any:
        """Make a connection without servers."""
        return self._connection(self._configuration(iceServers=[]))

    async def connect(self, relay: Relay | None = None) -> Sample:
        """Connect two and close them; the closing is not counted."""
        one, other = self.make(), self.make()
        wall, cpu = time.perf_counter(), time.process_time()
        opened = watch_channels(one, other)
        await one.setLocalDescription(await one.createOffer())
        await other.setRemoteDescription(self._show(one, relay))
        await other.setLocalDescription(await other.createAnswer())
        await one.setRemoteDescription(self._show(other, relay))
        async with asyncio.timeout(LIMIT):
            await opened
        sample = Sample(time.perf_counter() - wall, time.process_time() - cpu)
        await asyncio.gather(one.close(), other.close())
        return sample

    def _show(self, connection: Any, relay: Relay | None) -> Any:
        shown = connection.localDescription
        if relay is None:
            return shown
        return type(shown)(sdp=relay.rewrite(shown.sdp), type=shown.type)


OURS = Kind("aiopeer", peer.RTCPeerConnection, peer.RTCConfiguration)
AIORTC = Kind("aiortc", aiortc.RTCPeerConnection, aiortc.RTCConfiguration)


def watch_channels(one: Any, other: Any) -> asyncio.Future[None]:
    """Make a channel on one side; the result is there when both sides have it open."""
    opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    waiting = {"one", "other"}

    def note(side: str) -> None:
        waiting.discard(side)
        if not waiting and not opened.done():
            opened.set_result(None)

    def take(channel: Any) -> None:
        if channel.readyState == "open":
            note("other")
        else:
            channel.on("open", lambda: note("other"))

    one.createDataChannel("bench").on("open", lambda: note("one"))
    other.on("datachannel", take)
    return opened


async def compare(rounds: int, relay: Relay | None) -> tuple[list[Sample], list[Sample]]:
    """Connect both kinds in turn, after two rounds that are not counted."""
    ours, theirs = [], []
    for i in range(rounds + 2):
        samples = await OURS.connect(relay), await AIORTC.connect(relay)
        if i >= 2:
            ours.append(samples[0])
            theirs.append(samples[1])
    return ours, theirs


def median(samples: list[Sample], value: Callable[[Sample], float]) -> float:
    """Give the median of one figure."""
    return statistics.median(value(sample) for sample in samples)


async def connect_ours(rounds: int) -> None:
    """Connect ours alone, for the profile."""
    for _ in range(rounds):
        await OURS.connect()


def profile(rounds: int) -> None:
    """Print where the time of our connections goes."""
    asyncio.run(connect_ours(2))
    profiler = cProfile.Profile(time.process_time)
    profiler.runcall(asyncio.run, connect_ours(rounds))
    pstats.Stats(profiler).sort_stats("tottime").print_stats(45).sort_stats("cumtime").print_stats(
        100
    )


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description="Connect peer connections, here and with aiortc")
    parser.add_argument("--rounds", type=int, default=31)
    parser.add_argument("--delay", type=float, default=0.0, help="one way, in milliseconds")
    parser.add_argument("--profile", action="store_true", help="profile ours instead")
    arguments = parser.parse_args()
    if arguments.profile:
        profile(arguments.rounds)
        return
    with Relay(arguments.delay / 1000) if arguments.delay else nullcontext() as relay:
        ours, theirs = asyncio.run(compare(arguments.rounds, relay))
    print(f"two connections until a data channel is open, medians of {arguments.rounds}:")
    for name, samples in ((OURS.name, ours), (AIORTC.name, theirs)):
        wall = median(samples, lambda sample: sample.wall) * 1e3
        cpu = median(samples, lambda sample: sample.cpu) * 1e3
        print(f"  {name:8} {wall:8.2f} ms wall {cpu:8.2f} ms CPU")
    for what, value in (("wall", wall_of), ("CPU", cpu_of)):
        print(
            f"  ratio    {median(ours, value) / median(theirs, value):8.3f} of aiortc's {what} time"
        )


def wall_of(sample: Sample) -> float:
    """Give the wall time."""
    return sample.wall


def cpu_of(sample: Sample) -> float:
    """Give the CPU time."""
    return sample.cpu


if __name__ == "__main__":
    main()
