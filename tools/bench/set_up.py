"""Time the set-up of calls on a simulated network, in round trips and in virtual time.

    python -m tools.bench.set_up [--delay MS] [--loss SHARE] [--seeds N] [--signaling MS] [--plain]

Two hosts with public addresses; a packet takes `delay` one way and is lost with the probability
`loss`. Each side sends a track of sound, the offerer makes one data channel, and both know of
another (negotiated). The clock starts when both sides have both descriptions, candidates
included. Prints the median and the 95th percentile over the seeds, per side, of: the first pair
("valid"), the DTLS association ("dtls"), the channels ("negotiated", "open") and the first packet
of sound that arrives ("rtp"). With `signaling` descriptions take that long to be handed over, and
the answerer's checks are on the way when the clock starts. `--plain` has no checks carry DTLS.
"""

import argparse
import asyncio
import statistics
from collections.abc import Callable
from functools import partial

from peer import RTCDataChannel, RTCInboundRtpStreamStats, RTCPeerConnection
from peer.ice import IceConfig
from peer.testing import Conditions, Network, ToneTrack, run
from peer.transports import Certificate

MARKS = ("valid", "dtls", "negotiated", "open", "rtp")
SIDES = ("offerer", "answerer")
LIMIT = 120.0
"""Seconds after which a set-up is given up, and counts as that long."""

Times = dict[tuple[str, str], float]


class SetUp:
    """One call, and when things happened in it at each side."""

    def __init__(
        self, network: Network, loss: float, certificates: list[Certificate], *, embeds: bool
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._times: Times = {}
        self._done = asyncio.Event()
        # Half of the loss is on either line, so that a packet that crosses both has it all.
        line = Conditions(loss=1 - (1 - loss) ** 0.5)
        ice = IceConfig(embed_handshake=embeds)
        self._sides = {
            side: network.host(side, link=line).connection(certificates=[certificate], ice=ice)
            for side, certificate in zip(SIDES, certificates, strict=True)
        }
        for side, connection in self._sides.items():
            self._watch(side, connection)
        channel = self._sides["offerer"].createDataChannel("announced")
        channel.on("open", partial(self._mark, "open", "offerer"))
        self._sides["answerer"].on("datachannel", self._take_channel)

    def _watch(self, side: str, connection: RTCPeerConnection) -> None:
        connection.addTrack(ToneTrack())
        channel = connection.createDataChannel("negotiated", negotiated=True, id=1000)
        channel.on("open", partial(self._mark, "negotiated", side))
        connection.on("iceconnectionstatechange", partial(self._look_at_ice, side))
        connection.on("connectionstatechange", partial(self._look_at_dtls, side))

    async def run(self, signaling: float) -> Times:
        """Connect, and close when everything has happened or the time is up."""
        offerer, answerer = self._sides.values()
        await offerer.setLocalDescription(await offerer.createOffer())
        await offerer.completeLocalDescription()
        await answerer.setRemoteDescription(offerer.localDescription)
        await answerer.setLocalDescription(await answerer.createAnswer())
        answer = answerer.localDescription
        await asyncio.sleep(signaling)
        await offerer.setRemoteDescription(answer)
        started = self._loop.time()
        watching = self._loop.create_task(self._watch_sound())
        try:
            async with asyncio.timeout(LIMIT):
                await self._done.wait()
        except TimeoutError:
            pass
        watching.cancel()
        await asyncio.gather(offerer.close(), answerer.close())
        each = ((what, side) for what in MARKS for side in SIDES)
        return {mark: self._times.get(mark, started + LIMIT) - started for mark in each}

    async def _watch_sound(self) -> None:
        """Look each millisecond whether RTP has come: it does so without an event."""
        waiting = dict(self._sides)
        while waiting:
            for side, connection in list(waiting.items()):
                for report in (await connection.getStats()).values():
                    if isinstance(report, RTCInboundRtpStreamStats) and report.packetsReceived:
                        self._mark("rtp", side)
                        waiting.pop(side, None)
            await asyncio.sleep(0.001)

    def _mark(self, what: str, side: str) -> None:
        self._times.setdefault((what, side), self._loop.time())
        if len(self._times) == len(MARKS) * len(SIDES):
            self._done.set()

    def _look_at_ice(self, side: str) -> None:
        if self._sides[side].iceConnectionState in ("connected", "completed"):
            self._mark("valid", side)

    def _look_at_dtls(self, side: str) -> None:
        if self._sides[side].connectionState == "connected":
            self._mark("dtls", side)

    def _take_channel(self, channel: RTCDataChannel) -> None:
        self._mark("open", "answerer")


def measure(
    *,
    delay: float,
    loss: float,
    signaling: float,
    seeds: int,
    certificates: list[Certificate],
    embeds: bool,
) -> list[Times]:
    """Set up a call for each seed."""

    async def once(seed: int) -> Times:
        network = Network(seed, delay=delay)
        return await SetUp(network, loss, certificates, embeds=embeds).run(signaling)

    return [run(once(seed), seed=seed) for seed in range(seeds)]


def percentile(values: list[float], share: float) -> float:
    """Give the value that `share` of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description="Time the set-up of simulated calls")
    parser.add_argument("--delay", type=float, default=100.0, help="one way, in milliseconds")
    parser.add_argument("--loss", type=float, default=0.0, help="probability, 0 to 1")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--plain", action="store_true", help="carry no DTLS in checks")
    parser.add_argument("--signaling", type=float, default=0.0, help="one way, in milliseconds")
    arguments = parser.parse_args()
    delay = arguments.delay / 1000
    samples = measure(
        delay=delay,
        loss=arguments.loss,
        signaling=arguments.signaling / 1000,
        seeds=arguments.seeds,
        certificates=[Certificate.generate(), Certificate.generate()],
        embeds=not arguments.plain,
    )
    print(
        f"{arguments.seeds} calls with {arguments.delay:g} ms one way, {arguments.loss:.0%} loss,"
        f" {arguments.signaling:g} ms for descriptions:"
    )
    show(samples, 2 * delay)


def show(samples: list[Times], round_trip: float) -> None:
    """Print medians and percentiles."""
    p95: Callable[[list[float]], float] = partial(percentile, share=0.95)
    for what in MARKS:
        for side in SIDES:
            values = [sample[what, side] for sample in samples]
            cells = (
                f"{name} {value:7.3f} s {value / round_trip:6.2f} round trips"
                for name, value in (("median", statistics.median(values)), ("p95", p95(values)))
            )
            print(f"  {what:10} {side:9}", *cells, sep="  ")


if __name__ == "__main__":
    main()
