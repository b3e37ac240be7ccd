"""Signaling for trials, with ourselves and with aiortc's."""

import argparse
import asyncio
import json
import os
import sys
from pathlib import Path

import pytest
from aiortc.contrib import signaling as aiortc_signaling

from peer import RTCIceCandidate, RTCSessionDescription
from peer.contrib.signaling import (
    BYE,
    BaseSignaling,
    CopyAndPasteSignaling,
    SignalingObject,
    TcpSocketSignaling,
    UnixSocketSignaling,
    add_signaling_arguments,
    create_signaling,
    object_from_string,
    object_to_string,
)

OFFER = RTCSessionDescription("v=0\r\n", "offer")
ANSWER = RTCSessionDescription("v=0\r\n", "answer")
CANDIDATE = RTCIceCandidate(
    candidate="candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host", sdpMid="0", sdpMLineIndex=0
)
OBJECTS: list[SignalingObject] = [OFFER, ANSWER, CANDIDATE, BYE]


@pytest.mark.parametrize("obj", OBJECTS)
def test_objects_survive_the_way(obj: SignalingObject) -> None:
    found = object_from_string(object_to_string(obj))
    assert type(found) is type(obj)
    assert found == obj


@pytest.mark.parametrize("obj", OBJECTS)
def test_what_is_written_is_what_aiortc_writes(obj: SignalingObject) -> None:
    theirs = aiortc_signaling.BYE if obj is BYE else obj
    text = aiortc_signaling.object_to_string(theirs)  # type: ignore[arg-type]
    assert json.loads(object_to_string(obj)) == json.loads(text)
    assert object_from_string(text) == obj


@pytest.mark.parametrize("text", ["1", "{}", '{"type": "pranswer", "sdp": ""}'])
def test_other_lines_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no signaling"):
        object_from_string(text)


def test_other_objects_are_refused() -> None:
    with pytest.raises(TypeError):
        object_to_string("bye")  # type: ignore[arg-type]


async def converse(first: BaseSignaling, second: BaseSignaling) -> None:
    """Send an offer and an answer, and say goodbye: who sends first listens."""
    for signaling in (first, second):
        await signaling.connect()
    sending = asyncio.create_task(first.send(OFFER))
    for _ in range(100):
        await asyncio.sleep(0.01)
        try:
            assert await second.receive() == OFFER
            break
        except OSError:
            continue  # It does not listen yet.
    await sending
    await second.send(ANSWER)
    assert await first.receive() == ANSWER
    await first.close()
    assert await second.receive() is BYE
    assert await second.receive() is None
    await second.close()
    await second.close()


def test_by_tcp() -> None:
    server = asyncio.run(free_port())
    asyncio.run(
        converse(TcpSocketSignaling("127.0.0.1", server), TcpSocketSignaling("127.0.0.1", server))
    )


async def free_port() -> int:
    async with await asyncio.start_server(lambda *_: None, "127.0.0.1", 0) as server:
        port: int = server.sockets[0].getsockname()[1]
        return port


def test_by_a_unix_socket_that_is_gone_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "signaling"
    asyncio.run(converse(UnixSocketSignaling(str(path)), UnixSocketSignaling(str(path))))
    assert not path.exists()


def test_closing_before_anything_was_sent_is_nothing() -> None:
    asyncio.run(UnixSocketSignaling("/nowhere").close())
    asyncio.run(CopyAndPasteSignaling().close())


def test_by_hand(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    async def paste() -> list[SignalingObject | None]:
        signaling = CopyAndPasteSignaling()
        await signaling.connect()
        await signaling.send(OFFER)
        received = [await signaling.receive(), await signaling.receive()]
        await signaling.close()
        return received

    reading, writing = os.pipe()
    os.write(writing, object_to_string(ANSWER).encode() + b"\n")
    os.close(writing)
    with os.fdopen(reading) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        assert asyncio.run(paste()) == [ANSWER, None]
    printed = capsys.readouterr().out
    assert object_to_string(OFFER) in printed
    assert object_to_string(BYE) in printed


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ([], CopyAndPasteSignaling),
        (["-s", "tcp-socket", "--signaling-port", "5000"], TcpSocketSignaling),
        (["--signaling", "unix-socket"], UnixSocketSignaling),
    ],
)
def test_the_command_line_chooses(arguments: list[str], kind: type[BaseSignaling]) -> None:
    parser = argparse.ArgumentParser()
    add_signaling_arguments(parser)
    assert type(create_signaling(parser.parse_args(arguments))) is kind
