"""A conversation with the voice agent, in virtual time."""

import array
import asyncio
from itertools import pairwise

import pytest
from av import AudioFrame

from demos import voice_agent
from demos.voice_agent import PAUSE, is_loud, say, think, welcome
from peer import MediaStreamTrack, PcmTrack, RTCPeerConnection, pcm_frames
from peer.testing import Network, connect, run
from tests.demos.caller import SECONDS, free_port, is_open, read_page
from tests.demos.speech import NOISE, noise, speak

RATE = 16_000
FRAME = 0.02
IN_A_BEEP = 0.52
"""Seconds from the beginning of an answer to its second beep, which lasts longer than it takes to
be interrupted."""


def speech(seconds: float) -> bytes:
    """A loud buzz for somebody's voice."""
    return array.array("h", [9000, -9000] * round(RATE * seconds / 2)).tobytes()


class Caller:
    """Somebody who talks to the agent, and notes when it is heard."""

    def __init__(self) -> None:
        self.mouth = PcmTrack(sample_rate=RATE)
        self.heard: list[float] = []
        self.pc: RTCPeerConnection | None = None

    async def call(self, network: Network) -> None:
        """Connect to an agent of one's own."""
        ours, theirs = network.host("caller").connection(), network.host("agent").connection()
        self.pc = ours
        ours.addTrack(self.mouth)
        welcome(theirs, None)  # type: ignore[arg-type]
        ours.on("track", lambda track: asyncio.ensure_future(self._listen(track)))
        await connect(ours, theirs)

    async def _listen(self, track: MediaStreamTrack) -> None:
        loop = asyncio.get_running_loop()
        async for samples in pcm_frames(track, sample_rate=RATE):
            if is_loud(samples):
                self.heard.append(loop.time())

    async def quiet(self, seconds: float) -> float:
        """Wait until the agent has been silent so long; gives when it was heard last."""
        loop = asyncio.get_running_loop()
        while not self.heard or loop.time() - self.heard[-1] < seconds:  # noqa: ASYNC110
            await asyncio.sleep(FRAME)
        return self.heard[-1]


def test_it_answers_after_a_pause() -> None:
    async def talk() -> tuple[float, int]:
        caller = Caller()
        await caller.call(Network())
        await asyncio.sleep(1)
        caller.mouth.write(speech(2.2))
        await caller.mouth.drained()
        ended = asyncio.get_running_loop().time()
        await caller.quiet(1.0)
        beeps = 1 + sum(later - earlier > 0.1 for earlier, later in pairwise(caller.heard))
        return caller.heard[0] - ended, beeps

    delay, beeps = run(talk(), seed=1)
    assert PAUSE <= delay < PAUSE + 0.2
    # One for each second that was said.
    assert beeps == 2


def test_it_falls_silent_when_it_is_interrupted() -> None:
    async def talk() -> float:
        caller = Caller()
        await caller.call(Network())
        caller.mouth.write(speech(5))
        await caller.mouth.drained()
        loop = asyncio.get_running_loop()
        while not caller.heard:  # noqa: ASYNC110
            await asyncio.sleep(FRAME)
        # In the middle of a beep.
        await asyncio.sleep(0.06)
        interrupted = loop.time()
        before = len(caller.heard)
        caller.mouth.write(speech(0.4))
        await asyncio.sleep(0.4)
        assert len(caller.heard) > before
        return caller.heard[-1] - interrupted

    # 40 ms at the agent's ears, and what Opus, packets and the buffers of two directions take.
    assert run(talk(), seed=1) < 0.04 + 0.08


class Noticed:
    """When the agent's ears had something, and when its mouth last did."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.heard: list[float] = []
        self.said: list[float] = []
        noticed = self

        class Mouth(PcmTrack):
            async def recv(self) -> AudioFrame:
                frame = await super().recv()
                if any(bytes(frame.planes[0])):
                    noticed.said.append(asyncio.get_running_loop().time())
                return frame

        def hear(samples: bytes) -> bool:
            if max(map(abs, array.array("h", samples))) > 8 * NOISE:
                self.heard.append(asyncio.get_running_loop().time())
            return is_loud(samples)

        monkeypatch.setattr(voice_agent, "PcmTrack", Mouth)
        monkeypatch.setattr(voice_agent, "is_loud", hear)


@pytest.mark.parametrize("seed", range(1, 6))
def test_a_voice_is_answered_and_silences_the_agent_within_40_ms(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    noticed = Noticed(monkeypatch)

    async def talk() -> tuple[float, float]:
        caller, loop = Caller(), asyncio.get_running_loop()
        await caller.call(Network())
        caller.mouth.write(noise(1.0) + speak(3.0, seed) + noise(1.5))
        async with asyncio.timeout(30):
            while not noticed.said:  # noqa: ASYNC110
                await asyncio.sleep(FRAME)
        # A turn is answered, however many words with gaps between them it had.
        answered = noticed.said[0] - noticed.heard[-1]
        await asyncio.sleep(noticed.said[0] + IN_A_BEEP - loop.time())
        before = loop.time()
        caller.mouth.flush()
        caller.mouth.write(speak(0.4, seed + 100))
        await caller.mouth.drained()
        interrupted = next(when for when in noticed.heard if when > before)
        return answered, noticed.said[-1] + FRAME - interrupted

    answered, silent = run(talk(), seed=seed)
    assert PAUSE - 2 * FRAME <= answered < PAUSE + 0.1
    assert -1e-6 < silent <= 0.04


def test_noise_is_no_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    noticed = Noticed(monkeypatch)

    async def listen() -> None:
        caller = Caller()
        await caller.call(Network())
        caller.mouth.write(noise(5.0))
        await caller.mouth.drained()
        await asyncio.sleep(1)

    run(listen(), seed=1)
    assert noticed.said == []


def test_who_speaks_is_told_from_noise() -> None:
    assert is_loud(speech(FRAME))
    assert not is_loud(bytes(640))
    assert not is_loud(array.array("h", [100, -100] * 160).tobytes())


def test_an_answer_grows_with_what_was_said() -> None:
    async def answers() -> list[int]:
        found = []
        for seconds in (0.1, 1.0, 3.0):
            text = await think(speech(seconds))
            found.append(len([piece async for piece in say(text)]))
        return found

    assert asyncio.run(answers()) == [1, 1, 3]


def test_it_ends_with_the_caller() -> None:
    async def hang_up() -> list[str]:
        caller = Caller()
        await caller.call(Network())
        caller.mouth.write(speech(2))
        await caller.quiet(0.05)
        assert caller.pc is not None
        await caller.pc.close()
        await asyncio.sleep(5)
        return [
            task.get_coro().__qualname__  # type: ignore[union-attr]
            for task in asyncio.all_tasks()
            if "demos/voice_agent.py" in repr(task)
        ]

    assert run(hang_up(), seed=1) == []


def test_the_page_talks_to_the_endpoint() -> None:
    async def read() -> tuple[str, str]:
        port = free_port()
        server = asyncio.ensure_future(voice_agent.main("127.0.0.1", port))
        async with asyncio.timeout(SECONDS):
            while not await is_open(port):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            page = await read_page(port)
        server.cancel()
        with pytest.raises(asyncio.CancelledError):
            await server
        return page

    kind, text = asyncio.run(read())
    assert kind.startswith("text/html")
    assert 'fetch("talk"' in text
