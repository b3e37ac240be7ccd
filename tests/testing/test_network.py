"""Whole calls over a simulated network, in virtual time."""

import asyncio

from peer.testing import Network, connect, run

from .support import closing, first_message


def test_two_connections_on_a_lan() -> None:
    async def story() -> None:
        net = Network(seed=1)
        office = net.site("office", nat="port-restricted")
        alice, bob = office.host("alice"), office.host("bob")
        async with closing(alice.connection(), bob.connection()) as (a, b):
            channel = a.createDataChannel("chat")
            channel.on("open", lambda: channel.send("hello"))
            heard = first_message(b)
            await connect(a, b)
            assert await heard == "hello"
            assert asyncio.get_running_loop().time() < 1.0

    run(story())
