"""What a connection remembers has bounds."""

from functools import partial

from peer.trace import LOST, Ring, TraceEntry
from peer.trace.ring import ALIKE, HEAD, MAX_TEXT, TAIL


def entry(number: int) -> TraceEntry:
    return TraceEntry(float(number), "PC_0", "x", number)


def filled(count: int) -> Ring:
    ring = Ring()
    for number in range(count):
        ring.add(entry(number))
    return ring


def test_up_to_its_size_it_keeps_all() -> None:
    ring = filled(HEAD + TAIL)
    assert [one.value for one in ring] == list(range(HEAD + TAIL))
    assert len(ring) == HEAD + TAIL


def test_then_the_beginning_and_the_end_and_how_many_are_missing() -> None:
    ring = filled(HEAD + TAIL + 7)
    assert len(ring) == HEAD + TAIL
    entries = list(ring)
    assert [one.value for one in entries[:HEAD]] == list(range(HEAD))
    assert entries[HEAD][2:4] == (LOST, 7)
    assert [one.value for one in entries[HEAD + 1 :]] == list(range(HEAD + 7, HEAD + TAIL + 7))


def test_of_many_descriptions_the_text_has_a_bound() -> None:
    ring = Ring()
    text = "v" * (MAX_TEXT // 2)
    assert [ring.has_room(text) for _ in range(3)] == [True, True, False]


def test_of_what_comes_by_the_thousand_few_are_due() -> None:
    ring = Ring()
    due = [number for number in range(1, 10_001) if ring.is_due("not-stun")]
    assert due[:ALIKE] == list(range(1, ALIKE + 1))
    assert due[ALIKE:] == [32, 64, 128, 256, 512, 1024, 2048, 4096, 8192]
    assert ring.is_due("another")


def test_an_entry_may_be_written_when_it_is_asked_for() -> None:
    ring = filled(HEAD + TAIL - 1)
    written: list[int] = []

    def write(number: int) -> TraceEntry:
        written.append(number)
        return entry(number)

    for number in range(HEAD + TAIL - 1, HEAD + TAIL + 500):
        ring.add(partial(write, number))
    assert not written
    entries = list(ring)
    assert [one.value for one in entries[HEAD + 1 :]] == list(range(HEAD + 500, HEAD + TAIL + 500))
    assert (entries[HEAD].time, entries[HEAD].value) == (entries[HEAD + 1].time, 500)
