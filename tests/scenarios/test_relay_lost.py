"""TURN servers that forget, restart, move: a call over their relays goes on without a restart."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from peer.ice import CandidateType, IceState
from peer.ice.turn import TurnServer as TurnSettings
from peer.ice.turn import TurnTransport
from peer.testing.internet import PORT_RESTRICTED_CONE, SYMMETRIC, NatBehavior, TurnServer
from tests.sim.agent_host import AgentHost
from tests.sim.call import Call

from .lab import CONTROLLED, CONTROLLING, Lab, settings

PACE = 0.04
"""Seconds between packets of data, each way."""
LOST = 1.0
"""Seconds until data flows again when connections to a server that answers tell of the loss."""
SILENCE = 2.5
"""The same when nothing told, or the server has been away."""

Act = Callable[["Scene"], None]


class Scene:
    """A call that only relays can carry: over UDP, TCP and TCP to another port of one server."""

    def __init__(
        self,
        lab: Lab,
        *,
        age: float = 5.0,
        transports: tuple[TurnTransport, ...] = (
            TurnTransport.UDP,
            TurnTransport.TCP,
            TurnTransport.TLS,
        ),
        nats: tuple[NatBehavior, NatBehavior] = (SYMMETRIC, SYMMETRIC),
    ) -> None:
        self.lab = lab
        host = lab.public("turn")
        self.server, self.second = TurnServer(host), TurnServer(host, port=443)
        known = {
            TurnTransport.UDP: settings(self.server),
            TurnTransport.TCP: settings(self.server, TurnTransport.TCP),
            TurnTransport.TLS: TurnSettings(
                self.second.address(),
                "turn:turn:443?transport=tcp",
                "user",
                "password",
                transport=TurnTransport.TCP,
            ),
        }
        self.alice, self.bob = (
            lab.agent(name, host=lab.home(name, nat), role=role)
            for name, nat, role in zip(
                ("alice", "bob"), nats, (CONTROLLING, CONTROLLED), strict=True
            )
        )
        self.call = Call(
            self.alice,
            self.bob,
            delay=0.02,
            stun=[lab.stun_server().address()],
            turn=[known[transport] for transport in transports],
        )
        self.call.start().run()
        for agent in self.agents:
            agent.send_every(PACE, lab.sim.now + age + 200)
        lab.run(age)
        self.happened = lab.sim.now

    @property
    def agents(self) -> tuple[AgentHost, AgentHost]:
        """Both sides."""
        return self.alice, self.bob

    def forget(self) -> None:
        """The server restarts in no time: allocations and connections are gone, nonces too."""
        for server in (self.server, self.second):
            server.auth.expire_nonces()
            server.forget_allocations()
            server.reset_connections()

    def restart(self, away: float) -> None:
        """The server is off for some seconds, and remembers nothing."""
        self.silence(True)
        self.forget()
        self.lab.run(away)
        self.silence(False)
        self.forget()

    def silence(self, silent: bool) -> None:
        """Switch the server off or on."""
        for server in (self.server, self.second):
            server.faults.is_silent = silent

    def outage(self, duration: float = 10.0) -> float:
        """Let time pass from now, when there is a way; returns how long a side hears nothing."""
        since = self.lab.sim.now
        self.lab.run(duration)
        longest = 0.0
        for agent in self.agents:
            times = [time for time, _ in agent.data() if time >= since]
            gaps = pairwise([since, *times, self.lab.sim.now])
            longest = max(longest, *(later - earlier for earlier, later in gaps))
            assert IceState.FAILED not in [state for _, state in agent.states()]
            assert agent.state() in (IceState.CONNECTED, IceState.COMPLETED)
        return longest

    def never_disconnected(self) -> bool:
        """Tell whether the application was told of nothing."""
        told = [state for agent in self.agents for _, state in agent.states()]
        return IceState.DISCONNECTED not in told


@pytest.mark.parametrize("age", [1.0, 5.0, 40.0])
def test_a_server_forgets_everything(lab: Lab, age: float) -> None:
    """Connections are closed; the allocation over UDP is asked about then, and made again."""
    scene = Scene(lab, age=age)
    scene.forget()
    assert scene.outage() <= LOST
    assert scene.never_disconnected()


@pytest.mark.parametrize("age", [1.0, 5.0, 40.0])
@pytest.mark.parametrize("away", [0.3, 3.0, 9.0])
def test_a_server_is_away_for_some_seconds(lab: Lab, age: float, away: float) -> None:
    scene = Scene(lab, age=age)
    scene.restart(away)
    assert scene.outage() <= SILENCE
    assert scene.never_disconnected()


@pytest.mark.parametrize("transport", [TurnTransport.UDP, TurnTransport.TCP])
@pytest.mark.parametrize("away", [0.0, 3.0])
def test_there_is_one_relay_only(lab: Lab, transport: TurnTransport, away: float) -> None:
    """Over UDP nothing tells of the loss but silence."""
    scene = Scene(lab, transports=(transport,))
    scene.restart(away)
    assert scene.outage() <= SILENCE


@pytest.mark.parametrize("pause", [0.3, 2.0, 10.0])
def test_a_server_restarts_twice(lab: Lab, pause: float) -> None:
    """The second time it is asked again after a second, not after a minute."""
    scene = Scene(lab)
    scene.restart(0.5)
    lab.run(pause)
    scene.restart(0.5)
    assert scene.outage() <= SILENCE


def test_a_server_that_loses_allocations_all_the_time_is_asked_ever_more_rarely(lab: Lab) -> None:
    scene = Scene(lab, transports=(TurnTransport.TCP,))
    for _ in range(120):
        lab.run(1)
        scene.forget()
    # At first, at once, and after 1, 2, 4, 8, 16, 32 and 60 s.
    relayed = [each for each in scene.alice.candidates if each.type is CandidateType.RELAYED]
    assert len(relayed) == 8


def _moves(scene: Scene) -> None:
    """RFC 8656 §7.4: the server sends everybody to another one."""
    other = TurnServer(scene.lab.public("other"))
    scene.server.alternate_server = other.address()
    scene.server.forget_allocations()


def _forgets_permissions(scene: Scene) -> None:
    for allocation in scene.server.allocations:
        allocation.permissions.clear()


def _forgets_channels(scene: Scene) -> None:
    for allocation in scene.server.allocations:
        allocation.channels.clear()


def _forgets_peers(scene: Scene) -> None:
    _forgets_permissions(scene)
    _forgets_channels(scene)
    scene.server.auth.expire_nonces()


@pytest.mark.parametrize("act", [_moves, _forgets_permissions, _forgets_channels, _forgets_peers])
def test_silence_has_the_server_asked_about_everything(lab: Lab, act: Act) -> None:
    """The allocation, its permissions and channels; a stale nonce costs a round trip."""
    scene = Scene(lab, transports=(TurnTransport.UDP,))
    act(scene)
    assert scene.outage() <= SILENCE


@pytest.mark.parametrize("loser", [0, 1])
def test_one_who_cannot_tell_of_the_new_relay(lab: Lab, loser: int) -> None:
    """The peer, whose relay is alive, learns it from a check."""
    scene = Scene(lab, transports=(TurnTransport.UDP,))
    scene.call.delay = 1000.0
    agent = scene.agents[loser]
    relayed = next(each for each in agent.candidates if each.type is CandidateType.RELAYED)
    scene.server.relay.forget(relayed.address)
    assert scene.outage() <= SILENCE


def test_a_direct_call_does_not_mind(lab: Lab) -> None:
    """Its spare relays are there again when they are needed."""
    scene = Scene(lab, nats=(PORT_RESTRICTED_CONE, PORT_RESTRICTED_CONE))
    assert scene.alice.selected().local.type is not CandidateType.RELAYED
    scene.forget()
    assert scene.outage() <= 2 * PACE
    lab.sim.routers[0].rebind()
    assert scene.outage() <= SILENCE
