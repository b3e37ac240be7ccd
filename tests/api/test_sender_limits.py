"""What each member of an encoding changes of what leaves, in virtual time (W3C §5.2)."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import pytest

from peer import RangeError, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from peer.testing import Conditions, Network, PictureTrack, connect, run
from tests.testing.support import closing

RATE = 15
SECONDS = 2.0


class Sent(NamedTuple):
    """What left: the last size, pictures and bits a second."""

    size: tuple[int | None, int | None]
    rate: float
    bitrate: float


@asynccontextmanager
async def sending(**link: Any) -> AsyncIterator[RTCRtpSender]:
    """Have a call in which pictures of 320x240 are sent."""
    net = Network(seed=4)
    alice = net.host("alice", link=Conditions(delay=0.02, **link))
    async with closing(alice.connection(), net.host("bob").connection()) as (a, b):
        sender = a.addTransceiver(PictureTrack(rate=RATE), {"direction": "sendonly"}).sender
        await connect(a, b)
        await asyncio.sleep(1)
        yield sender


async def sent(sender: RTCRtpSender, **members: Any) -> Sent:
    """Set members of the encoding, and see what leaves after a moment."""
    parameters = sender.getParameters()
    preference = members.pop("degradationPreference", None)
    parameters.degradationPreference = preference
    for name, value in members.items():
        setattr(parameters.encodings[0], name, value)
    sender.setParameters(parameters)
    await asyncio.sleep(1)
    (before,) = sender.below.statistics()
    await asyncio.sleep(SECONDS)
    (after,) = sender.below.statistics()
    return Sent(
        (after.video.width, after.video.height),
        (after.frames_sent - before.frames_sent) / SECONDS,
        8 * (after.bytes_sent - before.bytes_sent) / SECONDS,
    )


def test_every_member_changes_what_leaves_and_is_taken_back() -> None:
    async def story() -> None:
        async with sending() as sender:
            plain = await sent(sender)
            assert plain.size == (320, 240)
            assert plain.rate == pytest.approx(RATE, abs=1)
            small = await sent(sender, scaleResolutionDownBy=2.0)
            assert small.size == (160, 120)
            few = await sent(sender, maxFramerate=5.0)
            assert few.size == (160, 120)
            assert few.rate == pytest.approx(5, abs=0.5)
            # None at all by a number, which leaves the encoding active.
            assert (await sent(sender, maxFramerate=0)).rate == 0
            assert (await sent(sender, maxFramerate=None)).rate == pytest.approx(RATE, abs=1)
            assert (await sent(sender, maxBitrate=30_000)).bitrate < 33_000
            assert (await sent(sender, maxBitrate=0)).rate == 0
            assert (await sent(sender, maxBitrate=None)).rate == pytest.approx(RATE, abs=1)
            assert (await sent(sender, active=False)).rate == 0
            again = await sent(sender, active=True, scaleResolutionDownBy=1.0)
            assert again.size == (320, 240)
            assert again.rate == pytest.approx(RATE, abs=1)

    run(story(), seed=4)


def test_a_scale_that_is_taken_away_is_one() -> None:
    async def story() -> None:
        async with sending() as sender:
            assert (await sent(sender, scaleResolutionDownBy=2.0)).size == (160, 120)
            assert (await sent(sender, scaleResolutionDownBy=None)).size == (320, 240)
            assert sender.getParameters().encodings[0].scaleResolutionDownBy == 1.0

    run(story(), seed=4)


@pytest.mark.parametrize("wrong", [{"scaleResolutionDownBy": 0.99}, {"maxFramerate": -1.0}])
def test_what_is_refused_changes_nothing(wrong: dict[str, float]) -> None:
    async def story() -> None:
        async with sending() as sender:
            await sent(sender, scaleResolutionDownBy=2.0, maxFramerate=5.0)
            before = sender.getParameters().encodings
            with pytest.raises(RangeError):
                await sent(sender, maxBitrate=10_000, **wrong)
            assert sender.getParameters().encodings == before

    run(story(), seed=4)


@pytest.mark.parametrize("line", ["b=AS:0", "b=TIAS:0"])
def test_a_peer_that_says_none_sets_no_limit(line: str) -> None:
    """As browsers take it; only the application's own 0 means nothing."""

    def describe(connection: RTCPeerConnection) -> RTCSessionDescription:
        description = connection.localDescription
        sdp = re.sub(r"(m=video .*\r\n(c=.*\r\n)?)", rf"\1{line}\r\n", description.sdp)
        return RTCSessionDescription(sdp, description.type)

    async def story() -> None:
        net = Network(seed=4)
        async with closing(net.host("a").connection(), net.host("b").connection()) as (a, b):
            sender = a.addTransceiver(PictureTrack(rate=RATE), {"direction": "sendonly"}).sender
            await a.setLocalDescription()
            await b.setRemoteDescription(a.localDescription)
            await b.setLocalDescription()
            answer = describe(b)
            assert line in answer.sdp
            await a.setRemoteDescription(answer)
            await asyncio.sleep(2)
            assert (await sent(sender)).rate == pytest.approx(RATE, abs=1)

    run(story(), seed=4)
