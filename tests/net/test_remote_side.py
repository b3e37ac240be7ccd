"""Remote candidates behind names: other candidates do not wait, secrets stay secret."""

import asyncio
from dataclasses import replace
from typing import Any

from peer.ice import (
    Candidate,
    CandidateGathered,
    CandidateType,
    GatherPolicy,
    IceConfig,
    IceRole,
    IceState,
    RemoteParameters,
    TransportAddress,
    TransportProtocol,
)
from peer.net import Mdns, MdnsSettings

from .support import Side, assert_nothing_left, eventually, net, pair, run

NAME = "1b8bf1a4-6f43-4d3a-9c0e-1d2c3b4a5f60.local"
REMOTE = RemoteParameters("abcd", "p" * 22)


class Names(Mdns):
    """Knows some names, and lets the test say when it answers."""

    def __init__(self, **known: str) -> None:
        super().__init__(asyncio.get_running_loop(), MdnsSettings(interfaces=()))
        self.known = {f"{NAME[: -len(key)]}{key}": host for key, host in known.items()}
        self.answering = asyncio.Event()
        self.asked: list[str] = []

    async def resolve(self, name: str, *, within: float = 3.0) -> str | None:
        self.asked.append(name)
        await self.answering.wait()
        return self.known.get(name)


def _hidden(name: str = NAME, port: int = 5000) -> Candidate:
    address = TransportAddress(name, port)
    return Candidate("1", 1, TransportProtocol.UDP, 2130706431, address, CandidateType.HOST)


def _remotes(side: Side) -> list[Any]:
    return [each for each in side.driver.stats().candidates if each.remote]


def test_connecting_through_names_alone() -> None:
    """Each side gives out a name; the other finds it, and no statistics show the address."""

    async def story() -> None:
        names = Names()
        names.answering.set()
        names.resolve = lambda name, **_: _look_up(names, name)  # type: ignore[method-assign]
        config = net(hide_addresses=True, mdns=names)
        one, other = pair(config, config)
        for side, peer in ((one, other), (other, one)):
            side.driver.gather()
            side.meet(peer)
        await one.reached(IceState.COMPLETED)
        await other.reached(IceState.COMPLETED)
        for side in (one, other):
            (event,) = side.of(CandidateGathered)
            assert event.candidate.address.host.endswith(".local")
            assert [each.address for each in _remotes(side)] == [None]
        assert one.driver.send("0", 1, b"\x80hidden")
        assert await other.received() == [b"\x80hidden"]
        await one.close()
        await other.close()
        await assert_nothing_left()

    async def _look_up(names: Names, name: str) -> str | None:
        return names._responder.host_of(name)

    run(story())


def test_other_candidates_do_not_wait_but_the_end_does() -> None:
    """mdns draft §3.2.1: resolving happens in the background."""

    async def story() -> None:
        names = Names(local="127.0.0.1")
        one = Side(IceRole.CONTROLLING, config=net(mdns=names))
        one.driver.set_remote_parameters("0", REMOTE)
        one.driver.add_remote_candidate("0", _hidden())
        plain = replace(_hidden(), address=TransportAddress("127.0.0.1", 6000))
        one.driver.add_remote_candidate("0", plain)
        one.driver.end_of_remote_candidates("0")
        one.driver.gather()
        await one.reached(IceState.CHECKING)
        assert [each.port for each in _remotes(one)] == [6000]
        generation: Any = one.driver._agent._session.streams["0"].current
        assert not generation.remote_ended
        names.answering.set()
        await eventually(lambda: [each.port for each in _remotes(one)] == [6000, 5000])
        assert generation.remote_ended
        await one.close()
        await assert_nothing_left()

    run(story())


def test_names_that_are_not_to_be_resolved() -> None:
    """mdns draft §3.2.1, and §3.3: with relays only there is nothing to pair them with."""

    async def story() -> None:
        names = Names()
        relayed = IceConfig(allow_loopback=True, gather_policy=GatherPolicy.RELAY)
        sides = [
            Side(IceRole.CONTROLLING, config=net(mdns=names), ice=relayed),
            Side(IceRole.CONTROLLING, config=net(mdns=names, resolve_names=False)),
        ]
        for side in sides:
            side.driver.add_remote_candidate("0", _hidden())
        strict = Side(IceRole.CONTROLLING, config=net(mdns=names))
        strict.driver.add_remote_candidate("0", _hidden("printer.local"))
        await asyncio.sleep(0)
        assert names.asked == []
        for side in (*sides, strict):
            await side.close()
        await assert_nothing_left()

    run(story())


def test_a_name_found_after_a_restart_is_stale() -> None:
    async def story() -> None:
        names = Names(local="127.0.0.1")
        one = Side(IceRole.CONTROLLING, config=net(mdns=names))
        one.driver.set_remote_parameters("0", REMOTE)
        one.driver.add_remote_candidate("0", _hidden())
        one.driver.end_of_remote_candidates("0")
        (task,) = one.driver._remote.tasks
        await asyncio.sleep(0)
        one.driver.restart("0")
        names.answering.set()
        await task
        assert _remotes(one) == []
        await one.close()
        await assert_nothing_left()

    run(story())


def test_closing_while_a_name_is_looked_for() -> None:
    async def story() -> None:
        names = Names()
        one = Side(IceRole.CONTROLLING, config=net(mdns=names))
        one.driver.add_remote_candidate("0", _hidden())
        await asyncio.sleep(0)
        assert names.asked == [NAME]
        assert names._users == 1
        await one.close()
        assert names._users == 0
        await assert_nothing_left()

    run(story())


def test_a_peer_cannot_make_us_ask_without_end() -> None:
    async def story() -> None:
        names = Names()
        one = Side(IceRole.CONTROLLING, config=net(mdns=names))
        for number in range(100):
            one.driver.add_remote_candidate("0", _hidden(f"{number:08x}{NAME[8:]}"))
        await asyncio.sleep(0)
        assert len(names.asked) == 32
        await one.close()
        await assert_nothing_left()

    run(story())
