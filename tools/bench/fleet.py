"""Connect many connections in one process at once, and let them idle.

    python -m tools.bench.fleet [--connections N] [--pacing MS] [--idle SECONDS] [--aiortc]

Each call is two connections of this process with a data channel, over this machine's addresses.
Prints the time until all channels are open, and of a connection: the CPU time of its set-up and of
an idle second, and how many checks of consent it sent (12 in a minute, RFC 7675 §5.1).
`--pacing` is `NetConfig.pacing`; `--aiortc` has stock aiortc do the same.
"""

import argparse
import asyncio
import time
from typing import Any

import aiortc

from peer import RTCConfiguration, RTCPeerConnection
from peer.net import NetConfig

PATIENCE = 120.0
"""Seconds within which all of them have connected."""


def make(arguments: argparse.Namespace) -> Any:
    """Make a connection without servers."""
    if arguments.aiortc:
        return aiortc.RTCPeerConnection(aiortc.RTCConfiguration(iceServers=[]))
    network = NetConfig(pacing=arguments.pacing / 1000)
    return RTCPeerConnection(RTCConfiguration(iceServers=[], network=network))


async def connect(one: Any, other: Any) -> None:
    """Exchange descriptions, and wait until the channel is open."""
    channel, opened = one.createDataChannel("chat"), asyncio.Event()
    channel.on("open", opened.set)
    await one.setLocalDescription(await one.createOffer())
    await other.setRemoteDescription(one.localDescription)
    await other.setLocalDescription(await other.createAnswer())
    await one.setRemoteDescription(other.localDescription)
    await opened.wait()


async def consent_checks(connections: list[Any]) -> list[int]:
    """Count the checks of consent that each connection has sent; aiortc does not count them."""
    found = []
    for connection in connections:
        for each in (await connection.getStats()).values():
            sent = getattr(each, "consentRequestsSent", None)
            if each.type == "candidate-pair" and sent and each.nominated:
                found.append(sent)
    return found


async def measure(arguments: argparse.Namespace) -> None:
    """Connect, idle, close, and print what it cost."""
    count = arguments.connections // 2 * 2
    connections = [make(arguments) for _ in range(count)]
    wall, cpu = time.perf_counter(), time.process_time()
    async with asyncio.timeout(PATIENCE):
        pairs = zip(connections[::2], connections[1::2], strict=True)
        await asyncio.gather(*(connect(one, other) for one, other in pairs))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{count} connections: {wall:.2f} s, {1000 * cpu / count:.1f} ms of CPU each")
    if arguments.idle:
        began = await consent_checks(connections)
        cpu = time.process_time()
        await asyncio.sleep(arguments.idle)
        cpu = time.process_time() - cpu
        sent = await consent_checks(connections)
        lost = sum(
            each.iceConnectionState not in ("connected", "completed") for each in connections
        )
        print(
            f"idle: {1e6 * cpu / count / arguments.idle:.0f} us of CPU each a second, {lost} lost"
        )
        if sent:
            per_minute = 60 / arguments.idle / count * (sum(sent) - sum(began))
            print(f"consent: {per_minute:.1f} checks each a minute")
    await asyncio.gather(*(connection.close() for connection in connections))


def main() -> None:
    """Read the arguments."""
    parser = argparse.ArgumentParser(description="Many connections in one process")
    parser.add_argument("--connections", type=int, default=200)
    parser.add_argument("--pacing", type=float, default=5.0, help="in milliseconds")
    parser.add_argument("--idle", type=float, default=0.0, help="seconds")
    parser.add_argument("--aiortc", action="store_true")
    asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    main()
