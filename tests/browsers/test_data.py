"""Data channels between us and browsers."""

import base64
from typing import Any

import pytest

from .browser import Page
from .call import Call, Channel, Side, calling
from .stage import Stage

SIZES = (1, 1200, 16384, 65536, 262144)
"""Up to the a=max-message-size of Chromium."""
TEXTS = [("ä" * SIZES[-1])[: size // 2] or "x" for size in SIZES]
MESSAGES: list[str | bytes] = [
    *(bytes(index % 251 for index in range(size)) for size in SIZES),
    *TEXTS,
    b"",
    "",
]
LOG = "return await (await rtc.peer().channel(args[0])).received(args[1])"
SEND = """
const channel = await rtc.peer().channel(args[0]);
for (const message of args[1]) channel.send(message);
"""


def to_json(message: str | bytes) -> dict[str, str]:
    """Write a message as the page's log does."""
    if isinstance(message, str):
        return {"text": message}
    return {"bytes": base64.b64encode(message).decode()}


def in_order(messages: list[Any], *, ordered: bool) -> list[Any]:
    """Sort what may come in any order."""
    return messages if ordered else sorted(messages, key=repr)


async def exchange(call: Call, channel: Channel, *, ordered: bool) -> None:
    """Send everything there and back."""
    label, expected = channel.channel.label, [to_json(message) for message in MESSAGES]
    for message in MESSAGES:
        channel.channel.send(message)
    arrived = await call.page.run(LOG, label, len(MESSAGES))
    assert in_order(arrived, ordered=ordered) == in_order(expected, ordered=ordered)
    await call.page.run(SEND, label, expected)
    received = await channel.received(len(MESSAGES))
    assert in_order(received, ordered=ordered) == in_order(MESSAGES, ordered=ordered)


@pytest.mark.parametrize("ordered", [True, False], ids=["ordered", "unordered"])
@pytest.mark.parametrize("offerer", Side)
def test_text_and_binary_of_all_sizes(
    stage: Stage, page: Page, offerer: Side, ordered: bool
) -> None:
    async def scenario() -> None:
        async with calling(page) as call:
            if offerer is Side.OURS:
                call.create_channel("first", ordered=ordered)
            else:
                await page.run("rtc.peer().createChannel('first', {ordered: args[0]})", ordered)
            await call.connect(offerer)
            first = await call.channel("first")
            assert first.channel.ordered is ordered
            await exchange(call, first, ordered=ordered)

    stage.run(scenario())


@pytest.mark.parametrize("offerer", Side)
def test_either_side_closes(stage: Stage, page: Page, offerer: Side) -> None:
    async def scenario() -> None:
        async with calling(page) as call:
            if offerer is Side.OURS:
                call.create_channel("early")
            else:
                await page.run("rtc.peer().createChannel('early')")
            await call.connect(offerer)
            call.create_channel("ours")
            await page.run("rtc.peer().createChannel('theirs', {protocol: 'p'})")
            assert (await call.channel("theirs")).channel.protocol == "p"
            await call.channel("early")
            (await call.channel("ours")).channel.close()
            await page.run("await rtc.peer().channels.get('ours').closed()")
            await call.channels["ours"].state("closed")
            await page.run("rtc.peer().channels.get('theirs').channel.close()")
            await call.channels["theirs"].state("closed")
            await page.run("await rtc.peer().channels.get('theirs').closed()")
            # What is left still works, and so does a new one.
            call.create_channel("late")
            for label in ("early", "late"):
                (await call.channel(label)).channel.send("still here")
                assert await page.run(LOG, label, 1) == [{"text": "still here"}]

    stage.run(scenario())


@pytest.mark.parametrize("closer", Side)
def test_closing_the_connection_closes_its_channels(stage: Stage, page: Page, closer: Side) -> None:
    async def scenario() -> None:
        async with calling(page) as call:
            call.create_channel("chat")
            await call.connect(Side.OURS)
            await call.channel("chat")
            if closer is Side.OURS:
                await call.ours.close()
                await page.run("await rtc.peer().channels.get('chat').closed()")
            else:
                await page.run("rtc.peer().connection.close()")
                await call.channels["chat"].state("closed")

    stage.run(scenario())


WATCH = """
const large = await rtc.peer().channel('large');
const small = await rtc.peer().channel('small');
small.channel.addEventListener('message', () => { window.before = large.log.length; });
"""
SIZE = "return (await (await rtc.peer().channel(args[0])).received(1))[0].text.length"
BEFORE = """
await rtc.until(() => window.before !== undefined, 'the small one');
return window.before;
"""


@pytest.mark.parametrize("offerer", Side)
def test_a_large_message_does_not_hold_up_a_small_one(
    stage: Stage, page: Page, kind: str, offerer: Side
) -> None:
    """RFC 8260 with Firefox; Chromium is not asked to take turns within messages."""

    async def scenario() -> None:
        async with calling(page) as call:
            call.create_channel("large")
            call.create_channel("small")
            if offerer is Side.BROWSER:
                await page.run("rtc.peer().createChannel('theirs')")
            await call.connect(offerer)
            large, small = await call.channel("large"), await call.channel("small")
            below = call.ours._session.data.association
            assert below is not None
            assert below.statistics().interleaving is (kind == "firefox")
            await page.run(WATCH)
            size = 16 << 20 if kind == "firefox" else SIZES[-1]
            large.channel.send("x" * size)
            small.channel.send("small")
            before = await page.run(BEFORE)
            assert before == 0 or kind != "firefox"
            assert await page.run(SIZE, "large") == size

    stage.run(scenario())
