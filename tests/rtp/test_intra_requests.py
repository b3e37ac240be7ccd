"""Commands for a picture that needs no other."""

from peer.rtp import FullIntraRequest
from peer.rtp.intra_requests import MAX_COMMANDERS, IntraRequests


def test_a_command_that_is_repeated_is_obeyed_once() -> None:
    requests = IntraRequests()
    told = [requests.is_new(FullIntraRequest(9, ((7, number),)), 7) for number in (5, 5, 6, 5)]
    assert told == [True, False, True, True]


def test_receivers_count_on_their_own() -> None:
    requests = IntraRequests()
    assert requests.is_new(FullIntraRequest(9, ((7, 5),)), 7)
    assert requests.is_new(FullIntraRequest(10, ((7, 5),)), 7)
    assert not requests.is_new(FullIntraRequest(9, ((7, 5),)), 7)


def test_commands_for_other_sources_are_none() -> None:
    requests = IntraRequests()
    assert not requests.is_new(FullIntraRequest(9, ((8, 5),)), 7)
    assert not requests.is_new(FullIntraRequest(9, ()), 7)
    assert not requests.is_new(FullIntraRequest(9, ((8, 5),)), None)
    assert requests.is_new(FullIntraRequest(9, ((8, 6), (7, 5))), 7)


def test_the_receiver_that_commanded_longest_ago_makes_room() -> None:
    requests = IntraRequests()
    for sender in range(MAX_COMMANDERS + 1):
        assert requests.is_new(FullIntraRequest(sender, ((7, 5),)), 7)
    assert not requests.is_new(FullIntraRequest(1, ((7, 5),)), 7)
    assert requests.is_new(FullIntraRequest(0, ((7, 5),)), 7)
