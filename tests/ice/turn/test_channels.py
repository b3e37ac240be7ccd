from math import inf

import pytest

from peer.ice.address import TransportAddress
from peer.ice.turn.channels import Channel, Channels
from peer.ice.turn.config import TurnConfig

A = TransportAddress("192.0.2.1", 1)
B = TransportAddress("192.0.2.1", 2)


@pytest.fixture
def channels() -> Channels:
    return Channels(TurnConfig(max_peers=5000))


def bind(channels: Channels, peer: TransportAddress, now: float) -> Channel:
    assert channels.want(peer, now)
    channel = channels.due(now)
    assert channel is not None
    assert channel.peer == peer
    channels.sent(channel, now)
    assert channels.bound(channel, now)
    return channel


def test_numbers_start_at_0x4000_one_for_each_address(channels: Channels) -> None:
    """RFC 8656 §12: 0x4000-0x4FFF; a channel is for a transport address, port included."""
    assert bind(channels, A, 0.0).number == 0x4000
    assert bind(channels, B, 0.0).number == 0x4001
    assert channels.bound_number(A, 0.0) == 0x4000
    assert channels.bound_number(B, 0.0) == 0x4001
    assert channels.peers() == (A, B)


def test_all_are_bound_again_when_the_server_may_have_forgotten(channels: Channels) -> None:
    bound = bind(channels, A, 0.0)
    channels.renew(20.0)
    assert channels.next_time() == 20.0
    assert channels.due(20.0) is bound
    channels.sent(bound, 20.0)
    assert not channels.bound(bound, 20.0)
    assert channels.next_time() == 560.0


def test_wanting_twice_is_one_bind(channels: Channels) -> None:
    channels.want(A, 0.0)
    channels.want(A, 0.0)
    channel = channels.due(0.0)
    assert channel is not None
    channels.sent(channel, 0.0)
    assert channels.due(0.0) is None
    assert channels.next_time() == inf


def test_not_used_before_the_server_has_confirmed(channels: Channels) -> None:
    """RFC 8656 §12: sending earlier risks loss; receiving earlier must work."""
    channels.want(A, 0.0)
    channel = channels.due(0.0)
    assert channel is not None
    assert channels.find(0x4000, 0.0) is None
    channels.sent(channel, 0.0)
    assert channels.bound_number(A, 0.0) is None
    assert channels.find(0x4000, 0.0) is channel


def test_lasts_600_seconds_and_is_bound_again_before(channels: Channels) -> None:
    """RFC 8656 §12."""
    channel = bind(channels, A, 0.0)
    assert channels.next_time() == 540.0
    assert channels.due(540.0) is channel
    assert channels.bound_number(A, 599.9) == 0x4000
    assert channels.bound_number(A, 600.0) is None
    channels.sent(channel, 540.0)
    assert not channels.bound(channel, 540.0)
    assert channels.bound_number(A, 1139.0) == 0x4000


def test_unanswered_bind_repeats_the_same_number(channels: Channels) -> None:
    """The server may have bound it: another number for the peer would be refused."""
    channels.want(A, 0.0)
    channel = channels.due(0.0)
    assert channel is not None
    channels.sent(channel, 0.0)
    channels.unanswered(channel, 39.5)
    assert channels.due(39.5) is channel


def test_number_of_a_failed_bind_is_never_used_again(channels: Channels) -> None:
    channels.want(A, 0.0)
    channel = channels.due(0.0)
    assert channel is not None
    channels.sent(channel, 0.0)
    channels.refused(channel)
    assert not channels.want(A, 0.0)
    assert not channels.want(A, 10000.0)
    numbers = set()
    for port in range(1, 4096):
        peer = TransportAddress("192.0.2.9", port)
        assert channels.want(peer, 0.0)
        fresh = channels.due(0.0)
        assert fresh is not None
        numbers.add(fresh.number)
        channels.sent(fresh, 0.0)
        channels.bound(fresh, 0.0)
    assert channel.number not in numbers
    assert max(numbers) == 0x4FFF
    assert not channels.want(B, 0.0)


def test_peer_gets_its_number_back_within_the_quarantine(channels: Channels) -> None:
    """RFC 8656 §12: five minutes after expiry before the peer may have another channel."""
    channel = bind(channels, A, 0.0)
    channels.drop(A)
    assert channels.next_time() == inf
    assert channels.want(A, 899.0)
    assert channels.due(899.0) is channel


def test_peer_gets_another_number_after_the_quarantine(channels: Channels) -> None:
    channel = bind(channels, A, 0.0)
    channels.drop(A)
    assert channels.want(A, 900.0)
    fresh = channels.due(900.0)
    assert fresh is not None
    assert fresh.number != channel.number


def test_numbers_come_round_after_the_quarantine_only(channels: Channels) -> None:
    """RFC 8656 §12: five minutes after expiry before the number may go to another peer."""
    for port in range(1, 4097):
        bind(channels, TransportAddress("192.0.2.9", port), 0.0)
    channels.drop(TransportAddress("192.0.2.9", 7))
    assert not channels.want(A, 899.0)
    assert channels.want(A, 900.0)
    assert channels.find(0x4006, 900.0) is None
    fresh = channels.due(900.0)
    while fresh is not None and fresh.peer != A:
        channels.sent(fresh, 900.0)
        fresh = channels.due(900.0)
    assert fresh is not None
    assert fresh.number == 0x4006


def test_number_of_channels_is_bounded() -> None:
    channels = Channels(TurnConfig(max_peers=1))
    assert channels.want(A, 0.0)
    assert channels.want(A, 0.0)
    assert not channels.want(B, 0.0)


def test_dropping_or_denying_an_unknown_peer_is_nothing(channels: Channels) -> None:
    channels.drop(A)
    channels.deny(A)
    assert channels.want(A, 0.0)
    channels.deny(A)
    assert not channels.want(A, 0.0)
    assert channels.due(0.0) is None
