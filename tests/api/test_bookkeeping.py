"""The listeners of a public object are the application's alone: it may remove them all."""

from collections.abc import Iterator

from peer import AudioStreamTrack, RTCDataChannel, RTCPeerConnection
from peer.api.event_target import EventTarget
from tests.api.support import Call, calling, run, state_is, until


def public_objects(pc: RTCPeerConnection) -> Iterator[EventTarget]:
    """Give what an application can hold of a connection that emits events."""
    yield pc
    sctp = pc.sctp
    transports = [one.sender.transport for one in pc.getTransceivers()]
    if sctp is not None:
        yield sctp
        transports.append(sctp.transport)
    for transport in filter(None, transports):
        yield from (transport, transport.iceTransport, transport.iceTransport.iceGatherer)
    for transceiver in pc.getTransceivers():
        yield from transceiver.receiver.track.streams


def remove_all(call: Call, *channels: RTCDataChannel) -> None:
    for pc in call.sides.values():
        for target in public_objects(pc):
            target.remove_all_listeners()
        for transceiver in pc.getTransceivers():
            transceiver.receiver.track.remove_all_listeners()
    for channel in channels:
        channel.remove_all_listeners()


def test_an_id_is_free_again_after_a_channel_without_listeners_closes() -> None:
    async def story() -> None:
        async with calling() as call:
            pc = call.offerer
            first = pc.createDataChannel("first", negotiated=True, id=8)
            call.answerer.createDataChannel("first", negotiated=True, id=8)
            first.remove_all_listeners()
            await call.negotiate()
            await until(first, "open", lambda: first.readyState == "open")
            first.remove_all_listeners()
            first.close()
            await until(first, "close", lambda: first.readyState == "closed")
            pc.createDataChannel("second", negotiated=True, id=8)
            stats = (await pc.getStats()).values()
            (figures,) = [vars(one) for one in stats if one.type == "peer-connection"]
            assert (figures["dataChannelsOpened"], figures["dataChannelsClosed"]) == (2, 1)

    run(story)


def test_a_call_goes_on_and_ends_when_everything_has_lost_its_listeners() -> None:
    """At each stage: nothing of ours hangs on the application's objects."""

    async def story() -> None:
        async with calling() as call:
            sound = AudioStreamTrack()
            call.offerer.addTrack(sound)
            incoming: list[RTCDataChannel] = []
            remove_all(call, call.channel)
            await call.offer()
            remove_all(call, call.channel)
            call.answerer.on("datachannel", incoming.append)
            await call.answerer.setLocalDescription()
            await call.offerer.setRemoteDescription(call.show("answerer"))
            remove_all(call, call.channel)
            call.answerer.on("datachannel", incoming.append)
            for pc in call.sides.values():
                await state_is(pc, "connected")
            await call.opened()
            await until(call.answerer, "datachannel", lambda: incoming)
            remove_all(call, call.channel, *incoming)
            got: list[object] = []
            incoming[0].on("message", got.append)
            call.channel.send("hello")
            await until(incoming[0], "message", lambda: got == ["hello"])
            await call.answerer.getReceivers()[0].track.recv()
            remove_all(call, call.channel, *incoming)
            call.channel.close()
            await until(incoming[0], "close", lambda: incoming[0].readyState == "closed")
            await call.offerer.close()
            await state_is(call.answerer, "closed")
            assert sound.readyState == "ended"

    run(story)
