"""A streaming server: publish by WHIP (RFC 9725), watch by WHEP. Nothing is decoded on the way.

python -m demos.stream_server

Publish with OBS, GStreamer or `python -m demos.publish film.mp4 http://localhost:8080/whip/film`,
watch with any player of WHEP or `python -m demos.play http://localhost:8080/whep/film copy.mp4`.
"""

import asyncio
from dataclasses import dataclass, field

from aiohttp import web

from peer import RemoteStreamTrack, RTCPeerConnection
from peer.signaling import HttpEndpoint


@dataclass
class Streams:
    """What is published, by its name in the URL."""

    tracks: dict[str, list[RemoteStreamTrack]] = field(default_factory=dict)

    def publish(self, pc: RTCPeerConnection, request: web.Request) -> None:
        """Let a publisher in, unless there is one of this name."""
        name = request.match_info["stream"]
        if name in self.tracks:
            raise web.HTTPConflict(text="somebody publishes this already\n")
        published = self.tracks[name] = []
        pc.on("track", published.append)

        def look() -> None:
            if pc.connectionState in ("closed", "failed") and self.tracks.get(name) is published:
                del self.tracks[name]

        pc.on("connectionstatechange", look)

    def watch(self, pc: RTCPeerConnection, request: web.Request) -> None:
        """Give a viewer what is published, as it comes."""
        published = self.tracks.get(request.match_info["stream"])
        if not published:
            raise web.HTTPNotFound(text="nobody publishes this\n")
        for track in published:
            pc.addTrack(track.receiver.encoded_track())


async def main(host: str = "localhost", port: int = 8080) -> None:
    """Serve until interrupted."""
    app, streams = web.Application(), Streams()
    HttpEndpoint(streams.publish, origins=["*"]).add_to(app, "/whip/{stream}")
    HttpEndpoint(streams.watch, origins=["*"]).add_to(app, "/whep/{stream}")
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    print(f"Publish to http://{host}:{port}/whip/NAME, watch /whep/NAME", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
