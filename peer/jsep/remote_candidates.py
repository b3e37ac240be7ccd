"""Candidates of the peer: which transport they are for, and addIceCandidate (RFC 9429 §4.1.19)."""

from collections.abc import Iterator

from peer.jsep.description import Section, SessionDescription
from peer.jsep.errors import InvalidStateError, JsepTypeError, OperationError
from peer.jsep.signaling import SignalingState
from peer.jsep.state import Outcome, State, outcome
from peer.jsep.wiring import Transport
from sdp import MAX_CANDIDATES, Candidate, MediaSection, SdpError, parse_candidate, replace

TRICKLE = "trickle"


def supports_trickle(description: SessionDescription) -> bool:
    """Tell whether a description announces trickle ICE (RFC 8840 §4.1)."""
    return TRICKLE in description.record.ice.options or any(
        TRICKLE in section.media.ice.options for section in description.sections
    )


def collect_candidates(state: State) -> State:
    """Return the state with each transport given the candidates of its home section.

    Those of sections bundled into another are left out: they belong to transports that the peer
    closes, or are left over from before (RFC 8840 §7).
    """
    descriptions = [one for one in (state.current_remote, state.pending_remote) if one is not None]
    sections = [(one, one.by_mid()) for one in descriptions]
    transports = {}
    for number, transport in state.wiring.transports.items():
        found = [
            (one, by_mid[transport.mid]) for one, by_mid in sections if transport.mid in by_mid
        ]
        transports[number] = _collect(transport, found)
    return replace(state, wiring=replace(state.wiring, transports=transports))


def _collect(transport: Transport, found: list[tuple[SessionDescription, Section]]) -> Transport:
    if transport.remote is None:
        return transport
    candidates = dict.fromkeys(transport.remote_candidates)
    ended = transport.end_of_remote_candidates
    for description, section in found:
        ice = section.media.ice
        if section.rejected or (ice.ufrag, ice.pwd) != transport.remote.credentials:
            continue
        candidates.update(dict.fromkeys(_usable(section.media, transport)))
        ended = ended or ice.end_of_candidates or _has_said_all(description, section)
    kept = tuple(candidates)[:MAX_CANDIDATES]
    return replace(transport, remote_candidates=kept, end_of_remote_candidates=ended)


def _has_said_all(description: SessionDescription, section: Section) -> bool:
    """Tell whether a peer that does not trickle came with its candidates (RFC 8838 §14).

    One that came without any, or that trickles all the same, as Pion and libdatachannel do, has
    more to say.
    """
    as_it_came = description.original is not None
    return as_it_came and bool(section.media.ice.candidates) and not supports_trickle(description)


def _usable(media: MediaSection, transport: Transport) -> Iterator[Candidate]:
    for candidate in media.ice.candidates:
        if candidate.skip_reason is None and candidate.component <= transport.components:
            yield candidate


def add_ice_candidate(
    state: State,
    candidate: str | None,
    *,
    sdp_mid: str | None = None,
    sdp_mline_index: int | None = None,
    username_fragment: str | None = None,
) -> Outcome:
    """Take a candidate that trickled in; None or "" is the end of candidates.

    Without mid and index an end counts for every section, otherwise for that one alone. Raises
    InvalidStateError without a remote description, JsepTypeError when a candidate names no section,
    OperationError when the section or the username fragment is unknown or the text is malformed.
    A candidate for a section that is rejected is ignored (W3C addIceCandidate), and so is one
    more than `MAX_CANDIDATES`, as in descriptions.
    """
    if state.signaling_state is SignalingState.CLOSED:
        raise InvalidStateError("the connection is closed")
    remote = state.remote
    if remote is None:
        raise InvalidStateError("a candidate needs a remote description first")
    text = candidate or ""
    if sdp_mid is None and sdp_mline_index is None:
        if text:
            raise JsepTypeError("a candidate needs sdpMid or sdpMLineIndex")
        indices: tuple[int, ...] = tuple(range(len(remote.sections)))
    else:
        # Some stacks fill in an empty mid where they mean none, or the only section.
        indices = (_find(remote, sdp_mid or None, sdp_mline_index or 0),)
    parsed = _parse(text)
    if parsed is not None and username_fragment is None:
        username_fragment = parsed.ufrag
    return _add(state, parsed, indices, username_fragment)


def _find(remote: SessionDescription, mid: str | None, index: int) -> int:
    """RFC 9429 §4.1.19: the mid goes before the index."""
    if mid is not None:
        section = remote.section(mid)
        if section is None:
            raise OperationError(f"no section has the mid {mid!r}")
        return section.index
    if not 0 <= index < len(remote.sections):
        raise OperationError(f"no section has the index {index}")
    return index


def _parse(text: str) -> Candidate | None:
    if not text:
        return None
    try:
        return parse_candidate(text)
    except SdpError as error:
        raise OperationError(f"the candidate does not parse: {error.reason}") from error


def _add(
    state: State, candidate: Candidate | None, indices: tuple[int, ...], ufrag: str | None
) -> Outcome:
    current, pending = state.current_remote, state.pending_remote
    found = ufrag is None
    # A fragment tells the generation; without one it is that of the latest description.
    if current is not None and (ufrag is not None or pending is None):
        current, matched = _trickle(current, candidate, indices, ufrag)
        found = found or matched
    if pending is not None:
        pending, matched = _trickle(pending, candidate, indices, ufrag)
        found = found or matched
    if not found:
        raise OperationError(f"no section has the username fragment {ufrag!r}")
    new = replace(state, current_remote=current, pending_remote=pending)
    return outcome(state, collect_candidates(new))


def _trickle(
    description: SessionDescription,
    candidate: Candidate | None,
    indices: tuple[int, ...],
    ufrag: str | None,
) -> tuple[SessionDescription, bool]:
    matched = False
    for index in indices:
        if index >= len(description.sections):
            continue
        section = description.sections[index]
        if section.rejected:
            matched = True
        elif ufrag in (None, section.media.ice.ufrag):
            matched = True
            description = _with_candidate(description, section, candidate)
    return description, matched


def _with_candidate(
    description: SessionDescription, section: Section, candidate: Candidate | None
) -> SessionDescription:
    ice = section.media.ice
    if candidate is None:
        ice = replace(ice, end_of_candidates=True)
    elif candidate not in ice.candidates and len(ice.candidates) < MAX_CANDIDATES:
        ice = replace(ice, candidates=(*ice.candidates, candidate))
    if ice == section.media.ice:
        return description
    return description.with_media(section.index, replace(section.media, ice=ice))
