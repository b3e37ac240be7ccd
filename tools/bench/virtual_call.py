"""What ten minutes of a voice call in virtual time cost of a processor (`peer.testing`).

    python -m tools.bench.virtual_call [--minutes N] [--rounds N]

Both sides speak, behind NATs, over a line with some delay, jitter and loss.
"""

import argparse
import asyncio
import statistics
import time

from peer.testing import Conditions, Network, ToneTrack, connect, run


async def call(seconds: float) -> None:
    """Hold the call for so long."""
    net = Network(seed=1)
    net.stun_server()
    line = Conditions(delay=0.03, jitter=0.01, loss=0.01)
    hosts = [net.host(name, nat="port-restricted", link=line) for name in ("alice", "bob")]
    one, other = (host.connection() for host in hosts)
    listening = []
    for connection in (one, other):
        connection.addTrack(ToneTrack())
        connection.on("track", lambda track: listening.append(asyncio.create_task(listen(track))))
    await connect(one, other)
    await asyncio.sleep(seconds)
    await asyncio.gather(one.close(), other.close())
    await asyncio.gather(*listening, return_exceptions=True)


async def listen(track: object) -> None:
    """Read a track to its end."""
    while True:
        await track.recv()  # type: ignore[attr-defined]


def main() -> None:
    """Print the median over the rounds."""
    parser = argparse.ArgumentParser(description="CPU of a voice call in virtual time")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    costs = []
    for _ in range(arguments.rounds):
        began = time.process_time()
        run(call(60 * arguments.minutes))
        costs.append(time.process_time() - began)
    print(f"{arguments.minutes:g} minutes of call: {statistics.median(costs):.1f} s of CPU")


if __name__ == "__main__":
    main()
