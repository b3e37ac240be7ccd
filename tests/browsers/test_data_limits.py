"""Channels with browsers at their limits: many, closed while sending, lossy, large."""

import asyncio

import pytest

from .browser import Page
from .call import Side, calling, until
from .stage import Stage

COUNT, CLOSED = 300, 100
OPEN = """
const {connection} = rtc.peer();
window.heard = {};
window.gone = 0;
for (let number = 0; number < args[0]; number++) {
  const channel = connection.createDataChannel('bulk' + number);
  channel.onopen = () => {
    channel.send('x'.repeat(5000) + number);
    if (number < args[1]) channel.close();
  };
  channel.onmessage = (event) => { window.heard[number] = event.data; };
  channel.onclose = () => { window.gone++; };
}
"""
GONE = "await rtc.until(() => window.gone >= args[0], 'channels to close')"
SEEN = """
const {log} = await rtc.peer().channel('loose');
await rtc.until(() => log.length && log[log.length - 1].text === 'last', 'the last message');
return log.map(message => message.text);
"""


@pytest.mark.parametrize("offerer", Side)
def test_hundreds_of_channels_some_closed_while_sending(
    stage: Stage, page: Page, offerer: Side
) -> None:
    async def scenario() -> None:
        async with calling(page) as call:
            got: dict[str, str] = {}
            gone: list[str] = []

            def take(channel: object) -> None:
                label = channel.label  # type: ignore[attr-defined]
                channel.on("message", lambda text: got.setdefault(label, text))  # type: ignore[attr-defined]
                channel.on("close", lambda: gone.append(label))  # type: ignore[attr-defined]

            call.create_channel("first")
            await page.run("rtc.peer().createChannel('second')")
            await call.connect(offerer)
            call.ours.on("datachannel", take)
            await page.run(OPEN, COUNT, CLOSED)
            await until(lambda: len(got) == COUNT and len(gone) >= CLOSED, "all of them", 30)
            assert all(got[f"bulk{n}"] == "x" * 5000 + str(n) for n in range(COUNT))
            await page.run(GONE, CLOSED)
            assert len(gone) == CLOSED

    stage.run(scenario())


@pytest.mark.parametrize("ordered", [True, False])
def test_messages_that_may_be_lost(stage: Stage, page: Page, ordered: bool) -> None:
    """What is given up holds nothing up, both ways."""

    async def scenario() -> None:
        async with calling(page) as call:
            call.create_channel("loose", ordered=ordered, maxRetransmits=0)
            await call.connect(Side.OURS)
            ours = (await call.channel("loose")).channel
            association = ours.transport._association
            below = association._dtls
            send, count = below.send_messages, 0

            def lossy(packets: list[bytes]) -> None:
                nonlocal count
                kept = []
                for packet in packets:
                    count += 1
                    if count % 7:
                        kept.append(packet)
                send(kept)

            below.send_messages = lossy
            for number in range(200):
                ours.send(f"{number} " + "y" * 2000)
                await asyncio.sleep(0.002)
            below.send_messages = send
            ours.send("last")
            texts = await page.run(SEEN)
            numbers = [int(text.split()[0]) for text in texts if text != "last"]
            assert 80 < len(numbers) < 200
            assert len(set(numbers)) == len(numbers)
            if ordered:
                assert numbers == sorted(numbers)
            assert association.statistics().abandoned > 0

    stage.run(scenario())
