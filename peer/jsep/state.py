"""State of the engine: one frozen record that every operation takes and returns anew."""

from collections.abc import Mapping
from dataclasses import field
from typing import NamedTuple

from peer.jsep.credentials import (
    Entropy,
    IceCredentials,
    make_identifier,
    make_session_id,
)
from peer.jsep.description import SessionDescription
from peer.jsep.model import Configuration, Slot, Transceiver
from peer.jsep.plan import make_plan
from peer.jsep.signaling import SignalingState
from peer.jsep.steps import Plan
from peer.jsep.wiring import EMPTY_WIRING, Wiring
from peer.records import dataclass
from sdp import Codec, Description, replace

_PROVISIONAL = (SignalingState.HAVE_LOCAL_PRANSWER, SignalingState.HAVE_REMOTE_PRANSWER)


class Created(NamedTuple):
    """What createOffer or createAnswer returned last, and what it stands on.

    `slots` are the m-lines it has, `basis` is what it was made of, `answers` the offer
    that it answers.
    """

    text: str
    description: SessionDescription
    slots: tuple[Slot, ...]
    basis: tuple[object, ...]
    answers: Description | None

    def __repr__(self) -> str:
        return f"Created({self.description!r})"

    def is_valid(self, state: "State") -> bool:
        """Tell whether nothing it was made of has changed (W3C setLocalDescription)."""
        return self.basis == state.basis and self.answers == state.offer_to_answer


@dataclass(frozen=True, slots=True)
class State:
    """All that offer/answer depends on.

    `transceivers` are those not stopped, in creation order. `slots` has one entry per m-line.
    `groups` are the BUNDLE groups of the last answer. `payload_types` and `extension_ids` are what
    the numbers have stood for in this session. `stable` is the state a rollback returns to.
    """

    configuration: Configuration
    session_id: int
    cname: str
    default_stream: str
    signaling_state: SignalingState = SignalingState.STABLE
    transceivers: tuple[Transceiver, ...] = ()
    next_transceiver: int = 0
    data_channel: bool = False
    slots: tuple[Slot, ...] = ()
    used_mids: frozenset[str] = frozenset()
    wiring: Wiring = EMPTY_WIRING
    next_transport: int = 0
    groups: tuple[tuple[str, ...], ...] = ()
    current_local: SessionDescription | None = None
    current_remote: SessionDescription | None = None
    pending_local: SessionDescription | None = None
    pending_remote: SessionDescription | None = None
    last_offer: Created | None = None
    last_answer: Created | None = None
    session_version: int = 0
    last_created: SessionDescription | None = None
    credentials_to_replace: frozenset[IceCredentials] = frozenset()
    can_trickle_ice_candidates: bool | None = None
    payload_types: Mapping[int, Codec] = field(default_factory=dict)
    extension_ids: Mapping[int, str] = field(default_factory=dict)
    stable: "State | None" = None

    @property
    def local(self) -> SessionDescription | None:
        """The local description that counts: pending, else current."""
        return self.pending_local or self.current_local

    @property
    def remote(self) -> SessionDescription | None:
        """The remote description that counts: pending, else current."""
        return self.pending_remote or self.current_remote

    @property
    def basis(self) -> tuple[object, ...]:
        """What the application can change about the next offer or answer."""
        return self.transceivers, self.data_channel, self.credentials_to_replace

    @property
    def offer_to_answer(self) -> Description | None:
        """The peer's offer that waits for an answer, whatever has trickled in since."""
        return None if self.pending_remote is None else self.pending_remote.without_candidates()

    def transceiver(self, number: int | None) -> Transceiver | None:
        """Return a transceiver that is not stopped."""
        return next((one for one in self.transceivers if one.id == number), None)

    def by_id(self) -> dict[int, Transceiver]:
        """Return the transceivers by id."""
        return {transceiver.id: transceiver for transceiver in self.transceivers}

    def with_transceiver(self, transceiver: Transceiver) -> "State":
        """Return the state with one transceiver replaced."""
        return replace(
            self,
            transceivers=tuple(
                transceiver if one.id == transceiver.id else one for one in self.transceivers
            ),
        )

    def without_stopped(self) -> "State":
        """Return the state with nothing sending or receiving for transceivers that are stopped."""
        running = frozenset(one.id for one in self.transceivers if not one.stopping)
        senders, receivers = self.wiring.senders, self.wiring.receivers
        if running.issuperset(senders) and running.issuperset(receivers):
            return self
        wiring = replace(
            self.wiring,
            senders={key: value for key, value in senders.items() if key in running},
            receivers={key: value for key, value in receivers.items() if key in running},
        )
        return replace(self, wiring=wiring)


class Outcome(NamedTuple):
    """A new state, and the steps that bring transports, senders and receivers there.

    `oddities` says what was let pass in the peer's description.
    """

    state: State
    plan: Plan
    oddities: tuple[str, ...] = ()


def create_state(configuration: Configuration, entropy: Entropy) -> State:
    """Return the state of a connection nothing has happened to."""
    return State(
        configuration, make_session_id(entropy), make_identifier(entropy), make_identifier(entropy)
    )


def outcome(old: State, new: State, *, rollback: bool = False) -> Outcome:
    """Return the new state with the plan that leads there."""
    plan = make_plan(
        old.wiring,
        new.wiring,
        old.transceivers,
        new.transceivers,
        rollback=rollback,
        provisional=old.signaling_state in _PROVISIONAL,
    )
    return Outcome(new, plan)
