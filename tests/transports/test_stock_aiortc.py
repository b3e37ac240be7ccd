"""Against aiortc as it is: what we replaced still speaks to what we replaced."""

import asyncio
from typing import Any, cast

import pytest
from aiortc.rtcdatachannel import RTCDataChannel, RTCDataChannelParameters
from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsParameters, RTCDtlsTransport
from aiortc.rtcicetransport import RTCIceTransport
from aiortc.rtcrtpparameters import (
    RTCRtcpParameters,
    RTCRtpDecodingParameters,
    RTCRtpReceiveParameters,
    RTCRtpSendParameters,
)
from aiortc.rtcrtpreceiver import RemoteStreamTrack, RTCRtpReceiver
from aiortc.rtcrtpsender import RTCRtpSender
from aiortc.rtcsctptransport import RTCSctpCapabilities, RTCSctpTransport

from peer.transports.datachannel import DataChannel
from peer.transports.dtls import DtlsRole
from peer.transports.group import TransportGroup
from peer.transports.receiver import RtpReceiver
from peer.transports.sctp import SctpTransport
from peer.transports.sender import RtpSender
from tests.transports.media import (
    EXTENSIONS,
    RTX,
    VP8,
    PushedTrack,
    receive_parameters,
    send_parameters,
)
from tests.transports.test_dtls import run
from tests.transports.wire import CERTIFICATE, Link, receive, until


class StockIce:
    """The right end of a link as aiortc wants its ICE transport."""

    def __init__(self, link: Link) -> None:
        self._end = link.right
        self.role = link.right.role

    async def _recv(self) -> bytes:
        return (await receive(self._end))[0]

    async def _send(self, data: bytes) -> None:
        self._end.send(data)


class Mixed:
    """Ours on the left, aiortc on the right."""

    def __init__(self) -> None:
        link = Link()
        self.certificate = RTCCertificate.generateCertificate()
        self.ours = TransportGroup([link.left], CERTIFICATE, report_interval=0.02)
        self.stock = RTCDtlsTransport(cast("RTCIceTransport", StockIce(link)), [self.certificate])

    async def connect(self, role: DtlsRole) -> None:
        """Shake hands, ours in this role."""
        self.stock._set_role("server" if role is DtlsRole.CLIENT else "client")
        self.ours.connect(role, self.certificate.getFingerprints())
        await self.stock.start(RTCDtlsParameters(CERTIFICATE.fingerprints))
        await self.ours.rtp.wait_connected()

    async def close(self) -> None:
        """Close both."""
        await self.ours.close()
        await until(lambda: self.stock.state == "closed")
        await self.stock.stop()


@pytest.mark.parametrize("role", [DtlsRole.CLIENT, DtlsRole.SERVER])
def test_data_channels(role: DtlsRole) -> None:
    async def scenario() -> None:
        mixed = Mixed()
        await mixed.connect(role)
        ours, stock = SctpTransport(mixed.ours.rtp), RTCSctpTransport(mixed.stock)
        arrived: list[Any] = []
        stock.on("datachannel", arrived.append)
        ours.on("datachannel", arrived.append)
        ours.connect(5000, 262144)
        await stock.start(RTCSctpCapabilities(maxMessageSize=262144), 5000)
        mine = ours.create_channel("mine", ordered=False, max_retransmits=3)
        theirs = RTCDataChannel(stock, RTCDataChannelParameters(label="theirs", protocol="p"))
        await until(lambda: len(arrived) == 2 and mine.readyState == theirs.readyState == "open")
        stock_end = next(one for one in arrived if one.label == "mine")
        our_end = next(one for one in arrived if one.label == "theirs")
        assert isinstance(our_end, DataChannel)
        assert (stock_end.ordered, stock_end.maxRetransmits, our_end.protocol) == (False, 3, "p")
        got: list[tuple[str, object]] = []
        for name, channel in (("stock", stock_end), ("ours", our_end)):
            channel.on("message", lambda message, name=name: got.append((name, message)))
        mine.send(bytes(100000))
        theirs.send("text")
        await until(lambda: len(got) == 2)
        assert set(got) == {("stock", bytes(100000)), ("ours", "text")}
        theirs.close()
        await until(lambda: our_end.readyState == "closed")
        mine.close()
        await until(lambda: stock_end.readyState == "closed")
        await ours.close()
        await until(lambda: stock.state == "closed")
        await mixed.close()

    run(scenario)


def test_it_receives_what_we_send() -> None:
    async def scenario() -> None:
        mixed = Mixed()
        await mixed.connect(DtlsRole.CLIENT)
        receiver = RTCRtpReceiver("video", mixed.stock)
        receiver._track = RemoteStreamTrack("video")
        receiver._set_rtcp_ssrc(99)
        await receiver.receive(
            RTCRtpReceiveParameters(
                codecs=[VP8, RTX],
                headerExtensions=list(EXTENSIONS),
                muxId="v0",
                encodings=[RTCRtpDecodingParameters(ssrc=7, payloadType=96)],
            )
        )
        track = PushedTrack("video")
        sender = RtpSender("video", track)
        sender.send(mixed.ours, send_parameters("v0", 7))
        track.push(3)
        frame = await receiver.track.recv()
        assert (frame.width, frame.height) == (64, 48)  # type: ignore[union-attr]
        # it asks for a keyframe, and reports
        await receiver._send_rtcp_pli(7)
        await until(
            lambda: (figures := sender.statistics()) is not None and figures.plis_received == 1
        )
        await receiver.stop()
        await sender.stop()
        await mixed.close()

    run(scenario)


def test_we_receive_what_it_sends() -> None:
    async def scenario() -> None:
        mixed = Mixed()
        await mixed.connect(DtlsRole.SERVER)
        track = PushedTrack("video")
        sender = RTCRtpSender(track, mixed.stock)
        receiver = RtpReceiver("video")
        receiver.receive(mixed.ours, receive_parameters("v0", reduced_size=True))
        await sender.send(
            RTCRtpSendParameters(
                codecs=[VP8, RTX],
                headerExtensions=list(EXTENSIONS),
                muxId="v0",
                rtcp=RTCRtcpParameters(cname="stock"),
            )
        )
        track.push(3)
        await receiver.track.recv()

        # our reports are understood
        async def reported() -> bool:
            return any(kind.startswith("remote-inbound") for kind in await sender.getStats())

        async with asyncio.timeout(10):
            while not await reported():  # noqa: ASYNC110 - aiortc tells nobody
                await asyncio.sleep(0.001)
        await sender.stop()
        # its BYE ends the stream, not the track
        await until(lambda: receiver.statistics() == [])
        assert receiver.track.readyState == "live"
        await receiver.stop()
        await mixed.close()

    run(scenario)
