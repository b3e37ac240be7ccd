"""Virtual time and the event queue."""

import doctest

from peer.testing.internet import (
    PORT_RESTRICTED_CONE,
    SYMMETRIC,
    Conditions,
    Inbox,
    PacketLog,
    Simulation,
)


def test_time_stands_still_until_run() -> None:
    sim = Simulation(seed=1, start=5.0)
    sim.call_later(1.0, lambda: None)
    assert sim.now == 5.0
    sim.run()
    assert sim.now == 6.0


def test_equal_times_run_in_insertion_order() -> None:
    sim = Simulation(seed=1)
    order: list[int] = []
    for number in range(50):
        sim.call_at(1.0, lambda number=number: order.append(number))  # type: ignore[misc]
    sim.call_at(0.5, lambda: order.append(-1))
    sim.run()
    assert order == [-1, *range(50)]


def test_run_until_a_time_includes_it_and_sets_the_clock() -> None:
    sim = Simulation(seed=1)
    fired: list[float] = []
    for when in (1.0, 2.0, 2.5):
        sim.call_at(when, lambda: fired.append(sim.now))
    sim.run(until=2.0)
    assert fired == [1.0, 2.0]
    sim.run(until=2.25)
    assert sim.now == 2.25
    sim.run()
    assert fired == [1.0, 2.0, 2.5]


def test_run_until_predicate() -> None:
    sim = Simulation(seed=1)
    fired: list[float] = []
    for when in (1.0, 2.0, 3.0):
        sim.call_at(when, lambda: fired.append(sim.now))
    assert sim.run_until(lambda: len(fired) == 2, timeout=10)
    assert sim.now == 2.0
    assert not sim.run_until(lambda: len(fired) == 9, timeout=0.5)
    assert sim.now == 2.5
    assert not sim.run_until(lambda: len(fired) == 9, timeout=100)
    assert sim.now == 3.0, "nothing is left to happen"


def test_timer_can_be_cancelled_and_past_means_now() -> None:
    sim = Simulation(seed=1)
    fired: list[str] = []
    late = sim.call_at(1.0, lambda: fired.append("late"))
    past = sim.call_at(-1.0, lambda: fired.append("past"))
    assert late.is_pending
    assert past.when == 0.0
    late.cancel()
    sim.run()
    assert fired == ["past"]
    assert not past.is_pending
    assert sim.now == 0.0, "cancelled calls do not move the clock"
    assert sim.next_event_time() is None
    assert not sim.step()


def _busy_trace(seed: int) -> list[object]:
    sim = Simulation(seed)
    log = PacketLog()
    sim.add_tap(log)
    lan = sim.network("home", "192.168.1.0/24")
    rough = Conditions(delay=0.01, jitter=0.05, loss=0.2, duplication=0.1, reordering=0.1)
    sim.router("router", inside=lan, nat=SYMMETRIC, conditions=rough)
    alice = Inbox(sim.host("alice", lan))
    servers = [Inbox(sim.host(f"server{n}", sim.internet)) for n in range(3)]
    for number in range(100):
        alice.send(b"%d" % number, servers[number % 3].address)
        sim.run_for(0.01)
    sim.run()
    return list(log.records)


def test_same_seed_same_trace_other_seed_other_trace() -> None:
    first = _busy_trace(7)
    assert len(first) > 150
    assert _busy_trace(7) == first
    assert _busy_trace(8) != first


def test_log_of_interest_and_removed_tap() -> None:
    sim = Simulation(seed=1)
    log = PacketLog(lambda packet: packet.payload == b"x")
    sim.add_tap(log)
    one, two = (Inbox(sim.host(name, sim.internet)) for name in ("one", "two"))
    one.send(b"x", two.address)
    one.send(b"y", two.address)
    sim.run()
    assert [(r.time, r.what, r.place) for r in log.records] == [
        (0.0, "sent", "one"),
        (0.02, "delivered", "two"),
    ]
    sim.remove_tap(log)
    one.send(b"x", two.address)
    sim.run()
    assert len(log.records) == 2
    assert (sim.sent, sim.delivered) == (3, 3)


def test_the_example_of_the_documentation() -> None:
    names = {"Simulation": Simulation, "PORT_RESTRICTED_CONE": PORT_RESTRICTED_CONE}
    example = doctest.DocTestFinder().find(Simulation, "Simulation", globs=names)[0]
    results = doctest.DocTestRunner().run(example)
    assert (results.failed, results.attempted) == (0, 10)


def test_entropy_is_seeded() -> None:
    assert Simulation(1).entropy(16) == Simulation(1).entropy(16)
    assert Simulation(1).entropy(16) != Simulation(2).entropy(16)
