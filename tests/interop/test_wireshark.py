"""Captures as Wireshark reads them: DTLS decrypted, SCTP and RTP dissected, nothing malformed."""

import asyncio
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from peer import RTCIceTransportPolicy
from peer.testing import Network, PictureTrack, ToneTrack, connect, run
from tests.interop.peer import missing
from tests.testing.support import closing, first_message

pytestmark = pytest.mark.interop

WAYS = {
    "direct": {},
    "without checks that carry DTLS": {"embeds": False},
    "relayed": {"policy": RTCIceTransportPolicy.RELAY},
    "relayed over TCP": {"policy": RTCIceTransportPolicy.RELAY, "transport": "tcp"},
    "IPv6": {"ipv6": True},
}


def dissected(path: Path, *arguments: str) -> list[list[str]]:
    """Have a file dissected; returns the fields that are asked for, of each packet."""
    command = shutil.which("tshark")
    if command is None:
        missing("tshark", "Debian: apt install tshark")
    fields = [part for name in arguments for part in ("-e", name)]
    ended = subprocess.run(
        [str(command), "-r", str(path), "-T", "fields", *fields],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return [line.split("\t") for line in ended.stdout.splitlines()]


async def a_call(
    path: Path,
    side: int,
    *,
    transport: str = "udp",
    policy: RTCIceTransportPolicy = RTCIceTransportPolicy.ALL,
    embeds: bool = True,
    ipv6: bool = False,
) -> None:
    """A call with everything, one side of which is captured."""
    from peer.ice import IceConfig

    net = Network(seed=3)
    net.turn_server(transports=(transport,))
    hosts = [net.host(name, ipv6=ipv6) for name in ("alice", "bob")]
    ice = IceConfig(embed_handshake=embeds)
    capture = [None, None]
    capture[side] = path  # type: ignore[call-overload]
    pcs = [
        host.connection(capture=file, ice=ice, iceTransportPolicy=policy)
        for host, file in zip(hosts, capture, strict=True)
    ]
    async with closing(*pcs) as (one, other):
        one.addTrack(ToneTrack())
        one.addTrack(PictureTrack())
        channel = one.createDataChannel("chat")
        came = first_message(other)
        await connect(one, other)
        channel.send("hello")
        await came
        await asyncio.sleep(2)


@pytest.mark.parametrize("side", [0, 1], ids=["who offers", "who answers"])
@pytest.mark.parametrize("way", WAYS)
def test_each_protocol_is_dissected(way: str, side: int, tmp_path: Path) -> None:
    path = tmp_path / "call.pcapng"
    run(a_call(path, side, **WAYS[way]))  # type: ignore[arg-type]
    packets = dissected(path, "frame.interface_name", "frame.protocols", "_ws.malformed")
    # On the wire Wireshark takes for RTCP what only looks like it: SRTCP, whatever it reads there.
    guessed = [each for each in packets if each[0] == "wire" and ":rtcp" in each[1]]
    assert [each for each in packets if each[2] and each not in guessed] == []
    found = Counter((name, layers.split(":")[-1]) for name, layers, _ in packets)
    assert found["wire", "stun"] > 4
    assert found["SCTP inside DTLS", "rtcdc"] == 2
    assert found["RTP inside SRTP", "rtp"] > 60
    assert found["RTP inside SRTP", "rtcp"] > 2
    inside = {layers for name, layers, _ in packets if name == "SCTP inside DTLS"}
    assert all(layers.startswith("sctp") for layers in inside)


@pytest.mark.parametrize("side", [0, 1], ids=["who offers", "who answers"])
@pytest.mark.parametrize("way", WAYS)
def test_dtls_is_decrypted(way: str, side: int, tmp_path: Path) -> None:
    path = tmp_path / "call.pcapng"
    run(a_call(path, side, **WAYS[way]))  # type: ignore[arg-type]
    packets = dissected(path, "frame.interface_name", "frame.protocols", "_ws.col.Info")
    shown = [each for each in packets if each[0] == "DTLS"]
    assert any(info.startswith("Client Hello") for _, _, info in shown)
    assert len([info for _, _, info in shown if info.endswith("Finished")]) >= 2
    assert not any("Encrypted Handshake Message" in info for _, _, info in shown)
    carried = [layers for _, layers, info in shown if info.startswith("Application Data")]
    assert len(carried) == len([each for each in packets if each[0] == "SCTP inside DTLS"])
    assert set(carried) == {"exported_pdu:dtls:data"}, "what is decrypted is shown as data"
