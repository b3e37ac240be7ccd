"""What statistics are collected from."""

from datetime import timedelta

from tests.stats.figures import NOW, TIME, sources, transport
from tests.transports.test_dtls import run


def test_times_of_the_loop_become_those_of_the_calendar() -> None:
    made = sources()
    assert made.moment(NOW) == TIME
    assert made.moment(NOW - 1.5) == TIME - timedelta(seconds=1.5)
    assert made.moment_or_none(None) is None
    assert made.moment_or_none(NOW) == TIME


def test_transports_that_are_gone_have_no_id() -> None:
    async def scenario() -> None:
        made = sources(transports=(transport(0), transport(1)))
        ids = [made.transport_id(number) for number in (0, 1, 2, None)]
        assert None not in ids[:2]
        assert ids[0] != ids[1]
        assert ids[2:] == [None, None]

    run(scenario)
