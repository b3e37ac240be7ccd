"""Who is called by a username fragment."""

from peer.net.strangers import Stranger, move_calls


def test_of_two_who_are_called_alike_the_first_is() -> None:
    known: dict[str, str] = {}
    move_calls(known, "a", set(), {"x", "y"})
    move_calls(known, "b", set(), {"y", "z"})
    assert known == {"x": "a", "y": "a", "z": "b"}
    move_calls(known, "b", {"y", "z"}, set())
    assert known == {"x": "a", "y": "a"}
    move_calls(known, "a", {"x", "y"}, {"y"})
    assert known == {"y": "a"}


def test_reasons_have_different_names() -> None:
    assert len({each.value for each in Stranger}) == len(Stranger)
