"""Units, and parameter sets."""

from peer.rtp.payloads.annexb import MAX_SETS, ParameterSets, split_units
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


def sized(*units: bytes) -> bytes:
    return b"".join(len(unit).to_bytes(4, "big") + unit for unit in units)


def test_units_with_start_codes() -> None:
    """H.264 annex B: of three bytes or of four, with bytes of 0 around."""
    assert split_units(b"\0\0\0\1one\0\0\1two\0\0\0\0\1three\0\0") == [b"one", b"two", b"three"]
    assert split_units(b"\0\0\1") == split_units(b"") == split_units(b"no unit") == []


def test_units_with_sizes() -> None:
    """ISO/IEC 14496-15 §5.3.4.2; also where the size looks like a start code."""
    units = [b"\x67one", b"\x68" + bytes(range(1, 256)), b"\x65"]
    assert split_units(sized(*units)) == units
    assert split_units(sized(*units[1:])) == units[1:]


def test_sizes_that_lead_nowhere_are_none() -> None:
    units = sized(b"\x67one", b"\x68two")
    for broken in (units[:-1], units + b"x", sized(b"", b"\x67one")):
        assert split_units(broken) == []
