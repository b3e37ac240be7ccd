"""Live long: thousands of connections in one process, and hours of a call on a bad network.

    python -m tools.soak [--connections N] [--hours H] [--seed S]

First connections are opened, used and ended over this machine's sockets, in all the ways in which
programs end them; after each round there must be no task, socket, thread or connection more than
before the first, and after a warm-up memory must not grow. Then a voice call lives through hours
of virtual time in which lines lose, go silent and become narrow, NATs forget, and hosts change
their address: after each change sound must be back, by a restart of ICE where no old path is left.
Says what it found; ends with 1 if it is bad. Linux only.
"""

import argparse
import asyncio
import gc
import os
import random
import statistics
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import astuple, dataclass

from peer import (
    MediaStreamError,
    MediaStreamTrack,
    RTCConfiguration,
    RTCDataChannel,
    RTCPeerConnection,
)
from peer.testing import Conditions, Host, Network, ToneTrack, connect, run

ROUND = 20
"""Connections that live at a time; a round has half as many calls."""
WARM_UP = 0.25
"""The share of the rounds after which memory counts."""
BEARABLE = 2048
"""Bytes by which memory may grow for each connection: the noise of allocators, not a leak."""
PATIENCE = 60.0
"""Seconds that a step of a round may take."""
SETTLING = 5.0
"""Seconds after a round within which nothing of it may be left."""
EVENT = 30.0
"""Virtual seconds from one change of the network to the next."""
NOTICED = 8.0
"""Virtual seconds after a change when ICE is restarted if it has not helped itself."""
BACK = 15.0
"""Virtual seconds after that within which sound must be back."""
SILENCE = 2.0
"""Virtual seconds without a frame that count as silence: lines here lose one packet in ten."""


@dataclass(frozen=True, slots=True)
class Load:
    """What a process has: what must not become more."""

    tasks: int
    sockets: int
    threads: int
    connections: int

    @classmethod
    def now(cls) -> "Load":
        """Count it."""
        gc.collect()
        connections = sum(isinstance(each, RTCPeerConnection) for each in gc.get_objects())
        # The loop's own threads, and those of lookups, end by themselves.
        threads = [each for each in threading.enumerate() if not each.name.startswith("asyncio_")]
        return cls(len(asyncio.all_tasks()), _sockets(), len(threads), connections)

    def is_within(self, before: "Load") -> bool:
        """Whether nothing of it is more; what ended meanwhile is no fault."""
        return all(
            ours <= theirs for ours, theirs in zip(astuple(self), astuple(before), strict=True)
        )


async def settled(before: Load) -> Load:
    """Count until it is no more, or patience ends: what the system closes may take a moment."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + SETTLING
    while not (after := Load.now()).is_within(before) and loop.time() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(0.1)
    return after


def _sockets() -> int:
    count = 0
    for name in os.listdir("/proc/self/fd"):
        try:
            count += os.readlink(f"/proc/self/fd/{name}").startswith("socket:")
        except FileNotFoundError:
            continue
    return count


def memory() -> int:
    """Bytes of this process that are in memory."""
    with open("/proc/self/statm", encoding="ascii") as figures:
        return int(figures.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def growth(sizes: list[int], connections: int) -> float:
    """Bytes by which memory grew for each connection after the warm-up, by medians."""
    counted = sizes[round(len(sizes) * WARM_UP) :]
    part = max(1, len(counted) // 4)
    more = statistics.median(counted[-part:]) - statistics.median(counted[:part])
    return max(0.0, more) / max(1, connections * (1 - WARM_UP))


async def negotiate(a: RTCPeerConnection, b: RTCPeerConnection) -> None:
    """Exchange descriptions."""
    await a.setLocalDescription()
    await b.setRemoteDescription(a.localDescription)
    await b.setLocalDescription()
    await a.setRemoteDescription(b.localDescription)


async def use(a: RTCPeerConnection, b: RTCPeerConnection) -> None:
    """Have a message and its answer go, and hear sound."""
    back: asyncio.Future[object] = asyncio.get_running_loop().create_future()
    heard = asyncio.Event()
    channel = a.createDataChannel("chat")
    channel.on("open", lambda: channel.send(b"there and back"))
    channel.on("message", back.set_result)

    @b.on("datachannel")
    def echo(theirs: RTCDataChannel) -> None:
        theirs.on("message", theirs.send)

    @b.on("track")
    async def hear(track: MediaStreamTrack) -> None:
        await track.recv()
        heard.set()

    a.addTrack(ToneTrack())
    await negotiate(a, b)
    await back
    await heard.wait()


async def together(a: RTCPeerConnection, b: RTCPeerConnection) -> None:
    """Both hang up at the same time."""
    await use(a, b)
    await asyncio.gather(a.close(), b.close())


async def one_side(a: RTCPeerConnection, b: RTCPeerConnection) -> None:
    """One hangs up, and the other hears of it."""
    await use(a, b)
    gone = asyncio.Event()
    b.on("connectionstatechange", gone.set)
    await a.close()
    await gone.wait()
    await b.close()


async def again(a: RTCPeerConnection, b: RTCPeerConnection) -> None:
    """ICE restarts, and both hang up while it does."""
    await use(a, b)
    a.restartIce()
    await negotiate(a, b)
    await asyncio.gather(a.close(), b.close())


async def half_way(a: RTCPeerConnection, b: RTCPeerConnection) -> None:
    """Both hang up while they connect."""
    a.createDataChannel("chat")
    a.addTrack(ToneTrack())
    await negotiate(a, b)
    await asyncio.gather(a.close(), b.close())


async def unanswered(a: RTCPeerConnection, b: RTCPeerConnection) -> None:
    """Nobody answers; nobody waits for the end of closing either."""
    a.createDataChannel("chat")
    await a.setLocalDescription()
    await b.setRemoteDescription(a.localDescription)
    a.close()  # type: ignore[unused-coroutine]
    await b.close()
    await a.close()


async def given_up(a: RTCPeerConnection, b: RTCPeerConnection) -> None:
    """The program that sets a description is cancelled."""
    a.createDataChannel("chat")
    setting = asyncio.ensure_future(negotiate(a, b))
    await asyncio.sleep(0.001)
    setting.cancel()
    await asyncio.wait({setting})
    await asyncio.gather(a.close(), b.close())


Ending = Callable[[RTCPeerConnection, RTCPeerConnection], Coroutine[object, object, None]]
ENDINGS: tuple[Ending, ...] = (
    together,
    one_side,
    again,
    half_way,
    unanswered,
    given_up,
)


async def one_round(number: int) -> None:
    """Have the calls of a round live and end, side by side; nothing of them is left."""
    nobody = RTCConfiguration(iceServers=[])
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
        for index in range(ROUND // 2):
            ending = ENDINGS[(number + index) % len(ENDINGS)]
            pair = RTCPeerConnection(nobody), RTCPeerConnection(nobody)
            group.create_task(ending(*pair))


async def many_connections(connections: int) -> list[str]:
    """Open, use and end so many; say what is bad."""
    await one_round(0)
    before, sizes = Load.now(), [memory()]
    rounds = max(1, connections // ROUND)
    for number in range(1, rounds + 1):
        await one_round(number)
        if not (after := await settled(before)).is_within(before):
            return [f"after {number * ROUND} connections there is {after}, and was {before}"]
        sizes.append(memory())
        _tell(f"{number * ROUND} connections, {sizes[-1] >> 20} MB")
    grown = growth(sizes, rounds * ROUND)
    _tell(f"memory grew by {grown:.0f} bytes a connection after the warm-up\n")
    return [f"{grown:.0f} bytes a connection are not given back"] if grown > BEARABLE else []


class Ear:
    """Notes when sound was heard last."""

    def __init__(self, pc: RTCPeerConnection) -> None:
        self.last = float("-inf")
        pc.on("track", self._listen)

    async def _listen(self, track: MediaStreamTrack) -> None:
        loop = asyncio.get_running_loop()
        try:
            while True:
                await track.recv()
                self.last = loop.time()
        except MediaStreamError:
            pass


async def goes_silent(host: Host, dice: random.Random) -> None:
    """Nothing passes for a while."""
    await host.line.outage(dice.uniform(0.5, 4))


async def loses(host: Host, dice: random.Random) -> None:
    """The line loses more, or less, than before."""
    host.line.change(loss=dice.choice([0.0, 0.01, 0.05, 0.1]))


async def becomes_narrow(host: Host, dice: random.Random) -> None:
    """The line takes less, or more, than before."""
    host.line.change(rate=dice.choice([60_000, 200_000, 2_000_000]), queue=0.3)


async def nat_forgets(host: Host, dice: random.Random) -> None:
    """The NAT has no mapping any more."""
    host.site.rebind()


async def is_renumbered(host: Host, dice: random.Random) -> None:
    """The NAT comes back with another address."""
    host.site.renumber()


async def moves(host: Host, dice: random.Random) -> None:
    """The host has another address, as one that changes networks."""
    host.change_address()


CHANGES: tuple[Callable[[Host, random.Random], Awaitable[None]], ...] = (
    goes_silent,
    loses,
    becomes_narrow,
    nat_forgets,
    is_renumbered,
    moves,
)


async def long_call(hours: float, seed: int) -> list[str]:
    """Have a voice call live through changes of the network; say what is bad."""
    network, dice, loop = Network(seed=seed), random.Random(seed), asyncio.get_running_loop()
    network.stun_server()
    network.turn_server()
    line = Conditions(delay=0.04, jitter=0.01, loss=0.01)
    hosts = [network.host(name, nat="port-restricted", link=line) for name in ("alice", "bob")]
    a, b = (host.connection() for host in hosts)
    a.addTrack(ToneTrack())
    b.addTrack(ToneTrack())
    ears = Ear(a), Ear(b)
    signalling = await connect(a, b)
    bad = []
    for number in range(round(hours * 3600 / EVENT)):
        host, change = dice.choice(hosts), dice.choice(CHANGES)
        await change(host, dice)
        await asyncio.sleep(NOTICED)
        if {a.connectionState, b.connectionState} != {"connected"}:
            # As programs do that can signal.
            a.restartIce()
            await signalling.negotiate(a)
        await asyncio.sleep(BACK)
        for name, pc, ear in zip("ab", (a, b), ears, strict=True):
            if loop.time() - ear.last > SILENCE:
                bad.append(
                    f"{loop.time():.0f} s: {name} hears nothing: {change.__name__}\n{pc.explain()}"
                )
        _tell(f"{(number + 1) * EVENT / 60:.1f} minutes of a call, {memory() >> 20} MB")
        await asyncio.sleep(EVENT - NOTICED - BACK)
    await asyncio.gather(a.close(), b.close())
    return bad


def _tell(text: str) -> None:
    print(f"\r\x1b[K{text}" if sys.stdout.isatty() else text, end="", flush=True)
    if not sys.stdout.isatty():
        print()


def main() -> int:
    """Do both; returns what the process is to exit with."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--connections", type=int, default=2000)
    parser.add_argument("--hours", type=float, default=2.0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    bad = asyncio.run(many_connections(given.connections))
    bad += run(long_call(given.hours, given.seed), seed=given.seed)
    print("\n".join(["", *bad]) if bad else "\nNothing is left, and sound was always back.")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
