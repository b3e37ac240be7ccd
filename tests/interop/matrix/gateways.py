"""Janus, which echoes, and the SIP phone baresip, which is called in a network of its own."""

import asyncio
import contextlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from peer import RTCConfiguration, RTCDataChannel, RTCPeerConnection
from peer.signaling import JanusHandle, JanusSession
from tests.browsers.call import until
from tests.browsers.media import RED, Camera, Microphone
from tests.interop.janus import running_janus
from tests.interop.peer import missing

from .party import Kind, Party, Side, Signalling, Talk
from .stock import BOUND, assert_content

ROOT = Path(__file__).parents[3]
NAMESPACE = ["unshare", "--net", "--pid", "--fork", "--kill-child"]
"""A network and processes that end with the first of them."""
ANSWERS_ONLY = "it only answers"


class JanusTalk(Talk):
    """A call with Janus' echo test, over which everything comes back."""

    def __init__(self, ours: RTCPeerConnection, handle: JanusHandle) -> None:
        self.ours = ours
        self._handle = handle
        self._channels: dict[str, RTCDataChannel] = {}
        self._texts: asyncio.Queue[str] = asyncio.Queue()
        self._tracks: list[Any] = []
        ours.on("track", self._tracks.append)
        # It answers over a channel of its own.
        ours.on("datachannel", self._listen)

    def _listen(self, channel: RTCDataChannel) -> None:
        channel.on("message", self._texts.put_nowait)

    async def make_channel(self, maker: Side, label: str) -> None:
        """Make a channel on our side."""
        assert maker is Side.OURS
        self._channels[label] = channel = self.ours.createDataChannel(label)
        self._listen(channel)

    async def add(self, *kinds: Kind) -> None:
        """Send tracks, which are to come back."""
        for kind in kinds:
            self.ours.addTrack(Camera(RED) if kind is Kind.VIDEO else Microphone(500))

    async def negotiate(self, offerer: Side) -> None:
        """Offer."""
        assert offerer is Side.OURS
        await self._handle.offer(self.ours, {"audio": True, "video": True, "data": True})

    async def connected(self) -> None:
        """Wait until we are."""
        await until(lambda: self.ours.connectionState == "connected", "connected", BOUND)

    async def echo(self, label: str, text: str) -> None:
        """Send a text and wait until it comes back."""
        channel = self._channels[label]
        await until(lambda: channel.readyState == "open", f"{label} to open", BOUND)
        channel.send(text)
        async with asyncio.timeout(BOUND):
            assert (await self._texts.get()).endswith(text)

    async def flows(self) -> None:
        """Wait until what we send is seen and heard here."""
        sent = [one.sender.track for one in self.ours.getTransceivers() if one.sender.track]
        await until(lambda: len(self._tracks) >= len(sent), "tracks", BOUND)
        for track in self._tracks:
            await assert_content(track, RED if track.kind == "video" else 500)

    async def restart(self, side: Side) -> None:
        """It is not asked for."""
        raise NotImplementedError


class JanusParty(Party):
    """A Janus of one's own, started once."""

    name = "janus"
    lacks: Mapping[str, str] = {
        Side.THEIRS.value: ANSWERS_ONLY,
        "trickled in": "it does not say what it has gathered until it was reached",
        "restart": "its echo test is not asked for another offer",
        "media joins": "its echo test is not asked for another offer",
        "channel joins": "its echo test is not asked for another offer",
        "no mux": "it always multiplexes",
        "early handshakes": "it has none",
    }

    def __init__(self) -> None:
        self._stack = AsyncExitStack()
        self._url = ""

    @asynccontextmanager
    async def call(
        self, configuration: RTCConfiguration, signalling: Signalling
    ) -> AsyncIterator[Talk]:
        """Begin a call."""
        del signalling
        if not self._url:
            folder = self._stack.enter_context(tempfile.TemporaryDirectory())
            self._url = await self._stack.enter_async_context(running_janus(Path(folder)))
        async with JanusSession(self._url) as janus:
            handle = await janus.attach("janus.plugin.echotest")
            ours = RTCPeerConnection(configuration)
            try:
                yield JanusTalk(ours, handle)
            finally:
                await ours.close()

    async def close(self) -> None:
        """End it."""
        await self._stack.aclose()


class PhoneParty(Party):
    """baresip: full ICE and DTLS-SRTP, and neither BUNDLE, nor rtcp-mux, nor trickle."""

    name = "baresip"
    lacks: Mapping[str, str] = {}
    ONLY = "no mux"
    ELSE = "a SIP phone without BUNDLE and data is asked for sound without multiplexing alone"

    def why_not(self, scenario: str, offerer: Side) -> str | None:
        """It answers one scenario."""
        if offerer is Side.THEIRS:
            return ANSWERS_ONLY
        return None if scenario == self.ONLY else self.ELSE

    def call(self, configuration: RTCConfiguration, signalling: Signalling) -> Any:
        """Call it from a network namespace, by a program that does the whole call there."""
        return self._call(configuration)

    @asynccontextmanager
    async def _call(self, configuration: RTCConfiguration) -> AsyncIterator[Talk]:
        if shutil.which("baresip") is None:
            missing("baresip", "Debian: apt install baresip-core")
        if os.geteuid() != 0:
            missing("a network namespace", "it takes root")
        with tempfile.TemporaryDirectory() as folder:
            yield PhoneTalk(str(configuration.trace), folder)


class PhoneTalk(Talk):
    """A call by `tests.interop.caller`, all of it at once."""

    def __init__(self, trace: str, folder: str) -> None:
        self._trace = trace
        self._folder = folder
        self._outcome: dict[str, Any] = {}

    async def negotiate(self, offerer: Side) -> None:
        """Make the call."""
        assert offerer is Side.OURS
        command = [*NAMESPACE, sys.executable, "-m", "tests.interop.caller", self._folder]
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=ROOT,
            env=os.environ | {"AIOPEER_TRACE": self._trace},
            stdout=pipe,
            stderr=pipe,
        )
        try:
            out, err = await process.communicate()
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        assert process.returncode == 0, err.decode()[-2000:]
        self._outcome = json.loads(out)

    async def make_channel(self, maker: Side, label: str) -> None:
        """It has no data."""
        raise NotImplementedError

    async def add(self, *kinds: Kind) -> None:
        """The call has sound both ways."""

    async def connected(self) -> None:
        """The call was."""
        assert self._outcome["state"] == "connected"

    async def echo(self, label: str, text: str) -> None:
        """It has no data."""
        raise NotImplementedError

    async def flows(self) -> None:
        """What we said came back."""
        assert 800 < self._outcome["frequency"] < 1100, f"it is {self._outcome['frequency']} Hz"

    async def restart(self, side: Side) -> None:
        """It is not asked for."""
        raise NotImplementedError
