"""Networks that change under a call: data goes on without a restart or a word of signalling."""

from itertools import pairwise

import pytest

from peer.ice import CandidateType, GatheringCompleted, IceConfig, IceState
from peer.ice.turn import TurnServer as TurnSettings
from peer.testing.internet import (
    FULL_CONE,
    PORT_RESTRICTED_CONE,
    SYMMETRIC,
    Host,
    Interface,
    InterfaceType,
    NatBehavior,
    Network,
)
from tests.sim.call import Call

from .lab import CONTROLLED, CONTROLLING, Lab, settings

SILENCE = 2.5
"""Seconds without data that a network may cost which goes silent."""
DOWN = 0.5
"""The same for an interface that goes down and says so."""
BETTER = 5.0
"""Seconds until a better path is taken."""
PACE = 0.02
"""Seconds between packets of data, each way."""

PLAIN = IceConfig(renomination=False)
RENOMINATING = IceConfig()

by_sides = pytest.mark.parametrize("controls", [True, False])
by_configs = pytest.mark.parametrize("config", [PLAIN, RENOMINATING])


class Scene:
    """A call in which both sides send, and whose one side, the mover, has its network changed."""

    def __init__(
        self,
        lab: Lab,
        phone: Host,
        peer: Host,
        config: IceConfig,
        *,
        controls: bool,
        turn: tuple[TurnSettings, ...] = (),
        quiet: bool = False,
    ) -> None:
        self.lab = lab
        roles = (CONTROLLING, CONTROLLED) if controls else (CONTROLLED, CONTROLLING)
        self.mover = lab.agent("phone", host=phone, role=roles[0], config=config)
        self.other = lab.agent("peer", host=peer, role=roles[1], config=config)
        pair = (self.mover, self.other) if controls else (self.other, self.mover)
        self.call = Call(*pair, delay=0.02, stun=[lab.stun_server().address()], turn=turn)
        self.call.start().run()
        lab.run(30)
        self.begun = lab.sim.now
        if not quiet:
            for host in pair:
                host.send_every(PACE, self.begun + 200)
            lab.run(5)

    @property
    def used(self) -> Interface:
        """The interface the mover sends from."""
        found = self.mover.host.interface_of(self.mover.selected().base.host)
        assert found is not None
        return found

    def go_down(self, interface: Interface) -> None:
        """Switch an interface off, which the mover's driver is told at once."""
        addresses = interface.addresses
        interface.go_down()
        for local in [each for each in self.mover.sockets if each.host in addresses]:
            self.mover.agent.remove_base(local)
        self.mover.pump()

    def join(self, network: Network, kind: InterfaceType = InterfaceType.WIFI) -> Interface:
        """Add an interface on a network, which the mover's driver is told at once."""
        interface = self.mover.host.add_interface(network, kind=kind)
        for address in interface.addresses:
            self.mover.bind(address)
        self.mover.pump()
        return interface

    def watch(self, duration: float = 20.0) -> float:
        """Let time pass; returns the longest time in which a side heard nothing."""
        since = self.lab.sim.now
        self.lab.run(duration)
        longest = 0.0
        for host in (self.mover, self.other):
            times = [time for time, _ in host.data() if time >= since]
            gaps = pairwise([since, *times, self.lab.sim.now])
            longest = max(longest, *(later - earlier for earlier, later in gaps))
        return longest

    def check(self) -> None:
        """Neither side failed, and both have come to use the same pair."""
        for host in (self.mover, self.other):
            assert IceState.FAILED not in [state for _, state in host.states()], host
            assert host.state() in (IceState.CONNECTED, IceState.COMPLETED), host
        ours, theirs = self.mover.selected(), self.other.selected()
        assert ours.base.host in self.mover.host.addresses or ours.local.related_address
        assert ours.nominated
        assert theirs.nominated
        assert ours.remote.address == theirs.local.address


def _phone(lab: Lab, nat: NatBehavior = PORT_RESTRICTED_CONE) -> Host:
    """A host with two uplinks, Wi-Fi and a mobile network, each behind a NAT."""
    host = lab.home("phone", nat)
    host.add_interface(_network(lab, "cell", nat), kind=InterfaceType.CELLULAR)
    return host


def _telephone(lab: Lab, name: str) -> Host:
    """A host on Wi-Fi whose mobile network lets nobody through but by a relay."""
    host = lab.home(name)
    host.add_interface(_network(lab, f"{name}'s cell", SYMMETRIC), kind=InterfaceType.CELLULAR)
    return host


def _network(lab: Lab, name: str, nat: NatBehavior = PORT_RESTRICTED_CONE) -> Network:
    """A network behind a NAT."""
    number = len(lab.sim.networks)
    network = lab.sim.network(name, f"10.{number}.0.0/16")
    lab.sim.router(f"{name}'s router", inside=network, nat=nat)
    return network


@by_sides
@by_configs
def test_an_uplink_goes_silent(lab: Lab, config: IceConfig, controls: bool) -> None:
    """The interface stays up, and nothing passes any more."""
    scene = Scene(lab, _phone(lab), lab.home("peer"), config, controls=controls)
    used = scene.used
    used.link.cut()
    assert scene.watch() <= SILENCE
    assert scene.used is not used
    scene.check()
    for host in (scene.mover, scene.other):
        assert IceState.DISCONNECTED not in [state for _, state in host.states()]


@by_sides
@by_configs
@pytest.mark.parametrize("theirs", [True, False])
def test_an_uplink_goes_silent_and_another_has_only_a_relay(
    lab: Lab, config: IceConfig, controls: bool, theirs: bool
) -> None:
    """Of many spare pairs those of the other interface are ready, whatever works beside it."""
    turn = (settings(lab.turn_server()),)
    peer = _telephone(lab, "peer") if theirs else lab.home("peer")
    scene = Scene(lab, _telephone(lab, "phone"), peer, config, controls=controls, turn=turn)
    used = scene.used
    used.link.cut()
    assert scene.watch() <= SILENCE
    scene.check()
    for host in (scene.mover, scene.other):
        assert IceState.DISCONNECTED not in [state for _, state in host.states()]


@by_sides
@by_configs
def test_an_uplink_goes_down(lab: Lab, config: IceConfig, controls: bool) -> None:
    """Its address vanishes, which the driver sees."""
    scene = Scene(lab, _phone(lab), lab.home("peer"), config, controls=controls)
    scene.go_down(scene.used)
    assert scene.watch() <= DOWN
    scene.check()
    for host in (scene.mover, scene.other):
        assert IceState.DISCONNECTED not in [state for _, state in host.states()]


@by_sides
@by_configs
@pytest.mark.parametrize("pause", [0.0, 1.0])
def test_an_uplink_is_switched_for_another(
    lab: Lab, config: IceConfig, controls: bool, pause: float
) -> None:
    """A new address, and the old one gone: the peer, who can be reached, learns it from checks."""
    phone = lab.home("phone")
    scene = Scene(lab, phone, lab.home("peer", FULL_CONE), config, controls=controls)
    scene.go_down(scene.used)
    lab.run(pause)
    before = len(scene.other.arrivals)
    scene.join(_network(lab, "elsewhere"))
    assert scene.watch() <= DOWN
    assert len(scene.other.arrivals) > before
    scene.check()
    assert len(scene.mover.of_type(GatheringCompleted)) == 1


@by_sides
@by_configs
def test_a_nat_that_forgets(lab: Lab, config: IceConfig, controls: bool) -> None:
    """The filter of the other one does not let the new port in: over the relay it goes on."""
    server = lab.turn_server()
    scene = Scene(
        lab,
        lab.home("phone"),
        lab.home("peer"),
        config,
        controls=controls,
        turn=(settings(server),),
    )
    assert scene.mover.selected().local.type is not CandidateType.RELAYED
    lab.sim.routers[0].rebind()
    assert scene.watch() <= SILENCE
    scene.check()


@by_sides
def test_a_nat_that_forgets_before_one_that_lets_all_in(lab: Lab, controls: bool) -> None:
    """The peer learns the new port from a check."""
    phone = lab.home("phone")
    scene = Scene(lab, phone, lab.home("peer", FULL_CONE), PLAIN, controls=controls)
    lab.sim.routers[0].rebind()
    assert scene.watch() <= SILENCE
    scene.check()


@by_sides
def test_a_better_uplink_comes_back(lab: Lab, controls: bool) -> None:
    """It is taken within five seconds, and no packet is lost."""
    scene = Scene(lab, _phone(lab), lab.home("peer"), RENOMINATING, controls=controls)
    better = scene.used
    better.link.cut()
    lab.run(30)
    scene.check()
    assert scene.used is not better
    better.link.restore()
    assert scene.watch(BETTER) <= 3 * PACE
    assert scene.used is better
    scene.check()


@by_sides
def test_nothing_is_left(lab: Lab, controls: bool) -> None:
    """Then, and only then, it is told that the connection is lost; it comes back by itself."""
    scene = Scene(lab, lab.home("phone"), lab.home("peer"), PLAIN, controls=controls)
    scene.used.link.cut()
    assert lab.sim.run_until(
        lambda: all(host.state() is IceState.DISCONNECTED for host in (scene.mover, scene.other)),
        30,
    )
    scene.used.link.restore()
    scene.watch(5)
    scene.check()


@by_sides
def test_one_who_is_quiet_moves_too(lab: Lab, controls: bool) -> None:
    """Nobody sends anything: consent checks find out."""
    scene = Scene(lab, _phone(lab), lab.home("peer"), PLAIN, controls=controls, quiet=True)
    used = scene.used
    used.link.cut()
    lab.run(12)
    assert scene.used is not used
    scene.check()


def test_spares_are_checked_at_a_low_rate(lab: Lab) -> None:
    """Every 15 s where they work: four checks a minute for each, and consent."""
    scene = Scene(lab, _phone(lab), lab.home("peer"), PLAIN, controls=True, quiet=True)
    for host in (scene.mover, scene.other):
        before = len(host.log.checks())
        lab.run(60)
        used = host.selected().base
        checks = host.log.checks()[before:]
        spares = [sent for sent in checks if sent.local != used]
        assert len(checks) <= 60
        assert len(spares) <= 8 * 4
