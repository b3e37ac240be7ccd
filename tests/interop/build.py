"""Build and install the peers of the live tests, once, into the environment's folder.

    python -m tests.interop.build

What a peer needs and is not there is left out: its tests skip.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
PEERS = Path(sys.prefix) / "peers"
"""Where what is built here is kept."""
PION = PEERS / "pion"
NODE_MODULES = PEERS / "node_modules"
GO_PACKAGES = Path("/usr/share/gocode")
"""Where Debian puts the sources of Go packages."""
NODE_DATACHANNEL = "node-datachannel@0.33.4"
WERIFT = "werift@0.24.4"
WHIP_WHEP = "whip-whep@1.2.0"
PIPECAT_PACKAGE = "pipecat-ai==1.14.0"
PIPECAT = PEERS / PIPECAT_PACKAGE
USED_BY_PIPECAT = [
    "fastapi==0.165.0",
    "loguru==0.7.3",
    "aiofiles==25.1.0",
    "docstring-parser==0.18.0",
    "numpy==2.4.6",
    "pillow==13.0.0",
    "sentencex==1.0.32",
    "soxr==1.1.0",
    "wait-for2==0.4.1",
]
"""What its connections import; with all that bots may need it would be 800 MB."""


def build_pion() -> None:
    """Compile the Pion peer from Debian's sources; nothing is fetched."""
    if shutil.which("go") is None or not (GO_PACKAGES / "src/github.com/pion/webrtc").is_dir():
        return
    # Packages with a version in their name are found from within GOPATH and beside a go.mod only.
    tree = PEERS / "go"
    source = tree / "src" / "peer"
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(HERE / "pion", source)
    environment = {
        "GO111MODULE": "off",
        "GOPATH": f"{tree}:{GO_PACKAGES}",
        "GOCACHE": str(PEERS / "go-cache"),
    }
    subprocess.run(
        ["go", "build", "-o", str(PION), "."], cwd=source, env=os.environ | environment, check=True
    )


def install_for_node() -> None:
    """Install libdatachannel, whose library is in its package, werift, and clients of WHIP."""
    if shutil.which("npm") is None:
        return
    quiet = ["--silent", "--no-audit", "--no-fund", "--no-save"]
    packages = [NODE_DATACHANNEL, WERIFT, WHIP_WHEP]
    subprocess.run(["npm", "install", *quiet, *packages], cwd=PEERS, check=True)


def install_pipecat() -> None:
    """Install Pipecat beside our environment, whose aiortc it uses."""
    if (PIPECAT / "pipecat").is_dir():
        return
    # Without its warnings: the second finds a folder for programs there, and leaves it.
    pip = [sys.executable, "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    for packages in (USED_BY_PIPECAT, ["--no-deps", PIPECAT_PACKAGE]):
        subprocess.run([*pip, "--target", str(PIPECAT), *packages], check=True)


if __name__ == "__main__":
    PEERS.mkdir(exist_ok=True)
    build_pion()
    install_for_node()
    install_pipecat()
