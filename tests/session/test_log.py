"""The log: five lines of a life at INFO, each step at DEBUG, nothing secret in either."""

import asyncio
import logging
import re

import pytest

from peer.testing import Network, ToneTrack, connect, run

CREDENTIAL = "hush-hush-nobody-knows"


async def lost_call() -> None:
    """A call with sound and data over a relay, whose line is cut, then closed."""
    net = Network(seed=3)
    net.turn_server(credential=CREDENTIAL)
    alice, bob = net.host("alice", nat="symmetric"), net.host("bob", nat="symmetric")
    a, b = alice.connection(), bob.connection()
    a.addTrack(ToneTrack())
    await connect(a, b)
    bob.line.cut()
    await asyncio.sleep(60)
    await a.close()
    await b.close()


def lines(caplog: pytest.LogCaptureFixture, level: int) -> list[str]:
    """The lines of the first connection that was made, without its id."""
    told = [
        r.getMessage() for r in caplog.records if r.name.startswith("peer") and r.levelno == level
    ]
    first = told[0].split()[0]
    assert re.fullmatch(r"\[PC_\d+\]", first)
    return [line.removeprefix(f"{first} ") for line in told if line.startswith(first)]


def test_the_lines_of_a_life(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="peer")
    run(lost_call())
    told = lines(caplog, logging.INFO)
    patterns = [
        "created",
        "local description set: offer",
        "remote description set: answer",
        r"connected in 0\.\d{3} s over \w+ \S+ udp to \w+ \S+ udp",
        "disconnected: nothing comes from the peer",
        "failed: no candidate pair succeeded",
        "closed",
    ]
    assert len(told) == len(patterns), told
    for line, pattern in zip(told, patterns, strict=True):
        assert re.fullmatch(pattern, line), line


def test_each_step_for_who_asks(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="peer")
    run(lost_call())
    told = lines(caplog, logging.DEBUG)
    assert {line[:2] for line in told} == {"> ", "< ", "= ", ". ", "! ", "x "}
    assert "> setRemoteDescription answer (audio)" in told
    assert any(line.startswith("= check nominating=") for line in told)
    assert any(line.startswith("< onconnectionstatechange failed") for line in told)


def test_nothing_secret_is_in_it(caplog: pytest.LogCaptureFixture) -> None:
    """Not the credential of the relay, no password of ICE, no key: nothing as long as these."""
    caplog.set_level(logging.DEBUG, logger="peer")
    run(lost_call())
    assert CREDENTIAL not in caplog.text
    assert "ice-pwd" not in caplog.text
    assert "crypto" not in caplog.text
    assert "password" not in caplog.text


def test_nothing_is_written_unless_it_is_asked_for(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, logger="peer")
    run(lost_call())
    assert caplog.records == []
