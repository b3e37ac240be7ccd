"""Whose statistics are given (W3C §8.2)."""

import asyncio

import pytest

from peer import (
    InvalidAccessError,
    JsepTypeError,
    RTCConfiguration,
    RTCPeerConnection,
    VideoStreamTrack,
)


def make() -> RTCPeerConnection:
    return RTCPeerConnection(RTCConfiguration(iceServers=[]))


def test_selectors_of_a_wrong_kind_and_of_nobody_are_refused() -> None:
    async def main() -> None:
        ours, other = make(), make()
        for selector in ("video", 1, object(), ours):
            with pytest.raises(JsepTypeError):
                await ours.getStats(selector)
        for selector in (VideoStreamTrack(), other.addTransceiver("video").sender):
            with pytest.raises(InvalidAccessError):
                await ours.getStats(selector)
        await asyncio.gather(ours.close(), other.close())

    asyncio.run(main())


def test_a_track_of_two_senders_selects_neither() -> None:
    async def main() -> None:
        ours, track = make(), VideoStreamTrack()
        ours.addTransceiver(track)
        assert await ours.getStats(track) == {}
        ours.addTransceiver("video").sender.replaceTrack(track)
        with pytest.raises(InvalidAccessError):
            await ours.getStats(track)
        await ours.close()

    asyncio.run(main())
