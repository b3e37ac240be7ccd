"""What a trace costs of a voice call, in virtual time: what is always kept, a function, a file,
and a file of packets; what is kept at most; and what it costs to look who blocks the event loop.

    python -m tools.bench.trace [--seconds N] [--rounds N]

"nothing" leaves out what is always kept, to compare with. The calls run by turns, so that whatever
else the machine does hits all.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
import tracemalloc
from pathlib import Path
from typing import Any
from unittest import mock

from peer import RTCConfiguration
from peer.session.stalls import watch_stalls
from peer.session.told import ToldDescription
from peer.session.tracing import MAX_OBJECTS, MAX_REPORTS, Tracer
from peer.testing import Network, ToneTrack, connect, run
from peer.trace import ICE
from peer.trace.ring import HEAD, MAX_TEXT, TAIL

MODES = ("nothing", "kept", "function", "file", "packets")


async def call(seconds: float, nat: str, **settings: Any) -> tuple[float, float]:
    """Hold a call; returns the CPU of its set-up, and of a second of it."""
    net = Network(seed=1)
    net.stun_server()
    net.turn_server()
    hosts = [net.host(name, nat=nat) for name in ("alice", "bob")]
    began = time.process_time()
    one, other = (host.connection(**settings) for host in hosts)
    for connection in (one, other):
        connection.addTrack(ToneTrack())
    await connect(one, other)
    connected = time.process_time()
    await asyncio.sleep(seconds)
    ended = time.process_time()
    await asyncio.gather(one.close(), other.close())
    return connected - began, (ended - connected) / seconds


def measure(mode: str, seconds: float, nat: str, folder: Path) -> tuple[float, float]:
    """Hold a call whose trace goes where the mode says."""
    settings: dict[str, dict[str, Any]] = {
        "function": {"trace": [].append},
        "file": {"trace": folder / "trace.jsonl"},
        "packets": {"capture": folder / "call.pcapng"},
    }
    if mode != "nothing":
        return run(call(seconds, nat, **settings.get(mode, {})))
    silent: dict[str, Any] = dict.fromkeys(("note", "ice_event"), lambda *_: None)
    silent["agent"] = lambda _: (0, None)
    with mock.patch.multiple(Tracer, **silent):
        return run(call(seconds, nat))


async def watch(seconds: float) -> tuple[float, float]:
    """Look after an idle loop of the machine; returns its share of a core without and with it."""
    shares = []
    for begin in (lambda *_: _nothing, watch_stalls):
        leave = begin(asyncio.get_running_loop(), _nothing)
        began = time.process_time()
        await asyncio.sleep(seconds)
        shares.append((time.process_time() - began) / seconds)
        leave()
    return shares[0], shares[1]


def _nothing(*_: object) -> None:
    """Nothing is done with what is told."""


_MEMBERS = [f"member {number}" for number in range(20)]
"""Names of statistics, which all reports share."""


def kept_at_most() -> int:
    """Fill what a connection remembers with usual entries, and give its bytes."""
    tracemalloc.start()
    tracer = Tracer(RTCConfiguration())
    tracer.note("setLocalDescription", ToldDescription("offer", "v" * MAX_TEXT))
    for number in range(2 * MAX_REPORTS):
        report = {
            f"{number} {each}": {name: number / len(name) for name in _MEMBERS}
            for each in range(MAX_OBJECTS // MAX_REPORTS)
        }
        tracer.remember(report)
    for number in range(2 * (HEAD + TAIL)):
        fields = {"time": float(number), "kind": "decision", "decision": f"check {number}"}
        tracer.note(
            ICE, fields | {"details": {"pair": f"P{number}", "why": f"because {number}"}}, 0
        )
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return size


def main() -> None:
    """Print the medians over the rounds."""
    parser = argparse.ArgumentParser(description="CPU of traces")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    for nat, way in (("port-restricted", "direct"), ("symmetric", "relayed")):
        taken: dict[str, list[tuple[float, float]]] = {mode: [] for mode in MODES}
        with tempfile.TemporaryDirectory() as folder:
            for _ in range(arguments.rounds + 1):
                for mode in MODES:
                    taken[mode].append(measure(mode, arguments.seconds, nat, Path(folder)))
        for mode in MODES:
            setup, second = (statistics.median(each) for each in zip(*taken[mode][1:], strict=True))
            print(f"{way:8} {mode:9} set-up {setup * 1e3:6.1f} ms, a second {second * 1e3:6.2f} ms")
    print(f"kept at most: {kept_at_most() / 1e6:.2f} MB a connection")
    idle, watched = asyncio.run(watch(min(arguments.seconds, 5)))
    print(f"who blocks the loop: {(watched - idle) * 100:.2f} % of a core")


if __name__ == "__main__":
    main()
