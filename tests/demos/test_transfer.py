"""Programs in aiortc's manner: files through a data channel, signaled through a socket."""

import asyncio
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiortc
import pytest
from aiortc.contrib import signaling as aiortc_signaling

from peer import RTCDataChannel, RTCIceCandidate, RTCPeerConnection, RTCSessionDescription
from peer.contrib.signaling import BYE, BaseSignaling, UnixSocketSignaling
from tests.demos.caller import SECONDS, local_connection
from tests.demos.visitor import until

CONTENT = bytes(range(256)) * 1024
"""A quarter of a megabyte."""


async def consume_signaling(pc: RTCPeerConnection, signaling: BaseSignaling) -> None:
    """Do what the other side signals until it says goodbye."""
    while True:
        obj = await signaling.receive()
        if isinstance(obj, RTCSessionDescription):
            await pc.setRemoteDescription(obj)
            if obj.type == "offer":
                await pc.setLocalDescription(await pc.createAnswer())
                assert pc.localDescription is not None
                await signaling.send(pc.localDescription)
        elif isinstance(obj, RTCIceCandidate):
            await pc.addIceCandidate(obj)
        elif obj is BYE or obj is None:
            return


async def send_file(path: str, source: io.BytesIO) -> int:
    """Offer a channel and send the file by it; gives how often its buffer ran low."""
    signaling, pc = UnixSocketSignaling(path), local_connection()
    channel = pc.createDataChannel("file")
    finished, low = False, 0

    def send_more() -> None:
        nonlocal finished
        while channel.bufferedAmount <= channel.bufferedAmountLowThreshold and not finished:
            data = source.read(16384)
            channel.send(data)
            finished = not data

    def on_bufferedamountlow() -> None:
        nonlocal low
        low += 1
        send_more()

    channel.on("bufferedamountlow", on_bufferedamountlow)
    channel.on("open", send_more)
    await signaling.connect()
    await pc.setLocalDescription(await pc.createOffer())
    assert pc.localDescription is not None
    await signaling.send(pc.localDescription)
    await consume_signaling(pc, signaling)
    await pc.close()
    await signaling.close()
    return low


async def receive_file(path: str) -> bytes:
    """Take the file until its empty end."""
    signaling, pc = UnixSocketSignaling(path), local_connection()
    received = bytearray()

    @pc.on("datachannel")
    def on_datachannel(channel: RTCDataChannel) -> None:
        @channel.on("message")
        async def on_message(message: bytes) -> None:
            received.extend(message)
            if not message:
                await signaling.send(BYE)

    await signaling.connect()
    await consume_signaling(pc, signaling)
    await pc.close()
    await signaling.close()
    return bytes(received)


async def receive_file_with_aiortc(path: str) -> bytes:
    """Take the file with a program of aiortc."""
    signaling = aiortc_signaling.UnixSocketSignaling(path)
    pc = aiortc.RTCPeerConnection(aiortc.RTCConfiguration(iceServers=[]))
    received = bytearray()
    done = asyncio.Event()

    def on_message(message: bytes) -> None:
        received.extend(message)
        if not message:
            done.set()

    pc.on("datachannel", lambda channel: channel.on("message", on_message))

    offer = await signaling.receive()
    assert isinstance(offer, aiortc.RTCSessionDescription)
    await pc.setRemoteDescription(offer)
    await pc.setLocalDescription(await pc.createAnswer())
    await signaling.send(pc.localDescription)
    await done.wait()
    await signaling.close()
    await pc.close()
    return bytes(received)


@pytest.mark.parametrize("receive", [receive_file, receive_file_with_aiortc])
def test_a_file_arrives_whole(tmp_path: Path, receive: Callable[[str], Any]) -> None:
    path = tmp_path / "signaling"

    async def transfer() -> tuple[int, bytes]:
        async with asyncio.timeout(SECONDS):
            sending = asyncio.create_task(send_file(str(path), io.BytesIO(CONTENT)))
            await until(path.exists)
            received: bytes = await receive(str(path))
            return await sending, received

    low, received = asyncio.run(transfer())
    assert received == CONTENT
    assert low >= len(CONTENT) // 16384
