"""SSRCs of ours that the peer sends by (RFC 3550 §8.2)."""

from peer.rtp import Collisions
from peer.rtp.collisions import MEMORY


def test_the_first_packet_by_an_ssrc_of_ours_has_it_changed() -> None:
    assert Collisions().note(5.0)


def test_who_sends_back_what_it_gets_brings_about_one_change() -> None:
    """Its packets would follow to any SSRC: it is known for as long as it goes on, and longer."""
    collisions = Collisions()
    packets = [collisions.note(time / 10) for time in range(round(20 * MEMORY))]
    assert packets == [True] + [False] * (len(packets) - 1)
    assert not collisions.note(2 * MEMORY + MEMORY - 0.2)
    assert collisions.note(4 * MEMORY)
