"""A line with a delay between two connections of this machine, in a process of its own.

What it costs is not counted as that of the connections, whichever library they are of.
"""

import asyncio
import multiprocessing
import re
import socket
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self

Address = tuple[str, int]

_CANDIDATE = re.compile(r"(candidate:\S+ 1 udp \d+ )(\S+) (\d+) ", re.IGNORECASE)


class Relay:
    """Every datagram takes `delay` seconds; `rewrite` what is signalled, in its context."""

    def __init__(self, delay: float) -> None:
        spawning = multiprocessing.get_context("spawn")
        self._ours, theirs = spawning.Pipe()
        self._process = spawning.Process(target=_run, args=(theirs, delay), daemon=True)

    def __enter__(self) -> Self:
        """Start it."""
        self._process.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it."""
        self._ours.send(None)
        self._process.join()

    def rewrite(self, text: str) -> str:
        """Give a description with the line's addresses in the place of its candidates'."""

        def replaced(found: re.Match[str]) -> str:
            self._ours.send((found[2], int(found[3])))
            host, port = self._ours.recv()
            return f"{found[1]}{host} {port} "

        return _CANDIDATE.sub(replaced, text)


def _run(pipe: Connection, delay: float) -> None:
    asyncio.run(_Line(pipe, delay).run())


class _Line:
    """Stands for each address it was told of with a socket on the same host."""

    def __init__(self, pipe: Connection, delay: float) -> None:
        self._pipe = pipe
        self._delay = delay
        self._fronts: dict[Address, socket.socket] = {}
        self._over = asyncio.Event()

    async def run(self) -> None:
        """Carry datagrams until the other end of the pipe says that it is over."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self._pipe.fileno(), self._answer)
        await self._over.wait()
        loop.remove_reader(self._pipe.fileno())
        for front in self._fronts.values():
            loop.remove_reader(front)
            front.close()

    def _answer(self) -> None:
        asked: Any = self._pipe.recv()
        if asked is None:
            self._over.set()
            return
        self._pipe.send(self._front(asked).getsockname()[:2])

    def _front(self, address: Address) -> socket.socket:
        if address not in self._fronts:
            family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
            front = socket.socket(family, socket.SOCK_DGRAM)
            front.setblocking(False)
            front.bind((address[0], 0))
            self._fronts[address] = front
            asyncio.get_running_loop().add_reader(front, self._take, front, address)
        return self._fronts[address]

    def _take(self, front: socket.socket, to: Address) -> None:
        data, source, *_ = front.recvfrom(4096)
        known = self._fronts.get(source[:2])
        if known is not None:
            asyncio.get_running_loop().call_later(self._delay, known.sendto, data, to)
