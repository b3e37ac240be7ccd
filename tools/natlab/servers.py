"""The server of the lab: coturn, for STUN and TURN over UDP, TCP and TLS."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .namespace import LabError, Namespace, run
from .segment import Segment

PORT, TLS_PORT = 3478, 443
"""443 is the port that firewalls leave open."""
USER, PASSWORD = "user", "password"
BOUND = 20.0
"""Seconds within which coturn has started."""
CONFIGURATION = f"""\
listening-port={PORT}
tls-listening-port={TLS_PORT}
lt-cred-mech
user={USER}:{PASSWORD}
realm=natlab
no-cli
no-rfc5780
no-software-attribute
simple-log
log-file=stdout
"""


def turn_program() -> str:
    """Give the path of coturn; raises LabError without it."""
    program = shutil.which("turnserver")
    if program is None:
        raise LabError("natlab needs a TURN server (Debian: apt install coturn)")
    return program


class Server:
    """A host on the internet with coturn on it."""

    def __init__(self, internet: Segment) -> None:
        """Make the host and start the server; it can be asked as soon as this returns."""
        self.namespace = Namespace("server")
        self.folder = Path(tempfile.mkdtemp(prefix="natlab-server-"))
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self.addresses = internet.allocate()
            internet.plug(self.namespace, "eth0", self.addresses)
            # Where nobody is, packets are lost: coturn gives up what it is told is unreachable.
            for family, gateway in ((4, internet.gateway(4)), (6, internet.gateway(6))):
                self.namespace.ip_command(
                    f"-{family}", "route", "add", "default", "via", str(gateway)
                )
            self._write_files()
            self.start()
        except BaseException:
            self.close()
            raise

    @property
    def certificate(self) -> Path:
        """The certificate that TLS is done with, for programs that have to trust it."""
        return self.folder / "certificate.pem"

    def ice_servers(self, turn: Iterable[str]) -> list[dict[str, Any]]:
        """The servers as programs are told of them; `turn` is how the relay is asked."""
        hosts = [f"[{host}]" if ":" in host else host for host in self.addresses]
        found: list[dict[str, Any]] = [{"urls": [f"stun:{host}:{PORT}" for host in hosts]}]
        urls = {
            "udp": f"turn:{{}}:{PORT}?transport=udp",
            "tcp": f"turn:{{}}:{PORT}?transport=tcp",
            "tls": f"turns:{{}}:{TLS_PORT}?transport=tcp",
        }
        found += [
            {"urls": [urls[way].format(host) for host in hosts]}
            | {"username": USER, "credential": PASSWORD}
            for way in turn
        ]
        return found

    def start(self) -> None:
        """Start coturn, and wait until it listens."""
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                self.namespace.command([turn_program(), "-c", str(self.folder / "configuration")]),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
            )
        end = time.monotonic() + BOUND
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() > end:
                raise LabError(f"coturn did not start:\n{(self.folder / 'log').read_text()}")
            time.sleep(0.02)

    def stop(self) -> None:
        """End coturn: it forgets all allocations, and answers nobody."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def close(self) -> None:
        """End it all."""
        self.stop()
        self.namespace.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _listens(self) -> bool:
        """Tell whether the TLS port is open, the last one that coturn opens, on each address."""

        def listening() -> int:
            lines = [*Path("/proc/thread-self/net/tcp").read_text().splitlines()[1:]]
            lines += Path("/proc/thread-self/net/tcp6").read_text().splitlines()[1:]
            fields = [line.split() for line in lines]
            return len({f[1] for f in fields if f[3] == "0A" and f[1].endswith(f":{TLS_PORT:04X}")})

        return self.namespace.enter(listening) >= len(self.addresses)

    def _write_files(self) -> None:
        key = self.folder / "key.pem"
        write_certificate(self.certificate, key, self.addresses)
        text = CONFIGURATION
        for address in self.addresses:
            text += f"listening-ip={address}\nrelay-ip={address}\n"
        text += f"cert={self.certificate}\npkey={key}\nuserdb={self.folder / 'users'}\n"
        text += f"pidfile={self.folder / 'pid'}\n"
        (self.folder / "configuration").write_text(text)


def write_certificate(certificate: Path, key: Path, addresses: list[str]) -> None:
    """Write a self-made certificate for these addresses, and its key."""
    names = ",".join(f"IP:{address}" for address in addresses)
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += [
        "-nodes",
        "-days",
        "30",
        "-subj",
        "/CN=natlab",
        "-addext",
        f"subjectAltName={names}",
    ]
    command += ["-keyout", str(key), "-out", str(certificate)]
    done = run(command)
    if done.returncode:
        raise LabError(f"openssl made no certificate: {done.stderr}")
