"""The congestion window, in figures worked out by hand."""

import pytest

from peer.sctp.congestion import Congestion

PACKET = 1000


def test_it_opens_by_what_arrives_while_it_is_searched_for() -> None:
    """RFC 9260 §7.2.1."""
    congestion = Congestion(PACKET)
    assert congestion.window == 10 * PACKET
    congestion.on_acknowledged(4 * PACKET)
    assert congestion.window == 10 * PACKET, "not made use of"
    congestion.is_full = True
    congestion.on_acknowledged(4 * PACKET)
    assert congestion.window == 14 * PACKET
    congestion.on_acknowledged(100 * PACKET)
    assert congestion.window == 78 * PACKET


def test_a_loss_halves_it_until_all_has_arrived() -> None:
    """RFC 9260 §7.2.3, §7.2.4."""
    congestion = Congestion(PACKET)
    congestion.window = 40 * PACKET
    congestion.on_loss(500, 0.5)
    assert congestion.window == 20 * PACKET
    congestion.is_full = True
    congestion.on_cumulative(499)
    congestion.on_acknowledged(20 * PACKET)
    assert congestion.window == 20 * PACKET
    congestion.on_cumulative(500)
    congestion.on_acknowledged(20 * PACKET)
    assert congestion.window > 20 * PACKET


def test_a_loss_that_was_none_is_taken_back() -> None:
    """RFC 3708; what a time-out has taken is not given back."""
    congestion = Congestion(PACKET)
    congestion.window = 40 * PACKET
    congestion.on_loss(500, 0.5)
    congestion.undo()
    assert (congestion.window, congestion.recovering) == (40 * PACKET, False)
    congestion.on_loss(600, 0.5)
    congestion.on_timeout()
    congestion.undo()
    assert congestion.window == PACKET


@pytest.mark.parametrize(
    ("window", "queued", "left"),
    [(20, 0.0, 16), (20, 0.15, 16), (20, 0.16, 10), (400, 0.12, 320), (400, 0.13, 200)],
)
def test_without_a_queue_a_loss_costs_less(window: int, queued: float, left: int) -> None:
    congestion = Congestion(PACKET)
    congestion.window = window * PACKET
    congestion.on_loss(1, queued)
    assert congestion.window == left * PACKET


def test_then_it_opens_by_a_packet_a_round_trip() -> None:
    """RFC 9260 §7.2.2."""
    congestion = Congestion(PACKET)
    congestion.on_loss(1, 0.5)
    congestion.on_cumulative(1)
    congestion.window = 6 * PACKET
    congestion.flight = PACKET
    congestion.is_full = True
    for _ in range(3):
        congestion.on_acknowledged(2 * PACKET)
    assert congestion.window == 7 * PACKET
    congestion.is_full = False
    for _ in range(20):
        congestion.on_acknowledged(2 * PACKET)
    assert congestion.window == 7 * PACKET
    congestion.is_full = True
    congestion.on_acknowledged(1)
    assert congestion.window == 8 * PACKET


def test_a_timeout_leaves_one_packet() -> None:
    congestion = Congestion(PACKET)
    congestion.window = 40 * PACKET
    congestion.on_timeout()
    assert congestion.window == PACKET
    congestion.is_full = True
    congestion.on_acknowledged(PACKET)
    assert congestion.window == 2 * PACKET


def test_an_idle_path_is_trusted_less() -> None:
    congestion = Congestion(PACKET)
    congestion.window = 50 * PACKET
    for expected in (25, 12.5, 10, 10):
        congestion.on_idle()
        assert congestion.window == expected * PACKET
    congestion.reset()
    assert congestion.window == 10 * PACKET
