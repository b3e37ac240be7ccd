"""Restriction identifiers and simulcast in offer/answer (RFC 8853 §5.3, RFC 9429 §5.2.1)."""

from collections.abc import Sequence

from peer.jsep.errors import InvalidAccessError
from peer.jsep.model import Encoding, Transceiver
from sdp import MediaSection, Rid, RidDirection, Simulcast, SimulcastRid, replace

MAX_RECEIVED = 4
"""Encodings of a track that are taken; receivers follow no more."""


def send_lines(encodings: Sequence[Encoding]) -> tuple[tuple[Rid, ...], Simulcast | None]:
    """Return the a=rid lines and the a=simulcast line for what a sender offers or answers."""
    named = [(one.rid, one.active) for one in encodings if one.rid is not None]
    rids = tuple(Rid(rid, RidDirection.SEND) for rid, _ in named)
    if len(rids) < 2:
        return rids, None
    streams = tuple((SimulcastRid(rid, paused=not active),) for rid, active in named)
    return rids, Simulcast(send=streams)


def requested_encodings(transceiver: Transceiver, offered: MediaSection) -> tuple[Encoding, ...]:
    """Return the encodings to answer with when the peer offers to receive simulcast.

    A transceiver of addTrack or of this very offer takes the peer's list, each stream reduced to
    its first alternative that a=rid describes; one with rids of its own keeps those the peer wants.
    """
    if offered.simulcast is None or not offered.simulcast.recv:
        return tuple(one for one in transceiver.encodings if one.rid is None)[:1]
    known = {rid.id for rid in offered.rids if rid.direction is RidDirection.RECV}
    found: dict[str, Encoding] = {}
    for alternatives in offered.simulcast.recv:
        one = next((one for one in alternatives if one.rid in known), None)
        if one is not None:
            found.setdefault(one.rid, Encoding(one.rid, active=not one.paused))
    wanted = tuple(found.values())
    if any(one.rid is not None for one in transceiver.encodings):
        return tuple(one for one in transceiver.encodings if one.rid in found)
    unused = transceiver.current_direction is None
    return wanted if unused and (transceiver.by_add_track or transceiver.by_remote) else ()


def received_lines(section: MediaSection, offered: MediaSection) -> MediaSection:
    """Return an answer that takes the simulcast which is offered (RFC 8853 §5.3.2).

    Of each stream that is the first alternative that a=rid describes, with a payload type that the
    answer has.
    """
    if offered.simulcast is None:
        return section
    formats = {codec.payload_type for codec in section.codecs}
    known: dict[str, Rid] = {}
    for rid in offered.rids:
        numbers = tuple(number for number in rid.payload_types if number in formats)
        if rid.direction is RidDirection.SEND and (numbers or not rid.payload_types):
            known[rid.id] = replace(rid, direction=RidDirection.RECV, payload_types=numbers)
    taken: dict[str, Rid] = {}
    for alternatives in offered.simulcast.send:
        first = next((known[one.rid] for one in alternatives if one.rid in known), None)
        if first is not None and len(taken) < MAX_RECEIVED:
            taken.setdefault(first.id, first)
    return _with_received(section, tuple(taken.values()))


def kept_lines(section: MediaSection, previous: MediaSection) -> MediaSection:
    """Return an offer that goes on to receive the simulcast of the description before it."""
    return _with_received(
        section, tuple(rid for rid in previous.rids if rid.direction is RidDirection.RECV)
    )


def _with_received(section: MediaSection, rids: tuple[Rid, ...]) -> MediaSection:
    if not rids:
        return section
    sent = () if section.simulcast is None else section.simulcast.send
    streams = tuple((SimulcastRid(rid.id),) for rid in rids)
    return replace(
        section, rids=(*section.rids, *rids), simulcast=Simulcast(send=sent, recv=streams)
    )


def has_sent_rids(section: MediaSection) -> bool:
    """Tell whether a description names encodings that are sent."""
    return any(rid.direction is RidDirection.SEND for rid in section.rids)


def agreed_rids(local: MediaSection, remote: MediaSection) -> tuple[str, ...]:
    """Return the rids this side sends, in the order of the local description."""
    theirs = _rids(remote, RidDirection.RECV)
    return tuple(rid for rid in _rids(local, RidDirection.SEND) if rid in theirs)


def check_answered_rids(offered: MediaSection, answered: MediaSection) -> None:
    """Check that an answer takes a part of the offered rids, in their order (W3C).

    Raises InvalidAccessError.
    """
    mine = _rids(offered, RidDirection.SEND)
    theirs = _rids(answered, RidDirection.RECV)
    if mine and theirs != [rid for rid in mine if rid in theirs]:
        raise InvalidAccessError("the answer renames or reorders the rids of a simulcast")


def _rids(media: MediaSection, direction: RidDirection) -> list[str]:
    """Return the rids of one direction that are described, in order and each once."""
    known = dict.fromkeys(rid.id for rid in media.rids if rid.direction is direction)
    if media.simulcast is None:
        return list(known)
    send = direction is RidDirection.SEND
    streams = media.simulcast.send if send else media.simulcast.recv
    named = dict.fromkeys(one.rid for alternatives in streams for one in alternatives)
    return [rid for rid in named if rid in known]


def negotiated_encodings(
    transceiver: Transceiver, local: MediaSection, remote: MediaSection
) -> Transceiver:
    """Return the transceiver with the encodings an answer leaves of those it offers to send.

    Without simulcast in the answer only the first is left (RFC 8853 §5.3.3); it keeps its rid.
    """
    agreed = agreed_rids(local, remote)
    offered = _rids(local, RidDirection.SEND)
    if not offered:
        return transceiver
    if transceiver.encodings[0].rid is None:
        streams = local.simulcast.send if local.simulcast is not None else ()
        paused = {one.rid for alternatives in streams for one in alternatives if one.paused}
        encodings = tuple(Encoding(rid, active=rid not in paused) for rid in agreed)
    else:
        encodings = tuple(one for one in transceiver.encodings if one.rid in agreed)
    return replace(transceiver, encodings=encodings or transceiver.encodings[:1])
