"""The state machine of DTLS in checks (draft-hancke-webrtc-sped)."""

import zlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.ice.embedding import (
    FIRST_INTERVAL,
    MAX_BODY,
    MAX_INTERVAL,
    MAX_REPEATS,
    MAX_UNPROVEN,
    MIN_INTERVAL,
    Embedding,
    EmbeddingProfile,
    EmbeddingState,
    Heard,
    Load,
    is_embeddable,
)

FLIGHT = [b"\x16" + bytes([number]) * 99 for number in range(3)]
NOTHING = Heard(None, None)
GREETING = Heard((), None)
DRAFT, GOOG = EmbeddingProfile
OFF, TENTATIVE, CONFIRMED, PENDING, COMPLETE = EmbeddingState


def checksums(*datagrams: bytes) -> tuple[int, ...]:
    return tuple(zlib.crc32(each) for each in datagrams)


def make(state: EmbeddingState, profile: EmbeddingProfile = DRAFT) -> Embedding:
    """An embedding that has come into a state the ordinary way."""
    embedding = Embedding(enabled=state is not OFF)
    embedding.meet(profile)
    if state in (CONFIRMED, PENDING, COMPLETE):
        embedding.hear(GREETING)
    if state in (PENDING, COMPLETE):
        embedding.finish(proven=False)
    if state is COMPLETE:
        embedding.complete()
    assert embedding.state is state
    return embedding


@pytest.mark.parametrize("profile", EmbeddingProfile)
@pytest.mark.parametrize(
    ("state", "heard", "after"),
    [
        (OFF, GREETING, OFF),
        (TENTATIVE, NOTHING, OFF),
        (TENTATIVE, GREETING, CONFIRMED),
        (TENTATIVE, Heard(None, b""), CONFIRMED),
        (TENTATIVE, Heard(None, FLIGHT[0]), CONFIRMED),
        (CONFIRMED, NOTHING, CONFIRMED),
        (CONFIRMED, GREETING, CONFIRMED),
        (PENDING, NOTHING, COMPLETE),
        (PENDING, Heard((), b""), PENDING),
        (PENDING, Heard((), FLIGHT[0]), PENDING),
        (COMPLETE, Heard((), FLIGHT[0]), COMPLETE),
    ],
)
def test_states(
    profile: EmbeddingProfile, state: EmbeddingState, heard: Heard, after: EmbeddingState
) -> None:
    embedding = make(state, profile)
    embedding.hear(heard)
    assert embedding.state is after


@pytest.mark.parametrize(("profile", "after"), [(DRAFT, COMPLETE), (GOOG, PENDING)])
def test_the_draft_ends_with_an_acknowledgement_that_carries_nothing(
    profile: EmbeddingProfile, after: EmbeddingState
) -> None:
    embedding = make(PENDING, profile)
    embedding.replace(FLIGHT)
    embedding.hear(GREETING)
    assert embedding.state is after


@pytest.mark.parametrize("profile", EmbeddingProfile)
def test_libwebrtc_ends_when_all_has_arrived(profile: EmbeddingProfile) -> None:
    embedding = make(PENDING, profile)
    embedding.replace(FLIGHT)
    embedding.hear(Heard(checksums(*FLIGHT[:2]), b""))
    embedding.settle()
    assert embedding.state is PENDING
    embedding.hear(Heard(checksums(*FLIGHT[2:]), b""))
    embedding.settle()
    assert embedding.state is (COMPLETE if profile is GOOG else PENDING)


def test_a_peer_that_does_not_offer_it() -> None:
    embedding = make(TENTATIVE)
    embedding.meet(None)
    assert embedding.state is OFF
    # What its checks have shown counts more than its description.
    confirmed = make(CONFIRMED)
    confirmed.meet(None)
    assert confirmed.state is CONFIRMED


@pytest.mark.parametrize(
    ("state", "load"),
    [
        (OFF, Load(None, None)),
        (TENTATIVE, Load((), None)),
        (CONFIRMED, Load((), b"")),
        (PENDING, Load((), None)),
        (COMPLETE, Load(None, None)),
    ],
)
def test_what_a_message_carries_when_there_is_no_flight(state: EmbeddingState, load: Load) -> None:
    assert make(state).load(MAX_BODY) == load


@pytest.mark.parametrize("state", [TENTATIVE, CONFIRMED, PENDING])
def test_the_datagrams_of_a_flight_take_turns(state: EmbeddingState) -> None:
    embedding = make(state)
    embedding.replace(FLIGHT)
    assert [embedding.load(MAX_BODY).datagram for _ in range(4)] == [*FLIGHT, FLIGHT[0]]
    embedding.hear(Heard(checksums(FLIGHT[0]), b""))
    assert {embedding.load(MAX_BODY).datagram for _ in range(4)} == set(FLIGHT[1:])


def test_another_flight_takes_the_place_of_the_one_before() -> None:
    embedding = make(CONFIRMED)
    embedding.replace(FLIGHT[:1])
    embedding.load(MAX_BODY)
    embedding.replace(FLIGHT[1:])
    assert embedding.fresh == 2
    assert [embedding.load(MAX_BODY).datagram for _ in range(3)] == [*FLIGHT[1:], FLIGHT[1]]
    assert embedding.fresh == 0


def test_what_no_message_has_carried_yet() -> None:
    """What arrives out of turn is not counted as carried."""
    embedding = make(CONFIRMED)
    embedding.replace(FLIGHT)
    embedding.load(MAX_BODY)
    embedding.hear(Heard(checksums(FLIGHT[0]), b""))
    assert list(embedding.flight)[: embedding.fresh] == FLIGHT[1:]
    embedding.hear(Heard(checksums(FLIGHT[2]), b""))
    assert list(embedding.flight)[: embedding.fresh] == FLIGHT[1:2]


@pytest.mark.parametrize(
    ("profile", "acknowledged", "left"), [(DRAFT, (), 2), (DRAFT, None, 3), (GOOG, (), 3)]
)
def test_an_answer_acknowledges_what_its_request_carried(
    profile: EmbeddingProfile, acknowledged: tuple[int, ...] | None, left: int
) -> None:
    embedding = make(CONFIRMED, profile)
    embedding.replace(FLIGHT)
    (answered,) = checksums(FLIGHT[0])
    embedding.hear(Heard(acknowledged, b"", answered))
    assert len(embedding.flight) == left


def test_the_last_four_checksums_are_told() -> None:
    embedding = make(CONFIRMED)
    datagrams = [bytes([22]) * (20 + number) for number in range(6)]
    for datagram in (*datagrams, *datagrams[-2:]):
        embedding.note(datagram)
    assert embedding.load(MAX_BODY).acknowledged == checksums(*datagrams[2:])


def test_dtls_has_each_datagram_once() -> None:
    embedding = make(CONFIRMED)
    assert embedding.hear(Heard((), FLIGHT[0])) == FLIGHT[0]
    assert embedding.hear(Heard((), FLIGHT[0])) is None
    # One that came by itself before, too.
    assert embedding.note(FLIGHT[1])
    assert embedding.hear(Heard((), FLIGHT[1])) is None


@pytest.mark.parametrize(
    ("datagram", "is_dtls"),
    [(b"\x16" * 12, False), (b"\x16" * 13, True), (b"\x13" * 13, False), (b"\x40" * 13, False)]
    + [(bytes([first]) * 13, True) for first in (20, 63)],
)
def test_what_may_be_dtls(datagram: bytes, is_dtls: bool) -> None:
    """RFC 7983 §7; the records of DTLS 1.3 begin with 32 to 63 (RFC 9147 §4.1)."""
    assert is_embeddable(datagram) is is_dtls
    embedding = make(CONFIRMED)
    assert (embedding.hear(Heard((), datagram)) is not None) is is_dtls
    assert bool(embedding.acknowledged) is is_dtls


def test_what_there_is_no_room_for_is_left_out() -> None:
    embedding = make(CONFIRMED)
    embedding.note(FLIGHT[0])
    embedding.replace(FLIGHT[1:2])
    assert embedding.load(3) == Load(None, None)
    assert embedding.load(7) == Load((), None)
    assert embedding.load(8) == Load(checksums(FLIGHT[0]), None)
    assert embedding.load(12) == Load(checksums(FLIGHT[0]), b"")
    assert embedding.load(8 + 4 + 99) == Load(checksums(FLIGHT[0]), b"")
    assert embedding.load(8 + 4 + 100) == Load(checksums(FLIGHT[0]), FLIGHT[1])


def test_a_peer_that_never_answers_is_sent_little() -> None:
    embedding = make(TENTATIVE)
    embedding.replace([b"\x16" * 900])
    sent = sum(len(embedding.load(MAX_BODY).datagram or b"") for _ in range(100))
    assert MAX_UNPROVEN - 1000 < sent <= MAX_UNPROVEN


@pytest.mark.parametrize(
    ("profile", "proven", "left"),
    [(DRAFT, True, 0), (DRAFT, False, 3), (GOOG, True, 3), (GOOG, False, 3)],
)
def test_a_finished_handshake_keeps_what_may_be_missing(
    profile: EmbeddingProfile, proven: bool, left: int
) -> None:
    embedding = make(CONFIRMED, profile)
    embedding.replace(FLIGHT)
    embedding.finish(proven=proven)
    assert (embedding.state, len(embedding.flight)) == (PENDING, left)


@pytest.mark.parametrize("state", [OFF, COMPLETE])
def test_the_end_is_the_end(state: EmbeddingState) -> None:
    embedding = make(state)
    embedding.finish(proven=False)
    embedding.complete()
    embedding.note(FLIGHT[0])
    embedding.hear(GREETING)
    embedding.settle()
    assert embedding.state is state
    assert embedding.load(MAX_BODY) == Load(None, None)


@pytest.mark.parametrize("round_trip", [None, 0.001, 0.2, 9.0])
def test_repetitions_are_patient_and_few(round_trip: float | None) -> None:
    embedding = make(CONFIRMED)
    embedding.replace(FLIGHT)
    times = [0.0]
    embedding.schedule(0.0, round_trip)
    while embedding.repeat_at is not None:
        times.append(embedding.repeat_at)
        embedding.repeats += 1
        embedding.schedule(times[-1], round_trip)
    waits = [later - earlier for earlier, later in pairwise(times)]
    assert len(waits) == MAX_REPEATS
    first = FIRST_INTERVAL if round_trip is None else max(MIN_INTERVAL, 1.25 * round_trip)
    assert waits[0] == pytest.approx(min(first, MAX_INTERVAL))
    assert all(0 < wait <= MAX_INTERVAL + 1e-9 for wait in waits)
    assert waits == pytest.approx(sorted(waits))


@given(
    profile=st.sampled_from(EmbeddingProfile),
    steps=st.lists(
        st.one_of(
            st.tuples(
                st.none() | st.lists(st.sampled_from(checksums(*FLIGHT)), max_size=4).map(tuple),
                st.none() | st.just(b"") | st.sampled_from(FLIGHT),
                st.none() | st.sampled_from(checksums(*FLIGHT)),
            ).map(lambda fields: Heard(*fields)),
            st.lists(st.sampled_from(FLIGHT), max_size=3, unique=True),
            st.integers(0, MAX_BODY),
            st.booleans(),
        ),
        max_size=30,
    ),
)
def test_whatever_happens_messages_stay_within_bounds(
    profile: EmbeddingProfile, steps: list[Heard | list[bytes] | int | bool]
) -> None:
    embedding = Embedding(enabled=True)
    embedding.meet(profile)
    given: list[bytes] = []
    for step in steps:
        match step:
            case Heard():
                fresh = embedding.hear(step)
                assert fresh is None or fresh not in given[-4:]
                given += [] if fresh is None else [fresh]
                embedding.settle()
            case bool():
                embedding.finish(proven=step)
            case int():
                load = embedding.load(step)
                size = 0 if load.acknowledged is None else 4 + 4 * len(load.acknowledged)
                size += 0 if load.datagram is None else 4 + (len(load.datagram) + 3) // 4 * 4
                assert size <= step
                assert load.acknowledged is not None or load.datagram is None
                assert embedding.active or load == Load(None, None)
            case list():
                embedding.replace(step)
        assert 0 <= embedding.fresh <= len(embedding.flight) <= 3
