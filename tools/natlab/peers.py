"""The two ends of a call: any program that speaks lines of JSON, started on a host."""

import asyncio
import json
import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from .host import Host
from .lab import Place
from .namespace import LabError

Line = dict[str, Any]
LIMIT = 1 << 20
"""Bytes a line may have."""
BOUND = 45.0
"""Seconds within which a peer has started, on a busy machine."""
ENDING = 5.0
"""Seconds within which a program ends when its input does; then it is killed."""


class LabPeer(ABC):
    """One end. Subclass it for what is no program with lines of JSON."""

    def __init__(self, name: str) -> None:
        self.name = name

    @abstractmethod
    async def start(self, place: Place, host: Host, hear: Callable[[Line], None]) -> None:
        """Start on a host, with the place's configuration, and be ready for the offer.

        Each line that comes is handed to `hear`.
        """

    @abstractmethod
    def tell(self, line: Line) -> None:
        """Say something: {"offer"}, {"description"}, {"candidate"}, {"path"} or {"restart"}."""

    @abstractmethod
    async def close(self) -> None:
        """End; twice does no harm, and so does a peer that never started."""


class ProgramPeer(LabPeer):
    """A program in the namespace of its host."""

    def __init__(
        self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(name)
        self._command = command
        self._environment = environment or {}
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()

    async def start(self, place: Place, host: Host, hear: Callable[[Line], None]) -> None:
        """Start it, and wait until it is ready."""
        pipe = asyncio.subprocess.PIPE
        certificate = str(place.lab.server.certificate)
        self._process = await asyncio.create_subprocess_exec(
            *host.namespace.command(self._command),
            stdin=pipe,
            stdout=pipe,
            limit=LIMIT,
            env={**os.environ, "SSL_CERT_FILE": certificate, **self._environment},
        )
        self.tell({"configuration": place.configuration})
        assert self._process.stdout is not None
        reading = self._read(self._process.stdout, hear)
        self._reading = asyncio.create_task(reading, name=f"reading {self.name}")
        ready = asyncio.create_task(self._ready.wait())
        await asyncio.wait(
            [ready, self._reading], timeout=BOUND, return_when=asyncio.FIRST_COMPLETED
        )
        if not ready.done():
            ready.cancel()
            raise LabError(f"{self.name} did not start: {' '.join(self._command)}")

    def tell(self, line: Line) -> None:
        """Write a line."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.write(json.dumps(line).encode() + b"\n")

    async def close(self) -> None:
        """End its input, and it if that does not help."""
        process, self._process = self._process, None
        if process is None or self._reading is None:
            return
        assert process.stdin is not None
        process.stdin.close()
        try:
            async with asyncio.timeout(ENDING):
                await process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        await self._reading

    async def _read(self, output: asyncio.StreamReader, hear: Callable[[Line], None]) -> None:
        while text := await output.readline():
            # Libraries write into standard output too.
            with suppress(ValueError):
                line = json.loads(text)
                if not isinstance(line, dict):
                    continue
                if "ready" in line:
                    self._ready.set()
                else:
                    hear(line)


def ours() -> LabPeer:
    """This project."""
    import peer

    root = str(Path(peer.__file__).parents[1])
    return python_peer("ours", "peer", sys.executable, {"PYTHONPATH": root})


def python_peer(
    name: str, stack: str, python: str, environment: Mapping[str, str] | None = None
) -> LabPeer:
    """A stack of those that `python_peer` knows, run by this Python."""
    program = str(Path(__file__).with_name("python_peer.py"))
    return ProgramPeer(name, [python, program, stack], environment)


def aiortc() -> LabPeer:
    """Stock aiortc."""
    return python_peer("aiortc", "aiortc", sys.executable)


def wrtc() -> LabPeer:
    """libwebrtc, as the package wrtc binds it; in the Python that `NATLAB_WRTC_PYTHON` names."""
    return python_peer("wrtc", "webrtc", os.environ.get("NATLAB_WRTC_PYTHON", sys.executable))


PEERS: dict[str, Callable[[], LabPeer]] = {"ours": ours, "aiortc": aiortc, "wrtc": wrtc}


async def closed(peers: Sequence[LabPeer]) -> None:
    """Close peers, all at a time."""
    closing: list[Awaitable[None]] = [peer.close() for peer in peers]
    await asyncio.gather(*closing)
