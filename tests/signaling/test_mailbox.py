"""Messages that arrive once and in order, whatever breaks; without a network."""

import asyncio
import json
from typing import Any

import pytest

from peer.signaling.mailbox import (
    ACKNOWLEDGE_AFTER,
    MAX_KEPT,
    MAX_MESSAGE,
    MAX_NUMBERS,
    FullError,
    Mailbox,
    TooLongError,
)
from peer.testing import run


class Wire:
    """Carries texts to a mailbox until it breaks."""

    def __init__(self, to: Mailbox, lasts: int) -> None:
        self.to, self.lasts = to, lasts
        self.arrived: list[dict[str, Any]] = []
        self.lengths: list[int] = []

    async def send(self, text: str) -> None:
        if self.lasts == 0:
            raise ConnectionError
        self.lasts -= 1
        self.lengths.append(len(text.encode()))
        if (message := self.to.take(text)) is not None:
            self.arrived.append(message)


async def deliver(mailbox: Mailbox, wire: Wire) -> None:
    """Deliver until all that was posted is out, or the wire breaks."""
    delivering = asyncio.ensure_future(mailbox.deliver(wire))
    await asyncio.wait([delivering], timeout=1.0)
    delivering.cancel()
    await asyncio.wait([delivering])


def test_what_was_lost_with_a_connection_comes_with_the_next() -> None:
    async def lose() -> list[int]:
        ours, theirs = Mailbox(), Mailbox()
        for number in range(9):
            ours.post({"is": number})
        arrived = []
        for lasts in (4, 0, 2, 20):
            wire = Wire(theirs, lasts)
            await deliver(ours, wire)
            arrived += [message["is"] for message in wire.arrived]
        return arrived

    assert run(lose(), seed=1) == list(range(9))


def test_what_is_known_to_have_arrived_is_not_sent_again() -> None:
    async def resume() -> int:
        ours, theirs = Mailbox(), Mailbox()
        for number in range(5):
            ours.post({"is": number})
        await deliver(ours, Wire(theirs, 3))
        ours.note_heard(theirs.heard)
        wire = Wire(theirs, 20)
        await deliver(ours, wire)
        return 20 - wire.lasts

    assert run(resume(), seed=1) == 2


def test_who_only_hears_says_now_and_then_what_it_has() -> None:
    async def talk() -> tuple[int, int]:
        ours, theirs = Mailbox(), Mailbox()
        back = Wire(ours, 1000)
        answering = asyncio.ensure_future(theirs.deliver(back))
        wire = Wire(theirs, 1000)
        for number in range(3 * MAX_KEPT):
            ours.post({"is": number})
            await deliver(ours, wire) if number % 100 == 99 else None
        await deliver(ours, wire)
        answering.cancel()
        return theirs.heard, 1000 - back.lasts

    heard, acknowledgements = run(talk(), seed=1)
    assert heard == 3 * MAX_KEPT
    assert 3 <= acknowledgements <= heard / ACKNOWLEDGE_AFTER


def test_what_nobody_takes_is_bounded() -> None:
    mailbox = Mailbox()
    for number in range(MAX_KEPT):
        mailbox.post({"is": number})
    with pytest.raises(FullError):
        mailbox.post({})
    mailbox.note_heard(1)
    mailbox.post({})


@pytest.mark.parametrize(
    "text", ["", "[]", "7", "[" * 100_000, b"\xff", "{}", '{"number": 2}', '{"number": "1"}']
)
def test_what_is_no_message_that_is_due_is_passed_over(text: str | bytes) -> None:
    mailbox = Mailbox()
    assert mailbox.take(text) is None
    assert mailbox.take(json.dumps({"number": 1, "heard": None})) is not None
    assert mailbox.take(json.dumps({"number": 1})) is None


def test_what_the_other_side_would_not_take_is_not_posted() -> None:
    async def send() -> list[dict[str, Any]]:
        ours, theirs = Mailbox(), Mailbox()
        nested: list[Any] = []
        for _ in range(100_000):
            nested = [nested]
        for odd in ("x" * MAX_MESSAGE, "é" * (MAX_MESSAGE // 3), nested):
            with pytest.raises(TooLongError):
                ours.post({"is": odd})
        # What is none of these arrives, whatever it is, and under the next number.
        room = MAX_MESSAGE - MAX_NUMBERS - len('"is": ""')
        ours.post({"is": "x" * room})
        ours.post({})
        wire = Wire(theirs, 20)
        await deliver(ours, wire)
        assert max(wire.lengths) <= MAX_MESSAGE
        return [{**each, "is": None} for each in wire.arrived]

    assert run(send(), seed=1) == [{"is": None, "number": number, "heard": 0} for number in (1, 2)]
