"""The SIP phone baresip, set up as endpoints were when RFC 5245 was new.

DTLS-SRTP and full ICE, but no BUNDLE, no rtcp-mux and no trickle. It answers every call and says
what it hears. It needs an interface other than loopback: run it in a network namespace.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

INTERFACE, ADDRESS, PORT = "phone0", "10.77.0.1", 5070
MODULES = Path("/usr/lib/baresip/modules")

CONFIG = f"""\
poll_method epoll
sip_listen {ADDRESS}:{PORT}
net_interface {INTERFACE}
audio_source aubridge,echo
audio_player aubridge,echo
audio_alert aubridge,alert
module_path {MODULES}
module opus.so
module g711.so
module aubridge.so
module ice.so
module stun.so
module dtls_srtp.so
module_app account.so
module_app menu.so
"""
ACCOUNT = (
    f"<sip:bot@{ADDRESS};transport=udp>;regint=0;mediaenc=dtls_srtp;medianat=ice;answermode=auto"
    ";audio_codecs=opus/48000/2,pcmu\n"
)


def make_network() -> None:
    """Give the network namespace that we are in an interface with an address."""
    for command in (
        "ip link set lo up",
        f"ip link add {INTERFACE} type veth peer name other0",
        f"ip addr add {ADDRESS}/24 dev {INTERFACE}",
        f"ip link set {INTERFACE} up",
        "ip link set other0 up",
    ):
        subprocess.run(command.split(), check=True)


@contextmanager
def running_phone(folder: Path) -> Iterator[Path]:
    """Run the phone until the block ends; gives the file of what it says."""
    (folder / "config").write_text(CONFIG)
    (folder / "accounts").write_text(ACCOUNT)
    (folder / "contacts").touch()
    log = folder / "log"
    with log.open("wb") as output:
        phone = subprocess.Popen(
            ["baresip", "-f", str(folder), "-v"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield log
    finally:
        phone.terminate()
        phone.wait()
