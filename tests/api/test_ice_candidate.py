"""RTCIceCandidate: aiortc's fields, the browser's JSON, and the text of both."""

import copy
from dataclasses import fields
from typing import Any

import pytest
from aiortc import RTCIceCandidate as AiortcCandidate
from aiortc.contrib.signaling import object_from_string, object_to_string
from aiortc.sdp import candidate_from_sdp as aiortc_candidate_from_sdp
from aiortc.sdp import candidate_to_sdp as aiortc_candidate_to_sdp
from hypothesis import given
from hypothesis import strategies as st

from peer.api.errors import JsepTypeError
from peer.api.ice_candidate import (
    CandidateInit,
    RTCIceCandidate,
    candidate_from_sdp,
    candidate_to_sdp,
    from_sdp,
    read_init,
)
from sdp import parse_candidate

HOST = "candidate:1467250027 1 udp 2122260223 192.168.0.196 46243 typ host"
CHROMIUM = f"{HOST} generation 0 ufrag EEtu network-id 1 network-cost 10"
FIREFOX = "candidate:0 1 UDP 2122252543 192.168.0.196 46243 typ host"
REFLEXIVE = (
    "candidate:3 2 udp 1686052607 198.51.100.7 6000 typ srflx raddr 10.0.0.1 rport 46243 "
    "generation 0"
)
TCP = "candidate:4 1 tcp 1518280447 10.0.0.1 9 typ host tcptype active"
FIELDS: dict[str, Any] = {
    "component": 1,
    "foundation": "1467250027",
    "ip": "192.168.0.196",
    "port": 46243,
    "priority": 2122260223,
    "protocol": "udp",
    "type": "host",
    "sdpMid": "0",
    "sdpMLineIndex": 0,
}


def values(candidate: AiortcCandidate) -> dict[str, object]:
    return {field.name: getattr(candidate, field.name) for field in fields(AiortcCandidate)}


def test_a_candidate_of_fields_is_what_aiortc_makes_of_them() -> None:
    ours, theirs = RTCIceCandidate(**FIELDS), AiortcCandidate(**FIELDS)
    assert values(ours) == values(theirs)
    assert ours == theirs
    assert theirs == ours
    assert repr(ours) == repr(theirs)
    assert ours.candidate == HOST
    assert ours.usernameFragment is None


def test_positions_are_those_of_aiortc() -> None:
    given = (1, "a", "10.0.0.1", 9, 7, "tcp", "srflx", "10.0.0.2", 8, "1", 2, "active")
    assert values(RTCIceCandidate(*given)) == values(AiortcCandidate(*given))


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_another_value_of_a_field_makes_it_unequal(name: str) -> None:
    ours = RTCIceCandidate(**FIELDS)
    other = FIELDS[name] + 1 if isinstance(FIELDS[name], int) else FIELDS[name] + "x"
    theirs = AiortcCandidate(**{**FIELDS, name: other})
    assert ours != theirs
    assert theirs != ours


@pytest.mark.parametrize("text", [CHROMIUM, FIREFOX, REFLEXIVE, TCP, CHROMIUM.partition(":")[2]])
def test_the_json_of_browsers(text: str) -> None:
    given = {"candidate": text, "sdpMid": "0", "sdpMLineIndex": 0, "usernameFragment": "EEtu"}
    for candidate in (RTCIceCandidate(given), RTCIceCandidate(**given)):  # type: ignore[arg-type]
        assert candidate.toJSON() == given
        theirs = aiortc_candidate_from_sdp(text.removeprefix("candidate:"))
        theirs.sdpMid, theirs.sdpMLineIndex = "0", 0
        theirs.protocol = theirs.protocol.lower()
        assert candidate == theirs


def test_the_attributes_of_the_w3c() -> None:
    candidate = RTCIceCandidate(
        {"candidate": REFLEXIVE, "sdpMid": "a", "url": "stun:host", "relayProtocol": "tls"}
    )
    assert candidate.address == candidate.ip == "198.51.100.7"
    assert (candidate.component, candidate.foundation, candidate.priority) == (2, "3", 1686052607)
    assert (candidate.port, candidate.protocol, candidate.type) == (6000, "udp", "srflx")
    assert (candidate.relatedAddress, candidate.relatedPort) == ("10.0.0.1", 46243)
    assert (candidate.url, candidate.relayProtocol) == ("stun:host", "tls")
    assert candidate.tcpType is None
    assert RTCIceCandidate(candidate=TCP, sdpMid="0").tcpType == "active"


def test_the_fragment_is_the_one_given() -> None:
    # W3C constructor: the text is not looked at for it.
    assert RTCIceCandidate(candidate=CHROMIUM, sdpMid="0").usernameFragment is None
    given = RTCIceCandidate(candidate=CHROMIUM, sdpMid="0", usernameFragment="other")
    assert given.usernameFragment == "other"


def test_the_end_of_candidates() -> None:
    for end in (
        RTCIceCandidate({"candidate": "", "sdpMid": "0"}),
        RTCIceCandidate(sdpMid="0"),
    ):
        assert end.candidate == ""
        assert not end.is_parsed
        assert end.address is None
        assert end.toJSON() == {
            "candidate": "",
            "sdpMid": "0",
            "sdpMLineIndex": None,
            "usernameFragment": None,
        }
        assert end == RTCIceCandidate(sdpMid="0")
        assert end != RTCIceCandidate(sdpMid="1")


def test_a_text_that_does_not_parse_is_kept() -> None:
    candidate = RTCIceCandidate(candidate="candidate:bogus", sdpMLineIndex=1)
    assert candidate.candidate == "candidate:bogus"
    assert not candidate.is_parsed
    assert {values(candidate)[name] for name in ("component", "ip", "port", "type")} == {None}
    assert candidate != RTCIceCandidate(candidate="candidate:other", sdpMLineIndex=1)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"candidate": HOST},
        {"candidate": HOST, "sdpMid": None, "sdpMLineIndex": None},
        {"candidate": 1, "sdpMid": "0"},
        {"candidate": HOST, "sdpMid": []},
        {"candidate": HOST, "sdpMid": True},
        {"candidate": HOST, "sdpMid": -1},
        {"candidate": HOST, "sdpMLineIndex": "zero"},
        {"candidate": HOST, "sdpMLineIndex": 0.5},
        {"candidate": HOST, "sdpMLineIndex": True},
        {"candidate": HOST, "sdpMid": "0", "sdpMLineIndex": []},
        {"candidate": HOST, "sdpMLineIndex": -1},
        {"candidate": HOST, "sdpMLineIndex": 65536},
        {"candidate": HOST, "sdpMid": "0", "usernameFragment": {}},
    ],
)
def test_what_is_no_init_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(JsepTypeError):
        RTCIceCandidate(given)
    with pytest.raises(JsepTypeError):
        RTCIceCandidate(**given)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"sdpMid": 0}, ("0", None, None)),
        ({"sdpMLineIndex": "1"}, (None, 1, None)),
        ({"sdpMLineIndex": 1.0}, (None, 1, None)),
        ({"sdpMid": ""}, ("", None, None)),
        ({"sdpMid": "", "sdpMLineIndex": "1"}, ("", 1, None)),
        ({"sdpMid": "0", "usernameFragment": ""}, ("0", None, None)),
        ({"sdpMid": "0", "usernameFragment": 7}, ("0", None, "7")),
        # Beside a mid the index says nothing.
        ({"sdpMid": "0", "sdpMLineIndex": -1}, ("0", None, None)),
        ({"sdpMid": "0", "sdpMLineIndex": "audio"}, ("0", None, None)),
        ({"sdpMid": "0", "sdpMLineIndex": 70000}, ("0", None, None)),
        ({"sdpMid": "0", "sdpMLineIndex": float("nan")}, ("0", None, None)),
        ({"sdpMid": "0", "sdpMLineIndex": ""}, ("0", None, None)),
        ({"sdpMid": "", "sdpMLineIndex": ""}, ("", None, None)),
    ],
)
def test_json_as_other_stacks_write_it(
    given: dict[str, Any], expected: tuple[str | None, int | None, str | None]
) -> None:
    """WebIDL converts numbers and texts into each other, so browsers take it."""
    candidate = RTCIceCandidate({"candidate": HOST, **given})
    found = candidate.sdpMid, candidate.sdpMLineIndex, candidate.usernameFragment
    assert found == expected
    assert read_init({"candidate": HOST, **given}) == CandidateInit(HOST, *expected)


def test_fields_and_text_are_not_mixed() -> None:
    with pytest.raises(TypeError):
        RTCIceCandidate(**FIELDS, candidate=HOST)
    for name in ("component", "foundation", "ip", "port", "priority", "protocol", "type"):
        with pytest.raises(TypeError):
            RTCIceCandidate(**{each: FIELDS[each] for each in FIELDS if each != name})


def test_what_is_changed_shows_in_the_text() -> None:
    candidate = RTCIceCandidate(candidate=CHROMIUM, sdpMid="0")
    candidate.port = 1
    assert candidate.candidate == CHROMIUM.replace("46243", "1")
    candidate.sdpMid = "1"
    assert candidate.toJSON()["sdpMid"] == "1"


def test_copies() -> None:
    candidate = RTCIceCandidate(candidate=CHROMIUM, sdpMid="0")
    assert copy.deepcopy(candidate).toJSON() == candidate.toJSON()


def test_the_signalling_helpers_of_aiortc_take_it() -> None:
    ours = RTCIceCandidate(candidate=CHROMIUM, sdpMid="0", sdpMLineIndex=0)
    assert object_from_string(object_to_string(ours)) == ours


def test_a_candidate_of_a_description() -> None:
    record = parse_candidate(CHROMIUM)
    candidate = from_sdp(record, "audio", 2, relay_protocol="udp", url="turn:host")
    assert candidate.toJSON() == {
        "candidate": CHROMIUM,
        "sdpMid": "audio",
        "sdpMLineIndex": 2,
        "usernameFragment": "EEtu",
    }
    assert (candidate.relayProtocol, candidate.url) == ("udp", "turn:host")
    assert from_sdp(record).sdpMid is None


@pytest.mark.parametrize("text", [HOST, CHROMIUM, REFLEXIVE, TCP])
@pytest.mark.parametrize("prefix", [True, False])
def test_text_as_aiortc_reads_and_writes_it(text: str, prefix: bool) -> None:
    bare = text.removeprefix("candidate:")
    candidate = candidate_from_sdp(text if prefix else bare)
    theirs = aiortc_candidate_from_sdp(bare)
    assert candidate == theirs
    for each in (candidate, theirs):
        assert candidate_to_sdp(each) == aiortc_candidate_to_sdp(each)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    candidate = RTCIceCandidate(candidate=text, sdpMid="0")
    assert candidate.candidate == text
    try:
        read = candidate_from_sdp(text)
    except ValueError:
        assert not candidate.is_parsed
    else:
        assert values(read) | {"sdpMid": "0"} == values(candidate)


def test_reading_an_init() -> None:
    assert read_init({"candidate": HOST, "sdpMid": "0", "other": 1}) == CandidateInit(HOST, "0")
    assert read_init({"candidate": None, "sdpMLineIndex": 65535}) == CandidateInit("", None, 65535)
