"""Plays a stream of a WHEP endpoint into a file.

python -m demos.play https://example.com/whep/film film.mp4 [TOKEN]
"""

import asyncio
import sys

from peer import MediaRecorder, RTCConfiguration, RTCPeerConnection
from peer.signaling import WhipClient


async def main(url: str, path: str, token: str | None = None) -> None:
    """Record until the stream is over, or until interrupted."""
    recorder, over = MediaRecorder(path), asyncio.Event()
    async with WhipClient(url, token=token) as client:
        pc = RTCPeerConnection(RTCConfiguration(iceServers=await client.ice_servers()))
        for kind in ("audio", "video"):
            recorder.addTrack(pc.addTransceiver(kind, direction="recvonly").receiver.track)

        @pc.on("connectionstatechange")
        def look() -> None:
            print(pc.connectionState, flush=True)
            if pc.connectionState in ("closed", "failed"):
                over.set()

        try:
            await client.connect(pc)
            await recorder.start()
            await over.wait()
        finally:
            await recorder.stop()
            await pc.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
