"""The harness itself: what other tests rely on, between two connections of one page."""

import asyncio
import os
from pathlib import Path

import pytest

from .browser import Browser, Page
from .process import Process
from .stage import Stage
from .wire import BrowserError

CONNECT = """
const left = rtc.make({}, "left"), right = rtc.make({}, "right");
const pass = async (from, to) => {
  while (to.connection.connectionState !== "connected") await to.take(await from.signals(100));
};
left.createChannel("chat");
for (const color of args[0]) left.connection.addTrack(rtc.camera(color));
for (const hertz of args[1]) left.connection.addTrack(await rtc.microphone(hertz));
await left.describe();
await Promise.all([pass(left, right), pass(right, left)]);
await right.channel("chat");
"""


def test_values_go_there_and_back(stage: Stage, page: Page) -> None:
    value = {"text": "ä\n\u2028", "list": [1, 2.5, None, True]}
    assert stage.run(page.run("return args[0]", value)) == value
    assert stage.run(page.run("await rtc.sleep(1)")) is None


def test_javascript_errors_are_raised(stage: Stage, page: Page) -> None:
    closed = "const {connection} = rtc.make(); connection.close(); await connection.createOffer()"
    for body, name, message in (
        ("throw new RangeError('too far')", "RangeError", "too far"),
        ("await Promise.reject(new Error('later'))", "Error", "later"),
        ("throw 'bare'", "Error", "bare"),
        (closed, "InvalidStateError", ""),
        ("return (", "SyntaxError", ""),
        ("await rtc.until(() => false, 'the moon', 10)", "Error", "waited in vain for the moon"),
    ):
        with pytest.raises(BrowserError) as raised:
            stage.run(page.run(body))
        assert raised.value.name == name
        assert message in raised.value.message


def test_a_promise_that_never_settles_times_out(stage: Stage, page: Page) -> None:
    with pytest.raises(BrowserError) as raised:
        stage.run(page.run("await new Promise(() => {})", bound=0.1))
    assert raised.value.name == "TimeoutError"
    assert stage.run(page.run("return 1")) == 1


def test_screenshot(stage: Stage, page: Page, tmp_path: Path) -> None:
    stage.run(page.screenshot(tmp_path / "page.png"))
    assert (tmp_path / "page.png").read_bytes().startswith(b"\x89PNG")


def test_two_connections_of_a_page_exchange_data(stage: Stage, page: Page) -> None:
    async def scenario() -> None:
        await page.run(CONNECT, [], [])
        got = await page.run(
            """
            const left = rtc.peer("left").channels.get("chat");
            const right = rtc.peer("right").channels.get("chat");
            left.send({text: "hello"});
            left.send({bytes: "AAEC/w=="});
            const log = await right.received(2);
            right.channel.close();
            await left.closed();
            return log;
            """
        )
        assert got == [{"text": "hello"}, {"bytes": "AAEC/w=="}]

    stage.run(scenario())


def test_two_connections_of_a_page_exchange_media(stage: Stage, page: Page) -> None:
    async def scenario() -> None:
        await page.run(CONNECT, ["red", "blue"], [440, 1500])
        seen = await page.run("return await rtc.peer('right').decoding(4)")
        assert sorted(entry["kind"] for entry in seen.values()) == ["audio"] * 2 + ["video"] * 2
        found = await page.run(
            """
            const tracks = Array.from(rtc.peer("right").tracks.values(), ({track}) => track);
            const of = (kind, read) =>
              Promise.all(tracks.filter(track => track.kind === kind).map(read));
            return [await of("video", rtc.color), await of("audio", rtc.pitch)];
            """
        )
        (red, blue), pitches = found
        assert red[0] > 200 > 100 > red[2]
        assert blue[2] > 200 > 100 > blue[0]
        if None not in pitches:
            assert pitches == [pytest.approx(440, abs=20), pytest.approx(1500, abs=20)]

    stage.run(scenario())


def test_addresses_are_hidden_when_asked_for(stage: Stage, page: Page, hiding_page: Page) -> None:
    async def hosts(page: Page) -> set[str]:
        sdp = await page.run(
            "const peer = rtc.make(); peer.createChannel('x'); await peer.describe();"
            "return await peer.gathered()"
        )
        return {line.split()[4] for line in sdp.splitlines() if line.startswith("a=candidate")}

    plain, hidden = stage.run(hosts(page)), stage.run(hosts(hiding_page))
    assert plain
    assert hidden
    assert not any(host.endswith(".local") for host in plain)
    assert all(host.endswith(".local") for host in hidden)


def test_a_killed_tab_leaves_the_browser(stage: Stage, browser: Browser) -> None:
    async def scenario() -> None:
        doomed, other = await browser.open(stage.url), await browser.open(stage.url)
        waiting = asyncio.create_task(doomed.run("await rtc.sleep(60000)"))
        await doomed.run("return 1")
        await doomed.kill()
        with pytest.raises(BrowserError, match="PageGone"):
            await waiting
        assert await other.run("return 2") == 2
        await doomed.close()
        assert browser.is_running
        await other.run(CONNECT, [], [])
        await other.close()

    stage.run(scenario())


def test_a_lost_browser_is_replaced(stage: Stage, kind: str) -> None:
    async def lose() -> None:
        browser = await stage.pool.get(kind)
        page = await browser.open(stage.url)
        waiting = asyncio.create_task(page.run("await rtc.sleep(60000)"))
        await page.run("return 1")
        browser._process.close()
        with pytest.raises(BrowserError, match="gone"):
            await waiting
        assert not browser.is_running

    stage.prepare(lose())
    browser = stage.prepare(stage.pool.get(kind))
    page = stage.prepare(browser.open(stage.url))
    assert stage.run(page.run("return 3")) == 3
    stage.prepare(page.close())


def test_ending_a_process_ends_all_it_started() -> None:
    process = Process("test")
    script = "setsid sleep 600 & echo $! > $0/pid; sleep 600"
    process.start(["sh", "-c", script, str(process.folder)])
    pid = int(asyncio.run(process.wait_for_file(process.folder / "pid")))
    os.kill(pid, 0)
    process.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert not process.folder.exists()


def test_a_process_that_cannot_start_says_why() -> None:
    process = Process("test")
    process.start(["sh", "-c", "echo no display >&2; exit 1"])
    with pytest.raises(RuntimeError, match="no display"):
        asyncio.run(process.wait_for_file(process.folder / "never"))
    process.close()
