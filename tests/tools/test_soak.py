"""A soak in small: what it counts is exact, so that a short one can fail as well."""

import asyncio
import itertools
from dataclasses import replace

import pytest

from peer import RTCConfiguration, RTCPeerConnection
from peer.testing import Host, run
from tools import soak
from tools.soak import ENDINGS, ROUND, Load, growth, long_call, one_round, settled


def test_every_ending_leaves_nothing() -> None:
    async def story() -> tuple[Load, Load, Load]:
        first = Load.now()
        await one_round(0)
        before = Load.now()
        for number in range(1, 1 + len(ENDINGS) // 2):
            await one_round(number)
        return first, before, await settled(before)

    first, before, after = asyncio.run(story())
    assert after.is_within(before), (before, after)
    assert after.connections <= first.connections


@pytest.mark.slow
def test_what_is_left_is_counted() -> None:
    async def story() -> None:
        before = Load.now()
        left = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        left.createDataChannel("chat")
        await left.setLocalDescription()
        after = Load.now()
        assert after.connections == before.connections + 1
        assert after.sockets > before.sockets
        await left.close()
        assert (await settled(before)).sockets <= before.sockets

    asyncio.run(story())


def test_what_ended_meanwhile_is_no_fault() -> None:
    """As sockets of the first round, which the system closes a moment later."""
    after = Load(tasks=1, sockets=2, threads=3, connections=0)
    assert after.is_within(replace(after, sockets=after.sockets + 1))
    for name in ("tasks", "sockets", "threads", "connections"):
        assert not replace(after, **{name: getattr(after, name) + 1}).is_within(after)


def test_a_round_has_all_endings() -> None:
    assert len(ENDINGS) <= ROUND // 2


def test_growth_is_told_from_a_warm_up() -> None:
    warm = [*range(0, 1000, 100), *itertools.repeat(1000, 30)]
    assert growth(warm, 800) == 0.0
    assert growth([100 * number for number in range(40)], 800) > 3


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_sound_is_back_after_each_change() -> None:
    assert run(long_call(3 * soak.EVENT / 3600, seed=1), seed=1) == []


def test_silence_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async def cut(host: Host, dice: object) -> None:
        host.line.cut()

    monkeypatch.setattr(soak, "CHANGES", (cut,))
    told = run(long_call(soak.EVENT / 3600, 1), seed=1)
    assert [line.splitlines()[0] for line in told] == [
        "24 s: a hears nothing: cut",
        "24 s: b hears nothing: cut",
    ]
