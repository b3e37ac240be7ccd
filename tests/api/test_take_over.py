"""Another peer that takes a call over: its certificate is another, so all begins anew."""

import asyncio

from peer import RTCDataChannel, RTCPeerConnection
from peer.testing import Network, run
from peer.transports import Certificate


async def negotiate(offerer: RTCPeerConnection, answerer: RTCPeerConnection) -> None:
    await offerer.setLocalDescription()
    await offerer.completeLocalDescription()
    await answerer.setRemoteDescription(offerer.localDescription)
    await answerer.setLocalDescription()
    await answerer.completeLocalDescription()
    await offerer.setRemoteDescription(answerer.localDescription)


def test_channels_of_the_one_that_takes_over_arrive() -> None:
    """The association that ends meanwhile takes nothing from the one that begins (RFC 8842 §6)."""

    async def scenario() -> None:
        net = Network(seed=1)
        caller, first, second = (
            net.host(name).connection(certificates=[Certificate.generate()])
            for name in ("caller", "first", "second")
        )
        opened, taken = asyncio.Event(), asyncio.Queue[RTCDataChannel]()
        caller.createDataChannel("chat").on("open", opened.set)
        caller.on("datachannel", taken.put_nowait)
        await negotiate(caller, first)
        async with asyncio.timeout(10):
            await opened.wait()
            await negotiate(caller, second)
            second.createDataChannel("back")
            assert (await taken.get()).label == "back"
        for connection in (caller, first, second):
            await connection.close()

    run(scenario())
