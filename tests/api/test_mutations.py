"""Descriptions of real browsers, damaged: taken, or refused with a W3C error and no change."""

import asyncio
import random
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from peer import (
    DOMException,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtcpMuxPolicy,
)
from tests.api.calls import two

CORPUS = Path(__file__).resolve().parents[1] / "corpus" / "browser_sdp"
OFFERS = sorted(
    path
    for path in CORPUS.rglob("*.sdp")
    if b"a=setup:actpass" in path.read_bytes() and b"m=" in path.read_bytes()
)
SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 6))]
WORDS = [
    "0",
    "-1",
    "65536",
    "99999999999999",
    "0.0.0.0",
    "255.255.255.255",
    "224.0.0.1",
    "::",
    "ff02::1",
    "fe80::1%eth0",
    "a.local",
    "x",
    "\x00",
    "ü",
    "127.0.0.1",
    "192.0.2.7",
    "tcp",
    "udp",
    "host",
    "srflx",
    "relay",
    "prflx",
]


def damage(sdp: str, chance: random.Random) -> str:
    """Take lines out, double them, swap them, and put odd words into them."""
    lines = sdp.split("\r\n")
    for _ in range(chance.choice([1, 1, 2, 4])):
        at, kind = chance.randrange(len(lines)), chance.random()
        if kind < 0.3 and len(lines) > 1:
            del lines[at]
        elif kind < 0.5:
            lines.insert(at, chance.choice(lines))
        elif kind < 0.6:
            lines[at], lines[at - 1] = lines[at - 1], lines[at]
        else:
            words = lines[at].split(" ")
            place = chance.randrange(len(words))
            name, colon, _ = words[place].partition(":")
            keep = name + colon if colon and chance.random() < 0.5 else ""
            words[place] = keep + chance.choice(WORDS)
            lines[at] = " ".join(words)
    return "\r\n".join(lines)


def odd_candidate(chance: random.Random) -> str:
    words = [
        "candidate:1",
        "1",
        "udp",
        "2130706431",
        "192.0.2.7",
        "5000",
        "typ",
        "host",
        "raddr",
        "1.1.1.1",
        "rport",
        "9",
    ]
    for _ in range(chance.randrange(3)):
        words[chance.randrange(len(words))] = chance.choice(WORDS)
    return " ".join(words)


def configuration(chance: random.Random) -> RTCConfiguration:
    return RTCConfiguration(
        iceServers=[],
        gatheringTimeout=0.05,
        bundlePolicy=chance.choice(list(RTCBundlePolicy)),
        rtcpMuxPolicy=chance.choice(list(RTCRtcpMuxPolicy)),
    )


def view(connection: RTCPeerConnection) -> tuple[object, ...]:
    """Give what a refused description must not change."""
    return (
        connection.signalingState,
        connection.localDescription,
        connection.remoteDescription,
        connection.getTransceivers(),
        [one.transport for one in connection.getSenders()],
        connection.sctp,
    )


async def try_remote(connection: RTCPeerConnection, kind: str, sdp: str) -> bool:
    """Set a description; tells whether it was taken. A refusal has changed nothing."""
    before = view(connection)
    try:
        await connection.setRemoteDescription({"type": kind, "sdp": sdp})
    except DOMException:
        assert view(connection) == before
        return False
    return True


def run_quietly(main: Coroutine[Any, Any, int]) -> int:
    """Run, and check that nothing was reported to the loop as unhandled."""

    async def watched() -> int:
        reports: list[object] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: reports.append(context))
        taken = await main
        assert reports == []
        return taken

    return asyncio.run(watched())


@pytest.mark.parametrize("seed", SEEDS)
def test_damaged_offers(seed: int) -> None:
    chance = random.Random(seed)
    refusals: list[str] = []

    async def main() -> int:
        taken = 0
        for _ in range(15):
            async with two(configuration(chance), configuration(chance)) as (connection, _):
                offer = damage(chance.choice(OFFERS).read_bytes().decode(), chance)
                if not await try_remote(connection, "offer", offer):
                    continue
                taken += 1
                await connection.setLocalDescription()
                for _ in range(4):
                    candidate = {
                        "candidate": odd_candidate(chance),
                        "sdpMLineIndex": chance.randrange(3),
                    }
                    try:
                        await connection.addIceCandidate(candidate)
                    except DOMException as error:
                        refusals.append(str(error))
                if await try_remote(connection, "offer", damage(offer, chance)):
                    await connection.setLocalDescription()
        return taken

    assert run_quietly(main()) > 0
    # What is refused is refused before anything is set up.
    assert [refusal for refusal in refusals if "set up" in refusal] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_damaged_answers(seed: int) -> None:
    chance = random.Random(seed)

    async def main() -> int:
        taken = 0
        for _ in range(10):
            async with two(configuration(chance), configuration(chance)) as (ours, theirs):
                ours.createDataChannel("data")
                for kind in ("audio", "video", "video"):
                    ours.addTransceiver(kind)
                await ours.setLocalDescription()
                await theirs.setRemoteDescription(ours.localDescription)
                await theirs.setLocalDescription()
                assert theirs.localDescription is not None
                answer = damage(theirs.localDescription.sdp, chance)
                taken += await try_remote(ours, chance.choice(["answer", "pranswer"]), answer)
                if ours.signalingState != "stable":
                    await try_remote(ours, "answer", theirs.localDescription.sdp)
        return taken

    assert run_quietly(main()) > 0
