"""A call of this machine to itself: whether what a call is made of works here."""

import asyncio
from dataclasses import dataclass

from peer import RTCConfiguration, RTCDataChannel, RTCPeerConnection
from peer.net import NetConfig, System

from .report import Check, Status

MESSAGES = 100
BOUND = 5.0
"""Seconds until it has failed."""


@dataclass(frozen=True, slots=True)
class SelfCall:
    """What came of it: seconds until the channel was open, and for all messages; else why not."""

    opened: float | None = None
    echoed: float | None = None
    why: str = ""


async def call_self(system: System) -> SelfCall:
    """Connect two connections over addresses of this machine alone, and send messages."""
    settings = RTCConfiguration(iceServers=[], network=NetConfig(system=system, watch=False))
    one, other = RTCPeerConnection(settings), RTCPeerConnection(settings)
    other.on("datachannel", lambda channel: channel.on("message", channel.send))
    opened: float | None = None
    loop = asyncio.get_running_loop()
    begun = loop.time()
    try:
        async with asyncio.timeout(BOUND):
            channel = one.createDataChannel("doctor")
            open_ = asyncio.Event()
            channel.on("open", open_.set)
            await _exchange(one, other)
            await open_.wait()
            opened = loop.time() - begun
            await _echo(channel)
            return SelfCall(opened, loop.time() - begun - opened)
    except TimeoutError:
        return SelfCall(opened, None, str(one.explain()))
    except Exception as error:
        return SelfCall(opened, None, f"{type(error).__name__}: {error}")
    finally:
        await asyncio.gather(one.close(), other.close())


async def _exchange(one: RTCPeerConnection, other: RTCPeerConnection) -> None:
    await one.setLocalDescription()
    await one.completeLocalDescription()
    await other.setRemoteDescription(one.localDescription)
    await other.setLocalDescription()
    await other.completeLocalDescription()
    await one.setRemoteDescription(other.localDescription)


async def _echo(channel: RTCDataChannel) -> None:
    """Send messages and wait until all are back."""
    back: asyncio.Queue[object] = asyncio.Queue()
    channel.on("message", back.put_nowait)
    for number in range(MESSAGES):
        channel.send(str(number))
    for _ in range(MESSAGES):
        await back.get()


def judge_self_call(found: SelfCall) -> Check:
    """Judge it."""
    if found.opened is None or found.echoed is None:
        words = "does not connect" if found.opened is None else "connects, and loses messages"
        advice = "A firewall on this machine, or a library that is broken: no call will work."
        evidence = tuple(line.strip() for line in found.why.splitlines())
        return Check("a call to itself", Status.FAIL, words, evidence, advice)
    values = {"opened": round(found.opened, 4), "echoed": round(found.echoed, 4)}
    words = f"a channel after {found.opened * 1e3:.0f} ms, {MESSAGES} messages there and back"
    words += f" in {found.echoed * 1e3:.0f} ms"
    return Check("a call to itself", Status.PASS, words, values=values)
