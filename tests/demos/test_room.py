"""The room of the demo: two programs and a page, which all see and hear each other."""

import asyncio
import ssl
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path

import pytest

from demos import room, room_bot
from demos.call.chromium import NAMES, browser
from peer import MediaStreamTrack
from peer.signaling import Member, Room, SignalingError
from peer.testing import ToneTrack
from tests.browsers.process import require_program
from tests.demos.caller import read_page, running
from tests.demos.film import shoot
from tests.demos.visitor import is_true
from tests.net.certificates import make_certificates
from tests.signaling.support import ALONE

BOUND = 100.0
EXPECTED = {("Ada", "audio"), ("Ada", "video"), ("a film", "video")}

SHOWS_FILM = "[...people.querySelectorAll('video')].some((v) => v.videoWidth === 160)"


def meet_nobody(member: Member) -> None:
    """Have nothing for who comes."""


def serving(*arguments: str) -> AbstractAsyncContextManager[int]:
    """Run the server of the demo; gives its port."""
    return running(lambda _, port: room.main(*arguments, port=port), "")


def test_the_page_is_there() -> None:
    async def read() -> tuple[str, str]:
        async with asyncio.timeout(BOUND), serving() as port:
            return await read_page(port)

    kind, text = asyncio.run(read())
    assert kind.startswith("text/html")
    assert "RTCPeerConnection" in text


def test_other_machines_come_by_tls(tmp_path: Path) -> None:
    files = make_certificates(tmp_path)
    trusting = ssl.create_default_context(cafile=files.authority)

    async def enter() -> None:
        async with (
            asyncio.timeout(BOUND),
            serving(str(files.certificate), str(files.key), "127.0.0.1") as port,
        ):
            url = f"wss://localhost:{port}/"
            own = f"https://127.0.0.1:{port}"
            async with Room(url, "lobby", meet_nobody, ssl=trusting, origin=own):
                other = Room(
                    url, "lobby", meet_nobody, ssl=trusting, origin="https://elsewhere.example"
                )
                with pytest.raises(SignalingError):
                    await other.open()

    asyncio.run(enter())


@pytest.mark.interop
def test_a_page_and_two_programs_meet(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    require_program("chromium", *NAMES)
    monkeypatch.setattr("peer.api.configuration.DEFAULT_ICE_SERVERS", ())
    film = tmp_path / "film.mp4"
    shoot(film)
    tracks: asyncio.Queue[tuple[str, MediaStreamTrack]] = asyncio.Queue()

    def welcome(member: Member) -> None:
        member.pc.addTrack(ToneTrack())
        member.pc.on("track", lambda track: tracks.put_nowait((member.name, track)))

    async def meet() -> None:
        async with asyncio.timeout(BOUND), serving() as port, browser() as page:
            url = f"ws://localhost:{port}/"
            bot = asyncio.ensure_future(room_bot.main(str(film), url))
            await page.open(f"http://localhost:{port}/?name=Ada#lobby", 800, 600)
            async with Room(url, "lobby", welcome, name="Bob", configuration=ALONE) as bob:
                seen: dict[tuple[str, str], MediaStreamTrack] = {}
                while not seen.keys() >= EXPECTED:
                    name, track = await tracks.get()
                    seen[name, track.kind] = track
                for track in seen.values():
                    await track.recv()
                # The page plays the film, and has a connection with each of us.
                await is_true(page, "[...people.querySelectorAll('video')].length === 3")
                await is_true(page, SHOWS_FILM)
                # Its websocket breaks, and it is back; nothing else happens.
                await page.evaluate("call.mail.socket.close(4000)")
                await is_true(page, "call.mail.socket.readyState === 1 && call.mail.socket.ready")
                [ada] = [member for member in bob.members.values() if member.name == "Ada"]
                assert ada.pc.connectionState == "connected"
                await page.evaluate("location = 'about:blank'")
                await ada.left.wait()
            bot.cancel()
            with suppress(asyncio.CancelledError):
                await bot

    asyncio.run(meet())
    assert "'Bob' is here" in capsys.readouterr().out
