"""DTLS handshakes on their way through a driver's agent."""

from collections.abc import Sequence
from unittest.mock import Mock

import pytest

from peer.ice import EmbeddingState, HandshakeStage
from peer.net.component import Component
from peer.net.handshakes import Handshakes

DATAGRAM = b"\x16\xfe\xfd"


class Bench:
    """A component with its handshakes, over an agent that notes what it is told."""

    def __init__(self) -> None:
        self.loop, self.agent, self.flushed = Mock(), Mock(), Mock()
        self.loop.time.return_value = 7.0
        self.agent.embedding.return_value = EmbeddingState.CONFIRMED
        self.components: dict[tuple[str, int], Component] = {}
        self.handshakes = Handshakes(self.loop, self.components, self.flushed)
        self.component = Component(Mock(), self.handshakes, self.loop, "0", 1)
        self.components["0", 1] = self.component
        self.handshakes.serve(self.agent)


def test_what_came_in_a_check_is_answered_at_once() -> None:
    bench = Bench()
    taken: list[tuple[bytes, float]] = []

    def take(datagram: bytes, now: float) -> Sequence[bytes]:
        taken.append((datagram, now))
        return [b"answer"]

    bench.component.set_taker(take)
    assert bench.handshakes.take("0", 1, DATAGRAM) == [b"answer"]
    assert taken == [(DATAGRAM, 7.0)]


def test_without_a_handshake_it_waits_as_data_does() -> None:
    bench = Bench()
    data: list[tuple[bytes, float]] = []
    bench.component.set_sink(lambda *arrived: data.append(arrived))
    assert bench.handshakes.take("0", 1, DATAGRAM) == ()
    # Whoever takes data may call the agent, which waits for the answer of this call.
    assert data == []
    deliver, *arguments = bench.loop.call_soon.call_args.args
    deliver(*arguments)
    assert data == [(DATAGRAM, 7.0)]


def test_a_handshake_that_raises_is_told_of_and_stops_nothing() -> None:
    bench = Bench()
    bench.component.set_taker(Mock(side_effect=ValueError("odd")))
    assert bench.handshakes.take("0", 1, DATAGRAM) == ()
    (context,) = bench.loop.call_exception_handler.call_args.args
    assert isinstance(context["exception"], ValueError)


def test_flights_and_stages_reach_the_agent() -> None:
    bench = Bench()
    bench.component.send_flight([DATAGRAM])
    bench.agent.send_flight.assert_called_once_with("0", 1, [DATAGRAM], now=7.0)
    bench.flushed.assert_called_once_with()
    bench.component.note_handshake(HandshakeStage.HEARD, DATAGRAM)
    bench.agent.note_handshake.assert_called_once_with(
        "0", 1, HandshakeStage.HEARD, datagram=DATAGRAM
    )
    assert bench.component.embedding is EmbeddingState.CONFIRMED


@pytest.mark.parametrize("gone", ["component", "driver"])
def test_who_is_gone_asks_in_vain(gone: str) -> None:
    bench = Bench()
    if gone == "component":
        bench.components.clear()
    else:
        bench.handshakes.serve(None)
    bench.component.send_flight([DATAGRAM])
    bench.component.note_handshake(HandshakeStage.OVER)
    assert bench.component.embedding is EmbeddingState.OFF
    assert not bench.agent.method_calls


def test_nobody_takes_what_comes_for_a_component_that_is_gone() -> None:
    assert Bench().handshakes.take("1", 1, DATAGRAM) == ()


def test_a_closed_component_hands_nothing_over() -> None:
    bench = Bench()
    taker = Mock()
    bench.component.set_taker(taker)
    bench.component.close()
    assert bench.handshakes.take("0", 1, DATAGRAM) == ()
    taker.assert_not_called()
