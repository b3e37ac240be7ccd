"""Another SSRC for a source of ours that collided with one of the peer's (RFC 3550 §8.2)."""

from typing import Any, Literal, TypeAlias

from peer.jsep.credentials import Entropy, make_ssrc
from peer.jsep.model import Transceiver
from peer.jsep.state import Outcome, State, outcome
from peer.jsep.wiring import Wiring
from sdp import replace

MAX_FORMER = 8
"""Former SSRCs that a transceiver remembers: a peer may bring about any number."""

Source: TypeAlias = Literal["ssrc", "rtx_ssrc", "fec_ssrc"]
"""One of the sources of a sender, by its name in a `Transceiver` and in `SendParameters`."""


def change_source(state: State, mid: str, source: Source, *, entropy: Entropy) -> Outcome:
    """Give a source of a section another SSRC, which later descriptions have.

    Where several encodings are sent, all of them have another. Nothing changes for a section that
    is not there any more.
    """
    one = next((one for one in state.transceivers if one.mid == mid), None)
    if one is None:
        return Outcome(state, ())
    fresh, known = make_ssrc(entropy), _known(state)
    while fresh in known:
        fresh = fresh % 0xFFFFFFFF + 1
    return outcome(state, _changed(state, one.id, source, fresh))


def _known(state: State) -> set[int]:
    """Return the SSRCs that are taken, and those that were (RFC 5576 §5)."""
    remote = state.remote
    known = {
        one.ssrc
        for section in (remote.sections if remote is not None else ())
        for one in section.media.ssrcs
    }
    for one in state.transceivers:
        known.update((one.ssrc, one.rtx_ssrc, one.fec_ssrc))
        known.update(before for _, before in one.former_ssrcs)
    return known


def _changed(state: State, number: int, source: Source, ssrc: int) -> State:
    """Return the state with the SSRC, and so what a rollback returns to."""
    return replace(
        state,
        transceivers=tuple(
            _renamed(one, source, ssrc) if one.id == number else one for one in state.transceivers
        ),
        wiring=_rewired(state.wiring, number, source, ssrc),
        stable=state.stable and _changed(state.stable, number, source, ssrc),
    )


def _renamed(transceiver: Transceiver, source: Source, ssrc: int) -> Transceiver:
    former = (*transceiver.former_ssrcs, (ssrc, getattr(transceiver, source)))
    changes: dict[str, Any] = {source: ssrc, "former_ssrcs": former[-MAX_FORMER:]}
    return replace(transceiver, **changes)


def _rewired(wiring: Wiring, number: int, source: Source, ssrc: int) -> Wiring:
    senders, receivers = dict(wiring.senders), dict(wiring.receivers)
    if number in senders and getattr(senders[number], source) is not None:
        changes: dict[str, Any] = {source: ssrc}
        senders[number] = replace(senders[number], **changes)
    if number in receivers and source == "ssrc":
        receivers[number] = replace(receivers[number], rtcp_ssrc=ssrc)
    return replace(wiring, senders=senders, receivers=receivers)
