"""What the application reads: descriptions (RFC 9429 §4.1.13 to §4.1.16), and transports."""

from collections.abc import Mapping
from typing import NamedTuple

from peer.jsep.candidates import NOTHING_GATHERED, Gathered, with_candidates
from peer.jsep.description import SessionDescription
from peer.jsep.signaling import SdpType
from peer.jsep.state import State
from peer.jsep.wiring import Transport
from sdp import redact


class DescriptionView(NamedTuple):
    """Type and text of a description."""

    type: SdpType
    text: str

    def __repr__(self) -> str:
        return f"DescriptionView({self.type!r}, {redact(self.text)!r})"


def local_description(
    state: State, gathered: Mapping[int, Gathered] = NOTHING_GATHERED
) -> DescriptionView | None:
    """Return the pending local description, else the current one, with candidates so far."""
    return _view(state, state.local, gathered)


def current_local_description(
    state: State, gathered: Mapping[int, Gathered] = NOTHING_GATHERED
) -> DescriptionView | None:
    """Return the local description of the last finished exchange, with candidates so far."""
    return _view(state, state.current_local, gathered)


def pending_local_description(
    state: State, gathered: Mapping[int, Gathered] = NOTHING_GATHERED
) -> DescriptionView | None:
    """Return the local description that waits for an answer, with candidates so far."""
    return _view(state, state.pending_local, gathered)


def remote_description(state: State) -> DescriptionView | None:
    """Return the pending remote description, else the current one; trickled candidates included."""
    return _plain(state.remote)


def current_remote_description(state: State) -> DescriptionView | None:
    """Return the remote description of the last finished exchange."""
    return _plain(state.current_remote)


def pending_remote_description(state: State) -> DescriptionView | None:
    """Return the remote description that waits for an answer."""
    return _plain(state.pending_remote)


def transport_of_section(state: State, mid: str) -> Transport | None:
    """Return what a section runs over, or is offered on while our offer waits for its answer."""
    running = state.wiring.transport_of(mid)
    offer = state.pending_local
    section = None if offer is None else offer.section(mid)
    if running is not None or section is None or section.rejected:
        return running
    homes = state.wiring.by_home()
    tag = section.tag or mid
    return homes.get(mid) or state.wiring.transport_of(tag) or homes.get(tag)


def _view(
    state: State, description: SessionDescription | None, gathered: Mapping[int, Gathered]
) -> DescriptionView | None:
    if description is None:
        return None
    return _plain(with_candidates(state.wiring, description, gathered))


def _plain(description: SessionDescription | None) -> DescriptionView | None:
    return None if description is None else DescriptionView(description.type, description.text)
