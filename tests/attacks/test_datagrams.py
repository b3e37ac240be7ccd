"""Datagrams of strangers: each costs little, is answered once at most, and no log tells of it."""

import logging
from random import Random

import pytest

from peer.ice import IceAgent, IceParameters, IceRole, TransportAddress, stun
from tests.attacks.cost import DATAGRAM, MARGIN, cpu
from tests.ice.builders import REMOTE, binding_request

LOCAL = TransportAddress("192.0.2.1", 7000)
STRANGER = TransportAddress("203.0.113.66", 4000)
OURS = IceParameters("ours", "o" * 22)
NAMES = f"{OURS.username_fragment}:{REMOTE.username_fragment}"


def _plain(*attributes: tuple[int, bytes], method: int = 1, cls: int = 0) -> bytes:
    """A message of attributes as they come."""
    body = b"".join(
        kind.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value + bytes(-len(value) % 4)
        for kind, value in attributes
    )
    head = ((method & 0xF80) << 2 | (method & 0x70) << 1 | method & 0xF | cls).to_bytes(2, "big")
    return head + len(body).to_bytes(2, "big") + b"\x21\x12\xa4\x42" + b"transaction!" + body


RANDOM = Random(1)
DATAGRAMS = {
    "nothing": b"",
    "a bare request": _plain(),
    "a request for an unknown method": _plain(method=0x0F1),
    "an indication": _plain(cls=0x10),
    "a response": _plain(cls=0x100),
    "an error": _plain(cls=0x110),
    "without credentials": binding_request(None, None),
    "without integrity": binding_request(NAMES, None),
    "another username": binding_request("other:peer", b"key"),
    "a wrong key": binding_request(NAMES, b"key"),
    "unknown attributes": _plain(*((kind, b"") for kind in range(0x4000, 0x4000 + 360))),
    "unknown attributes, signed": binding_request(NAMES, b"key", extra=[(stun.CHANGE_REQUEST, 1)]),
    "one attribute again and again": _plain(*((0x0006, b"ours:peer") for _ in range(90))),
    "attributes nobody requires": _plain(*((0x8000 + n, b"") for n in range(360))),
    "a long username": _plain((0x0006, bytes(1400))),
    "a length that is a lie": _plain()[:2] + b"\xff\xfc" + _plain()[4:],
    "media": b"\x80\x60" + bytes(1400),
    "control": b"\x80\xc8" + bytes(1400),
    "a handshake": b"\x16\xfe\xfd" + bytes(1400),
    "channel data": b"\x40\x00\x05\x78" + bytes(1400),
    "QUIC": b"\xc0" + bytes(1200),
    "noise": RANDOM.randbytes(1400),
    "a giant": b"\x80" + bytes(65_000),
    "a giant request": _plain(*((0x8000, bytes(60)) for _ in range(1000))),
}


def _agent() -> IceAgent:
    agent = IceAgent(role=IceRole.CONTROLLED, entropy=Random(1).randbytes)
    agent.add_stream("0", parameters=OURS)
    agent.add_base("0", 1, LOCAL)
    agent.set_remote_parameters("0", REMOTE)
    agent.handle_timer(now=0.0)
    agent.transmits()
    return agent


@pytest.mark.parametrize("name", DATAGRAMS)
def test_a_stranger_gets_one_answer_of_at_most_twice_its_bytes(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    agent = _agent()
    data = DATAGRAMS[name]
    agent.receive_datagram(data, local=LOCAL, source=STRANGER, now=0.0)
    answers = agent.transmits()
    assert len(answers) <= 1
    assert sum(len(each.data) for each in answers) <= 2 * len(data)
    assert all(each.remote == STRANGER for each in answers)
    assert sum(agent.stats().drops.values()) == (0 if name == "an indication" else 1)
    assert caplog.records == []


@pytest.mark.parametrize("name", DATAGRAMS)
def test_a_datagram_of_a_stranger_costs_little(name: str) -> None:
    agent = _agent()
    data = DATAGRAMS[name]

    def take() -> None:
        agent.receive_datagram(data, local=LOCAL, source=STRANGER, now=0.0)
        agent.transmits()

    assert cpu(take, times=50) < DATAGRAM * MARGIN
