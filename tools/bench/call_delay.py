"""Count round trips, with a delay on the way, from both descriptions known to media and data.

    python -m tools.bench.call_delay [--delay MS] [--rounds N]

Two peer connections on loopback, with an audio track each and a data channel that the offerer
makes; between them every datagram takes `delay` one way. The clock starts when both sides have
set both descriptions, with all candidates in them. "rtp" is the first packet that arrives.
Descriptions are handed over at once, and a second time with the same delay: the answerer's checks
are on the way then when the clock starts.
"""

import argparse
import asyncio
import heapq
import re
import socket
import statistics
import time
from collections.abc import Callable
from fractions import Fraction
from functools import partial

from av import AudioFrame

from peer import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCDataChannel,
    RTCPeerConnection,
    RTCSessionDescription,
)
from peer.ice import IceConfig, NetworkType
from peer.net import InterfaceAddress, NetConfig

HOST = "127.0.0.1"
COARSE = 0.0015
"""Seconds by which the event loop may wake late; the last of a wait are slept in small steps."""
STEP = 0.0001
LIMIT = 30.0
"""Seconds after which a connection is given up."""
CONFIGURATION = RTCConfiguration(
    iceServers=[],
    network=NetConfig(addresses=lambda: [InterfaceAddress("lo", HOST, 8, NetworkType.LOOPBACK)]),
    ice=IceConfig(allow_loopback=True),
)
MARKS = ("valid", "rtp", "open")


class Tone(MediaStreamTrack):
    """Silence as a microphone gives it: 48 kHz, 20 ms a frame, the first at once."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._frames = 0
        self._begun = 0.0

    async def recv(self) -> AudioFrame:
        """Return the next frame when it is time for it."""
        loop = asyncio.get_running_loop()
        self._begun = self._begun or loop.time()
        await asyncio.sleep(self._begun + self._frames * 0.020 - loop.time())
        frame = AudioFrame(format="s16", layout="stereo", samples=960)
        frame.planes[0].update(bytes(frame.planes[0].buffer_size))
        frame.sample_rate, frame.pts = 48000, self._frames * 960
        frame.time_base = Fraction(1, 48000)
        self._frames += 1
        return frame


class Line:
    """Carries datagrams between two sides; `arrived(side, datagram)` hears of each.

    Each address in a description is replaced by one of the line's that stands for it.
    """

    def __init__(self, delay: float, arrived: Callable[[str, bytes], object]) -> None:
        self._loop = asyncio.get_running_loop()
        self._delay = delay
        self._arrived = arrived
        self._fronts: dict[int, socket.socket] = {}
        self._owners: dict[int, str] = {}
        self._flying: list[tuple[float, int, bytes, int, int]] = []
        self._sent = 0
        self._timer: asyncio.Handle | None = None

    def rewrite(self, text: str, owner: str) -> str:
        """Put the line's ports into the description of a side."""

        def replaced(found: re.Match[str]) -> str:
            return f"{found[1]}{self._front(int(found[2]), owner)} "

        text = re.sub(rf"(candidate:\S+ 1 udp \d+ {re.escape(HOST)} )(\d+) ", replaced, text)
        return re.sub(r"(m=\w+ )(\d{4,}) ", replaced, text)

    def _front(self, port: int, owner: str) -> int:
        if port not in self._fronts:
            opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            opened.setblocking(False)
            opened.bind((HOST, 0))
            self._fronts[port], self._owners[port] = opened, owner
            self._loop.add_reader(opened, self._take, opened, port)
        return int(self._fronts[port].getsockname()[1])

    def _take(self, front: socket.socket, port: int) -> None:
        data, source = front.recvfrom(4096)
        self._sent += 1
        due = self._loop.time() + self._delay
        heapq.heappush(self._flying, (due, self._sent, data, source[1], port))
        self._wait()

    def _wait(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        if self._flying:
            rest = self._flying[0][0] - self._loop.time()
            self._timer = (
                self._loop.call_later(rest - COARSE, self._deliver)
                if rest > COARSE
                else self._loop.call_soon(self._deliver)
            )

    def _deliver(self) -> None:
        if self._flying and 0 < self._flying[0][0] - self._loop.time() < COARSE:
            # Encoders in other threads run meanwhile.
            time.sleep(STEP)
        while self._flying and self._flying[0][0] <= self._loop.time():
            _, _, data, source, port = heapq.heappop(self._flying)
            if source in self._fronts:
                self._fronts[source].sendto(data, (HOST, port))
                self._arrived(self._owners[port], data)
        self._wait()

    def close(self) -> None:
        """Close all sockets; what is on the way is lost."""
        self._flying.clear()
        self._wait()
        for front in self._fronts.values():
            self._loop.remove_reader(front)
            front.close()


class DelayedCall:
    """A call over a line, and when things happened in it at each side."""

    def __init__(self, delay: float, signaling: float) -> None:
        self.loop = asyncio.get_running_loop()
        self.signaling = signaling
        self.started = 0.0
        self.times: dict[tuple[str, str], float] = {}
        self.done = asyncio.Event()
        self.line = Line(delay, self._look)
        self.sides = {
            "offerer": RTCPeerConnection(CONFIGURATION),
            "answerer": RTCPeerConnection(CONFIGURATION),
        }
        for side, pc in self.sides.items():
            pc.addTrack(Tone())
            pc.on("iceconnectionstatechange", partial(self._look_at_ice, side))
        self.channel = self.sides["offerer"].createDataChannel("bench")
        self.channel.on("open", partial(self._mark, "open", "offerer"))
        self.sides["answerer"].on("datachannel", self._take_channel)

    async def run(self) -> dict[tuple[str, str], float]:
        """Connect, and close when everything has happened."""
        offerer, answerer = self.sides.values()
        await offerer.setLocalDescription()
        await answerer.setRemoteDescription(self._show("offerer"))
        await answerer.setLocalDescription()
        # The line knows the answerer's addresses from here on.
        answer = self._show("answerer")
        await asyncio.sleep(self.signaling)
        await offerer.setRemoteDescription(answer)
        self.started = self.loop.time()
        async with asyncio.timeout(LIMIT):
            await self.done.wait()
        await asyncio.gather(offerer.close(), answerer.close())
        self.line.close()
        return self.times

    def _show(self, side: str) -> RTCSessionDescription:
        description = self.sides[side].localDescription
        assert description is not None
        return RTCSessionDescription(self.line.rewrite(description.sdp, side), description.type)

    def _mark(self, what: str, side: str) -> None:
        self.times.setdefault((what, side), self.loop.time() - self.started)
        if len(self.times) == len(MARKS) * len(self.sides):
            self.done.set()

    def _look(self, side: str, data: bytes) -> None:
        # RFC 5761 §4: RTP, not RTCP.
        if 128 <= data[0] <= 191 and not 64 <= data[1] & 0x7F <= 95:
            self._mark("rtp", side)

    def _look_at_ice(self, side: str) -> None:
        if self.sides[side].iceConnectionState in ("connected", "completed"):
            self._mark("valid", side)

    def _take_channel(self, channel: RTCDataChannel) -> None:
        assert channel.readyState == "open"
        self._mark("open", "answerer")


async def measure(
    delay: float, signaling: float, rounds: int
) -> list[dict[tuple[str, str], float]]:
    """Connect so often, after one round that is not counted."""
    return [await DelayedCall(delay, signaling).run() for _ in range(rounds + 1)][1:]


def main() -> None:
    """Print the medians, in round trips."""
    parser = argparse.ArgumentParser(description="Time the set-up of a call with a delay")
    parser.add_argument("--delay", type=float, default=50.0, help="one way, in milliseconds")
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    delay = arguments.delay / 1000
    for signaling in (0.0, delay):
        samples = asyncio.run(measure(delay, signaling, arguments.rounds))
        print(
            f"a call with {arguments.delay:g} ms one way, {signaling * 1000:g} ms for descriptions,"
            f" medians of {arguments.rounds}:"
        )
        show(samples, delay)


def show(samples: list[dict[tuple[str, str], float]], delay: float) -> None:
    """Print medians."""
    for what in MARKS:
        for side in ("offerer", "answerer"):
            value = statistics.median(sample[what, side] for sample in samples)
            print(
                f"  {what:6} {side:9} after {value * 1000:7.2f} ms"
                f" = {value / delay / 2:5.3f} round trips"
            )


if __name__ == "__main__":
    main()
