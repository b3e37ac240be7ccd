"""A stall of the caller is noticed whatever comes in first after it (RFC 7675 §5.1)."""

import pytest

from peer.ice import EventLoopStalled, IceAgent, IceState, RemoteParameters

from .builders import events
from .test_stats import LEFT, RIGHT, Duo

END = 60.0


def _stalls(agent: IceAgent) -> list[float]:
    return [event.duration for event in events(agent) if isinstance(event, EventLoopStalled)]


def _connected() -> tuple[Duo, float]:
    duo = Duo()
    duo.connect(10.0)
    events(duo.left)
    expected = duo.left.get_timer()
    assert expected is not None
    return duo, expected


def _survives(duo: Duo) -> bool:
    duo.left.transmits()
    duo.left.handle_timer(now=END)
    return duo.left.state("0", 1) is IceState.COMPLETED


def test_a_datagram_comes_first() -> None:
    duo, expected = _connected()
    duo.left.receive_datagram(b"\x80media", local=LEFT, source=RIGHT, now=END)
    assert _stalls(duo.left) == [pytest.approx(END - expected)]
    assert _survives(duo)
    assert _stalls(duo.left) == []


def test_a_call_of_the_application_comes_first() -> None:
    duo, expected = _connected()
    duo.left.end_of_remote_candidates("0")
    assert _survives(duo)
    assert _stalls(duo.left) == [pytest.approx(END - expected)]


def test_sending_comes_first() -> None:
    duo, expected = _connected()
    duo.left.send("0", 1, b"\x80media", now=END)
    assert _stalls(duo.left) == [pytest.approx(END - expected)]
    assert _survives(duo)


def test_waiting_for_a_slow_application_is_no_stall() -> None:
    """Nothing was due while nobody had called."""
    duo = Duo()
    duo.wire.run(1.0)
    assert duo.left.get_timer() is None
    parameters = duo.right.restart("0")
    remote = RemoteParameters(parameters.username_fragment, parameters.password)
    duo.left.set_remote_parameters("0", remote)
    duo.left.handle_timer(now=END)
    assert _stalls(duo.left) == []
