"""Send datagrams through two connected ICE transports on loopback, here and with aioice.

    python -m tools.bench.net [--datagrams N] [--bursts N ...] [--rounds N] [--uvloop]

Prints the CPU time of sending one datagram of 1200 bytes and receiving it, one at a time as paced
media and in bursts as the packets of a picture, the wall time of it, what a system call for each
datagram takes, the time of connecting, and our share of aioice's, as medians over rounds
that take turns.
"""

import argparse
import asyncio
import importlib
import socket
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from unittest.mock import patch

import aioice
import aioice.ice

from peer.ice import (
    CandidateGathered,
    GatheringCompleted,
    IceConfig,
    IceRole,
    NetworkType,
    PacingBudget,
    RemoteParameters,
    SelectedPairChanged,
)
from peer.net import DriverEvent, IceDriver, InterfaceAddress, NetConfig

PAYLOAD = b"\x80" + bytes(1199)
LARGE = 4 << 20


@dataclass(frozen=True, slots=True)
class Sample:
    """What one connection cost: CPU and wall seconds to connect and for each datagram."""

    connect_cpu: float
    connect: float
    cpu: float
    wall: float


class Side:
    """One of our drivers, told everything the other one finds."""

    def __init__(self, role: IceRole, budget: PacingBudget) -> None:
        net = NetConfig(
            addresses=lambda: [InterfaceAddress("lo", "127.0.0.1", 8, NetworkType.LOOPBACK)]
        )
        ice = IceConfig(allow_loopback=True)
        self.driver = IceDriver(ice, role=role, on_event=self._event, net=net, budget=budget)
        self.parameters = self.driver.add_stream("0")
        self.nominated = asyncio.Event()
        self.other: Side | None = None

    def _event(self, event: DriverEvent) -> None:
        if isinstance(event, SelectedPairChanged) and event.nominated:
            self.nominated.set()
        elif self.other is not None and isinstance(event, CandidateGathered):
            self.other.driver.add_remote_candidate("0", event.candidate)
        elif self.other is not None and isinstance(event, GatheringCompleted):
            self.other.driver.end_of_remote_candidates("0")

    def meet(self, other: "Side") -> None:
        """Tell the other side our credentials, and begin."""
        self.other = other
        ours = self.parameters
        remote = RemoteParameters(ours.username_fragment, ours.password)
        other.driver.set_remote_parameters("0", remote)
        self.driver.gather()


class Counter:
    """Counts datagrams and wakes who waits for a number of them."""

    def __init__(self) -> None:
        self.count = 0
        self._wanted = 0
        self._reached = asyncio.get_running_loop().create_future()

    def sink(self, data: bytes, now: float) -> None:
        """Take a datagram."""
        self.count += 1
        if self.count == self._wanted:
            self._reached.set_result(None)

    def reach(self, wanted: int) -> asyncio.Future[None]:
        """Give what is done when this many have arrived."""
        self._wanted = wanted
        self._reached = asyncio.get_running_loop().create_future()
        return self._reached


async def ours(datagrams: int, burst: int) -> Sample:
    """Measure our drivers."""
    started, cpu = time.perf_counter(), time.process_time()
    budget = PacingBudget()
    left, right = Side(IceRole.CONTROLLING, budget), Side(IceRole.CONTROLLED, budget)
    left.meet(right)
    right.meet(left)
    await left.nominated.wait()
    await right.nominated.wait()
    connected, connected_cpu = time.perf_counter() - started, time.process_time() - cpu
    counter = Counter()
    right.driver.set_sink("0", 1, counter.sink)
    send = left.driver.component("0").send
    cpu, wall = time.process_time(), time.perf_counter()
    for sent in range(0, datagrams, burst):
        arrived = counter.reach(sent + burst)
        for _ in range(burst):
            send(PAYLOAD)
        await arrived
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    await left.driver.close()
    await right.driver.close()
    return Sample(connected_cpu, connected, cpu / counter.count, wall / counter.count)


async def theirs(datagrams: int, burst: int) -> Sample:
    """Measure aioice at its best.

    asyncio asks for 256 KB with each datagram. Freeing something larger first lets malloc take
    them from its heap from the beginning; else they are mapped anew for each datagram at first,
    which doubles what aioice takes.
    """
    bytes(LARGE)
    started, cpu = time.perf_counter(), time.process_time()
    with patch.object(aioice.ice, "get_host_addresses", lambda **_: ["127.0.0.1"]):
        left, right = aioice.Connection(True), aioice.Connection(False)
        for one, other in ((left, right), (right, left)):
            await one.gather_candidates()
            for candidate in one.local_candidates:
                await other.add_remote_candidate(candidate)
            await other.add_remote_candidate(None)
            other.remote_username = one.local_username
            other.remote_password = one.local_password
    await asyncio.gather(left.connect(), right.connect())
    connected, connected_cpu = time.perf_counter() - started, time.process_time() - cpu
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(0, datagrams, burst):
        for _ in range(burst):
            await left.send(PAYLOAD)
        for _ in range(burst):
            await right.recv()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    await left.close()
    await right.close()
    return Sample(connected_cpu, connected, cpu / datagrams, wall / datagrams)


def bare(datagrams: int, burst: int) -> float:
    """Measure what sockets alone cost: CPU seconds for each datagram sent and received."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as left,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as right,
    ):
        left.bind(("127.0.0.1", 0))
        right.bind(("127.0.0.1", 0))
        remote = right.getsockname()
        cpu = time.process_time()
        for _ in range(0, datagrams, burst):
            for _ in range(burst):
                left.sendto(PAYLOAD, remote)
            for _ in range(burst):
                right.recvfrom(2048)
        return (time.process_time() - cpu) / datagrams


@dataclass(frozen=True, slots=True)
class Comparison:
    """Medians of ours and of aioice's, and the CPU seconds of bare sockets."""

    ours: Sample
    theirs: Sample
    floor: float


def measure(
    run: Callable[..., Sample], rounds: int, datagrams: int, bursts: list[int]
) -> dict[int, Comparison]:
    """Let all take turns, so that what else the machine does hits them alike."""
    mine: dict[int, list[Sample]] = {burst: [] for burst in bursts}
    other: dict[int, list[Sample]] = {burst: [] for burst in bursts}
    floor: dict[int, list[float]] = {burst: [] for burst in bursts}
    for _ in range(rounds):
        for burst in bursts:
            mine[burst].append(run(ours(datagrams, burst)))
            other[burst].append(run(theirs(datagrams, burst)))
            floor[burst].append(bare(datagrams, burst))
    return {
        burst: Comparison(
            median(mine[burst]), median(other[burst]), statistics.median(floor[burst])
        )
        for burst in bursts
    }


def median(samples: list[Sample]) -> Sample:
    """Give the median of each figure."""
    return Sample(
        statistics.median(sample.connect_cpu for sample in samples),
        statistics.median(sample.connect for sample in samples),
        statistics.median(sample.cpu for sample in samples),
        statistics.median(sample.wall for sample in samples),
    )


def show(burst: int, found: Comparison) -> None:
    """Print one table."""
    mine, other, floor = found.ours, found.theirs, found.floor
    pattern = "one at a time" if burst == 1 else f"in bursts of {burst}"
    print(f"datagrams of {len(PAYLOAD)} bytes, {pattern}")
    print(f"{'':32}{'aiopeer':>10}{'aioice':>10}{'share':>8}")
    for name, a, b, unit, factor in (
        ("CPU per datagram", mine.cpu, other.cpu, "us", 1e6),
        ("wall time per datagram", mine.wall, other.wall, "us", 1e6),
        ("CPU of connecting", mine.connect_cpu, other.connect_cpu, "ms", 1e3),
        ("wall time of connecting", mine.connect, other.connect, "ms", 1e3),
    ):
        print(f"{name + ', ' + unit:32}{a * factor:10.1f}{b * factor:10.1f}{a / b:8.2f}")
    print(f"{'bare sendto and recvfrom, us':32}{floor * 1e6:10.1f}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Datagrams through ICE, here and with aioice")
    parser.add_argument("--datagrams", type=int, default=8000)
    parser.add_argument("--bursts", type=int, nargs="+", default=[1, 16])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--uvloop", action="store_true")
    arguments = parser.parse_args()
    run: Callable[..., Sample] = asyncio.run
    if arguments.uvloop:
        run = importlib.import_module("uvloop").run
    found = measure(run, arguments.rounds, arguments.datagrams, arguments.bursts)
    for burst, comparison in found.items():
        show(burst, comparison)


if __name__ == "__main__":
    main()
