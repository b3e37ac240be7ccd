"""Whatever two ends do between and during exchanges, they agree after each (RFC 9429)."""

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from peer.jsep import (
    DEFAULT_AUDIO_EXTENSIONS,
    DEFAULT_VIDEO_CODECS,
    DEFAULT_VIDEO_EXTENSIONS,
    BundlePolicy,
    RtcpMuxPolicy,
    SignalingState,
    is_negotiation_needed,
    request_ice_restart,
    set_direction,
)
from sdp import Codec, Direction
from tests.jsep.agreement import Memory, check_agreement
from tests.jsep.ends import End, make_end
from tests.jsep.machine import Machine

KINDS = st.sampled_from(["audio", "video"])
DIRECTIONS = st.sampled_from(list(Direction))
SIDES = st.integers(0, 1)
NUMBERS = st.integers(0, 5)

CHANGES = st.one_of(
    st.tuples(st.just("add"), SIDES, KINDS, DIRECTIONS),
    st.tuples(st.just("track"), SIDES, KINDS, DIRECTIONS),
    st.tuples(st.just("direct"), SIDES, NUMBERS, DIRECTIONS),
    st.tuples(st.just("stop"), SIDES, NUMBERS, DIRECTIONS),
    st.tuples(st.just("data"), SIDES, NUMBERS, DIRECTIONS),
    st.tuples(st.just("restart"), SIDES, NUMBERS, DIRECTIONS),
)
EXCHANGES = st.tuples(
    st.sampled_from(["plain", "pranswer", "rollback", "remote-rollback", "glare", "twice"]), SIDES
)
STEPS = st.lists(st.one_of(CHANGES, CHANGES, EXCHANGES), max_size=20)


@dataclass
class Pair:
    """Two ends that talk, the worlds their plans build, and what was agreed before."""

    ends: tuple[End, End]
    machines: tuple[Machine, Machine] = field(default_factory=lambda: (Machine(), Machine()))
    memory: Memory = field(default_factory=dict)

    def settle(self) -> None:
        """Carry out what was planned, and compare."""
        for end, machine in zip(self.ends, self.machines, strict=True):
            for plan in end.plans:
                machine.run(plan)
            end.plans.clear()
            machine.check(end.state)

    def exchange(self, how: str, side: int) -> None:
        offerer, answerer = self.ends[side], self.ends[1 - side]
        if how == "rollback":
            offerer.offer()
            offerer.set_local("rollback")
        elif how == "remote-rollback":
            answerer.set_remote("offer", offerer.offer())
            self.settle()
            answerer.set_remote("rollback")
            offerer.set_local("rollback")
        elif how == "glare":
            answerer.offer()
        self.settle()
        offer = offerer.offer()
        if how == "twice":
            offer = offerer.offer()
        answerer.set_remote("offer", offer)
        self.settle()
        if how == "pranswer":
            offerer.set_remote("pranswer", answerer.answer("pranswer"))
            self.settle()
        offerer.set_remote("answer", answerer.answer())
        self.settle()
        check_agreement(*self.ends, self.memory)

    def change(self, name: str, side: int, what: object, direction: Direction) -> None:
        end = self.ends[side]
        if name == "add":
            self.machines[side].transceivers.add(end.add(str(what), direction))
        elif name == "track":
            self.machines[side].transceivers.add(end.add_track(str(what), "stream"))
        elif name == "data":
            end.add_data()
        elif name == "restart":
            end.state = request_ice_restart(end.state)
        elif end.state.transceivers:
            assert isinstance(what, int)
            one = end.state.transceivers[what % len(end.state.transceivers)]
            if name == "stop":
                end.stop(one.id)
            elif not one.stopping:
                end.state = set_direction(end.state, one.id, direction)


# Codecs and extensions of a peer that numbers and orders everything in another way.
OTHER_WAY: dict[str, object] = {
    "audio_codecs": (
        Codec(97, "opus", 48000, 2),
        Codec(8, "PCMA", 8000),
        Codec(96, "speex", 16000),
    ),
    "video_codecs": (
        replace(DEFAULT_VIDEO_CODECS[4], payload_type=98),
        replace(DEFAULT_VIDEO_CODECS[5], payload_type=97, parameters=(("apt", "98"),)),
        replace(DEFAULT_VIDEO_CODECS[0], payload_type=100),
        replace(DEFAULT_VIDEO_CODECS[1], payload_type=99, parameters=(("apt", "100"),)),
    ),
    "audio_extensions": ("urn:x", *DEFAULT_AUDIO_EXTENSIONS[::-1]),
    "video_extensions": (*DEFAULT_VIDEO_EXTENSIONS[::-1], "urn:y"),
}
CONFIGURATIONS = st.tuples(
    st.sampled_from(BundlePolicy),
    st.sampled_from(BundlePolicy),
    st.sampled_from(RtcpMuxPolicy),
    st.booleans(),
    st.booleans(),
)


def run(
    configuration: tuple[BundlePolicy, BundlePolicy, RtcpMuxPolicy, bool, bool],
    steps: list[object],
) -> Pair:
    first, second, mux, other_way, strict = configuration
    extra = OTHER_WAY if other_way else {}
    common = {"rtcp_mux_policy": mux, "strict_bundle_attributes": strict}
    pair = Pair(
        (
            make_end(0, bundle_policy=first, **common),
            make_end(1, bundle_policy=second, **common, **extra),
        )
    )
    for step in steps:
        assert isinstance(step, tuple)
        if len(step) == 2:
            pair.exchange(*step)
        else:
            pair.change(*step)
    pair.exchange("plain", 0)
    return pair


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(configuration=CONFIGURATIONS, steps=STEPS)
def test_both_ends_agree(
    configuration: tuple[BundlePolicy, BundlePolicy, RtcpMuxPolicy, bool, bool],
    steps: list[object],
) -> None:
    run(configuration, steps)


@pytest.mark.slow
@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(configuration=CONFIGURATIONS, steps=STEPS)
def test_both_ends_agree_at_length(
    configuration: tuple[BundlePolicy, BundlePolicy, RtcpMuxPolicy, bool, bool],
    steps: list[object],
) -> None:
    run(configuration, steps)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(policy=st.sampled_from(BundlePolicy), other_way=st.booleans(), steps=STEPS)
def test_negotiation_comes_to_an_end(
    policy: BundlePolicy, other_way: bool, steps: list[object]
) -> None:
    """Each end offers while it needs to; neither keeps the other busy (W3C negotiationneeded)."""
    pair = run((policy, policy, RtcpMuxPolicy.REQUIRE, other_way, False), steps)
    for _ in range(3):
        for side, end in enumerate(pair.ends):
            if is_negotiation_needed(end.state):
                pair.exchange("plain", side)
    for end in pair.ends:
        assert end.state.signaling_state is SignalingState.STABLE
        assert not is_negotiation_needed(end.state)
