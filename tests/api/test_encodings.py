"""Encodings of senders: what addTransceiver makes of them, and what negotiation leaves."""

import math

import pytest

from peer import RTCPeerConnection
from peer.api.encodings import best_encoding, initial_encodings, negotiated_encodings, settle
from peer.api.errors import JsepTypeError, RangeError
from peer.api.options import RTCRtpEncodingParameters as Parameters
from peer.jsep import Encoding
from tests.api.calls import negotiate, two
from tests.api.support import run


def scales(encodings: list[Parameters]) -> list[float | None]:
    return [one.scaleResolutionDownBy for one in encodings]


def test_without_encodings_there_is_one() -> None:
    assert initial_encodings("audio", ()) == [Parameters()]
    assert initial_encodings("video", ()) == [Parameters(scaleResolutionDownBy=1.0)]


def test_a_single_encoding_loses_its_rid() -> None:
    given = Parameters("h", active=False, maxBitrate=8)
    assert initial_encodings("video", [given]) == [
        Parameters(active=False, maxBitrate=8, scaleResolutionDownBy=1.0)
    ]
    assert given.rid == "h"


def test_pictures_are_halved_unless_the_application_scales_one() -> None:
    three = [Parameters(rid) for rid in "qhf"]
    assert scales(initial_encodings("video", three)) == [4.0, 2.0, 1.0]
    three[1].scaleResolutionDownBy = 3
    assert scales(initial_encodings("video", three)) == [1.0, 3, 1.0]


def test_audio_has_one_encoding_and_no_size() -> None:
    given = [
        Parameters("a", maxFramerate=-1, scaleResolutionDownBy=0.5),
        Parameters("b", maxBitrate=8),
    ]
    assert initial_encodings("audio", given) == [Parameters()]


@pytest.mark.parametrize(
    "wrong",
    [
        Parameters(maxFramerate=-0.5),
        Parameters(scaleResolutionDownBy=0.9),
        Parameters(scaleResolutionDownBy=-math.pi),
    ],
)
def test_numbers_out_of_range(wrong: Parameters) -> None:
    with pytest.raises(RangeError):
        settle("video", [Parameters(), wrong])


def test_an_answer_leaves_some() -> None:
    known = [Parameters(rid, maxBitrate=rate) for rid, rate in (("a", 1), ("b", 2), ("c", 3))]
    left = negotiated_encodings("video", known, [Encoding("a"), Encoding("c")])
    assert left == [known[0], known[2]]
    assert left[0] is not known[0]
    assert negotiated_encodings("video", known, ()) == known


def test_a_peer_can_name_some() -> None:
    known = initial_encodings("video", ())
    named = negotiated_encodings("video", known, [Encoding("l", active=False), Encoding("h")])
    assert [(one.rid, one.active) for one in named] == [("l", False), ("h", True)]
    assert scales(named) == [2.0, 1.0]


def test_the_largest_active_picture_is_sent() -> None:
    three = initial_encodings("video", [Parameters(rid) for rid in "qhf"])
    assert best_encoding(three).rid == "f"
    three[2].active = False
    assert best_encoding(three).rid == "h"


def test_without_simulcast_in_the_answer_the_first_is_left() -> None:
    async def scenario() -> None:
        async with two() as (ours, theirs):
            encodings = [{"rid": "foo", "maxBitrate": 9}, {"rid": "bar"}]
            sender = ours.addTransceiver("video", {"sendEncodings": encodings}).sender
            assert [one.rid for one in sender.getParameters().encodings] == ["foo", "bar"]
            await negotiate(ours, theirs)
            (left,) = sender.getParameters().encodings
            assert (left.rid, left.maxBitrate) == ("foo", 9)

    run(scenario)


def test_rids_are_checked_before_a_single_one_is_left_out() -> None:
    with pytest.raises(JsepTypeError):
        RTCPeerConnection().addTransceiver("video", {"sendEncodings": [{"rid": "a/b"}]})
