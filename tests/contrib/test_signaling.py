"""aiortc's helpers for signaling, with the classes of this project."""

import argparse
import asyncio
from pathlib import Path

import pytest
from aiortc import RTCIceCandidate as AiortcIceCandidate
from aiortc import RTCSessionDescription as AiortcSessionDescription

from peer import RTCIceCandidate, RTCSessionDescription
from peer.contrib.signaling import (
    BYE,
    BaseSignaling,
    add_signaling_arguments,
    create_signaling,
    object_from_string,
    object_to_string,
)

OFFER = RTCSessionDescription("v=0\r\n", "offer")
CANDIDATE = RTCIceCandidate(
    candidate="candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host", sdpMid="0", sdpMLineIndex=0
)


@pytest.mark.parametrize("obj", [OFFER, CANDIDATE])
def test_what_arrives_is_taken_for_what_was_sent(
    obj: RTCSessionDescription | RTCIceCandidate,
) -> None:
    found = object_from_string(object_to_string(obj))
    assert isinstance(found, type(obj))
    assert found == obj


def test_only_what_is_of_the_kind_is_an_instance() -> None:
    assert isinstance(OFFER, AiortcSessionDescription)
    assert isinstance(CANDIDATE, AiortcIceCandidate)
    assert isinstance(AiortcSessionDescription("", "answer"), RTCSessionDescription)
    assert not isinstance(AiortcSessionDescription("", "answer"), RTCIceCandidate)
    for other in (None, "", CANDIDATE, BYE):
        assert not isinstance(other, RTCSessionDescription)


def test_two_programs_signal_over_a_socket(tmp_path: Path) -> None:
    def make() -> BaseSignaling:
        parser = argparse.ArgumentParser()
        add_signaling_arguments(parser)
        path = str(tmp_path / "signaling")
        arguments = ["--signaling", "unix-socket", "--signaling-path", path]
        return create_signaling(parser.parse_args(arguments))

    async def main() -> None:
        one, other = make(), make()
        async with asyncio.timeout(10):
            await one.connect()
            waiting = asyncio.create_task(one.receive())
            await other.connect()
            await other.send(OFFER)
            assert await waiting == OFFER
            await one.send(CANDIDATE)
            assert await other.receive() == CANDIDATE
            await one.close()
            await other.close()

    asyncio.run(main())
