"""A peer of another implementation: a program that speaks lines of JSON."""

import asyncio
import contextlib
import json
import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from peer import RTCIceCandidate, RTCPeerConnection
from tests.interop.build import HERE, NODE_MODULES, PION

BOUND = 30.0
"""Seconds after which a test gives up waiting for what a peer says."""
LINE = 1 << 20
"""Bytes that one line of a peer may have."""


def missing(what: str, packages: str) -> None:
    """Skip the test for want of a peer, or fail it where CI is set."""
    message = f"{what} is not installed ({packages}; `make test` installs it as root)"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


def pion_command() -> list[str]:
    """Give the command that starts a Pion peer."""
    if not PION.exists():
        missing("Pion", "Debian: apt install golang-go golang-github-pion-webrtc.v3-dev")
    return [str(PION)]


def node_command(name: str, package: str) -> list[str]:
    """Give the command that starts a peer of a package for Node."""
    node = shutil.which("node")
    if node is None or not (NODE_MODULES / package).is_dir():
        missing(name, f"npm: {package}")
    return [str(node), str(HERE / name / "peer.mjs"), str(NODE_MODULES)]


def libdatachannel_command() -> list[str]:
    """Give the command that starts a libdatachannel peer."""
    return node_command("libdatachannel", "node-datachannel")


def werift_command() -> list[str]:
    """Give the command that starts a werift peer."""
    return node_command("werift", "werift")


COMMANDS: dict[str, Callable[[], list[str]]] = {
    "pion": pion_command,
    "libdatachannel": libdatachannel_command,
    "werift": werift_command,
}


async def ended(process: asyncio.subprocess.Process) -> None:
    """Wait until a program has ended that was told to, and end it when it takes too long."""
    try:
        await asyncio.wait_for(process.wait(), BOUND)
    except TimeoutError:
        process.kill()
        await process.wait()


class Peer:
    """The program, what it has said so far, and its candidates on their way to us."""

    def __init__(self, process: asyncio.subprocess.Process, ours: RTCPeerConnection) -> None:
        self.ours = ours
        self.said: list[dict[str, Any]] = []
        self._process = process
        self._news = asyncio.Condition()
        self._held: list[dict[str, Any]] = []
        self._described = False

    def tell(self, do: str, **more: Any) -> None:
        """Give an order."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, **more}).encode() + b"\n")

    async def hear(self, name: str, value: object = None, count: int = 1) -> dict[str, Any]:
        """Wait for the `count`-th thing said that has a member of this name, and of this value."""

        def heard() -> list[dict[str, Any]]:
            found = [one for one in self.said if name in one]
            return [one for one in found if value is None or one[name] == value]

        async with asyncio.timeout(BOUND), self._news:
            await self._news.wait_for(lambda: len(heard()) >= count or self._errors())
        assert not self._errors(), self._errors()
        return heard()[count - 1]

    def _errors(self) -> list[str]:
        return [one["error"] for one in self.said if "error" in one]

    async def listen(self) -> None:
        """Note what the peer says; its candidates go to our side once that has a description."""
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            said = json.loads(line)
            if "candidate" in said:
                self._held.append(said["candidate"])
                await self._hand_over()
            async with self._news:
                self.said.append(said)
                self._news.notify_all()

    async def _hand_over(self) -> None:
        held, self._held = (self._held, []) if self._described else ([], self._held)
        for candidate in held:
            await self.ours.addIceCandidate(candidate)

    def send_candidate(self, candidate: RTCIceCandidate | None) -> None:
        """Trickle one of ours."""
        if candidate is not None:
            self.tell("candidate", candidate=candidate.toJSON())

    def _show(self) -> None:
        described = self.ours.localDescription
        assert described is not None
        lines = described.sdp.splitlines(keepends=True)
        bare = [line for line in lines if not line.startswith(("a=candidate", "a=end-of"))]
        self.tell("remote", type=described.type, sdp="".join(bare))

    def _expect_description(self) -> int:
        """Let candidates wait for the next description; returns which it is."""
        self._described = False
        return len([one for one in self.said if "sdp" in one]) + 1

    async def _take(self, count: int) -> str:
        said = await self.hear("sdp", count=count)
        await self.ours.setRemoteDescription({"type": said["type"], "sdp": said["sdp"]})
        self._described = True
        await self._hand_over()
        return str(said["sdp"])

    async def offer_to(self) -> str:
        """Make and set an offer of ours; return the peer's answer."""
        count = self._expect_description()
        # Candidates are told of when the peer has the description they belong to.
        await self.ours.setLocalDescription()
        self._show()
        self.tell("answer")
        return await self._take(count)

    async def offer_from(self) -> str:
        """Have the peer make an offer, and answer it; return the offer."""
        count = self._expect_description()
        self.tell("offer")
        offer = await self._take(count)
        await self.ours.setLocalDescription()
        self._show()
        return offer


@asynccontextmanager
async def calling(
    name: str, ours: RTCPeerConnection, *, reachable: bool = True
) -> AsyncIterator[Peer]:
    """Start a peer for a connection of ours; both are closed at the end.

    With `reachable` False it is not told our candidates, as if it could not use them.
    """
    pipe = asyncio.subprocess.PIPE
    command = COMMANDS[name]()
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, limit=LINE)
    peer = Peer(process, ours)
    ours.on("icecandidate", peer.send_candidate if reachable else lambda _candidate: None)
    listening = asyncio.create_task(peer.listen())
    try:
        yield peer
    finally:
        await ours.close()
        assert process.stdin is not None
        process.stdin.close()
        await ended(process)
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening
