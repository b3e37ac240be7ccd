from math import inf

import pytest

from peer.ice.turn.config import TurnConfig
from peer.ice.turn.permissions import Permissions

A, B, C = "192.0.2.1", "192.0.2.2", "2001:db8::1"
CONFIG = TurnConfig(permission_batch=2, max_peers=3)


@pytest.fixture
def permissions() -> Permissions:
    return Permissions(CONFIG)


def test_nothing_wanted_nothing_due(permissions: Permissions) -> None:
    assert permissions.due(0.0) == ()
    assert permissions.next_time() == inf


def test_wanted_are_due_at_once_in_batches(permissions: Permissions) -> None:
    """RFC 8656 §10.1: one request may name many peers."""
    for host in (A, B, C):
        assert permissions.want(host)
    assert permissions.next_time() == -inf
    assert permissions.due(0.0) == (A, B)
    permissions.sent((A, B))
    assert permissions.due(0.0) == (C,)
    permissions.sent((C,))
    assert permissions.due(0.0) == ()
    assert permissions.next_time() == inf


def test_lives_300_seconds_from_the_sending(permissions: Permissions) -> None:
    """RFC 8656 §9: MUST be 300 s."""
    permissions.want(A)
    permissions.sent((A,))
    assert not permissions.allows(A, 9.0)
    assert permissions.granted((A,), 10.0) == [A]
    assert permissions.allows(A, 309.999)
    assert not permissions.allows(A, 310.0)
    assert not permissions.allows(B, 10.0)


def test_refreshed_at_240_seconds_while_wanted(permissions: Permissions) -> None:
    permissions.want(A)
    permissions.sent((A,))
    permissions.granted((A,), 10.0)
    assert permissions.next_time() == 250.0
    assert permissions.due(249.9) == ()
    assert permissions.due(250.0) == (A,)
    permissions.sent((A,))
    assert permissions.granted((A,), 250.0) == []
    assert permissions.allows(A, 549.0)


def test_all_are_renewed_when_the_server_may_have_forgotten(permissions: Permissions) -> None:
    for host in (A, B):
        permissions.want(host)
    permissions.sent((A, B))
    permissions.granted((A, B), 10.0)
    permissions.drop(B)
    permissions.renew(20.0)
    assert permissions.next_time() == 20.0
    assert permissions.due(20.0) == (A,)
    permissions.sent((A,))
    permissions.renew(20.1)
    assert permissions.due(20.1) == ()
    assert permissions.granted((A,), 20.0) == []
    assert permissions.next_time() == 260.0


def test_refused_batch_is_asked_for_one_by_one(permissions: Permissions) -> None:
    """RFC 8656 §10.2: 403 does not tell which address it is about."""
    permissions.want(A)
    permissions.want(B)
    permissions.sent((A, B))
    assert permissions.refused((A, B)) == []
    assert permissions.due(0.0) == (A,)
    permissions.sent((A,))
    assert permissions.refused((A,)) == [A]
    assert permissions.due(0.0) == (B,)
    permissions.sent((B,))
    assert permissions.granted((B,), 0.0) == [B]
    assert permissions.hosts() == (B,)


def test_fresh_ones_go_together_before_suspects(permissions: Permissions) -> None:
    permissions.want(A)
    permissions.want(B)
    permissions.sent((A, B))
    permissions.refused((A, B))
    permissions.want(C)
    assert permissions.due(0.0) == (C,)


def test_unanswered_first_request_gives_up(permissions: Permissions) -> None:
    permissions.want(A)
    permissions.sent((A,))
    assert permissions.unanswered((A,), 39.5, 39.5) == [A]
    assert permissions.next_time() == inf


def test_unanswered_refresh_is_repeated_until_the_permission_ends(
    permissions: Permissions,
) -> None:
    permissions.want(A)
    permissions.sent((A,))
    permissions.granted((A,), 0.0)
    permissions.sent((A,))
    assert permissions.unanswered((A,), 279.5, 279.5) == []
    assert permissions.due(279.5) == (A,)
    permissions.sent((A,))
    assert permissions.unanswered((A,), 319.0, 319.0) == [A]
    assert not permissions.was_granted(A)


def test_dropped_is_not_refreshed_but_valid_to_its_end(permissions: Permissions) -> None:
    permissions.want(A)
    permissions.sent((A,))
    permissions.granted((A,), 0.0)
    permissions.drop(A)
    assert permissions.next_time() == inf
    assert permissions.allows(A, 299.0)
    permissions.due(300.0)
    assert not permissions.was_granted(A)


def test_dropped_before_it_was_asked_for(permissions: Permissions) -> None:
    permissions.want(A)
    permissions.drop(A)
    permissions.drop(B)
    assert permissions.due(0.0) == ()


def test_wanted_again_after_drop(permissions: Permissions) -> None:
    permissions.want(A)
    permissions.sent((A,))
    permissions.granted((A,), 0.0)
    permissions.drop(A)
    assert permissions.want(A)
    assert permissions.next_time() == 240.0


def test_number_of_peers_is_bounded(permissions: Permissions) -> None:
    for host in (A, B, C):
        assert permissions.want(host)
    assert permissions.want(A)
    assert not permissions.want("192.0.2.9")


def test_channel_bind_grants_and_keeps_the_permission(permissions: Permissions) -> None:
    """RFC 8656 §9: ChannelBind installs and refreshes permissions too."""
    assert permissions.refreshed(A, 0.0) == [A]
    assert permissions.allows(A, 299.0)
    assert permissions.next_time() == 240.0
    assert permissions.refreshed(A, 200.0) == []
    assert permissions.next_time() == 440.0


def test_channel_bind_leaves_a_request_on_its_way_alone(permissions: Permissions) -> None:
    permissions.want(A)
    permissions.sent((A,))
    permissions.refreshed(A, 0.0)
    assert permissions.due(1000.0) == ()
