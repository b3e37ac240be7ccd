"""Transports that a program makes by itself, as with aiortc."""

import asyncio
from typing import Any

from aiortc.rtcdatachannel import RTCDataChannelParameters

import peer
from peer.transports import Certificate, stock
from tests.api.support import make, run

ortc: Any = peer


class Side:
    """A gatherer and all that is made of it."""

    def __init__(self) -> None:
        self.gatherer = ortc.RTCIceGatherer(iceServers=[])
        self.ice = ortc.RTCIceTransport(self.gatherer)
        self.dtls = ortc.RTCDtlsTransport(self.ice, [Certificate.generate()])
        self.sctp = ortc.RTCSctpTransport(self.dtls)

    async def stop(self) -> None:
        await self.sctp.stop()
        await self.dtls.stop()
        await self.ice.stop()


def test_each_is_made_of_the_one_below_and_is_aiortcs() -> None:
    async def story() -> None:
        side = Side()
        made = {
            "RTCIceGatherer": side.gatherer,
            "RTCIceTransport": side.ice,
            "RTCDtlsTransport": side.dtls,
            "RTCSctpTransport": side.sctp,
            "RTCRtpSender": ortc.RTCRtpSender(peer.AudioStreamTrack(), side.dtls),
            "RTCRtpReceiver": ortc.RTCRtpReceiver("audio", side.dtls),
            "RTCDataChannel": ortc.RTCDataChannel(side.sctp, RTCDataChannelParameters(label="x")),
        }
        for name, one in made.items():
            assert type(one) is getattr(stock(), name)
            assert isinstance(one, getattr(peer, name))
        assert type(ortc.RTCIceGatherer()) is stock("rtcicetransport").RTCIceGatherer
        await side.stop()

    # aiortc leaves tasks behind.
    asyncio.run(story())


def test_what_a_connection_makes_is_ours() -> None:
    async def story() -> None:
        pc = make()
        channel = pc.createDataChannel("x")
        transport = channel.transport.transport
        assert type(channel) is peer.RTCDataChannel
        assert type(transport) is peer.RTCDtlsTransport
        assert type(transport.iceTransport.iceGatherer) is peer.RTCIceGatherer
        assert [isinstance(one, peer.RTCDtlsTransport) for one in (channel, transport)] == [0, 1]
        await pc.close()

    run(story)
