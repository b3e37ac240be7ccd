"""Measure SDP parsing and writing beside aiortc's, and how both scale with media sections.

Usage: python -m tools.bench.sdp [description.sdp]
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence
from itertools import cycle, islice
from pathlib import Path

from aiortc.sdp import SessionDescription

import sdp

CORPUS = Path(__file__).parents[2] / "tests" / "corpus" / "browser_sdp"
OFFER = CORPUS / "chromium-156-offer-audio-video-data-gathered.sdp"
ROUNDS = 15
SECONDS_PER_ROUND = 0.02


def time_interleaved(functions: Sequence[Callable[[], object]]) -> list[float]:
    """Return the median CPU seconds per call of each function, measured in turns."""
    repeats = [_repeats(function) for function in functions]
    samples: list[list[float]] = [[] for _ in functions]
    for _ in range(ROUNDS):
        for function, count, times in zip(functions, repeats, samples, strict=True):
            start = time.process_time()
            for _ in range(count):
                function()
            times.append((time.process_time() - start) / count)
    return [statistics.median(times) for times in samples]


def many_sections(text: str, count: int) -> str:
    """Return an offer of `count` media sections, repeating the first two of `text` in turn."""
    head, *sections = text.split("\r\nm=")[:3]
    return "\r\nm=".join([head, *islice(cycle(sections), count)]) + "\r\n"


def compare(text: str) -> dict[str, float]:
    """Measure parsing, writing and both, in microseconds and as our time over aiortc's."""
    ours, theirs = sdp.parse(text), SessionDescription.parse(text)
    times = time_interleaved(
        [
            lambda: sdp.parse(text),
            lambda: SessionDescription.parse(text),
            lambda: sdp.serialize(ours),
            lambda: str(theirs),
            lambda: sdp.serialize(sdp.parse(text)),
            lambda: str(SessionDescription.parse(text)),
        ]
    )
    result = {}
    for index, name in enumerate(("parse", "serialize", "both")):
        own, other = times[2 * index : 2 * index + 2]
        result[f"{name}_us"] = round(own * 1e6, 1)
        result[f"{name}_aiortc_us"] = round(other * 1e6, 1)
        result[f"{name}_ratio"] = round(own / other, 3)
    return result


def scaling(text: str, few: int = 30, many: int = 300) -> dict[str, float]:
    """Measure parse and write of `few` and `many` sections; the growth is theirs divided."""
    small, large = many_sections(text, few), many_sections(text, many)
    times = time_interleaved(
        [lambda: sdp.serialize(sdp.parse(small)), lambda: sdp.serialize(sdp.parse(large))]
    )
    return {
        f"sections_{few}_ms": round(times[0] * 1e3, 2),
        f"sections_{many}_ms": round(times[1] * 1e3, 2),
        "growth": round(times[1] / times[0], 2),
    }


def _repeats(function: Callable[[], object]) -> int:
    start = time.process_time()
    function()
    return max(1, int(SECONDS_PER_ROUND / (time.process_time() - start)))


def largest() -> dict[str, float]:
    """Time the largest description that is taken, a megabyte of candidates."""
    head = OFFER.read_bytes().decode()
    line = "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n"
    text = head + line * (((1 << 20) - len(head)) // len(line))
    return {"megabyte_ms": round(time_interleaved([lambda: sdp.parse(text)])[0] * 1e3, 1)}


def main() -> None:
    """Print the comparison and how both scale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("description", nargs="?", type=Path, default=OFFER)
    text = parser.parse_args().description.read_bytes().decode()
    print(json.dumps({**compare(text), **scaling(text), **largest()}, indent=2))


if __name__ == "__main__":
    main()
