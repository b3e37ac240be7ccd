"""The data channels of a connection: which ids an application may choose."""

from typing import Any

import pytest

from peer.api.data_channel import RTCDataChannel
from peer.api.errors import OperationError
from peer.api.options import RTCDataChannelInit
from peer.api.sctp_transport import RTCSctpTransport
from peer.session.data import Data
from peer.session.tracing import Tracer
from tests.api.support import QUICK


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
