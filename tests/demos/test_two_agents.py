"""The demo of two ICE agents, over real sockets on loopback."""

from demos.two_agents import connect


def test_the_agents_hear_each_other() -> None:
    assert connect() == (b"hello from bob", b"hello from alice")
