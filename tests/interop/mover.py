"""Change the network under a call, and tell how long nothing was heard, as a line of JSON.

    unshare --net python -m tests.interop.mover

It makes the interfaces of a namespace of its own: two uplinks of one side, which are switched off
and exchanged by the tools of the system, and the network of the other.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise

from peer.ice import IceConfig, IceRole, IceState, StateChanged
from peer.net import InterfaceAddress, NetConfig
from tests.net.support import STREAM, Side, assert_nothing_left, connect, eventually

PACE = 0.02
"""Seconds between packets of data, each way."""


def ip(*arguments: str) -> None:
    """Run the system's tool."""
    subprocess.run(["ip", *arguments], check=True)


def add(interface: str, address: str) -> None:
    """Add an interface that is up."""
    far = f"{interface}-far"
    ip("link", "add", interface, "type", "veth", "peer", "name", far)
    ip("address", "add", f"{address}/24", "dev", interface)
    for each in (interface, far):
        ip("link", "set", each, "up")


def on(*interfaces: str) -> Callable[[InterfaceAddress], bool]:
    """Tell which addresses are of these interfaces, IPv4 ones."""
    return lambda address: address.interface in interfaces and ":" not in address.host


async def talk(side: Side) -> None:
    """Send data at a steady pace."""
    while True:
        side.driver.send(STREAM, 1, b"\x80data")
        await asyncio.sleep(PACE)


def outage(side: Side, since: float) -> float:
    """The longest time in which a side heard nothing."""
    times = [since, *(time for time in side.arrivals if time > since)]
    return max((later - earlier for earlier, later in pairwise(times)), default=float("inf"))


async def change(mover: Side, peer: Side, event: Callable[[], None], away: str) -> float:
    """Let something happen, wait until both sides left an address; returns the longest outage."""
    loop = asyncio.get_running_loop()
    since = loop.time()
    await asyncio.to_thread(event)
    await eventually(lambda: mover_uses(mover) != away)
    for side in (mover, peer):
        heard = len(side.data)
        await side.received(heard + 100)
    return max(outage(side, since) for side in (mover, peer))


def mover_uses(side: Side) -> str:
    """The address that a side sends from."""
    route = side.driver.component(STREAM, 1).route
    return "" if route is None else route.local.host


def exchange() -> None:
    """Take the uplink in use away, and have another one come, as a telephone does."""
    ip("link", "delete", "cell0")
    add("usb0", "10.4.0.1")


async def call() -> dict[str, object]:
    """Make the call, and change the network twice."""
    sides = [
        Side(role, ice=IceConfig(), config=NetConfig(keep=keep))
        for role, keep in (
            (IceRole.CONTROLLED, on("wlan0", "cell0", "usb0")),
            (IceRole.CONTROLLING, on("peer0")),
        )
    ]
    mover, peer = sides
    await connect(peer, mover)
    # The first checks of spare pairs are three seconds away.
    talking = [asyncio.create_task(talk(side)) for side in sides]
    await peer.received(200)
    down = await change(mover, peer, lambda: ip("link", "set", "wlan0", "down"), "10.1.0.1")
    switched = await change(mover, peer, exchange, "10.2.0.1")
    failed = [
        event.state.value
        for side in sides
        for event in side.of(StateChanged)
        if event.state is IceState.FAILED
    ]
    for task in talking:
        task.cancel()
    await asyncio.wait(talking)
    uses = mover_uses(mover)
    for side in sides:
        await side.close()
    await assert_nothing_left()
    return {"down": down, "switched": switched, "uses": uses, "failed": failed}


def main() -> None:
    """Make the network and tell what happened."""
    ip("link", "set", "lo", "up")
    add("wlan0", "10.1.0.1")
    add("cell0", "10.2.0.1")
    add("peer0", "10.3.0.1")
    sys.stdout.write(json.dumps(asyncio.run(call())) + "\n")


if __name__ == "__main__":
    main()
