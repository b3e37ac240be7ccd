"""What a packet of video costs to send and to receive, here and with aiortc.

    python -m tools.bench.packets [--streams N] [--seconds S] [--profile]

Prints CPU microseconds of the whole process for a packet, and our share of aiortc's: a call over
loopback, whose other side is in a second process. That is ours for both where it receives, aiortc's
where it sends. Pictures are encoded
already, and so small that decoding them takes next to nothing, but as many bytes as those of
1 Mbit/s. `--profile` prints where ours spends its time.
"""

import argparse
import asyncio
import cProfile
import importlib
import multiprocessing
import pstats
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from itertools import count
from multiprocessing.connection import Connection
from typing import Any

import av

RATE = 30
SIZE = 4200
"""Bytes of a picture: four packets."""
SETTLE = 4.0
"""Seconds until the line is known and everything runs."""
_KEY_INTERVAL = 60


def films() -> list[Any]:
    """Return pictures of VP8 up to the next key frame, with bytes behind them that say nothing."""
    encoder: Any = av.CodecContext.create("libvpx", "w")
    encoder.width = encoder.height = 16
    encoder.pix_fmt, encoder.time_base = "yuv420p", Fraction(1, RATE)
    encoder.options = {"deadline": "realtime", "lag-in-frames": "0"}
    encoder.gop_size = _KEY_INTERVAL
    found = []
    for number in range(_KEY_INTERVAL):
        picture = av.VideoFrame(16, 16, "yuv420p")
        for plane in picture.planes:
            plane.update(bytes([number * 4 % 255]) * plane.buffer_size)
        picture.pts = number
        found += encoder.encode(picture)
    return found


def make_track(module: Any, pictures: list[Any]) -> Any:
    """Return a track of a module that gives them over and over."""

    class Film(module.MediaStreamTrack):  # type: ignore[misc]
        """Pictures by the clock of the machine."""

        kind = "video"

        def __init__(self) -> None:
            super().__init__()
            self.numbers = count()
            self.begin = 0.0

        async def recv(self) -> Any:
            number = next(self.numbers)
            self.begin = self.begin or time.monotonic()
            await asyncio.sleep(max(0.0, self.begin + number / RATE - time.monotonic()))
            source = pictures[number % len(pictures)]
            packet = av.Packet(bytes(source).ljust(SIZE, b"\1"))
            packet.pts, packet.time_base = number, Fraction(1, RATE)
            packet.is_keyframe = source.is_keyframe
            return packet

    return Film()


async def read(track: Any) -> None:
    """Take what a track gives, as programs do."""
    while True:
        await track.recv()


async def until(connection: Any, event: str, condition: Callable[[], bool]) -> None:
    """Wait for what an event tells of."""
    told = asyncio.Event()
    connection.on(event, lambda *_: told.set())
    while not condition():
        told.clear()
        await told.wait()


async def complete(connection: Any) -> dict[str, str]:
    """Return the local description with all candidates."""
    await until(
        connection, "icegatheringstatechange", lambda: connection.iceGatheringState == "complete"
    )
    return {"type": connection.localDescription.type, "sdp": connection.localDescription.sdp}


async def packets(connection: Any, kind: str, member: str) -> int:
    """Return how many packets the statistics of a kind have counted."""
    report = await connection.getStats()
    return sum(getattr(one, member) for one in report.values() if one.type == kind)


@contextmanager
def profiled(wanted: bool) -> Iterator[None]:
    """Print where time was spent."""
    profile = cProfile.Profile()
    if wanted:
        profile.enable()
    yield
    if wanted:
        profile.disable()
        pstats.Stats(profile).sort_stats("tottime").print_stats(45)


class Settings(argparse.Namespace):
    """What the command line says."""

    streams: int
    seconds: float
    profile: bool


async def side(
    name: str, wire: Connection, settings: Settings, *, offers: bool, sends: bool
) -> tuple[float, int]:
    """Be one side of a call; returns the CPU seconds and the packets of a while."""
    module, loop = importlib.import_module(name), asyncio.get_running_loop()
    connection = module.RTCPeerConnection(module.RTCConfiguration(iceServers=[]))
    reading = []
    connection.on("track", lambda track: reading.append(asyncio.ensure_future(read(track))))
    pictures = films()
    if offers:
        for _ in range(settings.streams):
            track = make_track(module, pictures) if sends else "video"
            connection.addTransceiver(track, direction="sendonly" if sends else "recvonly")
        await connection.setLocalDescription(await connection.createOffer())
        wire.send(await complete(connection))
    told = await loop.run_in_executor(None, wire.recv)
    await connection.setRemoteDescription(module.RTCSessionDescription(**told))
    if not offers:
        if sends:
            for _ in range(settings.streams):
                connection.addTrack(make_track(module, pictures))
        await connection.setLocalDescription(await connection.createAnswer())
        wire.send(await complete(connection))
    await until(
        connection, "connectionstatechange", lambda: connection.connectionState == "connected"
    )
    counted = ("outbound-rtp", "packetsSent") if sends else ("inbound-rtp", "packetsReceived")
    await asyncio.sleep(SETTLE)
    before, begin = await packets(connection, *counted), time.process_time()
    with profiled(settings.profile and offers and name == "peer"):
        await asyncio.sleep(settings.seconds)
    cpu, found = time.process_time() - begin, await packets(connection, *counted) - before
    if offers:
        wire.send("enough")
    else:
        await loop.run_in_executor(None, wire.recv)
    for task in reading:
        task.cancel()
    await connection.close()
    return cpu, found


def answer(wire: Connection, settings: Settings, sends: bool) -> None:
    """Be the other side of a call, in a process of its own.

    What sends is aiortc, which does so whatever the other side says: both get all of the stream.
    """
    name = "aiortc" if sends else "peer"
    asyncio.run(side(name, wire, settings, offers=False, sends=sends))


def measured(name: str, wire: Connection, settings: Settings, sends: bool) -> None:
    """Be the side that is measured, in a process of its own, and say what a packet costs."""
    cpu, found = asyncio.run(side(name, wire, settings, offers=True, sends=sends))
    wire.send((cpu, found))


def cost(name: str, settings: Settings, *, sends: bool) -> tuple[float, int]:
    """Have a call; returns the CPU microseconds of a packet, and how many packets there were."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    other, left = spawn.Pipe()
    sides = [
        spawn.Process(target=measured, args=(name, theirs, settings, sends)),
        spawn.Process(target=answer, args=(left, settings, not sends)),
    ]
    for one in sides:
        one.start()
    other.send(ours.recv())
    ours.send(other.recv())
    other.send(ours.recv())
    cpu, found = ours.recv()
    for one in sides:
        one.join()
    return cpu / max(1, found) * 1e6, found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--profile", action="store_true")
    settings = parser.parse_args(namespace=Settings())
    for sends in (True, False):
        theirs, count_of_theirs = cost("aiortc", settings, sends=sends)
        ours, count_of_ours = cost("peer", settings, sends=sends)
        print(
            f"  {'sent' if sends else 'received':9}"
            f" aiortc {theirs:6.1f} us ({count_of_theirs} packets)"
            f"  peer {ours:6.1f} us ({count_of_ours})  {ours / theirs:4.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
