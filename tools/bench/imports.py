"""How long it takes to import a connection, in fresh processes, side by side with aiortc.

    python -m tools.bench.imports [rounds]

Both are measured by turns, so that whatever else the machine does hits both; processor time counts.
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
"""


def measure(package: str) -> float:
    """Return the seconds that importing takes once."""
    program = [sys.executable, "-c", PROGRAM.format(package)]
    # What is installed has been compiled once; else ours would be compiled each time.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    ended = subprocess.run(program, check=True, capture_output=True, text=True, env=environment)
    return float(ended.stdout)


def main(rounds: int) -> None:
    """Print the medians of both, and what part of aiortc's time ours is."""
    ours, theirs = [], []
    for _ in range(rounds + 1):
        ours.append(measure("peer"))
        theirs.append(measure("aiortc"))
    # The first round fills the caches of files.
    mine, other = statistics.median(ours[1:]), statistics.median(theirs[1:])
    print(f"from peer import RTCPeerConnection    {mine * 1000:6.0f} ms")
    print(f"from aiortc import RTCPeerConnection  {other * 1000:6.0f} ms")
    print(f"ratio                                 {mine / other:6.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
