"""Another peer that takes a call over: its certificate is another, so all begins anew."""

import asyncio

from peer import RTCPeerConnection
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
        channel = caller.createDataChannel("chat")
        await negotiate(caller, first)
        await asyncio.sleep(1)
        assert channel.readyState == "open"
        taken: list[str] = []
        caller.on("datachannel", lambda channel: taken.append(channel.label))
        await negotiate(caller, second)
        second.createDataChannel("back")
        await asyncio.sleep(1)
        assert taken == ["back"]
        for connection in (caller, first, second):
            await connection.close()

    run(scenario())
