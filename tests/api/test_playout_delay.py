"""What a sender asks of its peer's delay, in whole calls in virtual time."""

import asyncio

import pytest

from peer.testing import Conditions, Network, PictureTrack, connect, run
from peer.transports import MediaConfig
from tests.testing.support import Seen, closing, now


@pytest.mark.parametrize("delay", [None, (0.0, 0.0), (0.3, 0.4)])
def test_pictures_are_shown_when_their_sender_wants_it(delay: tuple[float, float] | None) -> None:
    """Of a receiver that plays them evenly, which is what browsers do."""

    async def story() -> None:
        net = Network(seed=5)
        sending, playing = MediaConfig(playout_delay=delay), MediaConfig(even_pace=True)
        line = Conditions(delay=0.02, jitter=0.06)
        alice = net.host("alice", link=line).connection(media=sending)
        bob = net.host("bob").connection(media=playing)
        async with closing(alice, bob):
            alice.addTransceiver(PictureTrack(), {"direction": "sendonly"})
            seen = Seen(bob)
            await connect(alice, bob)
            await asyncio.sleep(6)
            begun = now()
            (stream,) = alice.getSenders()[0].below.statistics()
            await asyncio.sleep(1)
            assert stream.packets_sent
            report = await bob.getStats()
            (found,) = [one for one in report.values() if one.type == "inbound-rtp"]
            held = found.jitterBufferDelay / found.jitterBufferEmittedCount  # type: ignore[attr-defined]
            assert seen.times[-1] > begun
            if delay == (0.3, 0.4):
                assert held > 0.2
            elif delay == (0.0, 0.0):
                # Their own packets take a while to come.
                assert held < 0.025
            else:
                assert 0.035 < held < 0.2

    run(story(), seed=5)
