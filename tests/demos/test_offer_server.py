"""Programs in aiortc's manner: a server that answers POST /offer, relays, plays and records."""

import asyncio
import json
from array import array
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from av import AudioFrame, VideoFrame

from peer import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCDataChannel,
    RTCPeerConnection,
    RTCSessionDescription,
)
from peer.contrib.media import MediaBlackhole, MediaPlayer, MediaRecorder, MediaRelay
from tests.demos.caller import SECONDS, count_frames, local_connection
from tests.demos.film import LOUDNESS, shoot
from tests.demos.media import Camera, Microphone, luma_rows


class Mirror(MediaStreamTrack):
    """Swaps left and right of another track's pictures."""

    kind = "video"

    def __init__(self, track: MediaStreamTrack) -> None:
        super().__init__()
        self.track = track

    async def recv(self) -> VideoFrame:
        frame = await self.track.recv()
        assert isinstance(frame, VideoFrame)
        mirrored = VideoFrame(frame.width, frame.height, "yuv420p")
        for source, target in zip(frame.planes, mirrored.planes, strict=True):
            stride, data = source.line_size, bytes(source)
            rows = [
                data[at : at + source.width][::-1]
                for at in range(0, stride * source.height, stride)
            ]
            pad = bytes(target.line_size - target.width)
            target.update(b"".join(row + pad for row in rows))
        mirrored.pts, mirrored.time_base = frame.pts, frame.time_base
        return mirrored


class OfferServer:
    """Answers offers by HTTP; everybody is recorded, mirrored and played a film's sound."""

    def __init__(self, folder: Path) -> None:
        self.film = folder / "film.mp4"
        self.record_to = folder / "record.mp4"
        self.connections: set[RTCPeerConnection] = set()
        self.recorders: list[MediaRecorder] = []
        self.sounds: list[MediaStreamTrack] = []
        self.relay = MediaRelay()
        shoot(self.film)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one request."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        assert head.startswith("POST /offer ")
        length = int(head.lower().split("content-length:")[1].split()[0])
        params = json.loads(await reader.readexactly(length))
        body = json.dumps(await self.answer(params)).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body)
        writer.close()

    async def answer(self, params: dict[str, str]) -> dict[str, str]:
        """Answer an offer."""
        offer = RTCSessionDescription(sdp=params["sdp"], type=params["type"])
        pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.connections.add(pc)
        player = MediaPlayer(str(self.film))
        recorder = MediaRecorder(str(self.record_to))
        self.recorders.append(recorder)

        @pc.on("datachannel")
        def on_datachannel(channel: RTCDataChannel) -> None:
            channel.on("message", lambda message: channel.send("pong" + message[4:]))

        @pc.on("track")
        def on_track(track: MediaStreamTrack) -> None:
            if track.kind == "audio":
                assert player.audio is not None
                self.sounds.append(player.audio)
                pc.addTrack(player.audio)
                recorder.addTrack(track)
            else:
                pc.addTrack(Mirror(self.relay.subscribe(track)))
                recorder.addTrack(self.relay.subscribe(track))
            track.on("ended", recorder.stop)

        await pc.setRemoteDescription(offer)
        await recorder.start()
        await pc.setLocalDescription(await pc.createAnswer())
        assert pc.localDescription is not None
        return {"sdp": pc.localDescription.sdp, "type": pc.localDescription.type}

    async def close(self) -> None:
        """Finish all recordings and connections."""
        for recorder in self.recorders:
            await recorder.stop()
        for track in self.sounds:
            track.stop()
        await asyncio.gather(*(pc.close() for pc in self.connections))


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[int]:
    server = OfferServer(folder)
    async with await asyncio.start_server(server.handle, "127.0.0.1", 0) as listener:
        yield listener.sockets[0].getsockname()[1]
    await server.close()


async def post(port: int, description: RTCSessionDescription) -> dict[str, str]:
    """Send an offer; gives the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = json.dumps({"sdp": description.sdp, "type": description.type}).encode()
    writer.write(f"POST /offer HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    response = await asyncio.wait_for(reader.read(), SECONDS)
    writer.close()
    answer: dict[str, str] = json.loads(response.split(b"\r\n\r\n", 1)[1])
    return answer


@pytest.mark.slow
def test_a_call_is_mirrored_played_to_and_recorded(tmp_path: Path) -> None:
    async def call() -> None:
        async with serving(tmp_path) as port:
            pc = local_connection()
            tracks: dict[str, MediaStreamTrack] = {}
            replies: asyncio.Queue[str] = asyncio.Queue()
            channel = pc.createDataChannel("chat")
            channel.on("open", lambda: channel.send("ping 7"))
            channel.on("message", replies.put_nowait)
            pc.on("track", lambda track: tracks.update({track.kind: track}))
            pc.addTrack(Camera())
            pc.addTrack(Microphone())
            await pc.setLocalDescription(await pc.createOffer())
            assert pc.localDescription is not None
            answer = await post(port, pc.localDescription)
            await pc.setRemoteDescription(RTCSessionDescription(**answer))
            async with asyncio.timeout(SECONDS):
                assert await replies.get() == "pong 7"
                pictures = [await tracks["video"].recv() for _ in range(30)]
                sounds = [await tracks["audio"].recv() for _ in range(25)]
            await pc.close()
        assert isinstance(pictures[0], VideoFrame)
        row = luma_rows(pictures[0])[60]
        assert row[20] > 180 > 60 > row[140]
        samples = array(
            "h", b"".join(bytes(s.planes[0]) for s in sounds if isinstance(s, AudioFrame))
        )
        assert max(map(abs, samples)) > LOUDNESS / 2

    asyncio.run(call())
    counts = count_frames(str(tmp_path / "record.mp4"))
    assert counts["video"] > 15
    assert counts["audio"] > 15


def test_tracks_sent_without_a_stream_arrive_in_one() -> None:
    """So that a page's `event.streams[0]` is there, which pages made for aiortc play."""

    async def call() -> list[list[str]]:
        caller, callee = local_connection(), local_connection()
        streams: list[list[str]] = []
        callee.ontrack = lambda event: streams.append([stream.id for stream in event.streams])
        caller.addTrack(Camera())
        caller.addTrack(Microphone())
        await callee.setRemoteDescription(await caller.createOffer())
        await asyncio.gather(caller.close(), callee.close())
        return streams

    first, second = asyncio.run(call())
    assert first == second
    assert len(first) == 1


def test_a_relay_serves_several_and_a_blackhole_swallows() -> None:
    async def share() -> list[int]:
        relay, camera, sink = MediaRelay(), Camera(), MediaBlackhole()
        proxies = [relay.subscribe(camera) for _ in range(2)]
        sink.addTrack(relay.subscribe(camera))
        await sink.start()
        frames = await asyncio.gather(*(proxy.recv() for proxy in proxies))
        await sink.stop()
        for proxy in proxies:
            proxy.stop()
        camera.stop()
        await asyncio.sleep(0.1)
        return [frame.pts for frame in frames if frame.pts is not None]

    first, second = asyncio.run(share())
    assert first == second
