"""Pacing over all agents of a process (RFC 8445 §14.2)."""

from peer.ice import PacingBudget
from tests.sim.agent_host import AgentHost

from .lab import Lab, at
from .scripted_peer import ScriptedPeer


def _meet_silent_peers(lab: Lab, agents: list[AgentHost], *names: str) -> None:
    """Have each agent check four ports of a peer; there are as many hosts as names, in turn."""
    hosts = [lab.host(name) for name in names]
    for number, agent in enumerate(agents):
        peer = ScriptedPeer(hosts[number % len(hosts)], port=5000 + number)
        peer.on_request = peer.ignore
        ports = [peer.open(6000 + 10 * number + n) for n in range(4)]
        peer.meet(agent, *(port.candidate(foundation=f"f{n}") for n, port in enumerate(ports)))


def test_fifty_agents_share_one_budget(lab: Lab) -> None:
    """RFC 8445 §14.2: one new transaction per 5 ms at most to a host, whoever starts it."""
    budget = PacingBudget()
    agents = [lab.agent(f"alice{n}", budget=budget) for n in range(50)]
    _meet_silent_peers(lab, agents, "peers")
    lab.run(5)
    times = sorted(sent.time for agent in agents for sent in agent.log.checks())
    assert times[:150] == [at(0.005 * number) for number in range(150)]
    # Everyone gets a turn before anyone gets the third.
    thirds = [agent.log.checks()[2].time for agent in agents]
    assert max(agent.log.checks()[0].time for agent in agents) < min(thirds)
    assert [len(agent.log.checks()) for agent in agents] == [4] * 50
    # An agent that is done may have held one more slot.
    assert times[-1] <= 0.005 * (200 + 50)


def test_few_agents_do_not_slow_each_other(lab: Lab) -> None:
    """RFC 8445 §14.2: ten agents fit between two ticks of each."""
    budget = PacingBudget()
    agents = [lab.agent(f"alice{n}", budget=budget) for n in range(10)]
    _meet_silent_peers(lab, agents, "peers")
    lab.run(1)
    for number, agent in enumerate(agents):
        assert [sent.time for sent in agent.log.checks()] == [
            at(0.05 * turn + 0.005 * number) for turn in range(4)
        ]


def test_each_remote_host_is_a_path_of_its_own(lab: Lab) -> None:
    """A server's peers do not wait for each other, however many begin at once."""
    budget = PacingBudget()
    agents = [lab.agent(f"alice{n}", budget=budget) for n in range(50)]
    _meet_silent_peers(lab, agents, *(f"peers{n}" for n in range(25)))
    lab.run(1)
    for number, agent in enumerate(agents):
        assert [sent.time for sent in agent.log.checks()] == [
            at(0.05 * turn + 0.005 * (number // 25)) for turn in range(4)
        ]


def test_nothing_is_paced_for_others_within_a_machine(lab: Lab) -> None:
    """There is no NAT and no link on the way that many would be too many for."""
    budget, host = PacingBudget(), lab.host("machine")
    agents = [lab.agent(host=host, budget=budget) for _ in range(20)]
    for number, agent in enumerate(agents):
        peer = ScriptedPeer(host, port=5000 + number)
        peer.meet(agent, peer.port.candidate())
    lab.run(1)
    assert [agent.log.checks()[0].time for agent in agents] == [at(0.0)] * 20


def test_a_server_that_all_ask_holds_up_no_check(lab: Lab) -> None:
    """What waits for its path lets what goes elsewhere go first."""
    budget, server = PacingBudget(), lab.stun_server()
    asking = [lab.agent(host=lab.public(f"alice{n}"), budget=budget) for n in range(20)]
    for agent in asking:
        agent.open(stun=[server.address()])
    last = asking[-1]
    peer = lab.peer(host=lab.public("peer"))
    last.meet(peer.remote, [peer.port.candidate()])
    lab.run(1)
    asked = sorted(agent.log.server_requests()[0].time for agent in asking)
    assert asked[:19] == [at(0.005 * number) for number in range(19)]
    assert asked[19] <= 0.1
    assert last.log.checks()[0].time == at(0.0)


def test_silent_agent_holds_up_nobody(lab: Lab) -> None:
    """A slot that an agent reserved and then had no use for is no reason to wait twice."""
    budget = PacingBudget()
    first, second = (lab.agent(name, budget=budget) for name in ("first", "second"))
    one, two = lab.peer("one"), lab.peer("two")
    one.meet(first, end=True)
    lab.run(1)
    first.close()
    two.meet(second, end=True)
    lab.run(1)
    assert [sent.time for sent in second.log.checks()] == [at(1.0), at(1.05)]


def test_gathering_and_checks_take_turns(lab: Lab) -> None:
    """RFC 8445 §5.1.1.2, §14.2: both count as new transactions, and neither starves."""
    server = lab.stun_server()
    alice = lab.agent(host=lab.home("alice"))
    peer = lab.peer(host=lab.public("peer"))
    peer.on_request = peer.ignore
    home = alice.host.addresses[0]
    peer.know(alice.open(addresses=[home] * 3, stun=[server.address()]))
    ports = [peer.port, peer.open(6000), peer.open(6001)]
    alice.meet(peer.remote, [port.candidate(foundation=f"f{n}") for n, port in enumerate(ports)])
    lab.run(1)
    kinds = [(sent.time, sent.is_check) for sent in alice.log.requests()]
    assert [time for time, _ in kinds] == [at(0.05 * n) for n in range(6)]
    assert [is_check for _, is_check in kinds] == [False, True] * 3
