"""Call a SIP phone, speak for a moment, hang up, and tell how it went, as a line of JSON.

    unshare --net python -m tests.interop.caller FOLDER

It makes the network of a namespace of its own, starts the phone there and calls it.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from peer import (
    PcmTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtcpMuxPolicy,
    pcm_frames,
)
from tests.interop.phone import ADDRESS, PORT, make_network, running_phone
from tests.interop.sip import SipCall
from tests.media.tones import crossings, loudness, tone

RATE = 8000
FREQUENCY = 1000.0
"""Hertz of the tone that we send."""
SETTLING, JUDGED = 1.5, 1.5
"""Seconds of what comes back that pass before it is judged, and that are."""
BOUND = 30.0


async def listen(track: Any) -> dict[str, float]:
    """Tell frequency and loudness of what the phone says."""
    pcm = b""
    size = round(2 * RATE * (SETTLING + JUDGED))
    async for frame in pcm_frames(track, sample_rate=RATE):
        pcm += frame
        if len(pcm) >= size:
            break
    judged = pcm[round(2 * RATE * SETTLING) : size]
    return {"frequency": crossings(judged) / JUDGED, "loudness": loudness(judged)}


async def call() -> dict[str, Any]:
    """Make the whole call."""
    connection = RTCPeerConnection(
        RTCConfiguration(
            iceServers=[],
            rtcpMuxPolicy=RTCRtcpMuxPolicy.NEGOTIATE,
            bundlePolicy=RTCBundlePolicy.MAX_COMPAT,
        )
    )
    ours = PcmTrack(RATE)
    ours.write(tone(int(RATE * BOUND), RATE, FREQUENCY))
    connection.addTrack(ours)
    tracks: asyncio.Queue[Any] = asyncio.Queue()
    connection.on("track", tracks.put_nowait)
    await connection.setLocalDescription()
    assert connection.localDescription is not None
    sip = await SipCall.open(ADDRESS, (ADDRESS, PORT))
    try:
        async with asyncio.timeout(BOUND):
            answer = await sip.invite(connection.localDescription.sdp)
            await connection.setRemoteDescription({"type": "answer", "sdp": answer})
            heard = await listen(await tracks.get())
            state = connection.connectionState
            await sip.bye()
        return {**heard, "answer": answer, "state": state}
    finally:
        await connection.close()
        sip.close()


def main(folder: Path) -> None:
    make_network()
    with running_phone(folder) as log:
        outcome = asyncio.run(call())
    print(json.dumps({**outcome, "log": log.read_text(errors="replace")}))  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]))
