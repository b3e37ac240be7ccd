"""What each further viewer of one encoding costs.

    python -m tools.bench.viewers [--viewers N] [--size WIDTHxHEIGHT] [--seconds S]

A track is encoded once and sent over one connection, then over N, whose other sides are in a second
process. Encoding runs in threads, all else in the loop's: so what the loop's thread takes more for
N connections than for one is what the others cost. Prints it for each, in milliseconds of CPU per
second and as a part of what encoding takes.
"""

import argparse
import asyncio
import multiprocessing
import random
import time
from fractions import Fraction
from multiprocessing.connection import Connection
from typing import Any

import av

import peer

from .packets import complete

RATE = 30
SETTLE = 8.0
"""Seconds until the line is known, and nothing is decoded that nobody reads."""
_PICTURES = 60


class Settings(argparse.Namespace):
    """What the command line says."""

    viewers: int
    size: str
    seconds: float


def pictures(size: str) -> list[av.VideoFrame]:
    """Return pictures in which a part moves over a pattern that stays."""
    width, height = (int(side) for side in size.split("x"))
    pattern = random.Random(1).randbytes(width * height * 2)
    made = []
    for number in range(_PICTURES):
        picture = av.VideoFrame(width, height, "yuv420p")
        for index, plane in enumerate(picture.planes):
            still = pattern[: plane.buffer_size * 3 // 4]
            begin = number * 3 * plane.line_size
            rest = pattern[begin : begin + plane.buffer_size - len(still)]
            plane.update(bytes(value // (2 + index) for value in still + rest))
        made.append(picture)
    return made


class Film(peer.MediaStreamTrack):
    """Pictures by the clock of the machine, over and over."""

    kind = "video"

    def __init__(self, made: list[av.VideoFrame]) -> None:
        super().__init__()
        self._made = made
        self._number = 0
        self._begin = time.monotonic()

    async def recv(self) -> Any:
        """Return the next picture when it is due."""
        number, self._number = self._number, self._number + 1
        await asyncio.sleep(max(0.0, self._begin + number / RATE - time.monotonic()))
        picture = self._made[number % len(self._made)]
        picture.pts, picture.time_base = number, Fraction(1, RATE)
        return picture


def new_connection() -> Any:
    """Return a connection that needs no server."""
    return peer.RTCPeerConnection(peer.RTCConfiguration(iceServers=[]))


async def send(wire: Connection, settings: Settings) -> tuple[list[float], float]:
    """Send to one, then to all; returns CPU a second of the loop for each, and of the encoder."""
    loop = asyncio.get_running_loop()
    connections: list[Any] = []
    relay = peer.EncodingRelay(Film(pictures(settings.size)))
    took: list[float] = []
    encoding = 0.0
    for count in sorted({1, settings.viewers}):
        while len(connections) < count:
            connection = new_connection()
            connections.append(connection)
            connection.addTransceiver(relay.subscribe(), direction="sendonly")
            await connection.setLocalDescription(await connection.createOffer())
            wire.send(await complete(connection))
            told = await loop.run_in_executor(None, wire.recv)
            await connection.setRemoteDescription(peer.RTCSessionDescription(**told))
        await asyncio.sleep(SETTLE)
        all_before, loop_before = time.process_time(), time.thread_time()
        await asyncio.sleep(settings.seconds)
        in_loop = time.thread_time() - loop_before
        encoding = encoding or time.process_time() - all_before - in_loop
        took.append(in_loop / settings.seconds)
    wire.send(None)
    await asyncio.gather(*(connection.close() for connection in connections))
    await relay.close()
    return took, encoding / settings.seconds


async def view(wire: Connection) -> None:
    """Answer all offers; what comes is read by nobody."""
    loop, connections = asyncio.get_running_loop(), []
    while (told := await loop.run_in_executor(None, wire.recv)) is not None:
        connection = new_connection()
        connections.append(connection)
        await connection.setRemoteDescription(peer.RTCSessionDescription(**told))
        await connection.setLocalDescription(await connection.createAnswer())
        wire.send(await complete(connection))
    await asyncio.gather(*(connection.close() for connection in connections))


def viewing(wire: Connection) -> None:
    """Be the viewers, in a process of their own."""
    asyncio.run(view(wire))


def positive(text: str) -> int:
    """Read a number from 1 on."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--viewers", type=positive, default=5)
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--seconds", type=float, default=8.0)
    settings = parser.parse_args(namespace=Settings())
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    other = spawn.Process(target=viewing, args=(theirs,))
    other.start()
    (one, *several), encoding = asyncio.run(send(ours, settings))
    other.join()
    print(f"  encoding {encoding * 1e3:5.1f} ms/s  first viewer {one * 1e3:5.1f}")
    for all_together in several:
        each = (all_together - one) / (settings.viewers - 1)
        print(f"  each further {each * 1e3:5.1f}  {each / encoding:6.1%} of encoding")


if __name__ == "__main__":
    main()
