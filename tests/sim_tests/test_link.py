"""Links: delay, loss, order, bandwidth, size."""

import itertools

from peer.testing.internet import Conditions, DropReason, GilbertElliott, Inbox, Simulation


def transfer(
    conditions: Conditions, count: int = 1000, *, seed: int = 1, interval: float = 0.001
) -> tuple[Simulation, Inbox, list[int]]:
    """Send `count` numbered datagrams of 104 bytes over one link; the numbers that arrive."""
    sim = Simulation(seed, internet_delay=0.0)
    sender = Inbox(sim.host("sender", sim.internet, conditions=conditions))
    receiver = Inbox(sim.host("receiver", sim.internet))
    for number in range(count):
        sim.call_at(
            number * interval,
            lambda number=number: sender.send(b"%0104d" % number, receiver.address),  # type: ignore[misc]
        )
    sim.run()
    return sim, receiver, [int(text) for text in receiver.texts]


def test_delay_is_exact() -> None:
    _, receiver, numbers = transfer(Conditions(delay=0.25), 3, interval=1.0)
    assert numbers == [0, 1, 2]
    assert [letter.time for letter in receiver.letters] == [0.25, 1.25, 2.25]


def test_delays_of_both_links_and_the_network_add_up() -> None:
    sim = Simulation(seed=1, internet_delay=0.5)
    one = Inbox(sim.host("one", sim.internet, conditions=Conditions(delay=0.25)))
    two = Inbox(sim.host("two", sim.internet, conditions=Conditions(delay=0.125)))
    one.send(b"x", two.address)
    sim.run()
    assert two.letters[0].time == 0.875


def test_loss_rate_is_near_and_every_packet_is_accounted_for() -> None:
    sim, _, numbers = transfer(Conditions(loss=0.3), 2000)
    lost = sim.drops[DropReason.LOSS]
    assert len(numbers) + lost == 2000
    # Four standard deviations of a binomial distribution.
    assert abs(lost - 600) < 4 * (2000 * 0.3 * 0.7) ** 0.5
    assert numbers == sorted(numbers)


def test_loss_is_the_same_for_the_same_seed() -> None:
    numbers = transfer(Conditions(loss=0.3), 200, seed=5)[2]
    assert numbers == transfer(Conditions(loss=0.3), 200, seed=5)[2]
    assert numbers != transfer(Conditions(loss=0.3), 200, seed=6)[2]


def test_burst_loss_comes_in_bursts() -> None:
    burst = GilbertElliott(enter=0.02, leave=0.2)
    sim, _, numbers = transfer(Conditions(burst=burst), 5000)
    lost = sim.drops[DropReason.BURST_LOSS]
    assert len(numbers) + lost == 5000
    assert 250 < lost < 700, "the bad state is held for 1/11 of the packets"
    arrived = set(numbers)
    bursts = sum(n not in arrived and (n == 0 or n - 1 in arrived) for n in range(5000))
    assert 3.5 < lost / bursts < 7, "a burst lasts five packets on average"


def test_gilbert_elliott_loses_in_the_good_state_as_told() -> None:
    burst = GilbertElliott(enter=0.0, leave=1.0, loss_when_good=0.5)
    sim, _, _ = transfer(Conditions(burst=burst), 1000)
    assert 430 < sim.drops[DropReason.BURST_LOSS] < 570


def test_jitter_keeps_the_order() -> None:
    _, receiver, numbers = transfer(Conditions(delay=0.01, jitter=0.1), 500)
    assert numbers == list(range(500))
    delays = [letter.time - int(letter.data) * 0.001 for letter in receiver.letters]
    assert min(delays) >= 0.01 - 1e-9
    assert 0.08 < max(delays) <= 0.11


def test_reordering_lets_later_packets_overtake() -> None:
    _, _, numbers = transfer(Conditions(reordering=0.1, reordering_delay=0.0055), 1000)
    assert sorted(numbers) == list(range(1000))
    late = sum(a > b for a, b in itertools.pairwise(numbers))
    assert 50 < late < 150
    assert transfer(Conditions(), 1000)[2] == list(range(1000))


def test_duplication() -> None:
    _, _, numbers = transfer(Conditions(duplication=0.25), 1000)
    assert set(numbers) == set(range(1000))
    assert 190 < len(numbers) - 1000 < 310


def test_bandwidth_spaces_packets_out() -> None:
    # 104 bytes of payload and 28 of headers are 1056 bits.
    _, receiver, numbers = transfer(Conditions(rate=1056 * 8), 4, interval=0.0)
    assert numbers == [0, 1, 2, 3]
    assert [letter.time for letter in receiver.letters] == [0.125, 0.25, 0.375, 0.5]


def test_a_full_queue_drops() -> None:
    sim, _, numbers = transfer(Conditions(rate=1056 * 8, queue=0.25), 10, interval=0.0)
    assert numbers == [0, 1, 2], "the fourth would have waited for 0.375 s"
    assert sim.drops[DropReason.QUEUE] == 7


def test_mtu_drops_larger_packets_and_counts_headers() -> None:
    sim = Simulation(seed=1)
    conditions = Conditions(mtu=1280)
    one = sim.host("one", sim.internet, conditions=conditions)
    two = sim.host("two", sim.internet)
    for version in (0, 1):
        sender, receiver = Inbox(one, one.addresses[version]), Inbox(two, two.addresses[version])
        largest = 1280 - (28, 48)[version]
        sender.send(bytes(largest), receiver.address)
        sender.send(bytes(largest + 1), receiver.address)
        receiver.send(bytes(largest), sender.address)
        receiver.send(bytes(largest + 1), sender.address)
        sim.run()
        assert [len(text) for text in receiver.texts] == [largest]
        assert [len(text) for text in sender.texts] == [largest]
    assert sim.drops == {DropReason.MTU: 4}


def test_cut_and_restore_including_what_is_in_flight() -> None:
    sim = Simulation(seed=1, internet_delay=0.1)
    one = sim.host("one", sim.internet)
    sender, receiver = Inbox(one), Inbox(sim.host("two", sim.internet))
    link = one.interfaces[0].link
    link.cut()
    assert link.is_cut
    sender.send(b"lost", receiver.address)
    receiver.send(b"lost too", sender.address)
    sim.run()
    link.restore()
    receiver.send(b"in flight", sender.address)
    sim.run_for(0.05)
    link.cut()
    sim.run()
    assert sim.drops == {DropReason.CUT: 3}
    link.restore()
    sender.send(b"arrives", receiver.address)
    sim.run()
    assert receiver.texts == [b"arrives"]


def test_one_direction_can_be_worse() -> None:
    sim = Simulation(seed=1, internet_delay=0.0)
    one = sim.host("one", sim.internet)
    sender, receiver = Inbox(one), Inbox(sim.host("two", sim.internet))
    one.interfaces[0].link.down.conditions = Conditions(delay=0.5, loss=0.5)
    for _ in range(100):
        sender.send(b"x", receiver.address)
        receiver.send(b"x", sender.address)
    sim.run()
    assert len(receiver.texts) == 100
    assert 30 < len(sender.texts) < 70
    assert {letter.time for letter in sender.letters} == {0.5}
    one.interfaces[0].link.set_conditions(Conditions())
    receiver.send(b"x", sender.address)
    sim.run()
    assert sender.letters[-1].time == 0.5
