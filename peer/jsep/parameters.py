"""What senders, receivers and SCTP are told after an answer (RFC 9429 §5.11)."""

from collections.abc import Mapping

from peer.jsep.codecs import is_flexfec, is_rtx, mutual_codecs, received_codecs
from peer.jsep.description import Section, SessionDescription
from peer.jsep.extensions import mutual_extensions, usable_extensions
from peer.jsep.model import Transceiver
from peer.jsep.simulcast import agreed_rids
from peer.jsep.state import State
from peer.jsep.wiring import DataParameters, ReceiveParameters, SendParameters, Wiring
from sdp import SctpAttributes, replace, transport_independent_bandwidth


def wire_media(
    state: State, wiring: Wiring, local: SessionDescription, remote: SessionDescription
) -> Wiring:
    """Return the wiring with the parameters of everything that runs over its transports.

    A sender or receiver is there from the first time its direction asks for it; when it pauses it
    stays, inactive, because RTCP goes on (RFC 3264 §5.1).
    """
    mine, theirs = local.by_mid(), remote.by_mid()
    receivers: dict[int, ReceiveParameters] = {}
    senders: dict[int, SendParameters] = {}
    for one in state.transceivers:
        if one.mid is None or one.mid not in wiring.sections or one.stopping:
            continue
        sections = (mine[one.mid], theirs[one.mid])
        receive = _receive(state, wiring, one, *sections)
        if receive.active or one.id in state.wiring.receivers:
            receivers[one.id] = receive
        send = _send(state, wiring, one, *sections)
        if send.active or one.id in state.wiring.senders:
            senders[one.id] = send
    data = _data(state, wiring, mine, theirs)
    return replace(wiring, receivers=receivers, senders=senders, data=data)


def _receive(
    state: State, wiring: Wiring, transceiver: Transceiver, local: Section, remote: Section
) -> ReceiveParameters:
    mine, theirs = local.media, remote.media
    current = transceiver.current_direction
    return ReceiveParameters(
        mid=local.mid,
        transport=wiring.sections[local.mid],
        active=current is not None and current.receives,
        codecs=received_codecs(mine.codecs, theirs.codecs),
        header_extensions=usable_extensions(
            mutual_extensions(mine.extmaps, theirs.extmaps), sending=False
        ),
        reduced_size=mine.rtcp.rsize and theirs.rtcp.rsize,
        rtcp_ssrc=transceiver.ssrc,
        cname=state.cname,
        ssrcs=tuple(ssrc.ssrc for ssrc in theirs.ssrcs),
        ssrc_groups=theirs.ssrc_groups,
    )


def _send(
    state: State, wiring: Wiring, transceiver: Transceiver, local: Section, remote: Section
) -> SendParameters:
    mine, theirs = local.media, remote.media
    current = transceiver.current_direction
    codecs = mutual_codecs(theirs.codecs, mine.codecs)
    # The peer's direction is the other way round from ours.
    extensions = usable_extensions(mutual_extensions(theirs.extmaps, mine.extmaps), sending=False)
    return SendParameters(
        mid=local.mid,
        transport=wiring.sections[local.mid],
        active=current is not None and current.sends,
        codecs=codecs,
        header_extensions=extensions,
        reduced_size=mine.rtcp.rsize and theirs.rtcp.rsize,
        ssrc=transceiver.ssrc,
        rtx_ssrc=transceiver.rtx_ssrc if any(map(is_rtx, codecs)) else None,
        fec_ssrc=transceiver.fec_ssrc if any(map(is_flexfec, codecs)) else None,
        cname=state.cname,
        rids=agreed_rids(mine, theirs),
        max_bitrate=transport_independent_bandwidth(theirs.bandwidths),
        packet_time=theirs.ptime,
        max_packet_time=theirs.maxptime,
    )


def _data(
    state: State, wiring: Wiring, mine: Mapping[str, Section], theirs: Mapping[str, Section]
) -> DataParameters | None:
    mid = next((slot.mid for slot in state.slots if slot.is_data), None)
    if mid is None or mid not in wiring.sections:
        return None
    local, remote = mine[mid].media, theirs[mid].media
    return DataParameters(
        mid,
        wiring.sections[mid],
        local.sctp_port or state.configuration.sctp_port,
        remote.sctp_port or state.configuration.sctp_port,
        remote.max_message_size,
        *_initiations(local.sctp, remote.sctp),
    )


def _initiations(
    local: SctpAttributes, remote: SctpAttributes
) -> tuple[bytes | None, bytes | None]:
    """Return the INIT chunks of both sides where both have one (draft-hancke-tsvwg-snap).

    libdatachannel returns lines of an offer that it does not know: then the peer's is ours.
    """
    if None in (local.init, remote.init) or local.init == remote.init:
        return None, None
    return local.init, remote.init
