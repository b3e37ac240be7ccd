"""Send data through channels, here and with aiortc.

    python -m tools.bench.data [--size MIB] [--profile] [NAME ...]

Two peer connections in one process over this machine's sockets, of both kinds in turn. "loopback"
is as fast as it goes; "distant" has a line with 50 ms of round trip in between, in a process of its
own, and "lossy" one that loses 2 % as well. CPU is that of both sides together. "delay" sends a
message of 1000 bytes each 10 ms over the lossy line, unordered, and tells how long they took.
"channels" is loopback with a thousand channels of which one is busy. `--profile` runs ours on
loopback under a profiler.
"""

import argparse
import asyncio
import cProfile
import pstats
import time
from dataclasses import dataclass
from typing import Any

from .call import AIORTC, OURS, Kind
from .line import Line

MESSAGE = 16384
WATER = 1 << 20
"""Bytes that wait to be sent, at most."""
ROUND_TRIP, LOSS = 0.050, 0.02
LIMIT = 120.0
INTERVAL, COUNT = 0.010, 1000


@dataclass(frozen=True, slots=True)
class Sample:
    """What sending cost, in seconds, bytes and seconds of the processor."""

    wall: float
    cpu: float
    size: int

    @property
    def rate(self) -> float:
        """Megabytes per second."""
        return self.size / self.wall / 1e6

    @property
    def cpu_per_gigabyte(self) -> float:
        """Seconds."""
        return self.cpu / self.size * 1e9


class Pair:
    """Two connections of a kind and a channel between them."""

    def __init__(self, kind: Kind, delay: float = 0.0, loss: float = 0.0) -> None:
        self.one, self.other = kind.make(), kind.make()
        self._delay, self._loss = delay, loss

    async def run(self, work: Any, **options: Any) -> Any:
        """Connect, have `work(channel, incoming)` done, and close."""
        incoming: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        def take(one: Any) -> None:
            # Those before it are open then, and nothing of theirs is measured.
            if one.label == "bench":
                one.once("message", lambda _: incoming.set_result(one))

        self.other.on("datachannel", take)
        channel = self.one.createDataChannel("bench", **options)
        opened = asyncio.Event()
        channel.on("open", opened.set)
        line = Line(self._delay / 2, self._loss)
        try:
            async with asyncio.timeout(LIMIT):
                await self._describe(line)
                await opened.wait()
                channel.send("open")
                return await work(channel, await incoming)
        finally:
            await asyncio.gather(self.one.close(), self.other.close())
            line.close()

    async def _describe(self, line: Line) -> None:
        def shown(description: Any) -> Any:
            text = line.rewrite(description.sdp) if self._delay else description.sdp
            return type(description)(sdp=text, type=description.type)

        await self.one.setLocalDescription(await self.one.createOffer())
        await self.other.setRemoteDescription(shown(self.one.localDescription))
        await self.other.setLocalDescription(await self.other.createAnswer())
        await self.one.setRemoteDescription(shown(self.other.localDescription))


async def pour(channel: Any, incoming: Any, size: int) -> Sample:
    """Send so many bytes, as fast as the channel takes them."""
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    received = 0

    def take(message: bytes) -> None:
        nonlocal received
        received += len(message)
        if received >= size and not done.done():
            done.set_result(None)

    incoming.on("message", take)
    low = asyncio.Event()
    channel.bufferedAmountLowThreshold = WATER // 2
    channel.on("bufferedamountlow", low.set)
    message = bytes(MESSAGE)
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(0, size, MESSAGE):
        channel.send(message)
        if channel.bufferedAmount > WATER:
            low.clear()
            await low.wait()
    await done
    return Sample(time.perf_counter() - wall, time.process_time() - cpu, size)


async def trickle(channel: Any, incoming: Any) -> list[float]:
    """Send a message now and then; returns how long each took, in order."""
    delays: list[float] = []
    done = asyncio.Event()

    def take(message: bytes) -> None:
        delays.append(time.perf_counter() - sent[int.from_bytes(message[:4], "big")])
        if len(delays) == COUNT:
            done.set()

    incoming.on("message", take)
    sent: list[float] = []
    begin = time.perf_counter()
    for number in range(COUNT):
        await asyncio.sleep(begin + number * INTERVAL - time.perf_counter())
        sent.append(time.perf_counter())
        channel.send(number.to_bytes(4, "big") + bytes(996))
    await done.wait()
    return sorted(delays)


async def measure(kind: Kind, name: str, size: int) -> str:
    """Measure one thing, and tell it as a line."""
    delay = 0.0 if name in ("loopback", "channels") else ROUND_TRIP
    loss = LOSS if name in ("lossy", "delay") else 0.0
    pair = Pair(kind, delay, loss)
    if name == "delay":
        delays = await pair.run(trickle, ordered=False)
        median, late = delays[len(delays) // 2] * 1e3, delays[len(delays) * 99 // 100] * 1e3
        return f"median {median:8.1f} ms    99 % within {late:8.1f} ms"
    if name == "channels":
        for number in range(999):
            pair.one.createDataChannel(str(number))
    size = size // 20 if name == "lossy" else size

    async def work(channel: Any, incoming: Any) -> Sample:
        return await pour(channel, incoming, size)

    sample = await pair.run(work)
    return f"{sample.rate:8.2f} MB/s    {sample.cpu_per_gigabyte:8.1f} s of CPU per GB"


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description="Send data through channels")
    parser.add_argument("names", nargs="*", default=["loopback", "distant", "lossy", "delay"])
    parser.add_argument("--size", type=int, default=32, help="MiB")
    parser.add_argument("--profile", action="store_true", help="profile ours instead")
    parser.add_argument("--ours", action="store_true", help="leave aiortc out")
    arguments = parser.parse_args()
    size = arguments.size << 20
    if arguments.profile:
        profiler = cProfile.Profile(time.process_time)
        profiler.runcall(asyncio.run, measure(OURS, "loopback", size))
        pstats.Stats(profiler).sort_stats("tottime").print_stats(50)
        return
    for name in arguments.names:
        for kind in (OURS,) if arguments.ours else (OURS, AIORTC):
            print(f"{name:9} {kind.name:8} {asyncio.run(measure(kind, name, size))}", flush=True)


if __name__ == "__main__":
    main()
