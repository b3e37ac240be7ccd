"""A check that was recorded, sent again from forged sources."""

from peer.ice import DropReason, IceAgent, IceRole, TransportAddress, stun
from tests.ice.builders import REMOTE, binding_request, entropy

LOCAL = TransportAddress("10.0.0.1", 5000)
CHECK_TIME = 39.5
"""Seconds in which a check that nobody answers has failed."""


def _agent() -> tuple[IceAgent, bytes]:
    """An agent, and a check that it takes for its peer's."""
    agent = IceAgent(role=IceRole.CONTROLLED, entropy=entropy())
    ours = agent.add_stream("0")
    agent.add_base("0", 1, LOCAL)
    agent.set_remote_parameters("0", REMOTE)
    agent.handle_timer(now=0.0)
    username = f"{ours.username_fragment}:{REMOTE.username_fragment}"
    return agent, binding_request(username, key=ours.password.encode())


def _targets(agent: IceAgent, now: float) -> set[TransportAddress]:
    """Let the timers up to a time ring; gives whom the agent sent requests to."""
    found = set()
    while (timer := agent.get_timer()) is not None and timer <= now:
        agent.handle_timer(now=timer)
        for transmit in agent.transmits():
            if stun.parse(transmit.data).message_class is stun.MessageClass.REQUEST:
                found.add(transmit.remote)
    return found


def _replay(agent: IceAgent, check: bytes, first: int, now: float, count: int = 200) -> None:
    for number in range(first, first + count):
        source = ("198.51.100.7", 2000 + number)
        agent.receive_datagram(check, local=LOCAL, source=source, now=now)


def test_forged_sources_use_up_no_place_for_good() -> None:
    """RFC 8445 §7.3.1.3: a peer behind a new mapping is learned once their checks have failed."""
    agent, check = _agent()
    limit = 32
    _replay(agent, check, 0, now=0.0)
    assert agent.stats().drops[DropReason.TOO_MANY_PEER_REFLEXIVE.value] == 200 - limit
    assert len(_targets(agent, 30.0)) == limit
    _targets(agent, CHECK_TIME + 5)
    source = TransportAddress("203.0.113.9", 6000)
    agent.receive_datagram(check, local=LOCAL, source=source, now=CHECK_TIME + 5)
    assert source in _targets(agent, CHECK_TIME + 6)


def test_what_replays_make_us_send_to_others_is_bounded() -> None:
    """RFC 8445 §19.5.1: as many addresses as there are places, and one in five seconds."""
    agent, check = _agent()
    seen = set()
    for second in range(120):
        _replay(agent, check, 100 * second, now=float(second), count=100)
        seen |= _targets(agent, second + 0.99)
    assert len(seen) <= 32 + 120 / 5
