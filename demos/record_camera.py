"""Records the camera and microphone of whoever opens the page.

python -m demos.record_camera call.mp4
"""

import asyncio
import json
import sys

from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from peer import MediaRecorder, RTCPeerConnection

PAGE = """<!doctype html><title>Recording</title>
<video id="video" autoplay muted></video><p id="state">asking for the camera</p>
<script type="module">
  const stream = await navigator.mediaDevices.getUserMedia({ video: true, audio: true });
  video.srcObject = stream;
  const connection = new RTCPeerConnection();
  for (const track of stream.getTracks()) connection.addTrack(track, stream);
  connection.onconnectionstatechange = () => state.textContent = connection.connectionState;
  const socket = new WebSocket(location.href.replace("http", "ws"));
  socket.onmessage = ({ data }) => connection.setRemoteDescription(JSON.parse(data));
  connection.onicecandidate = ({ candidate }) =>
    candidate || socket.send(JSON.stringify(connection.localDescription));
  socket.onopen = () => connection.setLocalDescription();
</script>"""


def respond(visitor: ServerConnection, request: Request) -> Response | None:
    """Give a browser the page; let its websocket in."""
    if "Upgrade" in request.headers:
        return None
    return Response(200, "OK", Headers({"Content-Type": "text/html"}), PAGE.encode())


async def record(visitor: ServerConnection, path: str) -> None:
    """Record a visitor until they leave the page."""
    connection, recorder = RTCPeerConnection(), MediaRecorder(path)
    connection.on("track", recorder.addTrack)
    async for offer in visitor:
        await connection.setRemoteDescription(json.loads(offer))
        await connection.setLocalDescription()
        assert connection.localDescription
        await recorder.start()
        await visitor.send(json.dumps(connection.localDescription.toJSON()))
    await recorder.stop()
    await connection.close()
    print(f"{path} is complete", flush=True)


async def main(path: str, port: int = 8080) -> None:
    """Serve the page until interrupted."""
    async with serve(
        lambda visitor: record(visitor, path), "localhost", port, process_request=respond
    ) as server:
        print(f"Open http://localhost:{port} to be recorded into {path}", flush=True)
        await server.wait_closed()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
