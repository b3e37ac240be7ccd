"""A tap is shown what goes through sockets and connections, and changes nothing."""

import asyncio
from typing import Any

import pytest

from peer import RTCConfiguration, RTCIceTransportPolicy
from peer.ice import CandidateGathered, IceRole
from peer.net import NetConfig, SharedPorts
from peer.testing import Network, connect, run
from tests.testing.support import first_message

from .support import STREAM, Side, assert_nothing_left, net

Shown = tuple[bytes, tuple[str, int], tuple[str, int], bool]


class Tap:
    """Keeps what it is shown."""

    def __init__(self) -> None:
        self.datagrams: list[Shown] = []
        self.streams: list[Shown] = []

    def datagram(
        self, data: bytes, local: tuple[str, int], remote: tuple[str, int], *, leaves: bool
    ) -> None:
        self.datagrams.append((data, tuple(local), tuple(remote), leaves))  # type: ignore[arg-type]

    def stream(
        self, data: bytes, local: tuple[str, int], remote: tuple[str, int], *, leaves: bool
    ) -> None:
        self.streams.append((data, tuple(local), tuple(remote), leaves))  # type: ignore[arg-type]


async def a_call(taps: tuple[Tap, Tap], transport: str = "udp", **settings: Any) -> None:
    """Two hosts, one message."""
    net = Network(seed=3)
    net.turn_server(transports=(transport,))
    policy = settings.pop("policy", RTCIceTransportPolicy.ALL)
    one, other = (
        net.host(name).connection(
            RTCConfiguration(network=NetConfig(tap=tap, **settings), iceTransportPolicy=policy)
        )
        for name, tap in zip(("alice", "bob"), taps, strict=True)
    )
    channel = one.createDataChannel("chat")
    came = asyncio.ensure_future(first_message(other))
    await connect(one, other)
    channel.send("hello")
    await came
    await asyncio.sleep(1)
    for pc in (one, other):
        await pc.close()


@pytest.mark.parametrize("settings", [{}, {"shared": SharedPorts(udp=4000)}], ids=["own", "shared"])
def test_what_one_side_sends_the_other_side_gets(settings: dict[str, Any]) -> None:
    taps = Tap(), Tap()
    run(a_call(taps, **settings))
    for one, other in (taps, taps[::-1]):
        sent = [(data, local, remote) for data, local, remote, leaves in one.datagrams if leaves]
        ours = {local for _, local, _ in sent}
        got = [
            (data, remote, local) for data, local, remote, leaves in other.datagrams if not leaves
        ]
        got = [each for each in got if each[1] in ours]
        between = [each for each in sent if each[2] in {to for _, _, to in got}]
        assert len(got) >= 8
        # What leaves last finds nobody any more.
        assert got == between[: len(got)]
        kinds = {data[0] >> 2 == 0 for data, *_ in got}
        assert kinds == {True, False}  # STUN, and DTLS, which passes the agent by


def test_a_stream_to_a_server() -> None:
    taps = Tap(), Tap()
    run(a_call(taps, "tcp", policy=RTCIceTransportPolicy.RELAY))
    sent, got = (
        [each for each in taps[0].streams if each[3] is leaves] for leaves in (True, False)
    )
    assert {remote for _, _, remote, _ in (*sent, *got)} == {("60.0.0.10", 3478)}
    assert len({local for _, local, *_ in (*sent, *got)}) == 1
    assert sent[0][0][:2] == b"\x00\x03"  # Allocate
    assert got[0][0][:2] == b"\x01\x13"
    assert taps[0].datagrams == []


def test_a_shared_port_that_is_left_takes_no_checks_any_more() -> None:
    """Those for a later stream go to who has the port then."""

    async def story() -> None:
        ports = SharedPorts()
        config = net(shared=ports, tap=Tap())
        side = Side(IceRole.CONTROLLED, config=config)
        beside = Side(IceRole.CONTROLLED, config=net(shared=ports))
        for each in (side, beside):
            each.driver.gather()
            await each.event(CandidateGathered)
        (shared,) = ports._udp.values()
        left = shared.fragments[side.parameters[STREAM].username_fragment]
        side.driver.remove_stream(STREAM)
        for _ in range(3):  # the turn in which what is due is done, and what that brings
            await asyncio.sleep(0)
        assert left not in shared._shares
        later = side.driver.add_stream("later", (1,)).username_fragment
        assert later not in shared.fragments
        side.driver.gather()
        await side.event(CandidateGathered, 2)
        assert shared.fragments[later] is not left
        for each in (side, beside):
            await each.close()
        await assert_nothing_left()

    asyncio.run(story())
