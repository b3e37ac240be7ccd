"""Make the pictures of the documentation: calls in virtual time, shown by the command `aiopeer`.

    python -m tools.pictures

Writes into docs/pictures; needs Chromium. The calls are seeded: they are the same each time.
"""

import asyncio
import subprocess
import tempfile
from pathlib import Path

from peer import MediaStreamError, MediaStreamTrack, RTCIceServer
from peer.testing import Conditions, ConnectError, Network, PictureTrack, ToneTrack, connect, run
from tools.command.main import main as aiopeer

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
SEED = 4


async def credentials_have_expired(trace: str) -> None:
    """Two sides whose NATs need a relay, and a TURN server that does not take their password."""
    network = Network(seed=SEED)
    network.stun_server()
    network.turn_server()
    alice, bob = (network.host(name, nat="symmetric") for name in ("alice", "bob"))
    servers = [
        RTCIceServer(server.urls, server.username, server.username and "expired")
        for server in alice.configuration().iceServers or ()
    ]
    a = alice.connection(iceServers=servers, trace=trace)
    b = bob.connection(iceServers=servers)
    a.createDataChannel("chat")
    try:
        await connect(a, b, delay=0.1)
    except ConnectError:
        await asyncio.gather(a.close(), b.close())


async def the_line_is_full(trace: str) -> None:
    """A call with sound and pictures, whose line narrows after twenty seconds."""
    network = Network(seed=SEED)
    line = Conditions(delay=0.03, jitter=0.005, rate=3_000_000, queue=0.5)
    alice, bob = (network.host(name, nat="port-restricted", link=line) for name in ("alice", "bob"))
    network.stun_server()
    a, b = alice.connection(trace=trace), bob.connection()
    for track in (ToneTrack(), PictureTrack()):
        a.addTrack(track)
    readers: list[asyncio.Task[None]] = []
    b.on("track", lambda track: readers.append(asyncio.ensure_future(_watch(track))))
    await connect(a, b, delay=0.1)
    await asyncio.sleep(20)
    alice.line.change(rate=250_000)
    await asyncio.sleep(20)
    await asyncio.gather(a.close(), b.close(), *readers)


async def _watch(track: MediaStreamTrack) -> None:
    try:
        while True:
            await track.recv()
    except MediaStreamError:
        pass


def photograph(page: Path, picture: Path, *, height: int) -> None:
    """Have Chromium draw the top of a page."""
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(
            [
                *("chromium", "--headless=new", "--no-sandbox", "--disable-gpu"),
                *("--hide-scrollbars", f"--user-data-dir={profile}"),
                *(f"--window-size=900,{height}", f"--screenshot={picture}", page.as_uri()),
            ],
            check=True,
            capture_output=True,
            timeout=60,
        )


def main() -> None:
    """Make them all."""
    PICTURES.mkdir(exist_ok=True)
    for call, height in ((credentials_have_expired, 650), (the_line_is_full, 1270)):
        with tempfile.TemporaryDirectory() as folder:
            trace, page = Path(folder, "call.jsonl"), Path(folder, "call.html")
            run(call(str(trace)), seed=SEED)
            aiopeer(["trace", str(trace), "--html", str(page)])
            photograph(page, PICTURES / f"{call.__name__}.png", height=height)


if __name__ == "__main__":
    main()
