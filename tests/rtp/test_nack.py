"""Asking for packets again (RFC 4585 §6.2.1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.rtp import Nack, NackRequester, write_compound
from peer.rtp.nack import (
    MAX_MISSING,
    MAX_MISTAKES,
    MAX_NUMBERS,
    MAX_REQUESTS,
    MAX_SUSPECTED,
    MIN_LIMIT,
)


def asked(requester: NackRequester, until: float) -> list[tuple[float, tuple[int, ...]]]:
    """Ask whenever it is time, until then; returns when for what."""
    found = []
    while (deadline := requester.deadline()) is not None and deadline <= until:
        due = requester.due(deadline)
        if due:
            found.append((round(deadline, 4), due))
        elif requester.deadline() == deadline:
            raise AssertionError("a deadline at which nothing happens")
    return found


def receive(requester: NackRequester, *numbers: int, now: float = 0.0) -> None:
    for number in numbers:
        assert not requester.add(number, now)


def test_a_gap_is_asked_for_at_once() -> None:
    requester = NackRequester()
    receive(requester, 10, 13)
    assert requester.deadline() == 0.0
    assert requester.due(0.0) == (11, 12)


def test_nothing_before_the_first_packet_is_asked_for() -> None:
    requester = NackRequester()
    receive(requester, 10, 9, 8)
    assert requester.deadline() is None


def test_what_was_asked_for_is_known_by_the_number_that_packets_have() -> None:
    requester = NackRequester()
    receive(requester, 0x1FFFE, 0x20001)
    assert not requester.has_asked_for(0)
    requester.due(0.0)
    assert [n for n in (0xFFFE, 0xFFFF, 0, 1) if requester.has_asked_for(n)] == [0xFFFF, 0]
    receive(requester, 0x20000)
    assert not requester.has_asked_for(0)


def test_what_nobody_needs_is_not_asked_for() -> None:
    requester = NackRequester()
    receive(requester, 10)
    requester.leave_out(range(11, 13))
    receive(requester, 13, 15)
    requester.suspect(2, 0.0)
    requester.leave_out(range(16, 18))
    receive(requester, 18)
    assert requester.due(0.0) == (14,)
    requester.leave_out(range(20, 22))
    receive(requester, 22)
    assert 19 in requester


def test_it_is_asked_for_again_when_an_answer_could_have_come() -> None:
    """Also when nothing arrives any more; after four requests the wait grows by half each time."""
    requester = NackRequester()
    requester.round_trip = 0.018
    receive(requester, 1, 3)
    times = [time for time, _ in asked(requester, 0.22)]
    assert times == [0.0, 0.028, 0.056, 0.084, 0.112, 0.154, 0.217]


def test_a_request_leaves_twice_because_it_may_be_lost() -> None:
    """Those after it also because they may come before the sender sends anything again."""
    requester = NackRequester()
    receive(requester, 1, 3)
    times = [time for time, _ in asked(requester, 0.22)]
    assert times == [0.0, 0.025, 0.11, 0.12, 0.14, 0.18, 0.22]
    receive(requester, 2, now=0.2)
    assert requester.deadline() is None


@pytest.mark.parametrize(("answers", "times"), [(1, 2), (2, 1)])
def test_a_sender_that_answers_both_is_asked_once(answers: int, times: int) -> None:
    requester = NackRequester()
    for turn in range(21):
        now = turn * 0.2
        receive(requester, 2 * turn + 1, now=now)
        asked(requester, now + 0.05)
        for _ in range(answers):
            receive(requester, 2 * turn, now=now + 0.1)
    receive(requester, 100, 102, now=10.0)
    requester.forget(100)
    assert len(asked(requester, 10.05)) == times


def test_no_copy_leaves_where_an_answer_could_be_there_before() -> None:
    requester = NackRequester()
    requester.round_trip = 0.01
    receive(requester, 1, 3)
    assert [time for time, _ in asked(requester, 0.05)] == [0.0, 0.02, 0.04]


def test_a_very_short_round_trip_does_not_make_a_flood() -> None:
    requester = NackRequester()
    requester.round_trip = 0.001
    receive(requester, 1, 3)
    assert [time for time, _ in asked(requester, 0.05)] == [0.0, 0.02, 0.04]


def test_what_came_is_not_asked_for() -> None:
    requester = NackRequester()
    receive(requester, 1, 4, 2)
    assert requester.due(0.0) == (3,)
    receive(requester, 3, now=0.02)
    assert (len(requester), requester.deadline()) == (0, None)


def test_where_packets_overtake_each_other_it_waits_a_moment() -> None:
    """Five milliseconds, or two further packets, for the ten seconds after."""
    requester = NackRequester()
    receive(requester, 1, 3, 2)
    receive(requester, 5, now=1.0)
    assert requester.due(1.0) == ()
    assert requester.deadline() == pytest.approx(1.005)
    receive(requester, 6, now=1.001)
    assert requester.due(1.001) == (4,)
    receive(requester, 8, now=12.0)
    assert requester.due(12.0) == (7,)


def test_it_gives_up_after_ten_requests_or_a_second() -> None:
    requester = NackRequester()
    requester.round_trip = 0.001
    receive(requester, 1, 3)
    times = [time for time, _ in asked(requester, 60.0)]
    assert 2 < len(times) <= MAX_REQUESTS
    assert times[-1] <= 1.001
    assert requester.deadline() is None


def test_what_is_decoded_is_not_asked_for() -> None:
    requester = NackRequester()
    receive(requester, 1, 4, 8)
    requester.forget(6)
    assert requester.due(0.0) == (6, 7)
    assert 3 not in requester
    assert 6 in requester


def test_too_large_a_gap_is_given_up_at_no_cost() -> None:
    requester = NackRequester()
    receive(requester, 1, 3)
    assert requester.add(1_000_000_000, 0.0)
    assert requester.deadline() is None
    requester.key_begins()
    assert not requester.add(1_000_000_000 + MAX_MISSING, 0.0)
    assert len(requester) == MAX_MISSING - 1


def test_more_than_is_worth_it_is_given_up() -> None:
    requester = NackRequester()
    requester.note_key_frame(20)
    receive(requester, 1, 12)
    assert not requester.add(23, 0.0)
    assert len(requester) == 20
    assert requester.add(25, 0.0)
    assert len(requester) == 0


def test_what_was_given_up_is_left_alone_until_the_key_frame_comes() -> None:
    """What is sent again fills the line that the key frame is to come by."""
    requester = NackRequester()
    receive(requester, 1)
    assert requester.add(2000, 0.0)
    receive(requester, 2003, now=0.39)
    assert requester.due(0.39) == ()
    receive(requester, 2005, now=0.41)
    assert requester.due(0.41) == (2004,)
    assert requester.add(4000, 0.5)
    requester.key_begins()
    receive(requester, 4002, now=0.51)
    assert requester.due(0.51) == (4001,)


def test_key_frames_say_how_much_is_worth_asking_for() -> None:
    requester = NackRequester()
    requester.note_key_frame(2)
    assert requester.limit == MIN_LIMIT
    requester.note_key_frame(5000)
    assert requester.limit == MAX_MISSING


def test_a_message_names_no_more_than_it_may_and_the_next_one_waits() -> None:
    requester = NackRequester()
    receive(requester, *range(0, 2 * 400, 2))
    first = requester.due(0.0)
    assert len(first) == MAX_NUMBERS
    write_compound(Nack(1, 2, tuple(number & 0xFFFF for number in first)))
    assert requester.due(0.0) == ()
    assert requester.deadline() == pytest.approx(0.005)
    assert len(requester.due(0.005)) == 399 - MAX_NUMBERS


def test_it_pauses_where_hardly_anything_is_answered() -> None:
    """RTP retransmissions that never come would only fill the line."""
    requester = NackRequester()
    requester.round_trip = 0.02
    for second in range(40):
        receive(requester, 10 * second, 10 * second + 9, now=second / 10)
        asked(requester, second / 10 + 0.099)
    receive(requester, 500, now=4.0)
    assert requester.due(4.0) == ()
    deadline = requester.deadline()
    assert deadline is not None
    assert deadline > 6.9


def test_what_error_correction_brings_is_no_reason_to_ask_less() -> None:
    """Answers come all the same, and are not those to copies of requests."""
    requester = NackRequester()
    for turn in range(60):
        now, begin = turn / 10, 10 * turn
        receive(requester, begin, begin + 4, now=now)
        assert [len(numbers) for _, numbers in asked(requester, now + 0.03)] == [3, 3]
        for number in range(begin + 1, begin + 4):
            requester.recover(number)
        receive(requester, *range(begin + 1, begin + 4), *range(begin + 5, begin + 10), now=now)


def test_it_goes_on_where_requests_are_answered() -> None:
    requester = NackRequester()
    for second in range(80):
        now = second / 10
        receive(requester, 10 * second, 10 * second + 9, now=now)
        assert requester.due(now) == tuple(range(10 * second + 1, 10 * second + 9))
        receive(requester, *range(10 * second + 1, 10 * second + 5), now=now + 0.03)
        requester.forget(10 * second + 9)


def test_what_others_say_is_missing_is_asked_for() -> None:
    requester = NackRequester()
    receive(requester, 1)
    requester.suspect(2, 0.0)
    assert requester.due(0.0) == (2, 3)
    receive(requester, 4, 6, now=0.05)
    assert requester.due(0.05) == (2, 3, 5)
    receive(requester, 2, 3, 5, now=0.15)
    assert requester.deadline() is None
    requester.suspect(MAX_MISSING, 1.0)
    assert len(requester) == MAX_SUSPECTED


def test_nothing_is_suspected_for_a_while_where_that_was_wrong_too_often() -> None:
    """What was sent later comes within a round trip, and overtakes nothing."""
    requester = NackRequester()
    receive(requester, 0)
    suspected = []
    for number in range(1, 101):
        now = number / 25
        requester.suspect(1, now)
        suspected.append(requester.due(now) == (number,))
        receive(requester, number, now=now + 0.01)
    assert suspected[:50] == [True] * MAX_MISTAKES + [False] * (50 - MAX_MISTAKES)
    assert sum(suspected[50:]) == MAX_MISTAKES
    receive(requester, 102, now=5.0)
    assert requester.due(5.0) == (101,)


@pytest.mark.parametrize("round_trip", [1.0, 2.5, 3.0])
def test_it_goes_on_where_answers_take_longer_than_it_looks_for_them(round_trip: float) -> None:
    requester = NackRequester()
    requester.round_trip = round_trip
    for step in range(200):
        now, begin = step / 10, 5 * step
        receive(requester, begin, begin + 4, now=now)
        assert set(range(begin + 1, begin + 4)) <= set(requester.due(now))
        answered = 5 * (step - int(round_trip * 10))
        if answered >= 0:
            receive(requester, *range(answered + 1, answered + 4), now=now)


def test_what_error_correction_may_bring_is_left_to_it_for_a_moment() -> None:
    requester = NackRequester()
    requester.round_trip = 0.16
    requester.note_correction(0.0)
    receive(requester, 1, 3, 4, 5, now=0.1)
    assert asked(requester, 0.2)[0] == (0.14, (2,))
    requester.round_trip = 0.8
    receive(requester, 7, now=1.0)
    assert asked(requester, 1.1)[-1] == (1.05, (6,))
    # What comes after two seconds without is asked for at once.
    receive(requester, 9, now=2.0)
    assert 8 in requester.due(2.0)


def test_what_it_does_not_bring_is_asked_for_when_it_has_come() -> None:
    requester = NackRequester()
    requester.round_trip = 0.2
    requester.note_correction(0.0)
    receive(requester, 1, 4, now=0.1)
    requester.recover(2)
    requester.note_correction(0.11)
    requester.note_correction(0.115)
    assert asked(requester, 0.15) == [(0.12, (3,))]


def test_what_it_brings_is_no_answer_and_no_want_of_one() -> None:
    requester = NackRequester()
    requester.round_trip = 0.2
    now = 0.0
    for turn in range(60):
        now = 0.05 * turn
        receive(requester, 2 * turn, now=now)
        assert requester.due(now) == (() if not turn else (2 * turn - 1,))
        requester.recover(2 * turn - 1)
    now += 5.0
    receive(requester, 500, now=now)
    assert requester.due(now)


@given(
    st.lists(
        st.tuples(st.sampled_from(["packet", "ask", "forget"]), st.integers(-5, 40)), max_size=80
    )
)
def test_only_what_is_missing_is_asked_for(steps: list[tuple[str, int]]) -> None:
    requester, now, highest = NackRequester(), 0.0, 1000
    came = {highest}
    receive(requester, highest)
    for what, step in steps:
        now += 0.013
        if what == "packet":
            number = highest + step
            came.add(number)
            highest = max(highest, number)
            requester.add(number, now)
        elif what == "forget":
            requester.forget(highest - step)
        else:
            due = requester.due(now)
            assert not came.intersection(due)
            assert all(1000 < number < highest for number in due)
            assert list(due) == sorted(set(due))
