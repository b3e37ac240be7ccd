"""Application data: from whom it is taken, and what is told about it (RFC 8445 §12)."""

import pytest

from peer.ice import DataReceived, IceState, PathValidated

from .lab import CONTROLLED, Lab, at, base_of


def test_data_from_an_unknown_source_is_dropped(lab: Lab) -> None:
    """RFC 8445 §19.3: an address that never passed a check may be anyone's."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    stranger = peer.open(6000)
    peer.meet(alice, peer.port.candidate())
    lab.run_until(1)
    stranger.send(b"\x80data", base_of(alice))
    lab.run_until(2)
    assert alice.data() == []


def test_data_is_taken_on_every_path_that_passed_a_check(lab: Lab) -> None:
    """RFC 8445 §12.2: also before nomination, and from pairs that were not selected."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    other = peer.open(6000)
    peer.meet(alice, peer.port.candidate())
    lab.run_until(1)
    other.check(base_of(alice))
    other.send(b"\x80first", base_of(alice))
    lab.run_until(2)
    peer.port.check(base_of(alice), use_candidate=True)
    lab.run_until(3)
    other.send(b"\x80second", base_of(alice))
    lab.run_until(4)
    assert [data for _, data in alice.data()] == [b"\x80first", b"\x80second"]


def test_data_right_behind_the_first_check_is_taken(lab: Lab) -> None:
    """The path is known to be good from the request alone, before any description."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    peer.know(alice.open())
    lab.run_until(1)
    peer.port.check(base_of(alice))
    peer.port.send(b"\x16\xfe\xffhandshake", base_of(alice))
    lab.run_until(2)
    assert alice.data() == [(at(1.01), b"\x16\xfe\xffhandshake")]
    assert alice.times_of(PathValidated) == [at(1.01)]


@pytest.mark.parametrize(
    "first", [0, 1, 2, 3, 4, 15, 16, 19, 20, 63, 64, 79, 80, 127, 128, 191, 192, 255]
)
def test_what_the_first_byte_says(lab: Lab, first: int) -> None:
    """RFC 7983 §7: DTLS, RTP and RTCP are data; ZRTP, QUIC and reserved ranges are not."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    peer.meet(alice)
    lab.run_until(1)
    data = bytes([first]) + b"0123456789012345678901"
    peer.port.send(data, base_of(alice))
    lab.run_until(2)
    is_data = 20 <= first <= 63 or 128 <= first <= 191 or first <= 3
    assert [each for _, each in alice.data()] == ([data] if is_data else [])


def test_garbage_is_survived(lab: Lab) -> None:
    """Whatever arrives, from a good path or elsewhere, the session goes on."""
    alice, peer = lab.agent(role=CONTROLLED), lab.peer(controlling=True)
    stranger = peer.open(6000)
    peer.meet(alice, peer.port.candidate(), end=True)
    peer.port.check(base_of(alice), use_candidate=True)
    lab.run_until(1)
    genuine = alice.arrivals[0].data
    for port in (peer.port, stranger):
        port.send(b"", base_of(alice))
        for length in range(1, len(genuine)):
            port.send(genuine[:length], base_of(alice))
        for position in range(len(genuine)):
            broken = bytearray(genuine)
            broken[position] ^= 0xFF
            port.send(bytes(broken), base_of(alice))
    lab.run_until(60)
    assert alice.state() is IceState.COMPLETED
    assert alice.selected().remote.address == peer.port.address
    assert len(alice.nominated()) == 1


def test_nothing_is_sent_before_a_pair_is_valid(lab: Lab) -> None:
    """RFC 7675 §5.1: consent comes first."""
    alice, peer = lab.agent(), lab.peer()
    peer.on_request = peer.ignore
    peer.meet(alice)
    for _ in range(100):
        assert not alice.send(b"\x80data")
        lab.run(0.1)
    assert alice.log.data() == []


def test_two_components_have_their_own_paths(lab: Lab) -> None:
    """RFC 8445 §4: RTP and RTCP are told apart by the socket they arrive on."""
    call = lab.call(components=(1, 2)).start()
    call.run()
    lab.run(1)
    call.offerer.send(b"\x80rtp", component=1)
    call.offerer.send(b"\x80rtcp", component=2)
    lab.run(1)
    received = [(e.component, e.data) for e in call.answerer.of_type(DataReceived)]
    assert received == [(1, b"\x80rtp"), (2, b"\x80rtcp")]
