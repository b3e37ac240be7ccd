"""A call between a connection of ours and one of a page's."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from enum import Enum
from functools import partial
from typing import Any

from peer import MediaStreamTrack, RTCConfiguration, RTCPeerConnection

from .browser import Page
from .wire import BrowserError

BOUND = 15.0
"""Seconds after which what has not happened never will."""


class Side(Enum):
    """Who does something."""

    OURS = "ours"
    BROWSER = "browser"


class Candidates(Enum):
    """How ours get to the page."""

    TRICKLED = "one by one"
    DESCRIBED = "in descriptions, the page's as well"
    WITHHELD = "not at all"


async def until(condition: Callable[[], object], what: str, bound: float = BOUND) -> None:
    """Wait for what nothing tells about."""
    try:
        async with asyncio.timeout(bound):
            while not condition():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"waited in vain for {what}") from None


class Channel:
    """A data channel of ours with the log of all it received."""

    def __init__(self, channel: Any) -> None:
        self.channel = channel
        self.log: list[str | bytes] = []
        channel.on("message", self.log.append)

    async def received(self, count: int) -> list[str | bytes]:
        """Wait for that many messages in all."""
        await until(lambda: len(self.log) >= count, f"{count} messages")
        return self.log

    async def state(self, name: str) -> None:
        """Wait until the channel is "open", or "closed"."""
        await until(lambda: self.channel.readyState == name, f"{self.channel.label} to be {name}")


class Call:
    """Both connections; what one signals reaches the other in order, candidates as they come.

    `sent` and `received` are our and the page's signals, {"description": ...} or
    {"candidate": ...} each, as browsers write them; `states` are ours with their times, such as
    "connectionState connected".
    """

    def __init__(
        self,
        page: Page,
        configuration: RTCConfiguration | None,
        candidates: Candidates,
        lost_option: str,
    ) -> None:
        self.page = page
        self.ours = RTCPeerConnection(configuration or RTCConfiguration(iceServers=[]))
        self.sent: list[dict[str, Any]] = []
        self.received: list[dict[str, Any]] = []
        self.states: list[tuple[float, str]] = []
        self.tracks: dict[str, MediaStreamTrack] = {}
        self.channels: dict[str, Channel] = {}
        self._candidates = candidates
        self._lost_option = lost_option
        self._outbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._killed = False
        self.ours.onicecandidate = self._candidate
        self.ours.ontrack = self._track
        self.ours.on("datachannel", self._channel)
        for name in ("connectionState", "iceConnectionState"):
            self.ours.on(f"{name.lower()}change", partial(self._state, name))

    async def negotiate(self, offerer: Side) -> None:
        """Exchange an offer and an answer, and wait until both have them."""
        before = len(self.received)
        if offerer is Side.OURS:
            await self._describe()
        else:
            await self.page.run("await rtc.peer().describe()")
        await until(lambda: self._described(before), "the page's description")
        await until(lambda: self.ours.signalingState == "stable", "our answer")
        await self.page.run("await rtc.peer().stable()")

    async def connected(self) -> None:
        """Wait until both sides are."""
        await until(
            lambda: self.ours.connectionState == "connected",
            f"connected, we went through {self.states}",
        )
        await self.page.run("await rtc.peer().reached('connected')")

    async def connect(self, offerer: Side) -> None:
        """Do both."""
        await self.negotiate(offerer)
        await self.connected()

    def create_channel(self, label: str, **options: Any) -> Channel:
        """Make a data channel on our side."""
        self.channels[label] = Channel(self.ours.createDataChannel(label, **options))
        return self.channels[label]

    async def channel(self, label: str) -> Channel:
        """Wait for a channel of this label to be open on both sides."""
        await until(lambda: label in self.channels, f"the channel {label}")
        await self.channels[label].state("open")
        await self.page.run("await rtc.peer().channel(args[0])", label)
        return self.channels[label]

    async def track(self, mid: str) -> MediaStreamTrack:
        """Wait for the track that comes in this section."""
        await until(lambda: mid in self.tracks, f"a track in section {mid}")
        return self.tracks[mid]

    async def kill(self) -> None:
        """Kill the page; nobody is told."""
        self._killed = True
        await self.page.kill()

    async def signal(self) -> None:
        """Carry signals until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._deliver())
            group.create_task(self._collect())

    def _described(self, before: int) -> bool:
        return any("description" in signal for signal in self.received[before:])

    async def _describe(self) -> None:
        await self.ours.setLocalDescription()
        description = self.ours.localDescription
        if self._candidates is Candidates.DESCRIBED:
            description = await self.ours.completeLocalDescription()
        assert description is not None
        self._outbox.put_nowait({"description": self._pass(description.toJSON())})

    def _pass(self, description: dict[str, str]) -> dict[str, str]:
        """Give a description as it reaches the other side."""
        if not self._lost_option:
            return description
        return description | {"sdp": description["sdp"].replace(f" {self._lost_option}", "")}

    async def _deliver(self) -> None:
        while True:
            signals = [await self._outbox.get()]
            while not self._outbox.empty():
                signals.append(self._outbox.get_nowait())
            self.sent += signals
            await self._in_page("await rtc.peer().take(args[0])", signals)

    async def _collect(self) -> None:
        while True:
            for signal in await self._in_page("return await rtc.peer().signals()") or ():
                self.received.append(signal)
                if "description" in signal:
                    await self.ours.setRemoteDescription(self._pass(signal["description"]))
                    if signal["description"]["type"] == "offer":
                        await self._describe()
                else:
                    await self.ours.addIceCandidate(signal["candidate"])

    async def _in_page(self, body: str, *args: Any) -> Any:
        try:
            return await self.page.run(body, *args)
        except BrowserError:
            if not self._killed:
                raise
            return await asyncio.Event().wait()

    def _candidate(self, event: Any) -> None:
        if self._candidates is Candidates.TRICKLED:
            candidate = event.candidate and event.candidate.toJSON()
            self._outbox.put_nowait({"candidate": candidate})

    def _track(self, event: Any) -> None:
        self.tracks[event.transceiver.mid] = event.track

    def _channel(self, channel: Any) -> None:
        self.channels[channel.label] = Channel(channel)

    def _state(self, name: str) -> None:
        now = asyncio.get_running_loop().time()
        self.states.append((now, f"{name} {getattr(self.ours, name)}"))


@asynccontextmanager
async def calling(
    page: Page,
    configuration: RTCConfiguration | None = None,
    *,
    candidates: Candidates = Candidates.TRICKLED,
    lost_option: str = "",
) -> AsyncIterator[Call]:
    """Give a call that is closed at the end; the default configuration has no servers.

    `lost_option` is an ICE option that gets lost in signalling.
    """
    trickle = candidates is not Candidates.DESCRIBED
    await page.run("rtc.make({iceServers: []}, 'peer', {trickle: args[0]})", trickle)
    call = Call(page, configuration, candidates, lost_option)
    try:
        async with asyncio.TaskGroup() as group:
            signalling = group.create_task(call.signal())
            yield call
            signalling.cancel()
    finally:
        await call.ours.close()
