"""Restriction identifiers and simulcast (RFC 8851, RFC 8853, RFC 9429 §3.7, W3C)."""

from dataclasses import replace

import pytest

from peer.jsep import Encoding, InvalidAccessError, JsepTypeError, add_transceiver, set_direction
from sdp import Direction, MediaSection, Rid, RidDirection, Simulcast, SimulcastRid
from tests.jsep.ends import End, exchange, make_end, make_ends
from tests.jsep.texts import altered

SEND, RECV = RidDirection.SEND, RidDirection.RECV


def receiving(*names: str) -> tuple[tuple[Rid, ...], Simulcast]:
    """The lines of a peer that wants to receive these."""
    rids = tuple(Rid(name, RECV) for name in names)
    return rids, Simulcast(recv=tuple((SimulcastRid(name),) for name in names))


def answered_with(end: End, *names: str) -> End:
    """Answer a simulcast offer, taking these encodings."""
    other = make_end(1)
    other.set_remote("offer", end.offer())
    rids, simulcast = receiving(*names)
    text = altered(
        other.answer(),
        lambda media: replace(media, rids=rids, simulcast=simulcast if names else None),
    )
    end.set_remote("answer", text)
    return other


def first(end: End) -> MediaSection:
    return end.local.record.media[0]


def test_an_offer_with_several_encodings() -> None:
    end = make_end(0)
    encodings = (Encoding("h"), Encoding("l", active=False))
    end.add("video", encodings=encodings)
    end.offer()
    media = first(end)
    assert [str(rid) for rid in media.rids] == ["h send", "l send"]
    assert str(media.simulcast) == "send h;~l"
    assert media.ssrcs == ()


def test_one_encoding_with_a_rid_is_no_simulcast() -> None:
    """RFC 9429 §5.2.1."""
    end = make_end(0)
    end.add_simulcast("only")
    end.offer()
    assert [str(rid) for rid in first(end).rids] == ["only send"]
    assert first(end).simulcast is None


def test_an_accepted_simulcast() -> None:
    end = make_end(0)
    number = end.add_simulcast("h", "m", "l")
    answered_with(end, "h", "m", "l")
    assert end.state.wiring.senders[number].rids == ("h", "m", "l")
    before = first(end)
    end.offer()
    assert (first(end).rids, first(end).simulcast) == (before.rids, before.simulcast)


def test_a_part_of_it() -> None:
    """RFC 8853 §5.3.2: the answer may leave some out."""
    end = make_end(0)
    number = end.add_simulcast("h", "m", "l")
    answered_with(end, "h", "l")
    assert [one.rid for one in end.transceiver(number).encodings] == ["h", "l"]
    assert end.state.wiring.senders[number].rids == ("h", "l")


def test_a_peer_without_simulcast_leaves_the_first() -> None:
    """RFC 8853 §5.3.3; the rid stays in the parameters, but not in packets."""
    end = make_end(0)
    number = end.add_simulcast("h", "m", "l")
    answered_with(end)
    assert end.transceiver(number).encodings == (Encoding("h"),)
    assert end.state.wiring.senders[number].rids == ()
    end.offer()
    assert first(end).rids == ()
    assert len(first(end).ssrcs) == 2


@pytest.mark.parametrize("names", [("l", "h"), ("h", "x"), ("x",)])
def test_an_answer_may_not_reorder_or_rename(names: tuple[str, ...]) -> None:
    """W3C: rids are fixed once offered."""
    end = make_end(0)
    end.add_simulcast("h", "l")
    end.offer()
    with pytest.raises(InvalidAccessError, match="rids"):
        answered_with(end, *names)


def sfu_offer(*names: str) -> str:
    """An offer of a peer that wants to receive simulcast."""
    end = make_end(0)
    end.add("video")
    rids, simulcast = receiving(*names)
    return altered(end.offer(), lambda media: replace(media, rids=rids, simulcast=simulcast))


def test_simulcast_the_peer_asks_for() -> None:
    """W3C: a transceiver of addTrack takes the encodings of the offer."""
    end = make_end(1)
    number = end.add_track("video", "s")
    end.set_remote("offer", sfu_offer("h", "l"))
    end.answer()
    assert [str(rid) for rid in first(end).rids] == ["h send", "l send"]
    assert str(first(end).simulcast) == "send h;l"
    assert [one.rid for one in end.transceiver(number).encodings] == ["h", "l"]
    assert end.state.wiring.senders[number].rids == ("h", "l")


def test_simulcast_asked_for_where_nothing_was() -> None:
    """W3C: a transceiver that an offer makes has the encodings of that offer."""
    end = make_end(1)
    end.set_remote("offer", sfu_offer("h", "l"))
    (made,) = end.state.transceivers
    end.state = set_direction(end.state, made.id, Direction.SENDONLY)
    end.answer()
    assert [str(rid) for rid in first(end).rids] == ["h send", "l send"]
    assert str(first(end).simulcast) == "send h;l"


def test_simulcast_asked_for_later_is_not_given() -> None:
    """W3C: encodings are fixed by the first negotiation."""
    one, end = make_ends()
    one.add("video")
    number = end.add_track("video", "s")
    exchange(one, end)
    rids, simulcast = receiving("h", "l")
    offer = altered(one.offer(), lambda media: replace(media, rids=rids, simulcast=simulcast))
    end.set_remote("offer", offer)
    end.answer()
    assert first(end).simulcast is None
    assert end.transceiver(number).encodings == (Encoding(),)


def test_only_the_first_alternative_is_taken() -> None:
    """RFC 8853 §5.3.2."""
    end = make_end(1)
    number = end.add_track("video", "s")
    rids = tuple(Rid(name, RECV) for name in "abc")
    wanted = Simulcast(
        recv=((SimulcastRid("a"), SimulcastRid("b")), (SimulcastRid("c", paused=True),))
    )
    text = altered(sfu_offer("a"), lambda media: replace(media, rids=rids, simulcast=wanted))
    end.set_remote("offer", text)
    end.answer()
    assert str(first(end).simulcast) == "send a;~c"
    assert end.transceiver(number).encodings == (Encoding("a"), Encoding("c", active=False))


def test_a_peer_that_sends_simulcast_gets_a_plain_answer() -> None:
    """As browsers do: receiving several encodings is not supported."""
    one, other = make_ends()
    one.add_simulcast("h", "l")
    exchange(one, other)
    assert first(other).rids == ()
    assert first(other).simulcast is None


@pytest.mark.parametrize(
    ("rids", "wanted", "answered"),
    [
        ("a a", "a", "a"),
        ("a b", "a;a;b", "a;b"),
        ("a", "b", None),
        ("a b", "x;a;b", "a;b"),
        ("a b", "x,a;b", "a;b"),
    ],
)
def test_rids_that_nobody_describes_or_that_come_twice(
    rids: str, wanted: str, answered: str | None
) -> None:
    """RFC 9429 §5.8.3 has them refused; Chromium goes on without them."""
    end = make_end(1)
    end.add_track("video")
    streams = tuple(tuple(map(SimulcastRid, one.split(","))) for one in wanted.split(";"))
    text = altered(
        sfu_offer("a"),
        lambda media: replace(
            media,
            rids=tuple(Rid(rid, RECV) for rid in rids.split()),
            simulcast=Simulcast(recv=streams),
        ),
    )
    end.set_remote("offer", text)
    end.answer()
    assert [rid.id for rid in first(end).rids] == ([] if answered is None else answered.split(";"))


@pytest.mark.parametrize(
    "rids", [("a", None), ("a", "a"), ("", "b"), ("a-b",), ("x" * 17,), ("é",)]
)
def test_encodings_that_make_no_sense(rids: tuple[str | None, ...]) -> None:
    """W3C addTransceiver, RFC 8852 §3.3."""
    end = make_end(0)
    encodings = tuple(map(Encoding, rids))
    with pytest.raises(JsepTypeError):
        add_transceiver(end.state, "video", entropy=end.entropy, encodings=encodings)


def simulcast_receiver() -> End:
    """An end that takes the simulcast it is offered."""
    end = make_end(1)
    configuration = replace(end.state.configuration, receive_simulcast=True)
    end.state = replace(end.state, configuration=configuration)
    return end


def test_simulcast_that_is_offered_is_taken_by_who_wants_it() -> None:
    end, other = make_end(0), simulcast_receiver()
    number = end.add_simulcast("h", "m", "l")
    exchange(end, other)
    assert [str(rid) for rid in first(other).rids] == ["h recv", "m recv", "l recv"]
    assert str(first(other).simulcast) == "recv h;m;l"
    assert end.state.wiring.senders[number].rids == ("h", "m", "l")
    # It goes on through offers of the other side, and with what that sends itself.
    (received,) = (one.id for one in other.state.transceivers)
    other.state = set_direction(other.state, received, Direction.SENDRECV)
    exchange(other, end)
    assert str(first(other).simulcast) == "recv h;m;l"
    assert len(first(other).ssrcs) == 2
    assert end.state.wiring.senders[number].rids == ("h", "m", "l")


def test_of_what_is_offered_is_taken_what_can_be() -> None:
    """One alternative of each stream, of formats that are in the answer, and not too many."""
    end, other = make_end(0), simulcast_receiver()
    end.add("video", Direction.SENDONLY)
    names = [*"abcdef"]
    rids = [Rid(name, SEND) for name in names]
    rids[1] = replace(rids[1], payload_types=(1,))
    rids[2] = replace(rids[2], restrictions=(("max-width", "640"),))
    streams = [("x", "a"), ("b",), ("c",), ("d",), ("e",), ("f",)]
    simulcast = Simulcast(send=tuple(tuple(map(SimulcastRid, each)) for each in streams))
    text = altered(end.offer(), lambda m: replace(m, rids=tuple(rids), simulcast=simulcast))
    other.set_remote("offer", text)
    other.answer()
    assert str(first(other).simulcast) == "recv a;c;d;e"
    assert str(first(other).rids[1]) == "c recv max-width=640"


def test_nobody_takes_simulcast_without_receiving() -> None:
    end, other = make_end(0), simulcast_receiver()
    end.add_simulcast("h", "l")
    other.set_remote("offer", end.offer())
    (number,) = (one.id for one in other.state.transceivers)
    other.state = set_direction(other.state, number, Direction.INACTIVE)
    other.answer()
    assert (first(other).rids, first(other).simulcast) == ((), None)
