"""Connect a pair of ICE agents over real sockets on loopback, here and with aioice.

    python -m tools.bench.ice [--rounds N] [--addresses N]

Prints, as medians, the CPU time and the wall time from nothing to a nominated pair on both
sides, the datagrams sent, and our share of aioice's CPU time.
"""

import argparse
import asyncio
import os
import selectors
import socket
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from unittest.mock import patch

import aioice
import aioice.ice
import aioice.stun

from peer.ice import (
    CandidateGathered,
    GatheringCompleted,
    IceAgent,
    IceConfig,
    IceRole,
    PacingBudget,
    RemoteParameters,
    SelectedPairChanged,
)


@dataclass(frozen=True, slots=True)
class Sample:
    """What one connection cost; times in seconds."""

    cpu: float
    wall: float
    datagrams: int


class Side:
    """One agent with its sockets."""

    def __init__(
        self,
        role: IceRole,
        hosts: list[str],
        budget: PacingBudget,
        selector: selectors.BaseSelector,
    ) -> None:
        config = IceConfig(allow_loopback=True)
        self.agent = IceAgent(config, role=role, entropy=os.urandom, budget=budget)
        self.parameters = self.agent.add_stream("0")
        self.sockets: dict[tuple[str, int], socket.socket] = {}
        self.sent = 0
        self.nominated = False
        for host in hosts:
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.setblocking(False)
            sock.bind((host, 0))
            self.sockets[sock.getsockname()] = sock
            selector.register(sock, selectors.EVENT_READ, (self, sock.getsockname()))
            self.agent.add_base("0", 1, sock.getsockname())
        self.agent.end_of_bases("0")

    def describe(self, other: "Side") -> None:
        """Give our credentials to the other side."""
        parameters = self.parameters
        other.agent.set_remote_parameters(
            "0", RemoteParameters(parameters.username_fragment, parameters.password)
        )

    def pump(self, other: "Side") -> None:
        """Send what is to be sent and signal what is to be signalled."""
        agent = self.agent
        for transmit in agent.transmits():
            self.sockets[transmit.local].sendto(transmit.data, transmit.remote)
            self.sent += 1
        while (event := agent.next_event()) is not None:
            if isinstance(event, CandidateGathered):
                other.agent.add_remote_candidate("0", event.candidate)
            elif isinstance(event, GatheringCompleted):
                other.agent.end_of_remote_candidates("0")
            elif isinstance(event, SelectedPairChanged) and event.nominated:
                self.nominated = True

    def close(self, selector: selectors.BaseSelector) -> None:
        """Close agent and sockets."""
        self.agent.close()
        for sock in self.sockets.values():
            selector.unregister(sock)
            sock.close()


def connect_ours(hosts: list[str]) -> Sample:
    """Connect two of our agents."""
    cpu, wall = time.process_time(), time.perf_counter()
    selector = selectors.DefaultSelector()
    budget = PacingBudget()
    ours = Side(IceRole.CONTROLLING, hosts, budget, selector)
    theirs = Side(IceRole.CONTROLLED, hosts, budget, selector)
    ours.describe(theirs)
    theirs.describe(ours)
    pairs = ((ours, theirs), (theirs, ours))
    while not (ours.nominated and theirs.nominated):
        for side, other in pairs:
            side.pump(other)
        timers = [timer for side, _ in pairs if (timer := side.agent.get_timer()) is not None]
        wait = max(0.0, min(timers, default=time.perf_counter() + 1) - time.perf_counter())
        for key, _ in selector.select(wait):
            side, local = key.data
            data, source = side.sockets[local].recvfrom(2048)
            side.agent.receive_datagram(data, local=local, source=source, now=time.perf_counter())
        now = time.perf_counter()
        for side, _ in pairs:
            timer = side.agent.get_timer()
            if timer is not None and timer <= now:
                side.agent.handle_timer(now=now)
    for side, other in pairs:
        side.pump(other)
    sample = Sample(time.process_time() - cpu, time.perf_counter() - wall, ours.sent + theirs.sent)
    for side, _ in pairs:
        side.close(selector)
    selector.close()
    return sample


def connect_aioice(hosts: list[str]) -> Sample:
    """Connect two aioice connections."""
    sent = 0
    original = aioice.ice.StunProtocol.send_stun

    def counted(
        self: aioice.ice.StunProtocol, message: aioice.stun.Message, address: tuple[str, int]
    ) -> None:
        nonlocal sent
        sent += 1
        original(self, message, address)

    async def connect() -> Sample:
        cpu, wall = time.process_time(), time.perf_counter()
        ours = aioice.Connection(ice_controlling=True)
        theirs = aioice.Connection(ice_controlling=False)
        await asyncio.gather(ours.gather_candidates(), theirs.gather_candidates())
        for one, other in ((ours, theirs), (theirs, ours)):
            for candidate in other.local_candidates:
                await one.add_remote_candidate(candidate)
            await one.add_remote_candidate(None)
            one.remote_username = other.local_username
            one.remote_password = other.local_password
        await asyncio.gather(ours.connect(), theirs.connect())
        sample = Sample(time.process_time() - cpu, time.perf_counter() - wall, sent)
        await asyncio.gather(ours.close(), theirs.close())
        return sample

    with (
        patch.object(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: hosts),
        patch.object(aioice.ice.StunProtocol, "send_stun", counted),
    ):
        return asyncio.run(connect())


def compare(addresses: int, rounds: int) -> tuple[list[Sample], list[Sample]]:
    """Connect both kinds in turn, after one round that is not counted."""
    hosts = [f"127.0.0.{i + 1}" for i in range(addresses)]
    ours, theirs = [], []
    for i in range(rounds + 1):
        samples = connect_ours(hosts), connect_aioice(hosts)
        if i:
            ours.append(samples[0])
            theirs.append(samples[1])
    return ours, theirs


def median(samples: list[Sample], value: Callable[[Sample], float]) -> float:
    """Give the median of one figure."""
    return statistics.median(value(sample) for sample in samples)


def main() -> None:
    """Print the comparison for one address and for many."""
    parser = argparse.ArgumentParser(description="Connect ICE agents, here and with aioice")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--addresses", type=int, default=16)
    arguments = parser.parse_args()
    for addresses in (1, arguments.addresses):
        ours, theirs = compare(addresses, arguments.rounds)
        print(f"ICE, {addresses} x {addresses} addresses, medians of {arguments.rounds}:")
        for name, samples in (("aiopeer", ours), ("aioice", theirs)):
            cpu = median(samples, lambda sample: sample.cpu) * 1e3
            wall = median(samples, lambda sample: sample.wall) * 1e3
            count = median(samples, lambda sample: sample.datagrams)
            print(f"  {name:8} {cpu:8.2f} ms CPU {wall:8.2f} ms wall {count:6.0f} datagrams")
        ratio = median(ours, lambda sample: sample.cpu) / median(theirs, lambda sample: sample.cpu)
        print(f"  ratio    {ratio:8.3f} of aioice's CPU")


if __name__ == "__main__":
    main()
