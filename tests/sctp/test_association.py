"""Two associations over a path: what is sent arrives, whatever the path does."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peer.sctp import SctpConfig, SctpState
from peer.sctp.message import Delivery
from tests.sctp.path import Conditions, Path, is_up

UNORDERED = Delivery(ordered=False)


def numbered(count: int, size: int = 3000) -> list[bytes]:
    return [number.to_bytes(4, "big") * -(-size // 4) for number in range(count)]


def test_an_association_is_up_after_a_round_trip_and_a_half() -> None:
    path = Path()
    path.connect()
    assert path.now == pytest.approx(0.075)
    assert path.left.association.statistics().maker == "aiopeer1"


@pytest.mark.parametrize("mixed", [False, True])
@pytest.mark.parametrize(
    "conditions",
    [
        Conditions(),
        Conditions(delay=0.0),
        Conditions(loss=0.01),
        Conditions(loss=0.05, duplication=0.3),
        Conditions(loss=0.2),
        Conditions(jitter=0.05),
        Conditions(loss=0.05, jitter=0.02, duplication=0.1),
        Conditions(delay=0.5, loss=0.02),
        Conditions(rate=8000.0, queue=50),
    ],
    ids=repr,
)
def test_every_message_arrives_once_and_in_order(conditions: Conditions, mixed: bool) -> None:
    config = SctpConfig(interleaving=mixed)
    path = Path(conditions, left=config, right=config).connect()
    sent = numbered(60)
    for number, message in enumerate(sent):
        path.send(message, stream=number % 3)
        path.send(message, stream=3, delivery=UNORDERED, end=path.right)
    path.run(lambda: len(path.right.messages) == len(path.left.messages) == len(sent))
    for stream in range(3):
        got = [message.data for message in path.right.messages if message.stream == stream]
        assert got == sent[stream::3]
    assert sorted(message.data for message in path.left.messages) == sorted(sent)
    assert path.left.association.statistics().held == 0
    path.run(limit=20.0)
    assert path.left.association.statistics().unacknowledged == 0


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 1 << 32),
    loss=st.sampled_from([0.0, 0.02, 0.1, 0.3]),
    jitter=st.sampled_from([0.0, 0.01, 0.1]),
    duplication=st.sampled_from([0.0, 0.3]),
    mixed=st.booleans(),
    messages=st.lists(
        st.tuples(
            st.integers(0, 3),
            st.sampled_from([1, 3, 100, 1159, 1160, 1161, 4000, 20000]),
            st.booleans(),
            st.sampled_from([None, 0, 1, 5]),
            st.sampled_from([None, 0.0, 0.05, 1.0]),
        ),
        max_size=25,
    ),
)
def test_each_message_arrives_once_in_order_or_is_given_up_as_it_may_be(
    seed: int,
    loss: float,
    jitter: float,
    duplication: float,
    mixed: bool,
    messages: list[tuple[int, int, bool, int | None, float | None]],
) -> None:
    config = SctpConfig(interleaving=mixed)
    conditions = Conditions(loss=loss, jitter=jitter, duplication=duplication)
    path = Path(conditions, seed=seed, left=config, right=config).connect()
    sent: list[tuple[int, bytes, Delivery]] = []
    for number, (stream, size, ordered, retransmits, lifetime) in enumerate(messages):
        data = number.to_bytes(2, "big") + bytes(size)
        sent.append((stream, data, Delivery(ordered, retransmits, lifetime)))
        path.send(data, stream=stream, delivery=sent[-1][2])
    path.run(limit=120.0)
    statistics = path.left.association.statistics()
    assert (statistics.unacknowledged, statistics.queued) == (0, 0)
    assert path.right.association.statistics().held == 0
    assert all(is_up(end) for end in path.ends)
    got = [(message.stream, message.data) for message in path.right.messages]
    assert len(set(got)) == len(got)
    reliable = [(stream, data) for stream, data, how in sent if how == Delivery(how.ordered)]
    assert set(reliable) <= set(got) <= {(stream, data) for stream, data, _ in sent}
    for stream in range(4):
        in_order = [data for number, data, how in sent if number == stream and how.ordered]
        arrived = [data for number, data in got if number == stream and data in in_order]
        assert arrived == [data for data in in_order if data in arrived]


def test_the_end_is_told_to_the_peer() -> None:
    path = Path().connect()
    path.left.association.abort("enough", path.now)
    path.run(lambda: path.right.association.state is SctpState.ENDED)
    assert path.left.association.get_timer() is None
    assert path.right.association.get_timer() is None
    assert path.right.association.transmits(path.now) == []
