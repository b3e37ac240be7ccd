"""Calls with sound over bad networks."""

import asyncio

from peer.testing import Conditions, Network, ToneTrack, connect, run

from .support import Heard, closing


def test_voice_over_a_clean_line() -> None:
    async def story() -> None:
        net = Network(seed=1)
        line = Conditions(delay=0.02)
        alice, bob = net.host("alice", link=line), net.host("bob", link=line)
        async with closing(alice.connection(), bob.connection()) as (a, b):
            a.addTrack(ToneTrack())
            heard = Heard(b)
            await connect(a, b)
            await asyncio.sleep(10)
            assert len(heard.times) in (500, 501)
            assert heard.samples == len(heard.times) * 960
            assert heard.longest_gap < 0.021

    run(story())
