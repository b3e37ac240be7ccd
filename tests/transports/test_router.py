"""Associating RTP streams with media sections (RFC 9143 §9.2)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peer.transports.router import (
    MAX_LEARNED_STREAMS,
    Drop,
    Encoding,
    RtpRouter,
    RtpSection,
)

AUDIO = RtpSection("a", frozenset({111, 9}), frozenset({1000}))
VIDEO = RtpSection("v", frozenset({96, 97, 9}), frozenset({2000}))


def make_router() -> RtpRouter:
    router = RtpRouter()
    router.set_section(AUDIO)
    router.set_section(VIDEO)
    return router


@pytest.mark.parametrize(
    ("mid", "ssrc", "payload_type", "expected"),
    [
        # the MID says it, known SSRC or not
        ("a", 1000, 111, "a"),
        ("a", 5, 111, "a"),
        ("v", 5, 96, "v"),
        # a MID beats an announced SSRC
        ("v", 1000, 96, "v"),
        # no section has this MID: the payload type is no help
        ("x", 5, 111, Drop.UNKNOWN_MID),
        ("x", 1000, 111, Drop.UNKNOWN_MID),
        # the payload type has to be one of the section
        ("a", 5, 96, Drop.PAYLOAD_TYPE_NOT_IN_SECTION),
        ("a", 5, 50, Drop.PAYLOAD_TYPE_NOT_IN_SECTION),
        (None, 1000, 96, Drop.PAYLOAD_TYPE_NOT_IN_SECTION),
        # an announced SSRC, also with a payload type of two sections
        (None, 1000, 111, "a"),
        (None, 1000, 9, "a"),
        (None, 2000, 9, "v"),
        # a payload type of one section alone
        (None, 5, 111, "a"),
        (None, 5, 97, "v"),
        # of two, of none
        (None, 5, 9, Drop.UNKNOWN_STREAM),
        (None, 5, 50, Drop.UNKNOWN_STREAM),
    ],
)
def test_first_packet(mid: str | None, ssrc: int, payload_type: int, expected: str | Drop) -> None:
    assert make_router().route(ssrc, payload_type, 1, mid=mid) == expected


def test_a_mid_is_remembered_for_packets_without_one() -> None:
    router = make_router()
    assert router.route(5, 9, 1, mid="v") == "v"
    assert router.route(5, 9, 2) == "v"


def test_a_stream_of_an_unknown_mid_stays_dropped_without_the_mid() -> None:
    router = make_router()
    assert router.route(5, 111, 1, mid="x") is Drop.UNKNOWN_MID
    assert router.route(5, 111, 2) is Drop.UNKNOWN_MID


def test_a_stream_of_an_unknown_mid_is_taken_when_the_section_appears() -> None:
    router = make_router()
    router.route(5, 100, 1, mid="x")
    router.set_section(RtpSection("x", frozenset({100})))
    assert router.route(5, 100, 2) == "x"


def test_a_newer_mid_moves_a_stream() -> None:
    router = make_router()
    assert router.route(5, 9, 10, mid="a") == "a"
    assert router.route(5, 9, 11, mid="v") == "v"
    assert router.route(5, 9, 12) == "v"


def test_an_older_mid_does_not_move_a_stream_back() -> None:
    router = make_router()
    router.route(5, 9, 10, mid="a")
    router.route(5, 9, 12, mid="v")
    assert router.route(5, 9, 11, mid="a") == "v"


def test_newer_counts_across_the_wrap_of_sequence_numbers() -> None:
    router = make_router()
    router.route(5, 9, 65535, mid="a")
    assert router.route(5, 9, 0, mid="v") == "v"
    assert router.route(5, 9, 65535, mid="a") == "v"


def test_newer_counts_in_extended_numbers() -> None:
    """40000 packets after the last MID update a new MID is newer, not older."""
    router = make_router()
    router.route(5, 9, 0, mid="a")
    router.route(5, 9, 20000)
    router.route(5, 9, 39999)
    assert router.route(5, 9, 40000, mid="v") == "v"


def test_a_stream_does_not_move_by_its_payload_type_alone() -> None:
    router = make_router()
    assert router.route(5, 111, 1) == "a"
    assert router.route(5, 96, 2) is Drop.PAYLOAD_TYPE_NOT_IN_SECTION


def test_an_announced_ssrc_corrects_a_guess_by_payload_type() -> None:
    router = make_router()
    assert router.route(5, 111, 1) == "a"
    router.set_section(RtpSection("v", frozenset({96}), frozenset({5})))
    assert router.route(5, 96, 2) == "v"


def test_learned_streams_survive_a_new_description() -> None:
    router = make_router()
    router.route(5, 9, 1, mid="v")
    router.set_section(RtpSection("v", frozenset({96, 9})))
    router.set_section(AUDIO)
    assert router.route(5, 9, 2) == "v"


def test_a_removed_section_takes_its_guessed_streams_along() -> None:
    router = make_router()
    router.route(5, 111, 1)
    router.remove_section("a")
    assert router.route(5, 96, 2) == "v"
    assert router.incoming(1000) is None


def test_a_stream_that_named_a_removed_section_is_not_given_to_another() -> None:
    router = make_router()
    router.route(5, 111, 1, mid="a")
    router.remove_section("a")
    assert router.route(5, 96, 2) is Drop.UNKNOWN_MID


def test_a_recycled_section_may_announce_the_same_ssrc() -> None:
    router = make_router()
    router.route(1000, 111, 1, mid="a")
    router.remove_section("a")
    router.set_section(RtpSection("n", frozenset({111}), frozenset({1000})))
    assert router.route(1000, 111, 2) == "n"


def test_removing_an_unknown_section_changes_nothing() -> None:
    router = make_router()
    router.remove_section("x")
    assert router.route(1000, 111, 1) == "a"


def test_a_payload_type_is_of_use_again_when_the_other_section_goes() -> None:
    router = make_router()
    router.remove_section("v")
    assert router.route(5, 9, 1) == "a"


def test_an_encoding_is_remembered() -> None:
    router = make_router()
    router.route(5, 96, 1, mid="v", encoding=Encoding("hi"))
    router.route(6, 97, 1, mid="v", encoding=Encoding("hi", repaired=True))
    router.route(5, 96, 2)
    assert router.encoding(5) == Encoding("hi")
    assert router.encoding(6) == Encoding("hi", repaired=True)
    assert router.encoding(2000) is None


def test_a_repaired_rid_alone_does_not_replace_the_payload_type() -> None:
    router = make_router()
    assert router.route(6, 97, 1, encoding=Encoding("hi", repaired=True)) == "v"
    assert router.encoding(6) == Encoding("hi", repaired=True)


def test_an_sdes_mid_binds_before_any_packet() -> None:
    router = make_router()
    router.bind(5, "v")
    assert router.incoming(5) == "v"
    assert router.route(5, 9, 40000) == "v"


def test_an_sdes_mid_binds_but_a_newer_packet_wins() -> None:
    router = make_router()
    router.route(5, 9, 1, mid="a")
    router.bind(5, "v")
    assert router.route(5, 9, 2) == "v"
    assert router.route(5, 9, 3, mid="a") == "a"


def test_an_unknown_sdes_mid_is_ignored() -> None:
    router = make_router()
    router.bind(1000, "x")
    assert router.incoming(1000) == "a"


def test_bye_forgets_what_was_learned_but_not_what_was_announced() -> None:
    router = make_router()
    router.route(5, 9, 1, mid="v")
    router.route(1000, 9, 1, mid="v")
    router.forget(5)
    router.forget(1000)
    router.forget(7)
    assert router.incoming(5) is None
    assert router.incoming(1000) == "a"


def test_outgoing_streams() -> None:
    router = make_router()
    router.set_outgoing("a", [1, 2])
    router.set_outgoing("v", [3])
    assert [router.outgoing(ssrc) for ssrc in (1, 2, 3, 4)] == ["a", "a", "v", None]
    router.set_outgoing("a", [2])
    assert [router.outgoing(ssrc) for ssrc in (1, 2, 3)] == [None, "a", "v"]


def test_learned_streams_are_bounded() -> None:
    router = make_router()
    for ssrc in range(10, 10 + MAX_LEARNED_STREAMS + 1):
        assert router.route(ssrc, 9, 1, mid="v") == "v"
    assert router.incoming(10) is None
    assert router.incoming(11) == "v"


packets = st.tuples(
    st.sampled_from([1000, 2000, 5, 6]),
    st.sampled_from([111, 96, 97, 9, 50]),
    st.integers(0, 65535),
    st.sampled_from([None, "a", "v", "x"]),
)


@settings(max_examples=200)
@given(st.lists(packets, max_size=30))
def test_what_is_delivered_always_fits_the_section(
    sent: list[tuple[int, int, int, str | None]],
) -> None:
    """Whatever came before: a delivered packet has a payload type of its section."""
    router = make_router()
    sections = {"a": AUDIO, "v": VIDEO}
    for ssrc, payload_type, number, mid in sent:
        owner = router.route(ssrc, payload_type, number, mid=mid)
        if isinstance(owner, str):
            assert payload_type in sections[owner].payload_types
            assert router.incoming(ssrc) == owner


@settings(max_examples=200)
@given(st.lists(packets, max_size=30))
def test_in_order_every_known_mid_decides(sent: list[tuple[int, int, int, str | None]]) -> None:
    router = make_router()
    for number, (ssrc, payload_type, _, mid) in enumerate(sent):
        owner = router.route(ssrc, payload_type, number, mid=mid)
        if mid == "x":
            assert owner is Drop.UNKNOWN_MID
        elif mid is not None:
            assert owner in (mid, Drop.PAYLOAD_TYPE_NOT_IN_SECTION)
