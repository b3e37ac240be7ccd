"""Two engines and the steps of an exchange between them; no sockets, no clock."""

import random
from dataclasses import dataclass, field, replace
from typing import Any

from peer.jsep import (
    Configuration,
    Encoding,
    Gathered,
    Outcome,
    Plan,
    SdpType,
    SessionDescription,
    State,
    Step,
    Transceiver,
    Transport,
    add_ice_candidate,
    add_transceiver,
    create_answer,
    create_offer,
    create_state,
    local_description,
    request_data_channel,
    set_local_description,
    set_remote_description,
    stop_transceiver,
)
from sdp import Candidate, Direction, Fingerprint

FINGERPRINT = Fingerprint("sha-256", ":".join(["AB"] * 32))
OTHER_FINGERPRINT = Fingerprint("sha-256", ":".join(["CD"] * 32))


def host_candidate(port: int, component: int = 1, address: str = "192.0.2.1") -> Candidate:
    """A host candidate over UDP."""
    priority = 2130706432 - component
    return Candidate("1", component, "udp", priority, address, port, "host")


@dataclass
class End:
    """One side: its state, and all plans it was given."""

    state: State
    random: random.Random
    plans: list[Plan] = field(default_factory=list)

    def entropy(self, size: int) -> bytes:
        return self.random.randbytes(size)

    def take(self, outcome: Outcome) -> Plan:
        self.state = outcome.state
        self.plans.append(outcome.plan)
        return outcome.plan

    def add(self, kind: str, direction: Direction = Direction.SENDRECV, **options: Any) -> int:
        """Add a transceiver; return its id."""
        self.state, number = add_transceiver(
            self.state, kind, entropy=self.entropy, direction=direction, **options
        )
        return number

    def add_track(self, kind: str, *streams: str) -> int:
        return self.add(kind, streams=streams, by_add_track=True)

    def add_simulcast(self, *rids: str) -> int:
        encodings = tuple(Encoding(rid) for rid in rids)
        return self.add("video", Direction.SENDONLY, encodings=encodings)

    def add_data(self) -> None:
        self.state = request_data_channel(self.state)

    def stop(self, number: int) -> Plan:
        return self.take(stop_transceiver(self.state, number))

    def offer(self, **options: Any) -> str:
        """Create an offer and set it."""
        self.state, text = create_offer(self.state, entropy=self.entropy, **options)
        self.set_local("offer", text)
        return text

    def answer(self, type_: str = "answer", **options: Any) -> str:
        """Create an answer and set it."""
        self.state, text = create_answer(self.state, entropy=self.entropy, **options)
        self.set_local(type_, text)
        return text

    def set_local(self, type_: str, text: str = "") -> Plan:
        return self.take(
            set_local_description(self.state, SdpType(type_), text, entropy=self.entropy)
        )

    def set_remote(self, type_: str, text: str = "") -> Plan:
        return self.take(
            set_remote_description(self.state, SdpType(type_), text, entropy=self.entropy)
        )

    def add_candidate(self, candidate: str | None, **options: Any) -> Plan:
        return self.take(add_ice_candidate(self.state, candidate, **options))

    def gathered(self, *, components: int = 2, complete: bool = True) -> dict[int, Gathered]:
        """Candidates for every transport there is, each at ports of its own."""
        return {
            number: Gathered(
                tuple(
                    host_candidate(10000 + 10 * number + component, component)
                    for component in range(1, components + 1)
                ),
                complete,
            )
            for number in self.state.wiring.transports
        }

    def local_text(self, **options: Any) -> str:
        """The local description with the candidates of `gathered`."""
        view = local_description(self.state, self.gathered(**options))
        assert view is not None
        return view.text

    @property
    def local(self) -> SessionDescription:
        assert self.state.local is not None
        return self.state.local

    @property
    def remote(self) -> SessionDescription:
        assert self.state.remote is not None
        return self.state.remote

    def transceiver(self, number: int) -> Transceiver:
        found = self.state.transceiver(number)
        assert found is not None
        return found


def make_end(seed: int = 0, **options: Any) -> End:
    """An engine with nothing in it; `options` are those of the configuration."""
    fingerprint = FINGERPRINT if seed % 2 == 0 else OTHER_FINGERPRINT
    source = random.Random(seed)
    configuration = Configuration((fingerprint,), **options)
    return End(create_state(configuration, source.randbytes), source)


def make_ends(**options: Any) -> tuple[End, End]:
    """Two engines of the same configuration but with certificates of their own."""
    return make_end(0, **options), make_end(1, **options)


def exchange(offerer: End, answerer: End, **options: Any) -> tuple[str, str]:
    """Run a whole exchange; return the offer and the answer."""
    offer = offerer.offer(**options)
    answerer.set_remote("offer", offer)
    answer = answerer.answer()
    offerer.set_remote("answer", answer)
    return offer, answer


def reconfigure(end: End, **options: Any) -> None:
    """Change the configuration of an engine under way."""
    end.state = replace(end.state, configuration=replace(end.state.configuration, **options))


def steps(plan: Plan, kind: type[Step]) -> list[Step]:
    """The steps of one kind in a plan."""
    return [step for step in plan if isinstance(step, kind)]


def transport_of(end: End, mid: str) -> Transport:
    """What a section runs over."""
    found = end.state.wiring.transport_of(mid)
    assert found is not None
    return found


def bundled_pair(**options: object) -> tuple[End, End]:
    """Two ends with audio, video and data on one transport."""
    one, other = make_ends(**options)
    one.add_track("audio", "stream")
    one.add_track("video", "stream")
    one.add_data()
    other.add_track("audio", "stream")
    other.add_track("video", "stream")
    exchange(one, other)
    return one, other
