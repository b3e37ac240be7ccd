"""An endpoint that sends back what it hears, undecoded: somebody to call.

    python -m aiopeer_tools.load.echo

It prints its URL, and serves until its standard input ends.
"""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from peer import RemoteStreamTrack, RTCConfiguration, RTCPeerConnection
from peer.signaling import HttpEndpoint

MAX_SESSIONS = 10_000
STARTING = 60.0
"""Seconds until the process has to have said where it serves."""


def welcome(pc: RTCPeerConnection, request: web.Request) -> None:
    """Send back each track, as it comes."""

    @pc.on("track")
    def echo(track: RemoteStreamTrack) -> None:
        pc.addTrack(track.receiver.encoded_track())


async def serve() -> None:
    """Serve on a free port of this machine until there is no more input."""
    app = web.Application()
    configuration = RTCConfiguration(iceServers=[])
    endpoint = HttpEndpoint(welcome, configuration=configuration, max_sessions=MAX_SESSIONS)
    endpoint.add_to(app, "/echo")
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}/echo", flush=True)
    try:
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    finally:
        await runner.cleanup()


@contextmanager
def another_process() -> Iterator[str]:
    """Serve in a process of its own; gives the URL. Raises OSError when there is none."""
    path = os.pathsep.join(part or "." for part in sys.path)
    with subprocess.Popen(
        [sys.executable, "-m", __name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    ) as process:
        assert process.stdout is not None
        late = threading.Timer(STARTING, process.kill)
        late.start()
        try:
            url = process.stdout.readline().strip()
        finally:
            late.cancel()
        if not url:
            raise OSError("the endpoint to call did not start")
        yield url
        # Leaving closes its input, and waits.


if __name__ == "__main__":
    asyncio.run(serve())
