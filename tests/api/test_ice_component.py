"""Components: a number and a word."""

import json
import pickle
from typing import Any

from peer.api.ice_candidate import RTCIceCandidate, candidate_from_sdp, candidate_to_sdp
from peer.api.ice_component import RTCIceComponent, ice_component

TEXT = "candidate:1 {} udp 2130706431 192.0.2.1 4000 typ host"


def test_a_component_equals_its_number_and_its_word() -> None:
    first: Any = ice_component(1)
    second: Any = ice_component(2)
    assert [first, second] == [1, 2] == [RTCIceComponent.RTP, RTCIceComponent.RTCP]
    assert [first, second] == ["rtp", "rtcp"]
    assert first != "rtcp"
    assert second != 1
    assert {first: "a"}[1] == "a"


def test_it_is_written_as_a_number() -> None:
    assert (f"{ice_component(1)}", str(ice_component(2)), repr(ice_component(1))) == (
        "1",
        "2",
        "1",
    )
    assert json.dumps([ice_component(1)]) == "[1]"
    assert pickle.loads(pickle.dumps(ice_component(2))) is RTCIceComponent.RTCP


def test_other_numbers_stay_numbers() -> None:
    assert ice_component(3) == 3
    assert not isinstance(ice_component(3), RTCIceComponent)


def test_candidates_have_them() -> None:
    for number, word in ((1, "rtp"), (2, "rtcp")):
        text = TEXT.format(number)
        parsed: Any = RTCIceCandidate(candidate=text, sdpMid="0")
        made: Any = RTCIceCandidate(number, "1", "192.0.2.1", 4000, 2130706431, "udp", "host")
        assert parsed.component == made.component == word
        assert made.candidate == text
        assert f"candidate:{candidate_to_sdp(candidate_from_sdp(text))}" == text
