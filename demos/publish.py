"""Publishes a film, or a device, to a WHIP endpoint (RFC 9725).

python -m demos.publish film.mp4 https://example.com/whip/film [TOKEN]
"""

import asyncio
import sys

from peer import MediaPlayer, RTCConfiguration, RTCPeerConnection
from peer.signaling import WhipClient


async def main(path: str, url: str, token: str | None = None) -> None:
    """Publish until the film is over, or the connection is."""
    player, over = MediaPlayer(path), asyncio.Event()
    async with WhipClient(url, token=token) as client:
        pc = RTCPeerConnection(RTCConfiguration(iceServers=await client.ice_servers()))
        for track in filter(None, (player.audio, player.video)):
            pc.addTransceiver(track, direction="sendonly")
            track.on("ended", over.set)

        @pc.on("connectionstatechange")
        def look() -> None:
            print(pc.connectionState, flush=True)
            if pc.connectionState in ("closed", "failed"):
                over.set()

        try:
            await client.connect(pc)
            await over.wait()
        finally:
            await pc.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
