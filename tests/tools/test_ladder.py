"""Datagrams in words."""

import pytest

from peer.ice.stun import (
    DATA,
    ERROR_CODE,
    USE_CANDIDATE,
    ErrorCode,
    MessageClass,
    Method,
    build,
)
from peer.trace import ICE, TraceEntry
from tools.command.ladder import MAX_STEPS, Step, ladder, ladder_text, words_of

TID = bytes(12)
CHECK = build(Method.BINDING, MessageClass.REQUEST, TID, [(USE_CANDIDATE, True)])
REFUSED = build(Method.ALLOCATE, MessageClass.ERROR, TID, [(ERROR_CODE, ErrorCode(486, "Quota"))])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (CHECK, "binding request use-candidate"),
        (REFUSED, "allocate error 486 Quota"),
        (
            build(Method.SEND, MessageClass.INDICATION, TID, [(DATA, CHECK)]),
            "send indication (binding request use-candidate)",
        ),
        (b"\x16\xfe\xfd", "dtls, 3 bytes"),
        (b"\x80\x00", "rtp, 2 bytes"),
        (b"\x00\x01", "malformed STUN: truncated"),
        (b"", "drop, 0 bytes"),
    ],
)
def test_words(data: bytes, words: str) -> None:
    assert words_of(data.hex()) == words


def test_what_is_no_hexadecimal() -> None:
    assert words_of("zz") == "not readable"
    assert words_of(None) == "drop, 0 bytes"


def transmit(time: float, data: bytes = CHECK) -> TraceEntry:
    local, remote = ["192.0.2.1", 1], ["2001:db8::1", 2]
    record = {"kind": "transmit", "data": data.hex(), "local": local, "remote": remote}
    return TraceEntry(time, "PC_0", ICE, {"time": time, **record}, (0,))


def test_equal_steps_in_a_row_are_one() -> None:
    steps = ladder([transmit(1), transmit(2), transmit(3, REFUSED)])
    assert [(step.time, step.times) for step in steps] == [(0, 2), (2, 1)]
    text = list(ladder_text(steps))
    assert text[1].endswith("192.0.2.1:1 [2001:db8::1]:2")
    assert " binding request use-candidate x2 " in text[1]


def received(time: float, data: bytes) -> TraceEntry:
    arguments = {"data": data.hex(), "local": ["192.0.2.1", 1], "source": ["2001:db8::1", 2]}
    record = {"kind": "input", "method": "receive_datagram", "arguments": arguments}
    return TraceEntry(time, "PC_0", ICE, {"time": time, **record}, (0,))


def test_an_answer_tells_its_round_trip() -> None:
    """From the last time it was asked; what nobody asked for has none."""
    answer = build(Method.BINDING, MessageClass.SUCCESS, TID, [])
    steps = ladder([transmit(1), transmit(1.5), received(1.54, answer), received(2.0, REFUSED)])
    assert [step.trip for step in steps] == [None, pytest.approx(0.04), None]
    assert " binding response, 40 ms " in list(ladder_text(steps))[2]


def test_the_width_is_that_of_the_lines() -> None:
    steps = [Step(1.0, leaves, words, "x") for leaves in (True, False) for words in ("", "y" * 200)]
    lines = list(ladder_text(steps))[1:]
    assert len({line.rindex("|") for line in lines}) == 1


def test_a_ladder_ends() -> None:
    entries = [transmit(n, CHECK if n % 2 else REFUSED) for n in range(MAX_STEPS + 10)]
    assert len(ladder(entries)) == MAX_STEPS
