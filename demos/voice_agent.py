"""A voice agent to fill in: it listens, answers, and falls silent when it is interrupted.

python -m demos.voice_agent, then open http://localhost:8080 and talk; use headphones.
"""

import array
import asyncio
import math
from collections.abc import AsyncIterator

from aiohttp import web

from peer import MediaStreamTrack, PcmTrack, RTCPeerConnection, pcm_frames
from peer.signaling import HttpEndpoint

HEARD, SPOKEN = 16_000, 24_000
LOUD, PAUSE, LONGEST = 400, 0.5, 60.0
PAGE = """<!doctype html><title>Voice agent</title><button id="talk">Talk</button>
<script type="module">
  talk.onclick = async () => {
    const connection = new RTCPeerConnection(), voice = new Audio();
    connection.ontrack = ({ streams, track }) => {
      voice.srcObject = streams[0] ?? new MediaStream([track]);
      voice.play();
    };
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    for (const track of stream.getTracks()) connection.addTrack(track, stream);
    await connection.setLocalDescription();
    while (connection.iceGatheringState !== "complete")
      await new Promise(resolve => setTimeout(resolve, 10));
    const headers = { "Content-Type": "application/sdp" };
    const body = connection.localDescription.sdp;
    const response = await fetch("talk", { method: "POST", headers, body });
    await connection.setRemoteDescription({ type: "answer", sdp: await response.text() });
  };
</script>"""


async def think(speech: bytes) -> str:
    """Fill in: what to answer to somebody's turn (16 kHz, 16 bits, one channel)."""
    return "beep " * max(1, len(speech) // (2 * HEARD))


async def say(text: str) -> AsyncIterator[bytes]:
    """Fill in: the sound of an answer, in pieces of any length (24 kHz, 16 bits, one channel)."""
    tone = [round(8000 * math.sin(2 * math.pi * 440 * i / SPOKEN)) for i in range(SPOKEN // 4)]
    for _ in text.split():
        yield array.array("h", tone + [0] * (SPOKEN // 4)).tobytes()


def is_loud(samples: bytes) -> bool:
    """Say whether somebody speaks; a model for voice activity has its place here."""
    values = array.array("h", samples)
    return sum(map(abs, values)) > LOUD * len(values)


async def converse(ears: MediaStreamTrack, voice: PcmTrack) -> None:
    """Answer each turn after a pause; whatever is being said ends when somebody speaks."""
    turn, quiet, answering = bytearray(), 0.0, None
    async for samples in pcm_frames(ears, sample_rate=HEARD, frame_time=0.02):
        quiet = 0.0 if is_loud(samples) else quiet + 0.02
        if quiet == 0.0:
            if answering is not None:
                answering.cancel()
                answering = None
            voice.flush()
        if turn or quiet == 0.0:
            turn += samples
        if turn and (quiet >= PAUSE or len(turn) >= 2 * HEARD * LONGEST):
            answering = asyncio.create_task(answer(bytes(turn), voice))
            turn.clear()
    if answering is not None:
        answering.cancel()


async def answer(speech: bytes, voice: PcmTrack) -> None:
    """Think, and say it."""
    async for sound in say(await think(speech)):
        voice.write(sound)
        # No further ahead than a second: an interruption has little to throw away.
        await voice.drained(1.0)


def welcome(pc: RTCPeerConnection, request: web.Request) -> None:
    """Give a caller an agent of their own."""
    voice = PcmTrack(sample_rate=SPOKEN)
    pc.addTrack(voice)

    @pc.on("track")
    async def listen(ears: MediaStreamTrack) -> None:
        await converse(ears, voice)


async def page(request: web.Request) -> web.Response:
    """Give a browser the page."""
    return web.Response(text=PAGE, content_type="text/html")


async def main(host: str = "localhost", port: int = 8080) -> None:
    """Serve until interrupted."""
    app = web.Application()
    app.router.add_get("/", page)
    HttpEndpoint(welcome).add_to(app, "/talk")
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    print(f"Open http://{host}:{port} and talk", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
