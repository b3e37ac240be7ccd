"""A Janus server of one's own, in a folder of its own, on loopback."""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from .peer import ended, missing

BOUND = 20.0
"""Seconds within which it listens, and ends."""
ROOM = 1234
OTHER_TRANSPORTS = "http pfunix rabbitmq mqtt nanomsg"
OTHER_PLUGINS = (
    "audiobridge duktape lua nosip recordplay sip streaming textroom videocall voicemail"
)


def _libraries(names: str) -> str:
    return ",".join(f"libjanus_{name}.so" for name in names.split())


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _write(folder: Path, port: int) -> None:
    """Write a configuration: two plugins, the WebSocket API, addresses of loopback alone."""
    folder.joinpath("janus.jcfg").write_text(
        "general: { debug_level = 3 }\n"
        'nat: { ice_enforce_list = "lo"; ignore_mdns = true }\n'
        "media: { ipv6 = false }\n"
        f'transports: {{ disable = "{_libraries(OTHER_TRANSPORTS)}" }}\n'
        f'plugins: {{ disable = "{_libraries(OTHER_PLUGINS)}" }}\n'
        "events: { broadcast = false }\n"
    )
    folder.joinpath("janus.transport.websockets.jcfg").write_text(
        f'general: {{ json = "compact"; ws = true; ws_port = {port}; ws_ip = "127.0.0.1" }}\n'
        "admin: { admin_ws = false }\n"
    )
    folder.joinpath("janus.plugin.videoroom.jcfg").write_text(
        f'room-{ROOM}: {{ description = "test"; publishers = 6; bitrate = 512000; '
        'fir_freq = 10; audiocodec = "opus"; videocodec = "vp8"; record = false }\n'
    )


@asynccontextmanager
async def running_janus(folder: Path) -> AsyncIterator[str]:
    """Run a Janus; gives the URL of its WebSocket API."""
    command = shutil.which("janus")
    if command is None:
        missing("Janus", "Debian: apt install janus")
    port = _free_port()
    await asyncio.to_thread(_write, folder, port)
    log = folder / "janus.log"
    process = await asyncio.create_subprocess_exec(
        str(command),
        "-F",
        str(folder),
        f"--log-file={log}",
        "--disable-stdout",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(BOUND):
            while not await _listens(port):
                assert process.returncode is None, await asyncio.to_thread(log.read_text)
                await asyncio.sleep(0.05)
        yield f"ws://127.0.0.1:{port}/"
    finally:
        if process.returncode is None:
            process.terminate()
        await ended(process)


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True
