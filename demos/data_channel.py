"""Two peers in one process open a data channel and exchange a message.

python -m demos.data_channel
"""

import asyncio

from peer import RTCDataChannel, RTCPeerConnection


async def main() -> None:
    """Connect Alice with Bob, who answers her."""
    alice, bob = RTCPeerConnection(), RTCPeerConnection()
    channel = alice.createDataChannel("chat")
    answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    channel.on("open", lambda: channel.send("Hello, Bob"))
    channel.on("message", answer.set_result)

    @bob.on("datachannel")
    def on_datachannel(channel: RTCDataChannel) -> None:
        channel.on("message", lambda text: channel.send(f"{text}? Hello, Alice"))

    await alice.setLocalDescription()
    await bob.setRemoteDescription(alice.localDescription)
    await bob.setLocalDescription()
    await alice.setRemoteDescription(bob.localDescription)
    print(await asyncio.wait_for(answer, timeout=10))
    await asyncio.gather(alice.close(), bob.close())


if __name__ == "__main__":
    asyncio.run(main())
