"""Direction algebra (RFC 3264 §6.1)."""

from itertools import product

import pytest

from sdp import Direction

SENDRECV, SENDONLY = Direction.SENDRECV, Direction.SENDONLY
RECVONLY, INACTIVE = Direction.RECVONLY, Direction.INACTIVE

# Rows: offered; columns: what the answerer wants; cells: the answer.
ANSWERS = {
    (SENDRECV, SENDRECV): SENDRECV,
    (SENDRECV, SENDONLY): SENDONLY,
    (SENDRECV, RECVONLY): RECVONLY,
    (SENDRECV, INACTIVE): INACTIVE,
    (SENDONLY, SENDRECV): RECVONLY,
    (SENDONLY, SENDONLY): INACTIVE,
    (SENDONLY, RECVONLY): RECVONLY,
    (SENDONLY, INACTIVE): INACTIVE,
    (RECVONLY, SENDRECV): SENDONLY,
    (RECVONLY, SENDONLY): SENDONLY,
    (RECVONLY, RECVONLY): INACTIVE,
    (RECVONLY, INACTIVE): INACTIVE,
    (INACTIVE, SENDRECV): INACTIVE,
    (INACTIVE, SENDONLY): INACTIVE,
    (INACTIVE, RECVONLY): INACTIVE,
    (INACTIVE, INACTIVE): INACTIVE,
}
PAIRS = list(product(Direction, repeat=2))
LEGAL_ANSWERS = {
    SENDRECV: {SENDRECV, SENDONLY, RECVONLY, INACTIVE},
    SENDONLY: {RECVONLY, INACTIVE},
    RECVONLY: {SENDONLY, INACTIVE},
    INACTIVE: {INACTIVE},
}


@pytest.mark.parametrize(("offered", "wanted"), ANSWERS)
def test_answer(offered: Direction, wanted: Direction) -> None:
    assert offered.answer(wanted) is ANSWERS[offered, wanted]


@pytest.mark.parametrize(("offered", "answered"), PAIRS)
def test_legal_answers(offered: Direction, answered: Direction) -> None:
    assert offered.allows_answer(answered) == (answered in LEGAL_ANSWERS[offered])


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_intersection_is_symmetric_and_never_adds(a: Direction, b: Direction) -> None:
    both = a.intersect(b)
    assert both is b.intersect(a)
    assert both.sends == (a.sends and b.sends)
    assert both.receives == (a.receives and b.receives)


def test_reverse_swaps_the_ends() -> None:
    assert [direction.reverse() for direction in (SENDRECV, SENDONLY, RECVONLY, INACTIVE)] == [
        SENDRECV,
        RECVONLY,
        SENDONLY,
        INACTIVE,
    ]
