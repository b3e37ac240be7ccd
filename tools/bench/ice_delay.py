"""Time, with a delay on the way, from both descriptions known to a pair that carries data.

    python -m tools.bench.ice_delay [--delay MS] [--rounds N]

Two of our agents with one address each, in real time; every datagram takes `delay` one way.
"""

import argparse
import heapq
import os
import statistics
import time
from dataclasses import dataclass

from peer.ice import (
    CandidateGathered,
    DataReceived,
    IceAgent,
    IceRole,
    RemoteParameters,
    SelectedPairChanged,
    Transmit,
)

SPIN = 0.005
"""The last seconds of a wait are spent looking at the clock."""

ADDRESSES = (("192.0.2.1", 5000), ("192.0.2.2", 5000))


@dataclass(slots=True)
class Times:
    """When things happened on the controlling side, in seconds from both descriptions known."""

    valid: float = 0.0
    nominated: float = 0.0
    data: float = 0.0


class DelayedPair:
    """Two agents joined by a delay in real time."""

    def __init__(self, delay: float) -> None:
        self.delay = delay
        self.times = Times()
        self.flying: list[tuple[float, int, Transmit]] = []
        self.sequence = 0
        # Each stands for an agent on a host of its own, so they share no pacing budget.
        self.agents = [
            IceAgent(role=role, entropy=os.urandom)
            for role in (IceRole.CONTROLLING, IceRole.CONTROLLED)
        ]

    def start(self) -> None:
        """Exchange descriptions and candidates; the clock starts then."""
        parameters = [agent.add_stream("0") for agent in self.agents]
        for agent, address, remote in zip(
            self.agents, ADDRESSES, reversed(parameters), strict=True
        ):
            agent.add_base("0", 1, address)
            agent.end_of_bases("0")
            agent.set_remote_parameters(
                "0", RemoteParameters(remote.username_fragment, remote.password)
            )
        self.started = time.perf_counter()

    def collect(self, index: int) -> None:
        """Put on the way what an agent sends, and look at its events."""
        agent, other = self.agents[index], self.agents[1 - index]
        now = time.perf_counter()
        for transmit in agent.transmits():
            self.sequence += 1
            heapq.heappush(self.flying, (now + self.delay, self.sequence, transmit))
        while (event := agent.next_event()) is not None:
            elapsed = now - self.started
            if isinstance(event, CandidateGathered):
                other.add_remote_candidate("0", event.candidate)
            elif isinstance(event, DataReceived) and index == 1:
                self.times.data = self.times.data or elapsed
            elif isinstance(event, SelectedPairChanged) and index == 0:
                if event.nominated:
                    self.times.nominated = elapsed
                else:
                    self.times.valid = elapsed
                    agent.send("0", 1, b"\x80first", now=now)
                    self.collect(index)

    def run(self) -> Times:
        """Run until data has arrived and the pair is nominated."""
        self.start()
        while not (self.times.data and self.times.nominated):
            for index in (0, 1):
                self.collect(index)
            timers = [agent.get_timer() for agent in self.agents]
            times = [timer for timer in timers if timer is not None]
            times += [flight[0] for flight in self.flying[:1]]
            wait_until(min(times))
            self.deliver()
            for agent in self.agents:
                timer = agent.get_timer()
                if timer is not None and timer <= time.perf_counter():
                    agent.handle_timer(now=time.perf_counter())
        return self.times

    def deliver(self) -> None:
        """Hand over what has arrived."""
        while self.flying and self.flying[0][0] <= time.perf_counter():
            _, _, transmit = heapq.heappop(self.flying)
            index = ADDRESSES.index(tuple(transmit.remote))
            self.agents[index].receive_datagram(
                transmit.data,
                local=transmit.remote,
                source=transmit.local,
                now=time.perf_counter(),
            )
            self.collect(index)


def wait_until(due: float) -> None:
    """Wait without the milliseconds by which sleeping overshoots."""
    time.sleep(max(0.0, due - time.perf_counter() - SPIN))
    while time.perf_counter() < due:
        pass


def main() -> None:
    """Print the medians, in round trips."""
    parser = argparse.ArgumentParser(description="Time the first valid pair with a delay")
    parser.add_argument("--delay", type=float, default=50.0, help="one way, in milliseconds")
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    delay = arguments.delay / 1000
    samples = [DelayedPair(delay).run() for _ in range(arguments.rounds + 1)][1:]
    print(f"one address each, {arguments.delay:g} ms one way, medians of {arguments.rounds}:")
    for name in ("valid", "data", "nominated"):
        value = statistics.median(getattr(sample, name) for sample in samples)
        over = (value % (2 * delay if name != "data" else delay)) * 1000
        print(
            f"  {name:10} after {value * 1000:7.2f} ms = {value / delay / 2:5.3f} round trips,"
            f" {over:4.2f} ms of it processing"
        )


if __name__ == "__main__":
    main()
