"""What `pip install` brings runs by itself: the wheel in an environment that has nothing else."""

import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.contract.source_tree import ROOT
from tests.demos.film import shoot
from tests.documents.programs import programs

CALLER = """
import asyncio
from peer import RTCPeerConnection
from peer.api import configuration

configuration.DEFAULT_ICE_SERVERS = ()  # they are far away


async def main():
    caller = RTCPeerConnection()
    caller.addTransceiver("audio", direction="recvonly")
    caller.addTransceiver("video", direction="recvonly")
    channel = caller.createDataChannel("chat")
    echoed, frames, candidates, said = (asyncio.Queue() for _ in range(4))
    channel.on("open", lambda: channel.send("hello"))
    channel.on("message", echoed.put_nowait)
    caller.on("icecandidate", candidates.put_nowait)

    @caller.on("track")
    async def watch(track):
        frames.put_nowait(type(await track.recv()).__name__)

    await caller.setLocalDescription()
    while await candidates.get() is not None:
        pass
    await answer(caller.localDescription.toJSON(), said.put_nowait)
    while "sdp" not in (message := await said.get()):
        candidates.put_nowait(message["candidate"])
    await caller.setRemoteDescription(message)
    while candidates.qsize():
        await caller.addIceCandidate(candidates.get_nowait())
    while (candidate := (await said.get())["candidate"]) is not None:
        await caller.addIceCandidate(candidate)
    print(await echoed.get(), *sorted([await frames.get(), await frames.get()]))
    await caller.close()


asyncio.run(asyncio.wait_for(main(), 60))
"""
"""Calls the bot of the first page, and prints what it got."""


OF_THE_WHEEL = (
    *("pyproject.toml", "README.md", "LICENSE"),
    *("peer", "sdp", "tools", "aiopeer_tools", "aiopeer_natlab"),
)
"""What it is built of."""


def copied(folder: Path) -> Path:
    """Copy what is built: setuptools builds in place, beside tests that read the checkout."""
    folder.mkdir()
    for name in OF_THE_WHEEL:
        source, copy = ROOT / name, folder / name
        if source.is_dir() and not source.is_symlink():
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, copy, follow_symlinks=False)
    return folder


def ran(*command: str | Path, folder: Path) -> str:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.interop
@pytest.mark.timeout(600)
def test_the_first_program_runs_from_the_wheel(tmp_path: Path) -> None:
    """Nothing of the checkout is in its way: what it needs is in the wheel, or named by it."""
    pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")
    source = copied(tmp_path / "source")
    ran(*pip, "wheel", "--no-deps", "--wheel-dir", ".", source, folder=tmp_path)
    venv.create(tmp_path / "clean")
    bin_folder = tmp_path / "clean" / "bin"
    (wheel,) = tmp_path.glob("aiopeer-*.whl")
    ran(*pip, "--python", bin_folder / "python", "install", wheel, folder=tmp_path)

    shoot(tmp_path / "film.mp4")
    (bot,) = programs()["README.md", "A bot in twenty lines"]
    (tmp_path / "bot.py").write_text(bot + CALLER, "utf-8")
    said = ran(bin_folder / "python", "-X", "dev", "-I", "bot.py", folder=tmp_path)
    assert said == "hello AudioFrame VideoFrame\n"
    assert "trace" in ran(bin_folder / "aiopeer", folder=tmp_path)
    assert "--events" in ran(bin_folder / "aiopeer-natlab", "--help", folder=tmp_path)
