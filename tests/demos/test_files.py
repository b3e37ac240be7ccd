"""Files to and from a program that serves a page."""

import asyncio
import hashlib
import random
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from rich.console import Console
from rich.progress import Progress

import demos.files.__main__ as program
from demos.call.chromium import NAMES, browser
from demos.files import send
from peer import RTCPeerConnection
from peer.files import FileChannel, TransferError
from peer.files.protocol import BLOCK
from peer.signaling import WhipClient
from tests.browsers.process import require_program
from tests.demos.caller import SECONDS, local_connection, running
from tests.demos.visitor import is_true


@pytest.fixture(autouse=True)
def _no_far_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("peer.api.configuration.DEFAULT_ICE_SERVERS", ())


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.mp4"
    path.write_bytes(random.Random(8).randbytes(9 * BLOCK + 12345))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "received"
    path.mkdir()
    return path


def serving(folder: Path, film: Path) -> AbstractAsyncContextManager[int]:
    """Run the program; gives its port."""

    async def main(path: str, port: int) -> None:
        await program.main(str(folder), path, port=port)

    return running(main, str(film))


def test_the_command_sends_and_goes_on_where_it_broke(
    film: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[RTCPeerConnection] = []

    def connection() -> RTCPeerConnection:
        made.append(local_connection())
        return made[-1]

    monkeypatch.setattr(send, "connection", connection)
    monkeypatch.setattr(send, "PAUSE", 0.0)
    bar = Progress(console=Console(quiet=True))

    def update(*_: object, completed: int, total: int) -> None:
        if len(made) == 1 and completed >= 3 * BLOCK:
            breaking.append(asyncio.ensure_future(made[0].close()))
        steps.append(completed)

    steps: list[int] = []
    breaking: list[asyncio.Future[None]] = []
    monkeypatch.setattr(bar, "update", update)

    async def run() -> None:
        async with serving(folder, film) as port:
            await asyncio.wait_for(
                send.send(f"http://localhost:{port}/files", str(film), bar), SECONDS
            )

    asyncio.run(run())
    assert (folder / "film.mp4").read_bytes() == film.read_bytes()
    assert len(made) == 2
    assert breaking
    # What was there is not sent again.
    assert steps == sorted(set(steps))


def test_a_failed_connection_ends() -> None:
    async def fail() -> str:
        pc = send.connection()
        pc.emit("connectionstatechange")
        assert pc.connectionState == "new"
        await pc.close()
        return pc.connectionState

    assert asyncio.run(fail()) == "closed"


def test_a_program_fetches_the_file(film: Path, folder: Path, tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()

    async def fetch() -> Path:
        async with serving(folder, film) as port:
            pc = local_connection()
            files = FileChannel(pc.createDataChannel("fetch"))
            async with WhipClient(f"http://localhost:{port}/files") as client:
                await client.connect(pc)
                place = await asyncio.wait_for(files.receive(here), SECONDS)
            await pc.close()
            return place

    assert asyncio.run(fetch()).read_bytes() == film.read_bytes()


def test_who_asks_for_a_file_that_is_none_hears_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def fetch() -> None:
        async with serving(tmp_path, tmp_path / "none.mp4") as port:
            pc = local_connection()
            files = FileChannel(pc.createDataChannel("fetch"))
            async with WhipClient(f"http://localhost:{port}/files") as client:
                await client.connect(pc)
                with pytest.raises(ConnectionError):
                    await asyncio.wait_for(files.receive(tmp_path), SECONDS)
            await pc.close()

    asyncio.run(fetch())
    assert "not sent:" in capsys.readouterr().out


def test_the_next_file_is_taken_when_the_disk_took_one_not(
    film: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # There is a folder in the place of what is kept of it.
    (folder / f".film.mp4.{film.stat().st_size}.part").mkdir()
    other = film.with_name("other.mp4")
    other.write_bytes(b"short")

    async def send_both() -> None:
        async with serving(folder, film) as port:
            pc = local_connection()
            files = FileChannel(pc.createDataChannel("files"))
            async with WhipClient(f"http://localhost:{port}/files") as client:
                await client.connect(pc)
                with pytest.raises(TransferError):
                    await asyncio.wait_for(files.send(film), SECONDS)
                await asyncio.wait_for(files.send(other), SECONDS)
            await pc.close()

    asyncio.run(send_both())
    assert (folder / "other.mp4").read_bytes() == b"short"
    assert "not received:" in capsys.readouterr().out


@pytest.mark.interop
def test_the_page_sends_and_fetches(film: Path, folder: Path) -> None:
    require_program("chromium", *NAMES)
    size = 10 * BLOCK + 1

    async def visit() -> str:
        async with serving(folder, film) as port, browser() as page:
            await page.open(f"http://localhost:{port}/", 640, 480)
            await is_true(page, "globalThis.choose?.onchange")
            # As a user does: zeros, and something at their end.
            await page.evaluate(
                f"""{{
                  const data = new Uint8Array({size}), chosen = new DataTransfer();
                  data[{size} - 1] = 7;
                  chosen.items.add(new File([data], "zeros.bin"));
                  choose.files = chosen.files;
                  void choose.onchange();
                }}"""
            )
            await is_true(page, "list.innerText.includes('kept')")
            await page.evaluate("document.getElementById('fetch').click()")
            await is_true(page, "list.innerText.includes('received')")
            text = await page.evaluate(
                """fetch(list.querySelector("a").href)
                  .then(response => response.arrayBuffer())
                  .then(data => crypto.subtle.digest("SHA-256", data))
                  .then(digest => String.fromCharCode(...new Uint8Array(digest)))"""
            )
            return str(text)

    digest = asyncio.run(visit()).encode("latin-1")
    assert digest == hashlib.sha256(film.read_bytes()).digest()
    assert (folder / "zeros.bin").read_bytes() == bytes(size - 1) + b"\x07"
