"""The page and its signaling, as a browser gets them."""

import asyncio
import re

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from demos.call import server
from demos.call.server import CONTENT_TYPES, STATIC
from tests.demos.visitor import SECONDS, open_house, signaling, until


def get(path: str) -> tuple[str, str]:
    """Ask for a path; gives the head and the body of the response."""

    async def ask() -> str:
        async with open_house() as (_, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n".encode())
            text = await asyncio.wait_for(reader.read(), SECONDS)
            writer.close()
            await writer.wait_closed()
            return text.decode()

    head, body = asyncio.run(ask()).split("\r\n\r\n", 1)
    return head, body


def test_the_page_is_there() -> None:
    head, body = get("/")
    assert head.startswith("HTTP/1.1 200 ")
    assert "Content-Type: text/html; charset=utf-8" in head
    assert body == (STATIC / "page.html").read_text()


@pytest.mark.parametrize("name", sorted(file.name for file in STATIC.iterdir()))
def test_every_file_of_the_page_is_served_with_its_type(name: str) -> None:
    head, body = get(f"/{name}")
    assert CONTENT_TYPES[(STATIC / name).suffix] in head
    assert body == (STATIC / name).read_text()


def test_the_page_needs_nothing_from_elsewhere() -> None:
    texts = {file.name: file.read_text() for file in STATIC.iterdir()}
    wanted = re.findall(r'(?:src|href)="([^"#]+)"', texts["page.html"])
    wanted += re.findall(r'from "\./([^"]+)"', "".join(texts.values()))
    assert set(wanted) == set(texts) - {"page.html"}
    outside = re.findall(r"https?://(?!www\.w3\.org/2000/svg)\S+", "".join(texts.values()))
    assert outside == []
    head, _ = get("/")
    assert "Content-Security-Policy: default-src 'self'" in head


@pytest.mark.parametrize("path", ["/nothing", "/../server.py", "/static/page.html", "//"])
def test_nothing_else_is_there(path: str) -> None:
    assert get(path)[0].startswith("HTTP/1.1 404 ")


def test_other_pages_may_not_signal() -> None:
    async def intrude() -> int:
        async with open_house() as (_, port):
            with pytest.raises(InvalidStatus) as caught:
                async with signaling(port, origin="http://elsewhere.example"):
                    pass
            return caught.value.response.status_code

    assert asyncio.run(intrude()) == 403


def test_our_own_page_may() -> None:
    async def visit() -> None:
        async with (
            open_house() as (reception, port),
            signaling(port, origin=f"http://127.0.0.1:{port}"),
        ):
            await until(lambda: reception.rooms)

    asyncio.run(visit())


def test_visitors_beyond_the_last_room_are_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MAX_ROOMS", 1)

    async def crowd() -> int | None:
        async with open_house() as (reception, port), signaling(port):
            await until(lambda: reception.rooms)
            async with signaling(port) as second:
                with pytest.raises(ConnectionClosed) as caught:
                    await asyncio.wait_for(second.recv(), SECONDS)
                assert len(reception.rooms) == 1
                return caught.value.rcvd.code if caught.value.rcvd else None

    assert asyncio.run(crowd()) == 1013


def test_nonsense_ends_the_visit_and_frees_the_room() -> None:
    async def babble() -> None:
        async with open_house() as (reception, port), signaling(port) as websocket:
            await websocket.send("nonsense")
            await asyncio.wait_for(websocket.wait_closed(), SECONDS)
            await until(lambda: not reception.rooms)
            assert websocket.close_code in (1008, 1011)

    asyncio.run(babble())
