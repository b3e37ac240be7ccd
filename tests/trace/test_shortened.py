"""Descriptions whose sections were left out."""

from typing import Any

from peer.trace.shortened import Expander

OFFER = "v=0\r\ns=-\r\nm=audio 9\r\na=mid:0\r\nm=video 9\r\na=mid:1\r\n"


def description(sdp: str, kind: str = "offer") -> dict[str, Any]:
    return {"type": kind, "sdp": sdp}


def test_a_local_description_is_that_which_was_created() -> None:
    expander = Expander()
    expander.expand("createOfferOnSuccess", description(OFFER))
    shortened = description("v=\r\nm=\r\nm=video 0\r\n")
    whole = expander.expand("setLocalDescription", shortened)["sdp"]
    assert whole == "v=0\r\ns=-\r\nm=audio 9\r\na=mid:0\r\nm=video 0\r\n"


def test_a_created_one_is_that_which_was_set_before() -> None:
    expander = Expander()
    expander.expand("setLocalDescription", description(OFFER))
    assert (
        expander.expand("createOfferOnSuccess", description("v=\r\nm=\r\nm=\r\n"))["sdp"] == OFFER
    )


def test_a_remote_one_is_the_remote_one_before() -> None:
    expander = Expander()
    expander.expand("setRemoteDescription", description(OFFER, "answer"))
    again = expander.expand("setRemoteDescription", description("v=\r\nm=\r\nm=\r\n", "answer"))
    assert again["sdp"] == OFFER


def test_offers_and_answers_are_apart() -> None:
    expander = Expander()
    expander.expand("createOfferOnSuccess", description(OFFER))
    text = "v=\r\nm=\r\n"
    assert expander.expand("setLocalDescription", description(text, "answer"))["sdp"] == text


def test_a_section_nobody_had_stays_empty_and_other_values_as_they_are() -> None:
    expander = Expander()
    assert expander.expand("setLocalDescription", None) is None
    assert expander.expand("setLocalDescription", description("v=\r\n"))["sdp"] == "v=\r\n"
    assert expander.expand("setLocalDescription", {"sdp": 3}) == {"sdp": 3}
