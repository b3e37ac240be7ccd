"""Voice bots in one process: what a call costs that decodes Opus and sends Opus, 20 ms each.

The callers are in a second process, of aiortc, and send sound that was encoded before. Both sides
of the comparison answer the same callers, in turn, in processes of their own.
"""

import argparse
import asyncio
import importlib
import json
import resource
import statistics
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import av

RATE, SAMPLES = 48000, 960
FRAME_TIME = SAMPLES / RATE
SETTLE = 2.0
"""Seconds between the last connection and the measurement."""


def sound(samples: bytes, number: int) -> av.AudioFrame:
    """Return 20 ms of one channel."""
    frame = av.AudioFrame(format="s16", layout="mono", samples=SAMPLES)
    frame.planes[0].update(samples)
    frame.sample_rate, frame.pts = RATE, number * SAMPLES
    frame.time_base = Fraction(1, RATE)
    return frame


def encoded(count: int = 50) -> list[bytes]:
    """Encode a second of noise, by FFmpeg."""
    context = av.CodecContext.create("libopus", "w")
    context.format, context.layout, context.sample_rate = "s16", "mono", RATE
    noise = [bytes((n * 31 + k * 17) % 256 for k in range(2 * SAMPLES)) for n in range(count)]
    return [bytes(p) for n, pcm in enumerate(noise) for p in context.encode(sound(pcm, n))]


def make_track(module: Any, give: Any) -> Any:
    """Make a track of a module that has what `give` makes, every 20 ms."""

    class Clocked(module.MediaStreamTrack):  # type: ignore[misc]
        """Sound by the clock of the machine, whatever its reader does."""

        kind = "audio"
        count = 0
        begin = 0.0

        async def recv(self) -> Any:
            self.begin = self.begin or time.monotonic()
            await asyncio.sleep(max(0.0, self.begin + self.count * FRAME_TIME - time.monotonic()))
            self.count += 1
            return give(self.count - 1)

    return Clocked()


async def until(connection: Any, event: str, condition: Callable[[], bool]) -> None:
    """Wait for a state that an event tells of."""
    told = asyncio.Event()
    connection.on(event, told.set)
    while not condition():
        told.clear()
        await told.wait()


async def connected(connection: Any) -> None:
    """Wait for a connection."""
    event = "connectionstatechange"
    await until(connection, event, lambda: connection.connectionState == "connected")


async def description(connection: Any) -> dict[str, str]:
    """Return the complete local description."""
    await until(
        connection, "icegatheringstatechange", lambda: connection.iceGatheringState == "complete"
    )
    return {"type": connection.localDescription.type, "sdp": connection.localDescription.sdp}


async def bots(name: str, offers: "asyncio.Queue[dict[str, Any]]") -> None:
    """Answer offers; "measure" tells what the time since the last one took."""
    module = importlib.import_module(name)
    samples = bytes(2 * SAMPLES)
    heard, reading, connections = [0], [], []
    begin = (0.0, 0.0)

    async def read(track: Any) -> None:
        while True:
            await track.recv()
            heard[0] += 1

    while (message := await offers.get()).get("type") != "end":
        if message["type"] == "measure":
            usage = resource.getrusage(resource.RUSAGE_SELF)
            now = time.monotonic(), usage.ru_utime + usage.ru_stime
            say(seconds=now[0] - begin[0], cpu=now[1] - begin[1], frames=heard[0])
            begin, heard[0] = now, 0
            continue
        pc = module.RTCPeerConnection(module.RTCConfiguration(iceServers=[]))
        connections.append(pc)
        pc.on("track", lambda track: reading.append(asyncio.ensure_future(read(track))))
        await pc.setRemoteDescription(module.RTCSessionDescription(**message))
        pc.addTrack(make_track(module, lambda number: sound(samples, number)))
        await pc.setLocalDescription(await pc.createAnswer())
        say(**await description(pc))
    for task in reading:
        task.cancel()
    await asyncio.gather(*(pc.close() for pc in connections))


async def callers(count: int, answers: "asyncio.Queue[dict[str, Any]]") -> None:
    """Offer calls, and send in them until the end."""
    import aiortc

    payloads = encoded()

    def packet(number: int) -> Any:
        made: Any = av.Packet(payloads[number % len(payloads)])
        made.pts, made.time_base = number * SAMPLES, Fraction(1, RATE)
        return made

    connections = []
    for _ in range(count):
        pc = aiortc.RTCPeerConnection(aiortc.RTCConfiguration(iceServers=[]))
        connections.append(pc)
        pc.addTrack(make_track(aiortc, packet))
        await pc.setLocalDescription(await pc.createOffer())
        say(**await description(pc))
        await pc.setRemoteDescription(aiortc.RTCSessionDescription(**await answers.get()))
    for pc in connections:
        await connected(pc)
    say(type="ready")
    await answers.get()
    await asyncio.gather(*(pc.close() for pc in connections))


def say(**message: object) -> None:
    """Tell the process that measures."""
    print(json.dumps(message), flush=True)


async def read_lines(messages: "asyncio.Queue[dict[str, Any]]") -> None:
    """Take what the process that measures tells."""
    reader = asyncio.StreamReader(limit=1 << 20)
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    while line := await reader.readline():
        messages.put_nowait(json.loads(line))


class Side:
    """One of the two processes."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, *arguments: str) -> "Side":
        """Start it."""
        pipe = asyncio.subprocess.PIPE
        command = (sys.executable, "-m", "tools.bench.voice", *arguments)
        return cls(
            await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, limit=1 << 20)
        )

    async def tell(self, message: dict[str, Any]) -> None:
        """Send a message."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message).encode() + b"\n")
        await self._process.stdin.drain()

    async def hear(self) -> dict[str, Any]:
        """Wait for a message."""
        assert self._process.stdout is not None
        heard: dict[str, Any] = json.loads(
            await asyncio.wait_for(self._process.stdout.readline(), 60)
        )
        return heard

    async def end(self) -> None:
        """End it."""
        await self.tell({"type": "end"})
        await asyncio.wait_for(self._process.wait(), 30)


async def measure(module: str, calls: int, seconds: float) -> tuple[float, float]:
    """Return CPU milliseconds of a call-second, and the frames heard of 50."""
    bot = await Side.start("--bots", module)
    caller = await Side.start("--callers", str(calls))
    while (offer := await caller.hear())["type"] != "ready":
        await bot.tell(offer)
        await caller.tell(await bot.hear())
    await asyncio.sleep(SETTLE)
    await bot.tell({"type": "measure"})
    await bot.hear()
    await asyncio.sleep(seconds)
    await bot.tell({"type": "measure"})
    figures = await bot.hear()
    await caller.end()
    await bot.end()
    share = calls * figures["seconds"]
    return 1000 * figures["cpu"] / share, figures["frames"] / share


async def compare(modules: list[str], calls: list[int], seconds: float, rounds: int) -> None:
    """Measure in turn, and print medians."""
    print("CPU ms of a call-second with Opus in and out, medians (frames a second of 50)")
    for count in calls:
        found: dict[str, list[tuple[float, float]]] = {module: [] for module in modules}
        for _ in range(rounds):
            for module in modules:
                found[module].append(await measure(module, count, seconds))
        cells = [
            f"{module} {statistics.median(cpu for cpu, _ in one):6.1f} "
            f"({statistics.median(frames for _, frames in one):4.1f})"
            for module, one in found.items()
        ]
        print(f"  {count:3} calls   " + "   ".join(cells), flush=True)


async def play(arguments: argparse.Namespace) -> None:
    """Be one of the two processes."""
    messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    reading = asyncio.ensure_future(read_lines(messages))
    if arguments.bots:
        await bots(arguments.bots, messages)
    else:
        await callers(arguments.callers, messages)
    reading.cancel()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--modules", default="aiortc,peer", help="what to compare, by name")
    parser.add_argument("--calls", default="1,10")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--bots", help=argparse.SUPPRESS)
    parser.add_argument("--callers", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.bots or arguments.callers:
        asyncio.run(play(arguments))
        return
    modules = arguments.modules.split(",")
    calls = [int(one) for one in arguments.calls.split(",")]
    asyncio.run(compare(modules, calls, arguments.seconds, arguments.rounds))


if __name__ == "__main__":
    main()
