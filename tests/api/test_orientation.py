"""Pictures that are not upright, in whole calls in virtual time (3GPP TS 26.114 §7.4.5)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from av import VideoFrame

from peer import RTCPeerConnection
from peer.testing import Network, PictureTrack, connect, connected, run
from tests.api.calls import negotiate, unaltered, without
from tests.media.pictures import from_telephone
from tests.media.test_upright import bright_corner, corner
from tests.testing.support import closing

EXTENSION = "urn:3gpp:video-orientation"
TURNED = {
    0: ("left upper", (64, 32)),
    90: ("right upper", (32, 64)),
    180: ("right lower", (64, 32)),
    270: ("left lower", (32, 64)),
}
"""What a picture of a dark room with a bright corner looks like once it is turned clockwise."""


class Telephone(PictureTrack):
    """Pictures as a sensor lies, that say by how far they are to be turned clockwise."""

    def __init__(self) -> None:
        super().__init__()
        self.degrees = 90
        self._pictures = {degrees: from_telephone(corner(), -degrees) for degrees in TURNED}

    async def recv(self) -> VideoFrame:
        """Return the next one."""
        timed, picture = await super().recv(), self._pictures[self.degrees]
        picture.pts, picture.time_base = timed.pts, timed.time_base
        return picture


@asynccontextmanager
async def filmed() -> AsyncIterator[tuple[Telephone, RTCPeerConnection, RTCPeerConnection]]:
    net = Network(seed=4)
    alice, bob = net.host("alice"), net.host("bob")
    async with closing(alice.connection(), bob.connection()) as (a, b):
        telephone = Telephone()
        a.addTrack(telephone)
        yield telephone, a, b


async def seen(connection: RTCPeerConnection) -> tuple[str, tuple[int, int]]:
    """What is seen a moment from now."""
    (receiver,) = connection.getReceivers()
    end = asyncio.get_running_loop().time() + 0.5
    while asyncio.get_running_loop().time() < end:
        frame = await receiver.track.recv()
    assert isinstance(frame, VideoFrame)
    return bright_corner(frame), (frame.width, frame.height)


def test_it_is_in_offers_and_capabilities() -> None:
    async def story() -> None:
        async with filmed() as (_, a, b):
            await connect(a, b)
            for description in (a.localDescription, b.localDescription):
                assert description.sdp.count(EXTENSION) == 1
            told = a.getSenders()[0].getParameters().headerExtensions
            assert EXTENSION in [one.uri for one in told]

    run(story(), seed=4)


@pytest.mark.parametrize("takes", [True, False])
def test_pictures_are_seen_upright_also_when_the_telephone_is_turned(*, takes: bool) -> None:
    """Whoever turns them: the receiver where it can, else the sender."""

    async def story() -> None:
        async with filmed() as (telephone, a, b):
            await negotiate(a, b, unaltered if takes else without(f"a=extmap:13 {EXTENSION}"))
            await connected(a)
            for degrees in (90, 0, 270, 180):
                telephone.degrees = degrees
                assert await seen(b) == TURNED[degrees]
            (sent,) = a.getSenders()[0].below.statistics()
            assert (sent.video.width, sent.video.height) == (64, 32)
            assert sent.video.keyframes == (1 if takes else 4)

    run(story(), seed=4)


def test_a_picture_that_is_passed_on_as_it_came_keeps_its_rotation() -> None:
    async def story() -> None:
        net = Network(seed=4)
        hosts = [net.host(name) for name in ("alice", "relay", "bob")]
        connections = [hosts[index].connection() for index in (0, 1, 1, 2)]
        async with closing(*connections) as (a, inbound, outbound, b):
            a.addTrack(Telephone())
            await connect(a, inbound)
            outbound.addTrack(inbound.getReceivers()[0].encoded_track())
            await connect(outbound, b)
            assert await seen(b) == TURNED[90]

    run(story(), seed=4)
