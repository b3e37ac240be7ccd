"""Closing at every stage and beside every operation: it is quick and leaves nothing."""

import asyncio
import contextlib
import gc
import socket
import warnings
import weakref
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from peer import RTCConfiguration, RTCIceServer, RTCPeerConnection
from peer.api.errors import InvalidStateError
from peer.transports import AudioStreamTrack, MediaStreamTrack, VideoStreamTrack
from tests.api.support import (
    BOUND,
    PLAIN_ICE,
    Call,
    calling,
    configured,
    make,
    run,
    state_is,
    timers,
    turns,
    until,
    within,
)

PLAIN = configured(ice=PLAIN_ICE)
"""The stages of a handshake are told by what passes."""
SOON = 5.0
"""Seconds within which everything is closed; it is milliseconds on a machine with time."""
EVENTS = (
    "signalingstatechange",
    "icegatheringstatechange",
    "iceconnectionstatechange",
    "connectionstatechange",
    "icecandidate",
    "icecandidateerror",
    "negotiationneeded",
    "datachannel",
    "track",
)

Stage = Callable[[Call], Awaitable[None]]


async def fresh(call: Call) -> None:
    del call


async def offered(call: Call) -> None:
    await call.offerer.setLocalDescription()


async def offer_received(call: Call) -> None:
    await call.offer()


async def offered_on_both_sides(call: Call) -> None:
    await call.offerer.setLocalDescription()
    call.answerer.createDataChannel("glare")
    await call.answerer.setLocalDescription()


async def answered(call: Call) -> None:
    await call.offer()
    await call.answerer.setLocalDescription()


async def negotiated(call: Call) -> None:
    await call.negotiate()


async def checking(call: Call) -> None:
    call.middle.rule = lambda sender, data: False
    await call.negotiate()
    await until(
        call.offerer,
        "iceconnectionstatechange",
        lambda: call.offerer.iceConnectionState == "checking",
    )


async def shaking_hands(call: Call) -> None:
    met = asyncio.Event()

    def rule(sender: str, data: bytes) -> bool:
        if sender == "offerer" and data[0] == 22:
            met.set()
        return data[0] < 20 or sender == "answerer"

    call.middle.rule = rule
    await call.negotiate()
    await within(met.wait())


async def associating(call: Call) -> None:
    call.middle.rule = lambda sender, data: data[0] != 23
    await call.negotiate()
    await state_is(call.offerer, "connected")


async def opened(call: Call) -> None:
    await call.negotiate()
    await call.opened()


async def sending(call: Call) -> None:
    await opened(call)
    for _ in range(32):
        call.channel.send(bytes(65536))
    assert call.channel.bufferedAmount > 0


async def renegotiating(call: Call) -> None:
    await opened(call)
    call.offerer.addTransceiver("audio")
    await call.offerer.setLocalDescription()


async def restarting(call: Call) -> None:
    await opened(call)
    call.offerer.restartIce()
    await call.offer()


async def failed(call: Call) -> None:
    await checking(call)
    await state_is(call.offerer, "failed")


STAGES: list[Stage] = [
    fresh,
    offered,
    offer_received,
    offered_on_both_sides,
    answered,
    negotiated,
    checking,
    shaking_hands,
    associating,
    opened,
    sending,
    renegotiating,
    restarting,
    failed,
]


def listen(pc: RTCPeerConnection) -> list[str]:
    """Keep the names of what the W3C's listeners hear."""
    heard: list[str] = []
    for name in EVENTS:
        pc.addEventListener(name, lambda event: heard.append(event.type))
    return heard


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.__name__)
def test_closing_is_quick_and_silent_at_every_stage(stage: Stage) -> None:
    async def story() -> None:
        call = Call(PLAIN, PLAIN)
        await within(stage(call))
        heard = {side: listen(pc) for side, pc in call.sides.items()}
        tracks = [receiver.track for receiver in call.offerer.getReceivers()]
        for pc in call.sides.values():
            closing = pc.close()
            assert pc.signalingState == pc.connectionState == pc.iceConnectionState == "closed"
            await within(closing, SOON)
            await within(pc.close(), SOON)
        assert call.channel.readyState == "closed"
        assert [track.readyState for track in tracks] == ["ended"] * len(tracks)
        assert heard["offerer"] == []
        assert timers() == []
        call.middle.close()

    run(story)


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.__name__)
def test_closing_both_sides_at_once_and_again(stage: Stage) -> None:
    async def story() -> None:
        call = Call(PLAIN, PLAIN)
        await within(stage(call))
        closing = [pc.close() for _ in range(3) for pc in call.sides.values()]
        await within(asyncio.gather(*map(ended, closing)), SOON)
        call.middle.close()

    run(story)


async def ended(operation: Awaitable[object]) -> None:
    """Wait for the end of an operation, which may be told that the connection is closed."""
    with contextlib.suppress(InvalidStateError):
        await operation


def dead_servers() -> tuple[RTCConfiguration, list[socket.socket]]:
    """Give servers that never answer, and the sockets that stand for them."""
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    for each in (udp, tcp):
        each.bind(("127.0.0.1", 0))
    tcp.listen()
    silent, accepting = udp.getsockname()[1], tcp.getsockname()[1]
    urls = [
        f"turn:127.0.0.1:{silent}",
        f"turn:127.0.0.1:{accepting}?transport=tcp",
        f"turns:127.0.0.1:{accepting}",
    ]
    servers = [
        RTCIceServer(f"stun:127.0.0.1:{silent}"),
        RTCIceServer(urls, username="user", credential="secret"),
    ]
    return configured(iceServers=servers, gatheringTimeout=2 * BOUND), [udp, tcp]


@pytest.mark.parametrize("rounds", range(12))
def test_closing_in_the_middle_of_an_operation(rounds: int) -> None:
    """After so many rounds of the loop: each operation ends, whichever it waits for."""

    async def story() -> None:
        configuration, servers = dead_servers()
        async with calling() as call:
            await call.offerer.setLocalDescription()
            offer = call.show("offerer")
            pc = RTCPeerConnection(configuration)
            operations: list[Awaitable[object]] = [
                pc.setRemoteDescription(offer),
                pc.addIceCandidate(None),
                pc.createAnswer(),
                pc.setLocalDescription(),
                pc.createOffer(),
                pc.completeLocalDescription(),
                pc.getStats(),
            ]
            running = [asyncio.ensure_future(ended(operation)) for operation in operations]
            for _ in range(rounds):
                await asyncio.sleep(0)
            await within(pc.close(), SOON)
            await within(asyncio.gather(*running), SOON)
            for server in servers:
                server.close()

    run(story)


def test_closing_while_servers_are_waited_for() -> None:
    async def story() -> None:
        configuration, servers = dead_servers()
        pc = RTCPeerConnection(configuration)
        pc.createDataChannel("call")
        setting = asyncio.ensure_future(pc.setLocalDescription())
        await until(pc, "icegatheringstatechange", lambda: pc.iceGatheringState == "gathering")
        assert not setting.done()
        await within(pc.close(), SOON)
        await within(ended(setting), SOON)
        for server in servers:
            server.close()

    run(story)


def test_giving_up_an_operation_leaves_a_connection_that_closes() -> None:
    async def story() -> None:
        configuration, servers = dead_servers()
        pc = RTCPeerConnection(configuration)
        pc.createDataChannel("call")
        with pytest.raises(TimeoutError):
            await within(pc.setLocalDescription(), 0.05)
        assert pc.localDescription is not None
        with pytest.raises(TimeoutError):
            await within(pc.close(), 0)
        await within(pc.close(), SOON)
        for server in servers:
            server.close()

    run(story)


@pytest.mark.parametrize(
    "event",
    [
        "icegatheringstatechange",
        "icecandidate",
        "signalingstatechange",
        "iceconnectionstatechange",
        "connectionstatechange",
        "negotiationneeded",
        "datachannel",
    ],
)
def test_closing_in_a_listener(event: str) -> None:
    async def story() -> None:
        async with calling() as call:
            pc = call.answerer if event == "datachannel" else call.offerer
            heard: list[str] = []
            closed = asyncio.Event()

            def close(_event: object) -> None:
                heard.append(event)
                _ = pc.close()
                closed.set()

            pc.addEventListener(event, close)
            # As long as operations run, none is needed: the event comes before, or not at all.
            await turns()
            negotiating = asyncio.ensure_future(ended(call.negotiate()))
            await within(closed.wait())
            _ = call.offerer.close()
            _ = call.answerer.close()
            await asyncio.wait([negotiating])
            assert heard == [event]

    run(story)


@pytest.mark.parametrize("kind", [AudioStreamTrack, pytest.param(VideoStreamTrack)])
def test_closing_while_media_flows(kind: type[MediaStreamTrack]) -> None:
    async def story() -> None:
        async with calling() as call:
            call.offerer.addTrack(kind())
            call.answerer.addTrack(kind())
            await call.negotiate()
            for pc in call.sides.values():
                await state_is(pc, "connected")
            await within(call.answerer.getReceivers()[0].track.recv())

    run(story)


def test_who_listens_as_with_aiortc_hears_of_the_end() -> None:
    async def story() -> None:
        pc, heard = make(), list[str]()
        pc.on("signalingstatechange", lambda: heard.append("W3C §4.4.2: not by closing"))
        pc.on("iceconnectionstatechange", lambda: heard.append(f"ICE {pc.iceConnectionState}"))
        pc.on("connectionstatechange", lambda: heard.append(pc.connectionState))
        pc.onsignalingstatechange = lambda event: heard.append(event.type)
        pc.onconnectionstatechange = lambda event: heard.append(event.type)
        await pc.close()
        await pc.close()
        assert heard == ["ICE closed", "closed"]

    run(story)


def test_transports_tell_of_the_end_as_with_aiortc() -> None:
    async def story() -> None:
        async with calling() as call:
            await call.negotiate()
            pc = call.offerer
            await state_is(pc, "connected")
            sctp = pc.sctp
            assert sctp is not None
            heard: list[str] = []
            parts = (sctp, sctp.transport, sctp.transport.iceTransport)
            for part in parts:
                part.onstatechange = lambda event: heard.append(event.type)
                part.on("statechange", lambda part=part: heard.append(part.state))
            # A listener may close what closes.
            sctp.on("statechange", pc.close)
            await pc.close()
            assert heard == ["closed"] * len(parts)

    run(story)


def test_what_waits_in_a_channel_stays_to_be_read_after_the_end() -> None:
    async def story() -> None:
        async with calling() as call:
            await call.negotiate()
            await until(call.channel, "open", lambda: call.channel.readyState == "open")
            call.channel.send(bytes(50_000))
            waiting = call.channel.bufferedAmount
            await call.offerer.close()
            # W3C §6.2: it does not reset to zero once the channel is closed.
            assert call.channel.bufferedAmount == waiting > 0

    run(story)


def test_a_connection_made_before_the_loop_runs() -> None:
    pc = make()
    pc.createDataChannel("call")

    async def story() -> None:
        await pc.setLocalDescription()
        await within(pc.close(), SOON)

    run(story)


def test_a_connection_closed_without_a_loop() -> None:
    pc = make()
    closing = pc.close()
    assert pc.connectionState == "closed"

    async def story() -> None:
        await within(closing, SOON)

    run(story)
    with pytest.raises(InvalidStateError):
        pc.createDataChannel("late")


async def closed_call() -> list[weakref.ref[object]]:
    """Make a call and close it; gives what must be gone then."""
    async with calling() as call:
        await opened(call)
        sctp = call.offerer.sctp
        assert sctp is not None
        parts = (call.offerer, call.channel, sctp, sctp.transport, sctp.transport.transport)
        found: list[weakref.ref[object]] = [weakref.ref(part) for part in parts]
    return found


def test_what_is_closed_goes_without_the_garbage_collector() -> None:
    async def story() -> None:
        gc.disable()
        try:
            found = await closed_call()
            await asyncio.sleep(0)
            assert [part() for part in found] == [None] * len(found)
        finally:
            gc.enable()

    run(story)


def run_and_leave(story: Callable[[], Awaitable[None]]) -> list[dict[str, Any]]:
    """Run a program that ends without closing anything; gives what its loop reports."""
    reports: list[dict[str, Any]] = []

    async def program() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: reports.append(context))
        await story()

    with warnings.catch_warnings():
        # Its sockets are collected, as those of any program that does not close them.
        warnings.simplefilter("ignore", ResourceWarning)
        asyncio.run(program())
        gc.collect()
    return reports


@pytest.mark.parametrize("close", [False, True])
@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.__name__)
def test_a_program_that_ends_at_any_stage_ends_quietly(stage: Stage, close: bool) -> None:
    """With its connections open, or closed without waiting for the end."""

    async def story() -> None:
        call = Call(PLAIN, PLAIN)
        await within(stage(call))
        call.middle.close()
        for pc in call.sides.values() if close else ():
            _ = pc.close()

    assert run_and_leave(story) == []
