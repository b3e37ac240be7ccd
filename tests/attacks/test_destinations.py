"""Signalling names addresses inside the machine and its network: nothing is sent to them."""

import asyncio
from collections import Counter
from ipaddress import ip_address

import pytest

from peer import RTCPeerConnection
from peer.ice import (
    ConnectionRequested,
    DropReason,
    IceAgent,
    IceConfig,
    IceParameters,
    IceRole,
    Limits,
    TcpType,
    TransportAddress,
    TransportProtocol,
    stun,
)
from peer.net import Mdns, MdnsSettings
from tests.api.support import configured, run, turns
from tests.ice.builders import REMOTE, binding_request, entropy, host_candidate
from tests.net.support import eventually, net, pair

OURS = IceParameters("ours", "o" * 22)
INSIDE = (
    ("127.0.0.1", 53),
    ("127.0.0.1", 11211),
    ("127.8.8.8", 5000),
    ("169.254.169.254", 80),
    ("169.254.169.254", 8080),
    ("10.0.0.1", 22),
    ("10.0.0.1", 80),
    ("10.0.0.1", 443),
    ("192.168.0.1", 161),
    ("100.64.0.1", 443),
    ("203.0.113.7", 53),
    ("203.0.113.7", 1023),
    ("0.0.0.0", 5000),
    ("0.0.0.1", 5000),
    ("240.0.0.1", 5000),
    ("255.255.255.255", 5000),
    ("224.0.0.251", 5353),
    ("::1", 5000),
    ("fe80::1", 5000),
    ("ff02::fb", 5353),
    ("::ffff:127.0.0.1", 5000),
    ("::ffff:10.0.0.1", 22),
    ("64:ff9b::127.0.0.1", 5000),
    ("64:ff9b::10.0.0.1", 80),
    ("2002:7f00:1::1", 5000),
    ("fd00::1", 443),
    ("2001:db8::1", 25),
)
OUTSIDE = (
    ("203.0.113.7", 443),
    ("203.0.113.8", 80),
    ("10.0.0.1", 1024),
    ("192.168.0.9", 5060),
    ("2001:db8::1", 443),
    ("fd00::1", 5000),
)
BASES = (("10.0.0.5", 6000), ("203.0.113.99", 6001), ("2001:db8::5", 6002), ("fd00::5", 6003))


def sent_to(config: IceConfig, *bases: tuple[str, int]) -> tuple[set[tuple[str, int]], IceAgent]:
    """Where an agent with these bases sends to, and connects to, in a minute."""
    agent = IceAgent(config, role=IceRole.CONTROLLING, entropy=entropy())
    agent.add_stream("0")
    for host, port in bases:
        agent.add_base("0", 1, TransportAddress(host, port), loopback=True)
        agent.add_base(
            "0",
            1,
            TransportAddress(host, 9),
            transport=TransportProtocol.TCP,
            tcp_type=TcpType.ACTIVE,
            loopback=True,
        )
    agent.set_remote_parameters("0", REMOTE)
    for number, (host, port) in enumerate(INSIDE + OUTSIDE):
        for tcp_type in (None, TcpType.PASSIVE):
            candidate = host_candidate(
                host, port, priority=2**30 - number, foundation=str(number), tcp_type=tcp_type
            )
            agent.add_remote_candidate("0", candidate)
    found: set[tuple[str, int]] = set()
    for tick in range(1200):
        agent.handle_timer(now=tick / 20)
        found |= {each.remote for each in agent.transmits()}
        while (event := agent.next_event()) is not None:
            if isinstance(event, ConnectionRequested):
                found.add(event.remote)
    return found, agent


def test_checks_go_to_no_service_of_machine_or_network() -> None:
    """RFC 8826 §3.3, libwebrtc's VerifyCandidate; over UDP and over active TCP."""
    found, agent = sent_to(IceConfig(), *BASES)
    assert found == {TransportAddress(*each) for each in OUTSIDE}
    drops = agent.stats().drops
    noted = (DropReason.CANDIDATE_FORBIDDEN, DropReason.CANDIDATE_UNUSABLE)
    assert sum(drops[reason.value] for reason in noted) == 2 * 22
    assert drops[DropReason.PAIR_OUT_OF_SCOPE.value] > 0


def test_machine_and_link_are_checked_from_themselves_alone() -> None:
    found, _ = sent_to(IceConfig(), ("127.0.0.1", 6000))
    assert {host for host, _ in found if host.startswith("127.")} == {"127.0.0.1", "127.8.8.8"}
    assert ("127.0.0.1", 53) not in found
    found, _ = sent_to(IceConfig(), ("169.254.1.1", 6000))
    assert ("169.254.169.254", 8080) in found
    assert ("169.254.169.254", 80) not in found
    assert not {host for host, _ in found if host.startswith("127.")}


def test_a_test_rig_may_check_anything_that_is_one_host() -> None:
    found, _ = sent_to(IceConfig(any_remote_address=True, limits=Limits(pairs=400)), *BASES)
    refused = {"0.0.0.0", "255.255.255.255", "224.0.0.251", "ff02::fb", "fe80::1"}
    told = {str(ip_address(host)) for host, _ in INSIDE}
    assert told - {host for host, _ in found} == refused


def test_a_forged_source_makes_us_check_no_service() -> None:
    """Who writes the signalling has the credentials of checks, from any source."""
    agent = IceAgent(role=IceRole.CONTROLLED, entropy=entropy())
    agent.add_stream("0", parameters=OURS)
    for host, port in BASES:
        agent.add_base("0", 1, TransportAddress(host, port))
    agent.set_remote_parameters("0", REMOTE)
    agent.handle_timer(now=0.0)
    names = f"{OURS.username_fragment}:{REMOTE.username_fragment}"
    check = binding_request(names, OURS.password.encode(), extra=[(stun.ICE_CONTROLLING, 1)])
    sources = {("10.0.0.1", 22), ("203.0.113.7", 53), ("0.0.0.1", 5000), ("240.0.0.1", 5000)}
    honest = ("198.51.100.7", 5000)
    answers = []
    for source in (*sources, honest):
        agent.receive_datagram(check, local=BASES[0], source=source, now=0.0)
        answers += agent.transmits()
    assert Counter(each.remote for each in answers if each.remote != honest) == Counter(sources)
    checked = set()
    for tick in range(1, 600):
        agent.handle_timer(now=tick / 20)
        checked |= {each.remote for each in agent.transmits()}
    assert checked == {honest}
    assert agent.stats().drops[DropReason.CANDIDATE_FORBIDDEN.value] == len(sources)


class Rebinding(Mdns):
    """Names that stand for addresses inside."""

    def __init__(self) -> None:
        super().__init__(asyncio.get_running_loop(), MdnsSettings(interfaces=()))
        self.resolved = 0

    async def resolve(self, name: str, *, within: float = 3.0) -> str | None:
        self.resolved += 1
        return INSIDE[int(name[:8], 16)][0]


def test_names_of_addresses_inside_are_no_way_round() -> None:
    """A name is judged by what it stands for (DNS rebinding)."""

    async def story() -> None:
        names = Rebinding()
        one, _ = sides = pair(net("127.0.0.1", mdns=names))
        one.driver.gather()
        one.driver.set_remote_parameters("0", REMOTE)
        for number, (_, port) in enumerate(INSIDE):
            name = f"{number:08x}-6f43-4d3a-9c0e-1d2c3b4a5f60.local"
            one.driver.add_remote_candidate("0", host_candidate(name, port))
        one.driver.end_of_remote_candidates("0")
        await eventually(lambda: names.resolved == len(INSIDE) and one.driver.stats().pairs)
        await turns()
        drops = one.driver.stats().drops
        assert drops[DropReason.CANDIDATE_FORBIDDEN.value] >= 15
        paired = {each.remote_candidate_id for each in one.driver.stats().pairs}
        assert len(paired) == 2  # 127.0.0.1:11211 and 127.8.8.8:5000, from loopback itself
        for side in sides:
            await side.close()

    run(story)


@pytest.mark.parametrize("host", ["127.0.0.1", "169.254.169.254", "0.0.0.1", "10.0.0.1"])
def test_an_application_that_passes_them_on_sees_no_error(host: str) -> None:
    """As in browsers: addIceCandidate resolves, and statistics count what was refused."""

    async def story() -> None:
        one, other = RTCPeerConnection(configured()), RTCPeerConnection(configured())
        one.createDataChannel("x")
        await other.setRemoteDescription(await one.createOffer())
        text = f"candidate:1 1 udp 2130706431 {host} 22 typ host"
        await other.addIceCandidate({"candidate": text, "sdpMid": "0"})
        await other.setLocalDescription()
        drops = Counter[str]()
        for figures in other._session.links.statistics():
            drops += Counter(figures.drops)
        assert drops == {DropReason.CANDIDATE_FORBIDDEN.value: 1}
        await one.close()
        await other.close()

    run(story)
