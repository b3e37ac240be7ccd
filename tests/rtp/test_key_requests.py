"""When a key frame is asked for."""

from peer.rtp.key_requests import KeyRequests


def times(requests: KeyRequests, begin: float, end: float, *, needed: bool) -> list[float]:
    """When requests leave, polled each 10 ms."""
    steps = range(round(begin * 100), round(end * 100))
    return [step / 100 for step in steps if requests.poll(step / 100, needed=needed)]


def test_nobody_is_asked_before_the_first_packet() -> None:
    requests = KeyRequests()
    assert requests.deadline(needed=True) is None
    assert not requests.poll(5.0, needed=True)


def test_the_first_packet_of_no_key_frame_is_reason_enough() -> None:
    requests = KeyRequests()
    requests.note_packet(5.0, is_key=False)
    assert requests.poll(5.0, needed=True)


def test_requests_are_two_a_second_and_end_with_the_packets() -> None:
    requests = KeyRequests()
    requests.note_packet(5.0, is_key=False)
    asked = times(requests, 5.0, 15.0, needed=True)
    assert asked[:5] == [5.0, 5.2, 6.0, 6.2, 7.0]
    assert asked[-1] < 10.0
    assert len(asked) == 10
    assert requests.deadline(needed=True) is None


def test_a_long_round_trip_spaces_them_out() -> None:
    requests = KeyRequests()
    requests.round_trip = 0.7
    requests.note_packet(5.0, is_key=False)
    assert times(requests, 5.0, 7.0, needed=True) == [5.0, 5.7, 6.4]


def test_a_request_that_is_repeated_keeps_its_number() -> None:
    """For a second, or until a key frame comes, of which parts may be lost."""
    requests = KeyRequests()
    numbers = []
    for step in range(200):
        now = 5.0 + step / 100
        requests.note_packet(now, is_key=step == 10)
        if requests.poll(now, needed=True):
            numbers.append((round(now, 2), requests.number))
    assert numbers == [(5.0, 0), (5.3, 1), (6.0, 1), (6.3, 2)]


def test_a_key_frame_that_is_on_its_way_is_waited_for() -> None:
    requests = KeyRequests()
    requests.note_packet(5.0, is_key=True)
    assert requests.deadline(needed=True) == 5.2
    for step in range(50):
        requests.note_packet(5.0 + step / 100, is_key=True)
        assert not requests.poll(5.0 + step / 100, needed=True)


def test_without_need_a_key_frame_is_asked_for_after_three_seconds_without_a_frame() -> None:
    requests = KeyRequests()
    asked = []
    for step in range(500, 1100):
        now = step / 100
        requests.note_packet(now, is_key=False)
        if step < 600:
            requests.note_frame(now)
        if requests.poll(now, needed=False):
            asked.append(now)
    assert asked == [8.99, 9.19, 9.99, 10.19, 10.99]
