"""Captures of whole calls in virtual time: what is in them, and when there is none."""

import asyncio
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from peer import (
    InvalidModificationError,
    JsepTypeError,
    RTCConfiguration,
    RTCPeerConnection,
)
from peer.session import capture_file as module
from peer.session.capture_file import CaptureFile, capture_file
from peer.session.trace_file import trace_file
from peer.session.tracing import ENVIRONMENT
from peer.testing import Network, ToneTrack, connect, run
from peer.trace import CaptureWriter
from tests.session.threads import in_threads
from tests.testing.support import closing, first_message
from tests.trace.capture_reading import Capture, read_capture

SECRET = "a word that nobody may hear"


async def a_call(*settings: dict[str, Any], nat: str | None = None) -> None:
    """Two hosts with sound and a message, each with settings of its own."""
    net = Network(seed=3)
    net.stun_server()
    net.turn_server()
    hosts = [net.host(name, nat=nat) for name in ("alice", "bob")]
    pcs = [host.connection(**each) for host, each in zip(hosts, settings, strict=True)]
    async with closing(*pcs) as (one, other):
        one.addTrack(ToneTrack())
        channel = one.createDataChannel("chat")
        came = first_message(other)
        await connect(one, other)
        channel.send(SECRET)
        await came
        await asyncio.sleep(1)


def captured(path: Path, **settings: Any) -> Capture:
    run(a_call({"capture": path, **settings}, {}))
    return read_capture(path.read_bytes())


def test_wire_and_what_is_inside(tmp_path: Path) -> None:
    path = tmp_path / "call.pcapng"
    found = captured(path)
    wire, records, data, media = (found.on(interface) for interface in range(4))
    assert "WITH THE KEYS" in found.comment
    assert path.stat().st_mode & 0o777 == 0o600
    first = [packet.data[28:] for packet in wire]
    assert {each[0] >> 2 == 0 for each in first} == {True, False}
    # Each packet inside is on the wire as well, where there are DTLS records beside it.
    assert len([each for each in first if each[0] == 23]) == len(data)
    assert len(records) > len(data)
    assert len([each for each in first if each[0] >> 6 == 2]) == len(media) > 50
    assert any(SECRET.encode() in packet.data for packet in data)
    assert all(SECRET.encode() not in packet.data for packet in wire)
    times = [packet.time for packet in found.packets]
    assert times == sorted(times)


def test_of_media_there_are_headers_unless_asked_for(tmp_path: Path) -> None:
    cut, whole = (
        captured(tmp_path / "cut").on(3),
        captured(tmp_path / "w", captureMedia=True).on(3),
    )
    assert sum(each.size > len(each.data) for each in cut) > 50
    assert all(each.size == len(each.data) for each in whole)


@pytest.mark.parametrize("side", [0, 1], ids=["who offers", "who answers"])
def test_keys_come_before_what_they_decrypt(side: int, tmp_path: Path) -> None:
    path = tmp_path / "call.pcapng"
    settings: list[dict[str, Any]] = [{}, {}]
    settings[side] = {"capture": path}
    run(a_call(*settings))
    found = read_capture(path.read_bytes())
    ((place, line),) = found.secrets
    assert line.startswith("CLIENT_RANDOM ")
    # Handshake records of the epoch that has keys.
    protected = [each.place for each in found.on(1) if bytes((22, 254, 253, 0, 1)) in each.data]
    assert protected
    assert place < min(protected)


@pytest.mark.parametrize("nat", [None, "symmetric"], ids=["in checks", "over a relay"])
def test_a_handshake_is_whole_whatever_carries_it(nat: str | None, tmp_path: Path) -> None:
    path = tmp_path / "call.pcapng"
    run(a_call({"capture": path}, {}, nat=nat))
    records = [each.data for each in read_capture(path.read_bytes()).on(1)]
    # What a datagram begins with, after its tags: the type of its first handshake message.
    kinds = {data.partition(bytes(4) + b"\x16\xfe")[2][11:12] for data in records}
    assert {b"\x01", b"\x02", b"\x0b"} <= kinds  # ClientHello, ServerHello, Certificate


def test_connections_share_a_file(tmp_path: Path) -> None:
    path = tmp_path / "call.pcapng"
    run(a_call({"capture": path}, {"capture": str(path)}))
    found = read_capture(path.read_bytes())
    assert len(found.secrets) == 2
    assert len({line for _, line in found.secrets}) == 1


def test_no_variable_asks_for_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "call.pcapng"
    monkeypatch.setenv(ENVIRONMENT, str(path))
    run(a_call({}, {}))
    assert path.read_bytes().startswith(b"RTCStatsDump")


def test_a_capture_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_FILE", 8000)
    path = tmp_path / "call.pcapng"
    found = captured(path)
    assert 4000 < path.stat().st_size <= 8000
    assert found.packets


def test_a_file_that_cannot_be_written_is_told_of(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        RTCPeerConnection(RTCConfiguration(capture=tmp_path / "nowhere" / "call.pcapng"))


@pytest.mark.parametrize("odd", [{"capture": 3}, {"capture": print}, {"captureMedia": "yes"}])
def test_what_is_no_file(odd: dict[str, Any]) -> None:
    with pytest.raises(JsepTypeError):
        RTCPeerConnection(odd)


def test_nobody_begins_a_capture_later() -> None:
    pc = RTCPeerConnection()
    with pytest.raises(InvalidModificationError):
        pc.setConfiguration({"capture": "call.pcapng"})


def test_what_was_not_written_yet_is_when_the_file_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "call.pcapng"

    async def write() -> None:
        file = capture_file(path, whole=False)
        file.data(b"last", leaves=True)
        file.close()

    asyncio.run(write())
    assert path.read_bytes().startswith(CaptureWriter.head())
    assert read_capture(path.read_bytes()).on(2)[0].data == b"last"


def test_a_full_file_costs_no_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_FILE", 10)
    made: list[bytes] = []

    def make(*_: object, **__: object) -> bytes:
        made.append(b"block")
        return made[-1]

    async def write() -> None:
        file = capture_file(tmp_path / "call.pcapng", whole=False)
        monkeypatch.setattr(CaptureWriter, "data", make)
        file.data(b"message", leaves=True)
        file.close()

    asyncio.run(write())
    assert made == []


def test_what_waits_is_bounded_though_its_loop_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that left a connection open may begin another loop, and name the same file."""
    monkeypatch.setattr(module, "MAX_WAITING", 3)
    path = tmp_path / "call.pcapng"
    file = capture_file(path, whole=False)

    async def write(*messages: bytes) -> None:
        for message in messages:
            file.data(message, leaves=True)

    def written() -> list[bytes]:
        return [each.data for each in read_capture(path.read_bytes()).on(2)]

    loop = asyncio.new_event_loop()
    # It is stopped within the iteration in which the packet came.
    loop.call_soon(partial(file.data, b"1", leaves=True))
    loop.call_soon(loop.stop)
    loop.run_forever()
    loop.close()
    assert written() == []
    asyncio.run(write(b"2", b"3"))
    assert written() == [b"1", b"2", b"3"]

    async def write_and_wait() -> None:
        await write(b"4")
        await asyncio.sleep(0)

    asyncio.run(write_and_wait())
    assert written() == [b"1", b"2", b"3", b"4"]
    file.close()


def test_without_a_file_for_packets_that_of_the_trace_is_let_go(tmp_path: Path) -> None:
    trace = tmp_path / "call.jsonl"
    with pytest.raises(FileNotFoundError):
        RTCPeerConnection(RTCConfiguration(trace=trace, capture=tmp_path / "nowhere" / "x"))
    before = trace.read_bytes()
    assert before
    again = trace_file(trace)
    assert again.users == 1
    again.close("PC_1")


class SlowList(list[bytes]):
    """Lets other threads go on once it was read."""

    def __iter__(self) -> Iterator[bytes]:
        yield from super().__iter__()
        time.sleep(0.001)


def test_threads_share_a_file(tmp_path: Path) -> None:
    """Each runs a loop of its own, and nothing of either is lost or torn."""
    path = tmp_path / "call.pcapng"
    files = [capture_file(path, whole=False) for _ in range(2)]
    files[0]._packets = SlowList()
    count = 500

    async def write(file: CaptureFile, name: str) -> None:
        for number in range(count):
            file.data(f"{name}{number}".encode(), leaves=True)
            file.stream(b"x", ("192.0.2.1", 1), ("192.0.2.2", 2), leaves=True)
            if number % 7 == 0:
                await asyncio.sleep(0)
        file.close()

    in_threads([partial(asyncio.run, write(*each)) for each in zip(files, "ab", strict=True)])
    capture = read_capture(path.read_bytes())
    found = [each.data.decode() for each in capture.on(2)]
    for name in "ab":
        assert [one for one in found if one[0] == name] == [f"{name}{n}" for n in range(count)]
    assert len(capture.on(0)) == 2 * count
