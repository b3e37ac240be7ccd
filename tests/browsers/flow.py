"""Media both ways in a call, and making sure that each section carries what was put into it."""

import asyncio
from typing import Any

import pytest

from .browser import Page
from .call import Call
from .media import Camera, Color, Microphone, listen, watch

ADD = """
const {connection} = rtc.peer();
for (const frequency of args[0]) connection.addTrack(await rtc.microphone(frequency));
for (const color of args[1]) connection.addTrack(rtc.camera(`rgb(${color})`));
"""
CONTENTS = """
const contents = {};
for (const {mid, sender, currentDirection} of rtc.peer().connection.getTransceivers()) {
  const kind = sender.track?.kind;
  const content = rtc.contents.get(sender.track) ?? null;
  if (currentDirection?.startsWith("send")) contents[mid] = {kind, content};
}
return contents;
"""
COLOR = "return await rtc.color(rtc.peer().tracks.get(args[0]).track)"
PITCH = "return await rtc.pitch(rtc.peer().tracks.get(args[0]).track)"
NEAR = 25
"""How far off, in Hz, a frequency may be measured."""

Content = int | Color
"""What a track has: a frequency of sound in Hz, or a colour of video."""


def send(call: Call, *contents: Content) -> None:
    """Add tracks of ours."""
    for content in contents:
        call.ours.addTrack(Camera(content) if isinstance(content, Color) else Microphone(content))


async def let_page_send(page: Page, *contents: Content) -> None:
    """Add tracks of the page's."""
    sounds = [content for content in contents if not isinstance(content, Color)]
    pictures = [list(content) for content in contents if isinstance(content, Color)]
    await page.run(ADD, sounds, pictures)


async def assert_flow(call: Call, ours: int, theirs: int) -> None:
    """Wait until each track arrives where it should, so many of ours and so many of the page's."""
    sections = {
        str(one.mid): one.sender.track
        for one in call.ours.getTransceivers()
        if (one.currentDirection or "").startswith("send")
    }
    assert len(sections) == ours
    contents: dict[str, dict[str, Any]] = await call.page.run(CONTENTS)
    assert len(contents) == theirs
    await call.page.run("await rtc.peer().decoding(args[0])", ours)
    async with asyncio.TaskGroup() as group:
        for mid, track in sections.items():
            group.create_task(_assert_page_has(call.page, mid, track))
        for mid, sent in contents.items():
            group.create_task(_assert_we_have(call, mid, **sent))


async def assert_keeps_flowing(call: Call) -> None:
    """Wait until the page has decoded more than it has now."""
    await call.page.run("await rtc.peer().decodingMore()")


async def _assert_page_has(page: Page, mid: str, track: Any) -> None:
    if isinstance(track, Camera):
        seen = Color(*await page.run(COLOR, mid))
        assert seen.near(track.color), f"{mid} is {seen}, not {track.color}"
    else:
        pitch = await page.run(PITCH, mid)
        # A page without a sound device cannot tell; its statistics have told that it is heard.
        assert pitch is None or pitch == pytest.approx(track.frequency, abs=NEAR)


async def _assert_we_have(call: Call, mid: str, kind: str, content: Any) -> None:
    track = await call.track(mid)
    assert track.kind == kind
    if kind == "video":
        expected = Color(*map(int, content.removeprefix("rgb(").removesuffix(")").split(",")))
        seen = await watch(track)
        assert seen.near(expected), f"{mid} is {seen}, not {expected}"
    else:
        heard = await listen(track)
        assert heard
        assert content is None or heard == pytest.approx(content, abs=NEAR)
