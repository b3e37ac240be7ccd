"""What the connection has to do to get from one state to the next, in order.

Creating comes before using, stopping before taking away, and gathering last: it may begin only
when the description is set (RFC 9429 §5.9, W3C "set the local description").
"""

from collections.abc import Iterator, Mapping
from typing import TypeVar

from peer.jsep.model import Transceiver
from peer.jsep.steps import (
    AddRemoteCandidates,
    AddRemoteTrack,
    CancelIceRestart,
    CloseTransport,
    CreateTransceiver,
    CreateTransport,
    DropRtcpComponent,
    EndOfRemoteCandidates,
    Gather,
    Plan,
    RemoveRemoteTrack,
    RestartIce,
    RetagTransport,
    SetReceiver,
    SetRemoteIce,
    SetRemoteStreams,
    SetSender,
    StartDtls,
    StartSctp,
    Step,
    StopReceiver,
    StopSctp,
    StopSender,
    StopTransceiver,
    UpdateSctp,
)
from peer.jsep.wiring import DtlsParameters, Transport, Wiring, same_certificate
from sdp import Candidate

_T = TypeVar("_T")


def make_plan(
    old: Wiring,
    new: Wiring,
    old_transceivers: tuple[Transceiver, ...],
    new_transceivers: tuple[Transceiver, ...],
    *,
    rollback: bool = False,
    provisional: bool = False,
) -> Plan:
    """Return the steps from one wiring to another.

    With `rollback`, local credentials that change are the older ones coming back. With
    `provisional`, what runs was agreed in a provisional answer.
    """
    before = {transceiver.id: transceiver for transceiver in old_transceivers}
    after = {transceiver.id: transceiver for transceiver in new_transceivers}
    return (
        *_created_transceivers(before, after),
        *_created_transports(old, new),
        *_restarts(old, new, rollback=rollback),
        *_stops(old, new, provisional=provisional),
        *_remote_transport(old, new),
        *_starts(old, new, provisional=provisional),
        *_tracks(before, after),
        *(StopTransceiver(number) for number in before if number not in after),
        *(CloseTransport(number) for number in old.transports if number not in new.transports),
        *_gathering(old, new, rollback=rollback),
    )


def _pairs(old: Mapping[int, _T], new: Mapping[int, _T]) -> Iterator[tuple[int, _T, _T]]:
    """Yield what is in both and differs."""
    for number, value in new.items():
        previous = old.get(number)
        if previous is not None and previous != value:
            yield number, previous, value


def _created_transceivers(
    before: Mapping[int, Transceiver], after: Mapping[int, Transceiver]
) -> Iterator[Step]:
    for number, transceiver in after.items():
        if number not in before:
            yield CreateTransceiver(number, transceiver.kind, transceiver.remote_track_id)


def _created_transports(old: Wiring, new: Wiring) -> Iterator[Step]:
    for number, made in new.transports.items():
        if number not in old.transports:
            yield CreateTransport(
                number, made.mid, made.components, made.local, new.controlling is True
            )


def _restarts(old: Wiring, new: Wiring, *, rollback: bool) -> Iterator[Step]:
    for number, before, after in _pairs(old.transports, new.transports):
        if before.local != after.local:
            if rollback:
                yield CancelIceRestart(number, after.local)
            else:
                yield RestartIce(number, after.local)
        if before.mid != after.mid:
            yield RetagTransport(number, after.mid)
        if before.components > after.components:
            yield DropRtcpComponent(number)


def _stops(old: Wiring, new: Wiring, *, provisional: bool) -> Iterator[Step]:
    for number in old.senders:
        if number not in new.senders:
            yield StopSender(number)
    for number in old.receivers:
        if number not in new.receivers:
            yield StopReceiver(number)
    if old.data is not None and not _same_association(old, new, provisional=provisional):
        yield StopSctp()


def _remote_transport(old: Wiring, new: Wiring) -> Iterator[Step]:
    for number, after in new.transports.items():
        before = old.transports.get(number)
        if before == after:
            continue
        yield from _remote_ice(before, after)
        if after.dtls is not None and not _goes_on(before, after.dtls):
            yield StartDtls(number, after.dtls)


def _goes_on(before: Transport | None, dtls: DtlsParameters) -> bool:
    """Tell whether the association is the one there was; its role may be signalled anew."""
    if before is None or before.dtls is None:
        return False
    return before.dtls.association == dtls.association


def _remote_ice(before: Transport | None, after: Transport) -> Iterator[Step]:
    if after.remote is None:
        return
    known: frozenset[Candidate] = frozenset()
    ended = False
    if before is not None and _same_generation(before, after):
        known = frozenset(before.remote_candidates)
        ended = before.end_of_remote_candidates
    if before is None or before.remote != after.remote:
        yield SetRemoteIce(after.id, after.remote)
    fresh = tuple(one for one in after.remote_candidates if one not in known)
    if fresh:
        yield AddRemoteCandidates(after.id, fresh)
    if after.end_of_remote_candidates and not ended:
        yield EndOfRemoteCandidates(after.id)


def _same_generation(before: Transport, after: Transport) -> bool:
    return (
        before.remote is not None
        and after.remote is not None
        and before.remote.credentials == after.remote.credentials
    )


def _starts(old: Wiring, new: Wiring, *, provisional: bool) -> Iterator[Step]:
    for number, receive in new.receivers.items():
        if old.receivers.get(number) != receive:
            yield SetReceiver(number, receive)
    for number, send in new.senders.items():
        if old.senders.get(number) != send:
            yield SetSender(number, send)
    if new.data is None:
        return
    if not _same_association(old, new, provisional=provisional):
        yield StartSctp(new.data)
    elif new.data != old.data:
        yield UpdateSctp(new.data)


def _same_association(old: Wiring, new: Wiring, *, provisional: bool) -> bool:
    """RFC 9429 §5.11: another port is another association; so is another section or endpoint.

    A provisional answer has not settled the endpoint: what waits for one waits on.
    """
    if old.data is None or new.data is None:
        return False
    before, after = old.data, new.data
    if (before.mid, before.local_port, before.remote_port) != (
        after.mid,
        after.local_port,
        after.remote_port,
    ):
        return False
    dtls = old.transports[before.transport].dtls, new.transports[after.transport].dtls
    if provisional or dtls[0] is None or dtls[1] is None:
        return True
    return same_certificate(dtls[0].fingerprints, dtls[1].fingerprints)


def _tracks(before: Mapping[int, Transceiver], after: Mapping[int, Transceiver]) -> Iterator[Step]:
    for number, transceiver in after.items():
        previous = before.get(number)
        fired = previous is not None and _receives(previous)
        if _receives(transceiver):
            known = previous.remote_streams if previous is not None and fired else None
            if known is None or not set(known).issuperset(transceiver.remote_streams):
                yield AddRemoteTrack(number, transceiver.remote_streams)
            elif known != transceiver.remote_streams:
                yield SetRemoteStreams(number, transceiver.remote_streams)
        elif fired:
            yield RemoveRemoteTrack(number)
    for number, previous in before.items():
        if number not in after and _receives(previous):
            yield RemoveRemoteTrack(number)


def _receives(transceiver: Transceiver) -> bool:
    return transceiver.fired_direction is not None and transceiver.fired_direction.receives


def _gathering(old: Wiring, new: Wiring, *, rollback: bool) -> Iterator[Step]:
    for number, transport in new.transports.items():
        before = old.transports.get(number)
        if before is None or (before.local != transport.local and not rollback):
            yield Gather(number)
