"""Plays a film to whoever opens the page, as if it were a camera and a microphone.

python -m demos.send_file film.mp4
"""

import asyncio
import json
import sys

from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from peer import MediaPlayer, RTCPeerConnection

PAGE = """<!doctype html><title>Film</title>
<video id="video" autoplay controls></video><p><button id="play">Play</button></p>
<script type="module">
  const connection = new RTCPeerConnection();
  video.srcObject = new MediaStream();
  connection.ontrack = ({ track }) => video.srcObject.addTrack(track);
  for (const kind of ["audio", "video"]) {
    connection.addTransceiver(kind, { direction: "recvonly" });
  }
  const socket = new WebSocket(location.href.replace("http", "ws"));
  socket.onmessage = ({ data }) => connection.setRemoteDescription(JSON.parse(data));
  connection.onicecandidate = ({ candidate }) =>
    candidate || socket.send(JSON.stringify(connection.localDescription));
  play.onclick = () => connection.setLocalDescription();
</script>"""


def respond(visitor: ServerConnection, request: Request) -> Response | None:
    """Give a browser the page; let its websocket in."""
    if "Upgrade" in request.headers:
        return None
    return Response(200, "OK", Headers({"Content-Type": "text/html"}), PAGE.encode())


async def play(visitor: ServerConnection, path: str) -> None:
    """Play the film to a visitor from its beginning, until they leave the page."""
    connection, player = RTCPeerConnection(), MediaPlayer(path)
    tracks = [track for track in (player.audio, player.video) if track]
    async for offer in visitor:
        await connection.setRemoteDescription(json.loads(offer))
        for track in tracks:
            connection.addTrack(track)
        await connection.setLocalDescription()
        assert connection.localDescription
        await visitor.send(json.dumps(connection.localDescription.toJSON()))
    await connection.close()
    for track in tracks:
        track.stop()


async def main(path: str, port: int = 8080) -> None:
    """Serve the page until interrupted."""
    async with serve(
        lambda visitor: play(visitor, path), "localhost", port, process_request=respond
    ) as server:
        print(f"Open http://localhost:{port} to see {path}", flush=True)
        await server.wait_closed()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
