"""Network namespaces of this process, and what remains of those of processes that were killed."""

import ctypes
import os
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

PREFIX = "natlab"
NAMED = Path("/run/netns")
"""Where the system keeps the names of namespaces."""
TUN_DEVICE = Path("/dev/net/tun")
CLONE_NEWNET = 0x40000000
TOOLS = ("ip", "nft", "nsenter", "unshare")

Result = TypeVar("Result")


class LabError(Exception):
    """What the lab cannot do, in one line."""


def require() -> None:
    """Raise LabError, in words for the user, where there can be no lab."""
    if sys.platform != "linux" or os.geteuid() != 0:
        raise LabError("natlab makes network namespaces: it needs Linux and root")
    paths = os.environ.get("PATH", "").split(os.pathsep)
    missing = [tool for tool in TOOLS if not any(Path(path, tool).exists() for path in paths)]
    if missing:
        raise LabError(
            f"natlab needs {', '.join(missing)} (Debian: apt install iproute2 nftables util-linux)"
        )
    tried = run(["unshare", "--net", "nft", "add", "table", "inet", "lab"])
    if tried.returncode:
        # A container without privileges, or a kernel without nftables: the tool says which.
        why = " ".join(tried.stderr.split())
        raise LabError(f"natlab cannot make a network namespace with nftables here: {why}")
    if not TUN_DEVICE.exists():
        raise LabError(f"natlab needs the device {TUN_DEVICE}")


def run(command: list[str], text: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run a tool of the system with this text as its input; raises LabError if there is none."""
    try:
        return subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise LabError(f"natlab needs the program {command[0]}") from None


def must(command: list[str], text: str | None = None) -> str:
    """Run a tool that has to succeed, and give what it wrote."""
    done = run(command, text)
    if done.returncode:
        raise LabError(f"{' '.join(command)}: {done.stderr.strip()}\n{text or ''}".rstrip())
    return done.stdout


def is_running(pid: int) -> bool:
    """Tell whether there is a process of this number."""
    return Path(f"/proc/{pid}").exists()


def sweep() -> list[str]:
    """Remove the namespaces of processes that are gone, with what runs in them; returns names."""
    swept = []
    for path in sorted(NAMED.glob(f"{PREFIX}-*")):
        owner = path.name.split("-")[1]
        if owner.isdigit() and not is_running(int(owner)):
            remove(path.name)
            swept.append(path.name)
    return swept


def remove(name: str) -> None:
    """Kill what runs in a namespace, and take its name away."""
    for pid in processes(name):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    run(["ip", "netns", "delete", name])


def processes(name: str) -> list[int]:
    """List what runs in a namespace."""
    return [int(word) for word in run(["ip", "netns", "pids", name]).stdout.split()]


class Namespace:
    """A network namespace: closed with `close`, at the latest by the next lab's `sweep`."""

    def __init__(self, label: str) -> None:
        """Make it; nothing is in it but loopback, which is up."""
        # Counted they would not be names: this module may be there twice, installed and not.
        self.name = f"{PREFIX}-{os.getpid()}-{secrets.token_hex(4)}-{label}"
        must(["ip", "netns", "add", self.name])
        self.ip("link set lo up")
        self.set(
            {
                "net/ipv6/conf/all/accept_dad": 0,
                "net/ipv6/conf/default/accept_dad": 0,
                "net/ipv4/conf/all/rp_filter": 0,
                "net/ipv4/conf/default/rp_filter": 0,
            }
        )

    @property
    def path(self) -> Path:
        """The file that stands for it."""
        return NAMED / self.name

    def ip(self, *lines: str) -> None:
        """Do what these lines tell the tool `ip`."""
        must(["ip", "-n", self.name, "-batch", "-"], "\n".join(lines) + "\n")

    def ip_command(self, *arguments: str) -> None:
        """Do one thing with the tool `ip`, for what a batch cannot say (a family)."""
        must(["ip", "-n", self.name, *arguments])

    def nft(self, *lines: str) -> None:
        """Do what these lines tell the tool `nft`, all or nothing."""
        must(self.command(["nft", "-f", "-"]), "\n".join(lines) + "\n")

    def set(self, values: Mapping[str, int | str], *, where_there: bool = False) -> None:
        """Write switches of the kernel, named as below /proc/sys."""

        def write() -> None:
            for name, value in values.items():
                path = Path("/proc/sys", name)
                if not where_there or path.exists():
                    path.write_text(f"{value}\n")

        self.enter(write)

    def command(self, command: Iterable[str]) -> list[str]:
        """Give the command that runs another one in here, under the same process number."""
        return ["nsenter", f"--net={self.path}", *command]

    def enter(self, function: Callable[[], Result]) -> Result:
        """Call a function that sees this network; sockets and devices it opens stay in here."""
        results: list[Result] = []
        errors: list[BaseException] = []

        def work() -> None:
            try:
                _join(self.path)
                results.append(function())
            except BaseException as error:
                errors.append(error)

        # A thread has a network of its own, and takes it along when it ends.
        thread = threading.Thread(target=work, name=f"in {self.name}")
        thread.start()
        thread.join()
        if errors:
            raise errors[0]
        return results[0]

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to all that runs in here."""
        for pid in processes(self.name):
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def close(self) -> None:
        """End what runs in here, and remove it; twice does no harm."""
        remove(self.name)


def _join(path: Path) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if libc.setns(handle, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"setns {path}")
    finally:
        os.close(handle)
