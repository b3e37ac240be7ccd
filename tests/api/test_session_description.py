"""RTCSessionDescription: aiortc's, the browser's JSON, and what is refused."""

from types import SimpleNamespace

import pytest
from aiortc import RTCSessionDescription as AiortcDescription
from aiortc.contrib.signaling import object_from_string, object_to_string

from peer.api.errors import JsepTypeError
from peer.api.session_description import RTCSessionDescription


def test_it_is_made_as_aiortc_makes_it_and_from_json() -> None:
    description = RTCSessionDescription("v=0", "offer")
    assert description == RTCSessionDescription(sdp="v=0", type="offer")
    assert description == RTCSessionDescription(type="offer", sdp="v=0")
    assert (description.sdp, description.type) == ("v=0", "offer")
    assert description.toJSON() == {"type": "offer", "sdp": "v=0"}


def test_a_rollback_needs_no_text() -> None:
    assert RTCSessionDescription(type="rollback").sdp == ""


def test_it_equals_aiortcs_both_ways() -> None:
    ours, theirs = RTCSessionDescription("v=0", "offer"), AiortcDescription("v=0", "offer")
    assert ours == theirs
    assert theirs == ours
    assert ours != AiortcDescription("v=0", "answer")
    assert AiortcDescription("v=1", "offer") != ours
    assert ours != "v=0"


def test_the_signalling_helpers_of_aiortc_take_it() -> None:
    ours = RTCSessionDescription("v=0", "offer")
    assert object_from_string(object_to_string(ours)) == ours


def test_unknown_types_are_refused_as_aiortc_does() -> None:
    with pytest.raises(ValueError, match="'type' must be in") as ours:
        RTCSessionDescription("v=0", "bogus")
    with pytest.raises(ValueError, match="'type' must be in") as theirs:
        AiortcDescription("v=0", "bogus")
    assert str(ours.value) == str(theirs.value)
    with pytest.raises(TypeError):
        RTCSessionDescription("v=0")


@pytest.mark.parametrize(
    "value",
    [
        RTCSessionDescription("v=0", "offer"),
        AiortcDescription("v=0", "offer"),
        {"type": "offer", "sdp": "v=0"},
        {"type": "offer", "sdp": "v=0", "more": 1},
        SimpleNamespace(type="offer", sdp="v=0"),
    ],
)
def test_values_of_many_kinds_are_taken(value: object) -> None:
    description = RTCSessionDescription.from_value(value)
    assert type(description) is RTCSessionDescription
    assert description == RTCSessionDescription("v=0", "offer")


def test_a_rollback_in_json_form() -> None:
    assert RTCSessionDescription.from_value({"type": "rollback"}).sdp == ""


@pytest.mark.parametrize(
    "value", [None, "v=0", {}, {"sdp": "v=0"}, {"type": "bogus"}, {"type": "offer", "sdp": None}]
)
def test_other_values_are_refused(value: object) -> None:
    with pytest.raises(JsepTypeError):
        RTCSessionDescription.from_value(value)
