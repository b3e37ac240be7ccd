"""What two ends must agree on when an exchange is over."""

from collections import defaultdict
from typing import TypeAlias

from peer.jsep import DtlsRole, State, Transport
from sdp import Codec
from tests.jsep.ends import End

Memory: TypeAlias = dict[tuple[str, object], int]
"""Payload types and extension ids by what they stood for, per mid."""


def check_agreement(one: End, other: End, memory: Memory) -> None:
    """Compare both ends, and both with what `memory` has of earlier exchanges."""
    a, b = one.state, other.state
    _check_lines(a, b)
    _check_transports(a, b)
    for transceiver in a.transceivers:
        if transceiver.mid is not None:
            _check_media(a, b, transceiver.mid, memory)
    assert (a.wiring.data is None) == (b.wiring.data is None)
    if a.wiring.data is not None and b.wiring.data is not None:
        assert a.wiring.data.mid == b.wiring.data.mid


def _check_lines(a: State, b: State) -> None:
    for state in (a, b):
        assert state.stable is None
        assert state.pending_local is state.pending_remote is None
        assert state.current_local is not None
        assert state.current_remote is not None
        mids = [section.mid for section in state.current_local.sections]
        assert mids == [section.mid for section in state.current_remote.sections]
        assert mids == [slot.mid for slot in state.slots]
        assert len(set(mids)) == len(mids)
        for transceiver in state.transceivers:
            if transceiver.mid is not None:
                assert transceiver.mline_index == mids.index(transceiver.mid)
                assert transceiver.mid in state.wiring.sections
    assert [slot.mid for slot in a.slots] == [slot.mid for slot in b.slots]
    assert [slot.is_data for slot in a.slots] == [slot.is_data for slot in b.slots]
    assert a.wiring.sections.keys() == b.wiring.sections.keys()
    assert a.groups == b.groups


def _check_transports(a: State, b: State) -> None:
    assert a.wiring.controlling is not b.wiring.controlling or not a.wiring.sections
    pairs = {(a.wiring.sections[mid], b.wiring.sections[mid]) for mid in a.wiring.sections}
    # Sections share a transport here exactly when they do there, and no transport is left over.
    assert {first for first, _ in pairs} == a.wiring.transports.keys()
    assert {second for _, second in pairs} == b.wiring.transports.keys()
    assert len(pairs) == len(a.wiring.transports) == len(b.wiring.transports)
    for first, second in pairs:
        _check_pair(a.wiring.transports[first], b.wiring.transports[second])


def _check_pair(a: Transport, b: Transport) -> None:
    assert a.mid == b.mid
    assert a.components == b.components
    for one, other in ((a, b), (b, a)):
        assert one.remote is not None
        assert one.remote.credentials == other.local
    assert a.dtls is not None
    assert b.dtls is not None
    assert {a.dtls.role, b.dtls.role} == set(DtlsRole)
    assert a.dtls.fingerprints != b.dtls.fingerprints
    assert a.dtls.association == b.dtls.association


def _check_media(a: State, b: State, mid: str, memory: Memory) -> None:
    mine = next(one for one in a.transceivers if one.mid == mid)
    theirs = next((one for one in b.transceivers if one.mid == mid), None)
    assert theirs is not None
    assert mine.kind == theirs.kind
    assert mine.current_direction is not None
    assert theirs.current_direction is mine.current_direction.reverse()
    for sender, receiver in (((a, mine), (b, theirs)), ((b, theirs), (a, mine))):
        send = sender[0].wiring.senders.get(sender[1].id)
        receive = receiver[0].wiring.receivers.get(receiver[1].id)
        if send is None or receive is None:
            continue
        assert send.active is receive.active or sender[1].stopping or receiver[1].stopping
        assert _numbers(send.codecs) == _numbers(receive.codecs)
        assert {(one.id, one.uri) for one in send.header_extensions} == {
            (one.id, one.uri) for one in receive.header_extensions
        }
        for codec in send.codecs:
            _remember(memory, mid, _identity(codec), codec.payload_type)
        for extmap in send.header_extensions:
            _remember(memory, mid, extmap.uri, extmap.id)
    _check_unique(a)


def _check_unique(state: State) -> None:
    """One payload type of a transport means one thing (RFC 8859 §4.3)."""
    meaning: dict[tuple[int, int], object] = {}
    extensions: defaultdict[tuple[int, int], set[str]] = defaultdict(set)
    for receive in state.wiring.receivers.values():
        for codec in receive.codecs:
            key = (receive.transport, codec.payload_type)
            assert meaning.setdefault(key, _identity(codec)) == _identity(codec)
        for extmap in receive.header_extensions:
            extensions[receive.transport, extmap.id].add(extmap.uri)
    assert all(len(uris) == 1 for uris in extensions.values())


def _numbers(codecs: tuple[Codec, ...]) -> dict[int, object]:
    return {codec.payload_type: _identity(codec) for codec in codecs}


def _identity(codec: Codec) -> object:
    return (codec.name, codec.clock_rate, codec.channels, codec.parameters)


def _remember(memory: Memory, mid: str, what: object, number: int) -> None:
    """RFC 3264 §8.3.2, RFC 8285 §7: numbers do not change while the section lives."""
    assert memory.setdefault((mid, what), number) == number
