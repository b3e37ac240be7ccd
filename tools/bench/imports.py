"""How long it takes to import a connection, and to make one, side by side with aiortc.

    python -m tools.bench.imports [rounds]

Both are measured by turns in fresh processes, so that whatever else the machine does hits both;
processor time counts.
"""

import os
import statistics
import subprocess
import sys

ROUNDS = 9
PROGRAM = """
import time
begin = time.process_time()
from {} import RTCPeerConnection
print(time.process_time() - begin)

import asyncio
async def make():
    return RTCPeerConnection()
asyncio.run(make())
print(time.process_time() - begin)
"""
PACKAGES = ("peer", "aiortc")


def measure(package: str) -> list[float]:
    """Return the seconds until it was imported once, and until the first connection was made."""
    program = [sys.executable, "-c", PROGRAM.format(package)]
    # What is installed has been compiled once; else ours would be compiled each time.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    ended = subprocess.run(program, check=True, capture_output=True, text=True, env=environment)
    return [float(line) for line in ended.stdout.split()]


def main(rounds: int) -> None:
    """Print the medians of both, and what part of aiortc's time ours is."""
    taken = [[measure(package) for package in PACKAGES] for _ in range(rounds + 1)]
    del taken[0]  # it fills the caches of files
    for step, name in enumerate(("import", "import, first connection")):
        ours, theirs = (
            statistics.median(each[package][step] for each in taken)
            for package in range(len(PACKAGES))
        )
        print(f"{name:25} peer {ours * 1000:4.0f} ms, aiortc {theirs * 1000:4.0f} ms", end=", ")
        print(f"ratio {ours / theirs:.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
