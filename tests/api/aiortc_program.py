"""What programs for aiortc write, for the type checker: it takes this as it does with aiortc."""

# ruff: noqa: F401, F841, T201

import argparse
import asyncio
from typing import Any

from av import VideoFrame

from peer import (
    AudioStreamTrack,
    InvalidAccessError,
    InvalidStateError,
    MediaStreamError,
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCCertificate,
    RTCConfiguration,
    RTCDataChannel,
    RTCIceCandidate,
    RTCIceGatherer,
    RTCIceServer,
    RTCInboundRtpStreamStats,
    RTCPeerConnection,
    RTCRtpCodecCapability,
    RTCRtpReceiver,
    RTCRtpSender,
    RTCRtpTransceiver,
    RTCSessionDescription,
    RTCStatsReport,
    VideoStreamTrack,
)
from peer.codecs import CODECS, get_encoder, h264, vpx
from peer.contrib.media import (
    REAL_TIME_FORMATS,
    MediaBlackhole,
    MediaPlayer,
    MediaRecorder,
    MediaRelay,
)
from peer.contrib.signaling import BYE, add_signaling_arguments, create_signaling
from peer.jitterbuffer import JitterBuffer
from peer.rtcicetransport import parse_stun_turn_uri
from peer.rtcrtpparameters import RTCRtpCodecParameters
from peer.rtcrtpreceiver import RemoteStreamTrack
from peer.sdp import candidate_from_sdp, candidate_to_sdp

h264.DEFAULT_BITRATE = 2_000_000
pcs: set[RTCPeerConnection] = set()
relay = MediaRelay()


class Flag(VideoStreamTrack):
    kind = "video"

    def __init__(self, track: MediaStreamTrack | None = None) -> None:
        super().__init__()
        self.track = track

    async def recv(self) -> VideoFrame:
        pts, time_base = await self.next_timestamp()
        frame = VideoFrame(16, 16)
        frame.pts = pts
        frame.time_base = time_base
        return frame


class Mine(RTCPeerConnection):
    def __init__(self, configuration: RTCConfiguration | None = None) -> None:
        super().__init__(configuration)
        self.extra = 1

    async def close(self) -> None:
        await super().close()


def force_codec(pc: RTCPeerConnection, sender: RTCRtpSender, forced: str) -> None:
    kind = forced.split("/")[0]
    codecs = RTCRtpSender.getCapabilities(kind).codecs
    transceiver = next(t for t in pc.getTransceivers() if t.sender == sender)
    transceiver.setCodecPreferences([codec for codec in codecs if codec.mimeType == forced])


def make() -> RTCPeerConnection:
    pc = RTCPeerConnection(
        configuration=RTCConfiguration(
            iceServers=[RTCIceServer(urls=["stun:stun.example.org"], username="a", credential="b")],
            bundlePolicy=RTCBundlePolicy.MAX_BUNDLE,
        )
    )
    pcs.add(pc)
    return pc


def listen(pc: RTCPeerConnection) -> None:
    recorder = MediaBlackhole()

    @pc.on("datachannel")
    def on_datachannel(channel: RTCDataChannel) -> None:
        @channel.on("message")
        def on_message(message: Any) -> None:
            if isinstance(message, str) and channel.readyState == "open":
                channel.send("pong" + message[4:])

    @pc.on("connectionstatechange")
    async def on_connectionstatechange() -> None:
        if pc.connectionState == "failed":
            await pc.close()
            pcs.discard(pc)

    @pc.on("track")
    def on_track(track: MediaStreamTrack) -> None:
        recorder.addTrack(track)
        pc.addTrack(relay.subscribe(track))

        @track.on("ended")
        async def on_ended() -> None:
            await recorder.stop()


async def send(pc: RTCPeerConnection) -> None:
    channel = pc.createDataChannel("chat", ordered=False, maxRetransmits=0, protocol="x")
    channel.bufferedAmountLowThreshold = 1
    channel.on("open", lambda: None)

    @channel.transport.transport.on("statechange")
    def changed() -> None:
        print(channel.transport.transport.state)

    player = MediaPlayer("demo.mp4", format="mp4", options={"a": "b"}, loop=True, decode=False)
    if player.audio:
        pc.addTrack(player.audio)
    sender = pc.addTrack(Flag())
    sender.replaceTrack(None)
    transceiver = pc.addTransceiver("audio", direction="recvonly")
    transceiver.direction = "sendrecv"
    await transceiver.stop()


async def negotiate(pc: RTCPeerConnection) -> None:
    await pc.setLocalDescription(await pc.createOffer())
    description: RTCSessionDescription = pc.localDescription
    print({"sdp": pc.localDescription.sdp, "type": pc.localDescription.type})
    await pc.setRemoteDescription(RTCSessionDescription(sdp="v=0", type="answer"))
    candidate = candidate_from_sdp("1 1 udp 1 192.0.2.1 1 typ host")
    candidate.sdpMid = "0"
    candidate.sdpMLineIndex = 0
    await pc.addIceCandidate(candidate)
    print(candidate_to_sdp(candidate), candidate.ip)


async def look(pc: RTCPeerConnection) -> None:
    stats = await pc.getStats()
    for report in stats.values():
        if isinstance(report, RTCInboundRtpStreamStats):
            print(report.jitter, report.packetsLost)
    for receiver in pc.getReceivers():
        print(receiver.track.kind, receiver.getSynchronizationSources()[0].source)
    assert pc.sctp is not None
    print(pc.sctp.maxChannels, pc.sctp.transport.transport.iceGatherer.getLocalCandidates())
    buffer = JitterBuffer(capacity=16)
    print(
        parse_stun_turn_uri("stun:a"),
        CODECS["audio"][0].name,
        get_encoder(CODECS["audio"][0]),
        buffer.capacity,
        REAL_TIME_FORMATS,
    )


async def run(role: str) -> None:
    pc = make()
    listen(pc)
    await send(pc)
    await negotiate(pc)
    await look(pc)
    task = asyncio.create_task(pc.close())
    await task
    await asyncio.gather(*[pc.close() for pc in pcs])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    add_signaling_arguments(parser)
    args = parser.parse_args()
    signaling = create_signaling(args)
    asyncio.run(run("offer"))
    asyncio.run(signaling.close())
