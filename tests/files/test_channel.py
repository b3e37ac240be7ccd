"""Files between two connections, in virtual time."""

import asyncio
import json
import random
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from peer import InvalidStateError, RTCDataChannel, RTCPeerConnection
from peer.files import FileChannel, TransferError
from peer.files.channel import MAX_WAITING, PATIENCE
from peer.files.protocol import AHEAD, BLOCK, PIECE
from peer.testing import Conditions, Network, connect, run

BAD = Conditions(delay=0.03, jitter=0.01, loss=0.02)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A file of three blocks and a bit."""
    path = tmp_path / "film.mp4"
    path.write_bytes(random.Random(8).randbytes(3 * BLOCK + 12345))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "received"
    path.mkdir()
    return path


class Pair:
    """Two connections with a channel between them; `there` takes what is sent `here`."""

    def __init__(self, network: Network, number: int = 0) -> None:
        self.host = network.host(f"alice{number}", link=BAD)
        self.a = self.host.connection()
        self.b = network.host(f"bob{number}", link=BAD).connection()
        self.channel = self.a.createDataChannel("files")
        self.here = FileChannel(self.channel)
        self._coming: asyncio.Future[RTCDataChannel] = asyncio.get_running_loop().create_future()
        self._there: FileChannel | None = None
        self.b.on("datachannel", self._accept)

    def _accept(self, channel: RTCDataChannel) -> None:
        self._there = FileChannel(channel)
        self._coming.set_result(channel)

    async def connect(self) -> FileChannel:
        await connect(self.a, self.b)
        self.other = await self._coming
        assert self._there is not None
        return self._there

    async def close(self) -> None:
        await asyncio.gather(self.a.close(), self.b.close())


Story = Callable[[Pair, FileChannel], Coroutine[Any, Any, None]]


def told(story: Story, *, seed: int = 1) -> None:
    """Let a story happen between two that are connected."""

    async def tell() -> None:
        pair = Pair(Network(seed=seed))
        await story(pair, await pair.connect())
        await pair.close()

    run(tell(), seed=seed)


def test_a_file_arrives_as_it_was_sent(film: Path, folder: Path) -> None:
    steps: dict[str, list[tuple[int, int]]] = {"sent": [], "received": []}

    async def send(pair: Pair, there: FileChannel) -> None:
        receiving = asyncio.ensure_future(
            there.receive(folder, progress=lambda *step: steps["received"].append(step))
        )
        await pair.here.send(film, progress=lambda *step: steps["sent"].append(step))
        assert await receiving == folder / "film.mp4"

    told(send)
    assert (folder / "film.mp4").read_bytes() == film.read_bytes()
    assert [path.name for path in folder.iterdir()] == ["film.mp4"]
    size = film.stat().st_size
    assert steps["sent"] == steps["received"]
    assert steps["sent"] == [(one, size) for one in (BLOCK, 2 * BLOCK, 3 * BLOCK, size)]


@pytest.mark.parametrize("size", [0, 1, PIECE, BLOCK, BLOCK + 1])
def test_files_of_any_size_one_after_the_other(tmp_path: Path, folder: Path, size: int) -> None:
    paths = [tmp_path / name for name in ("one", "two")]
    for path in paths:
        path.write_bytes(random.Random(path.name).randbytes(size))

    async def send(pair: Pair, there: FileChannel) -> None:
        for path in paths:
            receiving = asyncio.ensure_future(there.receive(folder))
            await pair.here.send(path)
            assert (await receiving).read_bytes() == path.read_bytes()

    told(send)


def test_what_broke_off_goes_on_over_another_connection(film: Path, folder: Path) -> None:
    async def break_and_go_on() -> int:
        network = Network(seed=3)
        first = Pair(network, 1)
        receiving = asyncio.ensure_future((await first.connect()).receive(folder))

        def cut(octets: int, _: int) -> None:
            if octets == 2 * BLOCK:
                first.host.line.cut()

        sending = asyncio.ensure_future(first.here.send(film, progress=cut))
        await asyncio.sleep(30)
        await first.close()
        for broken in (sending, receiving):
            with pytest.raises(ConnectionError):
                await broken
        assert not (folder / "film.mp4").exists()

        second = Pair(network, 2)
        receiving = asyncio.ensure_future((await second.connect()).receive(folder))
        await second.here.send(film)
        await receiving
        await second.close()
        return second.channel.bytes_sent

    again = run(break_and_go_on(), seed=3)
    assert (folder / "film.mp4").read_bytes() == film.read_bytes()
    # Two blocks of it were there, or three.
    assert 12345 < again < BLOCK + 12345 + 1000


def test_a_beginning_of_another_file_is_not_gone_on_with(film: Path, folder: Path) -> None:
    size = film.stat().st_size
    (folder / f".film.mp4.{size}.part").write_bytes(bytes(2 * BLOCK))

    async def send(pair: Pair, there: FileChannel) -> None:
        receiving = asyncio.ensure_future(there.receive(folder))
        await pair.here.send(film)
        assert await receiving == folder / "film.mp4"
        assert pair.channel.bytes_sent > size

    told(send)
    assert (folder / "film.mp4").read_bytes() == film.read_bytes()


def test_a_file_that_is_there_is_not_sent_again_and_never_overwritten(
    film: Path, folder: Path
) -> None:
    size = film.stat().st_size

    async def send(pair: Pair, there: FileChannel) -> None:
        for _ in range(2):
            receiving = asyncio.ensure_future(there.receive(folder))
            await pair.here.send(film)
            assert await receiving == folder / "film.mp4"
        assert pair.channel.bytes_sent < size + 2000
        (folder / "film.mp4").write_bytes(b"another")
        receiving = asyncio.ensure_future(there.receive(folder))
        await pair.here.send(film)
        assert await receiving == folder / "film (1).mp4"
        assert (folder / "film.mp4").read_bytes() == b"another"

    told(send)


def test_a_slow_disk_slows_the_sender(
    film: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was sent and is not kept is bounded, whatever the line carries."""
    film.write_bytes(bytes(12 * BLOCK))
    monkeypatch.setattr("tests.files.test_channel.BAD", Conditions())

    async def send(pair: Pair, there: FileChannel) -> None:
        gate = asyncio.Event()

        async def wait(work: Callable[..., Any], *arguments: Any) -> Any:
            if work.__qualname__ == "Part.write":
                await gate.wait()
            return work(*arguments)

        monkeypatch.setattr("asyncio.to_thread", wait)
        receiving = asyncio.ensure_future(there.receive(folder))
        sending = asyncio.ensure_future(pair.here.send(film))
        await asyncio.sleep(30)
        assert AHEAD <= pair.channel.bytes_sent < AHEAD + 1000
        gate.set()
        await asyncio.gather(sending, receiving)

    told(send)


@pytest.mark.parametrize(
    "name", ["../escape", "a/b", "a\\b", "..", ".hidden", "", "c:x", "line\nbreak", "x" * 201, 7]
)
def test_a_name_that_leads_elsewhere_is_refused(folder: Path, name: object) -> None:
    async def send(pair: Pair, there: FileChannel) -> None:
        answers: asyncio.Queue[str] = asyncio.Queue()
        pair.channel.on("message", answers.put_nowait)
        pair.channel.send(json.dumps({"file": name, "size": 3, "transfer": 1}))
        with pytest.raises(TransferError, match="name"):
            await there.receive(folder)
        assert "refused" in json.loads(await answers.get())

    told(send)
    assert list(folder.iterdir()) == []
    assert sorted(path.name for path in folder.parent.iterdir()) == ["received"]


def test_what_is_too_large_is_refused_and_the_next_one_is_taken(film: Path, folder: Path) -> None:
    small = film.with_name("small")
    small.write_bytes(b"small")

    async def send(pair: Pair, there: FileChannel) -> None:
        receiving = asyncio.ensure_future(there.receive(folder, limit=1000))
        with pytest.raises(
            TransferError, match="refused: 'size' is no number of octets up to 1000"
        ):
            await pair.here.send(film)
        with pytest.raises(TransferError):
            await receiving
        receiving = asyncio.ensure_future(there.receive(folder, limit=1000))
        await pair.here.send(small)
        assert (await receiving).read_bytes() == b"small"

    told(send)


def test_a_transfer_that_is_given_up_leaves_room_for_the_next(film: Path, folder: Path) -> None:
    film.write_bytes(bytes(12 * BLOCK))
    small = film.with_name("small")
    small.write_bytes(b"small")

    async def send(pair: Pair, there: FileChannel) -> None:
        receiving = asyncio.ensure_future(there.receive(folder))
        sending: asyncio.Future[None] = asyncio.ensure_future(
            pair.here.send(film, progress=lambda *_: sending.cancel())
        )
        with pytest.raises(asyncio.CancelledError):
            await sending
        last = asyncio.ensure_future(pair.here.send(small))
        with pytest.raises(TransferError, match=r"early|given up"):
            await receiving
        assert (await there.receive(folder)).read_bytes() == b"small"
        await last

    told(send)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ([{"from": 1}], "where it ended"),
        ([{"from": 0}, b"four"], "beyond"),
        ([{"from": 0}, b"ab", {"digest": "?"}], "early"),
        ([{"from": 0}, b"abc", {"digest": "?"}], "not as it was sent"),
        ([b"abc"], "none were due"),
        (["[]"], "no object"),
        (["{"], "no JSON"),
        (["[" * 4000], "no JSON"),
        (["x" * 5000], "too long"),
        ([{"from": True}], "no number"),
    ],
)
def test_nonsense_ends_a_transfer_for_a_reason(folder: Path, said: list[Any], reason: str) -> None:
    async def send(pair: Pair, there: FileChannel) -> None:
        pair.channel.send(json.dumps({"file": "abc", "size": 3, "transfer": 1}))
        for one in said:
            pair.channel.send(json.dumps(one) if isinstance(one, dict) else one)
        with pytest.raises(TransferError, match=reason):
            await there.receive(folder)

    told(send)
    assert [path for path in folder.iterdir() if path.suffix != ".part"] == []


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"have": 4, "digest": ""}, "no number"),
        ({"have": 1, "digest": ""}, "whole blocks"),
        ({"refused": "no\x1b[31m"}, r"^refused: no\[31m$"),
    ],
)
def test_nonsense_of_a_receiver(tmp_path: Path, answer: dict[str, object], reason: str) -> None:
    path = tmp_path / "abc"
    path.write_bytes(b"abc")

    async def send(pair: Pair, there: FileChannel) -> None:
        pair.other.on("message", lambda _: pair.other.send(json.dumps(answer | {"transfer": 1})))
        with pytest.raises(TransferError, match=reason):
            await pair.here.send(path)

    told(send)


def test_a_receiver_that_breaks_keeps_no_sender_waiting(film: Path, folder: Path) -> None:
    def show(done: int, size: int) -> None:
        raise ZeroDivisionError

    async def send(pair: Pair, there: FileChannel) -> None:
        receiving = asyncio.ensure_future(there.receive(folder, progress=show))
        with pytest.raises(TransferError, match="refused: it cannot be kept"):
            await pair.here.send(film)
        with pytest.raises(ZeroDivisionError):
            await receiving

    told(send)


def test_who_floods_loses_the_channel(caplog: pytest.LogCaptureFixture) -> None:
    async def flood(pair: Pair, there: FileChannel) -> None:
        closed = asyncio.Event()
        pair.channel.on("close", closed.set)
        for _ in range(MAX_WAITING // PIECE + 1):
            pair.channel.send(bytes(PIECE))
        await closed.wait()
        with pytest.raises(ConnectionError):
            await there.receive(".")

    told(flood)
    assert "brings more than is taken" in caplog.text


def test_silence_ends_a_transfer(film: Path, folder: Path) -> None:
    async def wait(pair: Pair, there: FileChannel) -> None:
        loop = asyncio.get_running_loop()
        start = loop.time()
        with pytest.raises(TimeoutError):
            await pair.here.send(film)
        assert loop.time() - start == pytest.approx(PATIENCE)

    told(wait)


def test_misuse_is_told_at_once(film: Path, folder: Path) -> None:
    async def misuse(pair: Pair, there: FileChannel) -> None:
        with pytest.raises(FileNotFoundError):
            await pair.here.send(folder / "nothing")
        receiving = asyncio.ensure_future(there.receive(folder))
        await asyncio.sleep(0)
        with pytest.raises(InvalidStateError):
            await there.send(film)
        receiving.cancel()
        lossy = pair.a.createDataChannel("lossy", maxRetransmits=0)
        for bad in (lossy, pair.a.createDataChannel("unordered", ordered=False)):
            with pytest.raises(InvalidStateError):
                FileChannel(bad)

    told(misuse)


def test_a_channel_that_never_opens_breaks_off(film: Path) -> None:
    async def close() -> None:
        pc = RTCPeerConnection()
        files = FileChannel(pc.createDataChannel("files"))
        sending = asyncio.ensure_future(files.send(film))
        await asyncio.sleep(1)
        await pc.close()
        with pytest.raises(ConnectionError):
            await sending

    run(close(), seed=1)
