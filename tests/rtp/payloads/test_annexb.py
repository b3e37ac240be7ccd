"""Parameter sets."""

from peer.rtp.payloads.annexb import MAX_SETS, ParameterSets
from peer.rtp.payloads.piece import Piece


def test_the_newest_of_each_id_is_kept_and_not_too_many() -> None:
    sets = ParameterSets((7,))
    sets.note(7, 0, b"old")
    sets.note(7, 0, b"new")
    for number in range(1, 2 * MAX_SETS):
        sets.note(7, number, b"x")
    key = Piece(b"", is_key=True)
    joined = sets.join([key])
    assert joined.startswith(b"\0\0\0\1new")
    assert joined.count(b"\0\0\0\1") == MAX_SETS
