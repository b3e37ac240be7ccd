"""The data channels of a connection: which ids an application may choose."""

import asyncio
import re
from collections.abc import Callable
from typing import Any

import pytest

from peer import RTCPeerConnection
from peer.api.data_channel import RTCDataChannel
from peer.api.errors import OperationError
from peer.api.options import RTCDataChannelInit
from peer.api.sctp_transport import RTCSctpTransport
from peer.session.data import Data
from peer.session.tracing import Tracer
from peer.testing import Network, ToneTrack, run
from tests.api.support import QUICK
from tests.jsep.texts import without_sections


class Limited(RTCSctpTransport):
    """An association with room for four channels."""

    @property
    def maxChannels(self) -> int:  # noqa: N802 - the W3C's name
        return 4


def channel(number: int) -> RTCDataChannel:
    return RTCDataChannel("x", RTCDataChannelInit(negotiated=True, id=number))


def make() -> Data:
    links: Any = None
    return Data(links, lambda _: None, Tracer(QUICK))


def test_an_id_in_use_is_refused_until_its_channel_closes() -> None:
    data = make()
    first = channel(5)
    data.add(first)
    with pytest.raises(OperationError):
        data.add(channel(5))
    first.remove_all_listeners()
    first.fail()
    data.add(channel(5))
    assert (len(data.channels), data.closed) == (1, 1)


def test_an_id_that_the_peer_has_no_stream_for_is_refused() -> None:
    data = make()
    data.sctp = Limited("transport")
    data.add(channel(3))
    with pytest.raises(OperationError):
        data.add(channel(4))


INIT = re.compile(r"a=sctp-init:(\S+)")


def test_an_association_after_another_shares_nothing_with_it() -> None:
    """Its INIT is another in both descriptions (RFC 9260 §5.3.1); it runs over the same DTLS."""

    async def call() -> None:
        net = Network(seed=1)
        a, b = (net.host(name).connection() for name in ("alice", "bob"))
        a.addTrack(ToneTrack())
        first = await open_channel(a, b)
        await negotiate(a, b, lambda sdp: without_sections(sdp, "1"))
        assert (a.sctp, b.sctp) == (None, None)
        assert len(first | await open_channel(a, b)) == 4
        await a.close()
        await b.close()

    run(call())


async def negotiate(
    a: RTCPeerConnection, b: RTCPeerConnection, change: Callable[[str], str] = str
) -> None:
    """Exchange complete descriptions, the offer changed on its way."""
    await a.setLocalDescription()
    await a.completeLocalDescription()
    await b.setRemoteDescription({"type": "offer", "sdp": change(a.localDescription.sdp)})
    await b.setLocalDescription()
    await b.completeLocalDescription()
    await a.setRemoteDescription(b.localDescription)


async def open_channel(a: RTCPeerConnection, b: RTCPeerConnection) -> set[str]:
    """Wait until a channel is open; returns what the descriptions have of the association."""
    opened = asyncio.Event()
    a.createDataChannel("chat").on("open", opened.set)
    await negotiate(a, b)
    async with asyncio.timeout(10):
        await opened.wait()
    return {init for one in (a, b) for init in INIT.findall(one.localDescription.sdp)}
