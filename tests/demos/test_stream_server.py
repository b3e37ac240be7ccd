"""A film that is published to the streaming server, and watched there."""

import asyncio
from contextlib import suppress
from pathlib import Path

import aiohttp
import av

from demos import play, publish, stream_server
from tests.demos.caller import SECONDS, free_port, is_open
from tests.demos.film import LUMA, shoot


async def wait_for(what: str, url: str, status: int) -> None:
    """Wait until a stream answers an offer so."""
    async with aiohttp.ClientSession() as http:
        while True:
            async with http.post(url, data=what, headers={"Content-Type": what}) as response:
                if response.status == status:
                    return
            await asyncio.sleep(0.05)


async def stream(film: Path, copy: Path) -> None:
    """Publish a film, and record what a viewer gets of it."""
    port = free_port()
    server = asyncio.ensure_future(stream_server.main("127.0.0.1", port))
    async with asyncio.timeout(SECONDS):
        while not await is_open(port):  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)
        whip, whep = (f"http://127.0.0.1:{port}/{kind}/film" for kind in ("whip", "whep"))
        publisher = asyncio.ensure_future(publish.main(str(film), whip))
        # An offer that makes no sense is refused as such once somebody publishes.
        await wait_for("application/sdp", whep, 400)
        viewer = asyncio.ensure_future(play.main(whep, str(copy)))
        await publisher
        # Nobody publishes any more.
        await wait_for("application/sdp", whep, 404)
    for task in (viewer, server):
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def test_a_viewer_gets_what_is_published(tmp_path: Path) -> None:
    film, copy = tmp_path / "film.mp4", tmp_path / "copy.mp4"
    shoot(film)
    asyncio.run(stream(film, copy))
    with av.open(str(copy)) as container:
        pictures = list(container.decode(video=0))
    assert len(pictures) > 5
    assert (pictures[0].width, pictures[0].height) == (160, 120)
    assert abs(bytes(pictures[0].planes[0])[5000] - LUMA) < 8
