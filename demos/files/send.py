"""Sends files to `python -m demos.files`, over as many connections as it takes.

python -m demos.files.send FILE...
"""

import asyncio
import os.path
import sys

from rich.progress import DownloadColumn, Progress, TransferSpeedColumn

from peer import RTCPeerConnection
from peer.files import FileChannel
from peer.signaling import SignalingError, WhipClient

TRIES, PAUSE = 10, 1.0


def connection() -> RTCPeerConnection:
    """Make a connection that ends where it fails, so that nobody waits for it."""
    pc = RTCPeerConnection()

    @pc.on("connectionstatechange")
    async def watch() -> None:
        if pc.connectionState == "failed":
            await pc.close()

    return pc


async def send(url: str, path: str, bar: Progress) -> None:
    """Send one file; where the connection breaks, the next one goes on."""
    task = bar.add_task(os.path.basename(path), total=None)
    for attempt in range(1, TRIES + 1):
        pc = connection()
        files = FileChannel(pc.createDataChannel("files"))
        try:
            async with WhipClient(url) as client:
                await client.connect(pc)
                await files.send(
                    path, progress=lambda done, size: bar.update(task, completed=done, total=size)
                )
            return
        except (ConnectionError, TimeoutError, SignalingError) as error:
            if attempt == TRIES:
                raise
            bar.console.print(f"{path}: {error}; again in {PAUSE:.0f} s")
            await asyncio.sleep(PAUSE)
        finally:
            await pc.close()


async def main(paths: list[str], url: str = "http://localhost:8080/files") -> None:
    """Send all, one after the other."""
    columns = (*Progress.get_default_columns(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns) as bar:
        for path in paths:
            await send(url, path, bar)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
