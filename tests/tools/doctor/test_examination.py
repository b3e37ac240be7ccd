"""Whole examinations in the simulated internet, and what then happens."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from peer import RTCConfiguration
from peer.ice import InvalidParameterError, TransportAddress
from peer.ice.stun import Method
from peer.net import IceServer, InterfaceAddress
from peer.testing import ConnectError, FirewallPolicy, Host, NatBehavior, Network, connect, run
from peer.testing.internet import BLOCK_UDP, STATEFUL, all_nat_behaviors
from tests.testing.support import closing
from tools.command.doctor import Check, Examination, Given, Status, examine
from tools.command.doctor.behaviour import KINDS, Outcome
from tools.command.doctor.examination import _Sources

from .support import DISCOVERY, servers, with_discovery
from .test_machine import Pretended

THEIRS: Mapping[str, Mapping[str, Any]] = dict(
    zip(
        KINDS,
        ({}, {"nat": "port-restricted"}, {"nat": "symmetric"}, {"firewall": BLOCK_UDP}),
        strict=True,
    )
)
"""For each kind of peer that the doctor speaks of, one."""


def topic(found: Examination, name: str) -> Check:
    (check,) = [check for check in found.checks if check.topic == name]
    return check


def one_of(found: Examination, name: str, status: Status) -> Check:
    """A TURN server over UDP is asked for a binding too."""
    (check,) = [each for each in found.checks if (each.topic, each.status) == (name, status)]
    return check


async def asked(host: Host, given: Given) -> Examination:
    return await examine(replace(given, system=host.system))


async def connects(network: Network, one: Host, other: Host) -> bool:
    configuration = RTCConfiguration(iceServers=list(network.ice_servers))
    ours, theirs = one.connection(configuration), other.connection(configuration)
    async with closing(ours, theirs):
        ours.createDataChannel("x")
        try:
            await connect(ours, theirs, within=60)
        except ConnectError:
            return False
        return True


def judged(host: dict[str, Any]) -> None:
    """Have the doctor predict, and then make the calls; without TURN."""

    async def story() -> None:
        network = Network()
        network.stun_server()
        with_discovery(network)
        ours = network.host("ours", **host)
        found = await asked(ours, servers(f"stun:{DISCOVERY}"))
        assert [each.kind for each in found.prospects] == list(THEIRS)
        for prospect in found.prospects:
            theirs = network.host(prospect.kind, **THEIRS[prospect.kind])
            assert prospect.certain
            expected = prospect.outcome is Outcome.DIRECT
            assert await connects(network, ours, theirs) is expected, prospect

    run(story())


@pytest.mark.parametrize("nat", all_nat_behaviors(), ids=str)
def test_predictions_are_held_against_calls_behind_each_nat(nat: NatBehavior) -> None:
    judged({"nat": nat})


@pytest.mark.parametrize(
    "firewall", [None, STATEFUL, BLOCK_UDP], ids=["none", "stateful", "no UDP"]
)
def test_predictions_are_held_against_calls_without_a_nat(firewall: FirewallPolicy | None) -> None:
    judged({"firewall": firewall})


def test_each_url_is_tried() -> None:
    async def story() -> Examination:
        network = Network()
        with_discovery(network)
        network.turn_server(transports=("udp", "tcp"))
        host = network.host("alice", nat="symmetric")
        good = servers(f"stun:{DISCOVERY}", "turn:turn.example", "turn:turn.example?transport=tcp")
        bad = servers("turn:turn.example?transport=udp", "stun:nobody.example", credential="wrong")
        return await asked(host, Given(good.servers + bad.servers))

    found = run(story())
    assert topic(found, "turn:turn.example?transport=tcp").status is Status.PASS
    assert topic(found, "stun:nobody.example").words == "has a name that does not resolve"
    refused = topic(found, "turn:turn.example?transport=udp")
    assert (refused.status, refused.values["code"]) == (Status.FAIL, 401)
    assert topic(found, "NAT").words == "symmetric"
    assert [each.outcome for each in found.prospects] == [
        Outcome.DIRECT,
        Outcome.RELAY,
        Outcome.RELAY,
        Outcome.RELAY,
    ]


def test_credentials_that_have_ended_are_told_as_such() -> None:
    async def story() -> Examination:
        network = Network()
        network.turn_server()
        host = network.host("alice")
        return await asked(host, servers("turn:turn.example", username="1000000000:me"))

    refused = one_of(run(story()), "turn:turn.example", Status.FAIL)
    assert "the credentials ended" in refused.words


def test_where_no_udp_gets_out_there_is_turn_over_tcp() -> None:
    async def story() -> Examination:
        network = Network()
        with_discovery(network)
        network.turn_server(transports=("tcp",))
        host = network.host("alice", firewall=BLOCK_UDP)
        return await asked(host, servers(f"stun:{DISCOVERY}", "turn:turn.example?transport=tcp"))

    found = run(story())
    assert topic(found, "NAT").words == "no server answers over UDP: it is blocked"
    assert {each.outcome for each in found.prospects} == {Outcome.RELAY}


def test_a_relay_that_may_not_send_is_told_with_the_servers_words() -> None:
    async def story() -> Examination:
        network = Network()
        server = network.turn_server()
        server.faults.fail(Method.CREATE_PERMISSION, 403)
        return await asked(network.host("alice"), servers("turn:turn.example"))

    relay = one_of(run(story()), "turn:turn.example", Status.WARN)
    assert any("403" in line for line in relay.evidence)


def test_no_server_no_prediction() -> None:
    async def story() -> Examination:
        network = Network()
        return await asked(network.host("alice"), Given())

    found = run(story())
    assert topic(found, "NAT").status is Status.UNKNOWN
    assert found.prospects == ()


def test_the_life_of_bindings_is_asked_for_if_wanted() -> None:
    async def story() -> Examination:
        network = Network()
        with_discovery(network)
        host = network.host("alice", nat=NatBehavior(timeout=25))
        return await asked(host, replace(servers(f"stun:{DISCOVERY}"), lifetime=True))

    check = topic(run(story()), "binding lifetime")
    assert check.status is Status.WARN
    assert check.words == "a silent binding is there after 15 s, gone after 30 s"


@pytest.mark.parametrize(
    "server", [IceServer(("http://example.org",)), IceServer(("turn:example.org",))], ids=str
)
def test_what_cannot_be_asked_is_refused(server: IceServer) -> None:
    async def story() -> None:
        with pytest.raises(InvalidParameterError):
            await asked(Network().host("alice"), Given((server,)))

    run(story())


def test_a_server_is_not_asked_from_an_address_of_the_link() -> None:
    """Each machine has one for IPv6: that it leads nowhere is no fault of the server."""
    link = InterfaceAddress("eth0", "fe80::1", 64)
    sources = _Sources(Pretended(link))
    assert sources.towards(TransportAddress("2a00::5", 3478)) is None
    assert sources.towards(TransportAddress("fe80::5", 3478)) == link.bindable


def test_without_a_network_nothing_is_said_of_servers() -> None:
    """Neither that UDP is blocked nor that they are at fault, and nothing is predicted."""

    async def story() -> Examination:
        network = Network()
        host = network.host("alice")
        network.turn_server()
        host.below.interfaces[0].go_down()
        return await asked(host, servers("turn:60.0.0.10"))

    found = run(story())
    said = [check for check in found.checks if check.topic in ("NAT", "turn:60.0.0.10")]
    assert [check.status for check in said] == [Status.UNKNOWN] * 3
    assert found.prospects == ()
