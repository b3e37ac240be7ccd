"""A line between two peer connections, in a process of its own: delay and loss for all datagrams.

    python -m tools.bench.line DELAY LOSS

Each line of the input names an address and a port, and is answered by a port that stands for it.
Datagrams to that reach what it stands for after DELAY seconds, from what stands for their sender.
"""

import random
import re
import selectors
import socket
import subprocess
import sys
import time
from collections import deque

BUFFER = 8 << 20
BATCH = 64


class Relay:
    """The sockets, and the datagrams on their way."""

    def __init__(self, delay: float, loss: float) -> None:
        self._address, self._delay, self._loss = "", delay, loss
        self._selector = selectors.DefaultSelector()
        self._selector.register(sys.stdin, selectors.EVENT_READ, None)
        self._fronts: dict[int, socket.socket] = {}
        self._flying: deque[tuple[float, bytes, int, int]] = deque()
        self._chance = random.Random(1)

    def front(self, port: int) -> socket.socket:
        """Return the socket that stands for a port."""
        if port not in self._fronts:
            opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
                opened.setsockopt(socket.SOL_SOCKET, option, BUFFER)
            opened.setblocking(False)
            opened.bind((self._address, 0))
            self._fronts[port] = opened
            self._selector.register(opened, selectors.EVENT_READ, port)
        return self._fronts[port]

    def run(self) -> None:
        """Carry datagrams for ever."""
        while True:
            rest = self._flying[0][0] - time.monotonic() if self._flying else None
            for key, _ in self._selector.select(rest if rest is None else max(0.0, rest)):
                if key.data is None:
                    self._open()
                else:
                    self._take(self._fronts[key.data], key.data)
            now = time.monotonic()
            while self._flying and self._flying[0][0] <= now:
                _, data, source, port = self._flying.popleft()
                self.front(source).sendto(data, (self._address, port))

    def _open(self) -> None:
        self._address, port = sys.stdin.readline().split()
        print(self.front(int(port)).getsockname()[1], flush=True)

    def _take(self, front: socket.socket, port: int) -> None:
        for _ in range(BATCH):
            try:
                data, source = front.recvfrom(65536)
            except BlockingIOError:
                return
            if self._chance.random() >= self._loss:
                self._flying.append((time.monotonic() + self._delay, data, source[1], port))


class Line:
    """A running relay; `rewrite` has datagrams for the side that a description is of go there."""

    def __init__(self, delay: float, loss: float) -> None:
        command = [sys.executable, "-m", "tools.bench.line", str(delay), str(loss)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)

    def rewrite(self, text: str) -> str:
        """Return the description with its first host candidate on an IPv4 address alone."""
        found = re.search(r"candidate:\S+ 1 udp \d+ ([\d.]+) (\d+) typ host", text)
        assert found is not None, "there is no candidate"
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(*found.groups(), file=self._process.stdin, flush=True)
        front = int(self._process.stdout.readline())
        end = " ".join(found.groups())
        kept = [
            one.replace(f" {end} ", f" {found[1]} {front} ")
            for one in text.splitlines()
            if not one.startswith("a=candidate") or f" {end} typ host" in one
        ]
        return "\r\n".join(kept) + "\r\n"

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()


def main() -> None:
    """Run the relay."""
    Relay(*map(float, sys.argv[1:])).run()


if __name__ == "__main__":
    main()
