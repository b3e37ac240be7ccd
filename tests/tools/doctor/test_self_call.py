"""A machine that calls itself."""

import asyncio
from typing import Any

import pytest

from peer.net import MACHINE
from peer.testing import Network, run
from peer.testing.internet import BLOCK_UDP
from tools.command.doctor import self_call
from tools.command.doctor.report import Status
from tools.command.doctor.self_call import SelfCall, call_self, judge_self_call


def called(**settings: Any) -> SelfCall:
    async def story() -> SelfCall:
        return await call_self(Network().host("alice", **settings).system)

    return run(story())


@pytest.mark.parametrize(
    "settings",
    [{}, {"nat": "symmetric"}, {"firewall": BLOCK_UDP}],
    ids=["public", "symmetric", "no UDP"],
)
def test_it_reaches_itself_whatever_is_around(settings: dict[str, Any]) -> None:
    found = called(**settings)
    assert found.why == ""
    check = judge_self_call(found)
    assert check.status is Status.PASS
    assert "100 messages there and back" in check.words


@pytest.mark.interop
def test_it_does_on_a_real_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(self_call, "BOUND", 60)
    assert judge_self_call(asyncio.run(call_self(MACHINE))).status is Status.PASS


def test_what_does_not_connect_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    async def lose(*_: object) -> None:
        """Exchange nothing."""

    monkeypatch.setattr(self_call, "_exchange", lose)
    check = judge_self_call(called())
    assert (check.status, check.words) == (Status.FAIL, "does not connect")
    assert check.evidence[0].startswith("It is not connected yet")


def test_what_loses_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    async def lose(*_: object) -> None:
        raise ConnectionError("gone")

    monkeypatch.setattr(self_call, "_echo", lose)
    found = called()
    assert found.opened is not None
    check = judge_self_call(found)
    assert (check.words, check.evidence) == (
        "connects, and loses messages",
        ("ConnectionError: gone",),
    )
