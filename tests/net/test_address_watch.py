"""When a driver looks at the addresses again."""

import asyncio

from peer.net import InterfaceAddress, NetConfig
from peer.net.address_watch import AddressWatch

from .support import assert_nothing_left, run


def listed() -> list[InterfaceAddress]:
    """Addresses that no system knows of."""
    return []


def test_a_list_of_somebody_else_s_is_looked_at_every_so_often() -> None:
    async def story() -> None:
        heard = asyncio.Event()
        config = NetConfig(addresses=listed, poll_interval=0.001)
        watch = AddressWatch(asyncio.get_running_loop(), config, heard.set)
        watch.start()
        watch.start()
        for _ in range(2):
            heard.clear()
            await heard.wait()
        watch.close()
        watch.close()
        await assert_nothing_left()

    run(story())


def test_nobody_looks_unless_told() -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        for config in (NetConfig(addresses=listed), NetConfig(watch=False)):
            AddressWatch(loop, config, lambda: None).start()
            await assert_nothing_left()

    run(story())
