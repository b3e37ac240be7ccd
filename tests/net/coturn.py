"""A real TURN server on this machine's loopback."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from .certificates import Certificates, make_certificates

USERNAME, PASSWORD = "user", "secret"
START = 15.0
HOSTS = ("127.0.0.1",)


@dataclass(frozen=True, slots=True)
class Coturn:
    """A running server. `log` is what it tells about its clients."""

    port: int
    tls_port: int
    certificates: Certificates
    log: Path

    def wait_for(self, text: str, count: int = 1) -> None:
        """Wait until the log has this text so many times."""
        end = time.monotonic() + START
        while self.log.read_text(errors="replace").count(text) < count:
            if time.monotonic() > end:
                raise TimeoutError(f"coturn never logged {text!r}")
            time.sleep(0.02)


def require_coturn() -> str:
    """Give the program's path; without it skip the test, or fail it where CI is set."""
    program = shutil.which("turnserver")
    if program is None:
        message = "coturn is not installed (Debian: apt install coturn)"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return program


def _free_port() -> int:
    """A port that is free for TCP and UDP alike."""
    while True:
        with (
            socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        ):
            tcp.bind(("127.0.0.1", 0))
            port: int = tcp.getsockname()[1]
            try:
                udp.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def _write_config(
    folder: Path, certificates: Certificates, port: int, tls_port: int, hosts: Sequence[str]
) -> Path:
    lines = [
        *(f"listening-ip={host}" for host in hosts),
        "relay-ip=127.0.0.1",
        f"listening-port={port}",
        f"tls-listening-port={tls_port}",
        "realm=example.org",
        "lt-cred-mech",
        f"user={USERNAME}:{PASSWORD}",
        "allow-loopback-peers",
        f"cert={certificates.certificate}",
        f"pkey={certificates.key}",
        f"userdb={folder / 'turn.db'}",
        f"pidfile={folder / 'turn.pid'}",
        "log-file=stdout",
        "verbose",
        "fingerprint",
        "no-cli",
    ]
    config = folder / "turnserver.conf"
    config.write_text("\n".join(lines) + "\n")
    return config


@contextmanager
def running_coturn(folder: Path, *hosts: str) -> Iterator[Coturn]:
    """Run a server until the block ends, on 127.0.0.1 if not on others.

    With two addresses it offers RFC 5780.
    """
    program = require_coturn()
    certificates = make_certificates(folder)
    port, tls_port = _free_port(), _free_port()
    log = folder / "turnserver.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                program,
                "-c",
                str(_write_config(folder, certificates, port, tls_port, hosts or HOSTS)),
            ],
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
        )
    try:
        _wait_until_open(process, tls_port, log)
        _wait_until_open(process, port, log)
        yield Coturn(port, tls_port, certificates, log)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_open(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + START
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"coturn ended: {log.read_text(errors='replace')[-2000:]}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError("coturn does not listen")
