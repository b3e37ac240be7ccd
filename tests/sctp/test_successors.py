"""Channels on numbers whose channel still closes here."""

from peer.sctp import Channel, ChannelState, SctpConfig, SctpDrop
from peer.sctp.channels import MAX_NAMES
from peer.sctp.dcep import Open
from peer.sctp.packets import read_chunks
from peer.sctp.wire import OUTGOING_RESET, RE_CONFIG, RESET_RESPONSE, read_parameters
from tests.sctp.test_channels import DCEP, STRING, Call


def reset_kinds(packet: bytes) -> set[int]:
    """Return the types of the parameters of a packet's RE-CONFIG chunks (RFC 6525 §4)."""
    found = read_chunks(packet)
    chunks = () if found is None else found[0]
    bodies = [packet[start + 4 : end] for kind, _, start, end in chunks if kind == RE_CONFIG]
    return {each.kind for body in bodies for each in read_parameters(body) or ()}


def half_closed(call: Call, closing: Channel) -> None:
    """Have both sides close a channel, but the right not learn that the left has reset it."""
    call.path.left.passes = lambda packet: RESET_RESPONSE not in reset_kinds(packet)
    call.right.close(closing)
    call.path.left.association.reset((0,))
    call.path.run(limit=1.0)
    assert closing.state is ChannelState.CLOSING
    assert closing.incoming_reset


def test_a_channel_behind_one_that_closes_is_reset_where_it_is_not_taken() -> None:
    """It would be open at the peer for ever."""
    call = Call(right=SctpConfig(max_message_size=1 << 18)).connect()
    long = Open(label="l" * 65535, protocol="p" * 65535).serialize()
    most = MAX_NAMES // (2 * 65535)
    for number in range(0, 2 * most, 2):
        call.raw(number, DCEP, long)
    call.path.run(limit=20.0)
    closing, left, right = call.came()[0], call.path.left, call.path.right
    half_closed(call, closing)
    call.raw(0, DCEP, Open(label="l" * 17).serialize())
    call.raw(0, STRING, b"for nobody")
    call.path.run(limit=1.0)
    left.passes = lambda _packet: True
    call.path.run(lambda: closing.state is ChannelState.CLOSED, limit=20.0)
    sent = len(right.sent)
    call.path.run(limit=20.0)
    assert OUTGOING_RESET in {kind for each in right.sent[sent:] for kind in reset_kinds(each)}
    drops = right.association.drops
    assert drops == {SctpDrop.TOO_MANY_CHANNELS: 1, SctpDrop.UNKNOWN_CHANNEL: 1}
    assert len(call.came()) == most


def test_a_channel_that_comes_and_goes_behind_one_that_closes() -> None:
    call = Call().connect()
    call.raw(0, DCEP, Open(label="one").serialize())
    call.path.run(limit=1.0)
    closing, left = call.came()[0], call.path.left
    half_closed(call, closing)
    call.raw(0, DCEP, Open(label="two").serialize())
    call.raw(0, STRING, b"in passing")
    left.association.reset((0,))
    call.path.run(limit=1.0)
    assert closing.state is ChannelState.CLOSING
    left.passes = lambda _packet: True
    call.path.run(limit=20.0)
    _, late = call.came()
    assert call.messages(call.right) == ["in passing"]
    assert call.changes(call.right, late) == ["open", "closing", "closed"]
    assert not call.path.right.association.drops
