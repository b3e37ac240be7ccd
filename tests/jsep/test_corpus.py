"""Recorded descriptions of browsers and legacy peers: answered, and answers to them taken.

What a browser refused or took is in outcomes.json; where this engine does otherwise, the reason is
in `DIFFERENCES`.
"""

import json
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pytest

from peer.jsep import BundlePolicy, DOMException, RtcpMuxPolicy
from sdp import Description, Group, parse, serialize
from tests.jsep.ends import End, make_end

CORPUS = Path(__file__).parents[1] / "corpus" / "browser_sdp"
OUTCOMES = json.loads((CORPUS / "outcomes.json").read_text())

# Scenario -> why the outcome is not that of either browser.
DIFFERENCES = {
    "answer-no-o-line": "o= says nothing that anybody needs",
    "answer-long-mid": "RFC 5888 §4 has no limit; only the one-byte header extension has",
    "reoffer-strip-all-sessfp": "RFC 9143 §7.1.3 lets bundled sections leave out the attributes",
    "reoffer-strip-all-transport": "RFC 9143 §7.1.3 lets bundled sections leave out the attributes",
    "reply-strip-all-transport": "RFC 9143 §7.1.3 lets bundled sections leave out the attributes",
    "reply-strip-mux-only": "RFC 9143 §7.1.3 lets bundled sections leave out a=rtcp-mux",
    "reoffer-fpchange": "RFC 9429 §5.11: another fingerprint needs an ICE restart",
}

# Answers of browsers that are not taken, with the reason.
NOT_TAKEN = {
    "bundle-only-nogroup": "RFC 9143 §6: bundle-only with port 0 and no group is off",
    "bundle-only-nogroup-notracks": "RFC 9143 §6: bundle-only with port 0 and no group is off",
    "nomux-bundle-av-negotiate": "RFC 9143 §9.3.1: bundled RTP needs a=rtcp-mux",
    "session-direction": "RFC 3264 §6.1: sendrecv does not answer the session's sendonly",
    "dup-mid": "the offer is refused",
    "extmap-conflict": "the offer is refused",
}


def text_of(path: Path) -> str:
    return path.read_bytes().decode()


def stems(pattern: str) -> list[str]:
    return sorted(path.stem for path in CORPUS.glob(f"{pattern}.sdp"))


def read(stem: str) -> str:
    return text_of(CORPUS / f"{stem}.sdp")


def options_for(name: str) -> dict[str, object]:
    """The configuration the scenario was recorded with, as its name tells."""
    options: dict[str, object] = {"lenient_munging": True}
    if "negotiate" in name:
        options["rtcp_mux_policy"] = RtcpMuxPolicy.NEGOTIATE
    if "max-compat" in name or "2a2v" in name or "twogroups" in name:
        options["bundle_policy"] = BundlePolicy.MAX_COMPAT
    if "max-bundle" in name:
        options["bundle_policy"] = BundlePolicy.MAX_BUNDLE
    return options


def answerer(name: str) -> End:
    end = make_end(1, **options_for(name))
    end.add_track("audio", "stream")
    end.add_track("video", "stream")
    return end


def offerer(name: str, offer: str) -> End:
    """An engine that supports what `offer` has, and has set it as if it were its own."""
    sections = parse(offer).media
    codecs = {
        f"{kind}_codecs": tuple(
            codec for media in sections if media.kind == kind for codec in media.codecs
        )
        for kind in ("audio", "video")
    }
    end = make_end(0, **options_for(name), **codecs)
    for media in sections:
        if media.kind == "application":
            end.add_data()
        else:
            end.add(media.kind)
    end.offer()
    end.set_local("offer", offer)
    return end


def outcome_of(scenario: str) -> set[bool]:
    """Whether browsers accepted it; both values when they differ."""
    if scenario in DIFFERENCES:
        return {not any(one["accepted"] for one in OUTCOMES[scenario].values())}
    return {one["accepted"] for one in OUTCOMES[scenario].values()}


def accepts(action: object, *arguments: str) -> bool:
    assert callable(action)
    try:
        action(*arguments)
    except DOMException:
        return False
    return True


BROWSER_OFFERS = stems("*-offer-*-created") + stems("*-offer-*-gathered")
SYNTHETIC_OFFERS = stems("synthetic-in-offer-*")


@pytest.mark.parametrize("stem", BROWSER_OFFERS)
def test_offers_of_browsers_are_answered(stem: str) -> None:
    end = answerer(stem)
    end.set_remote("offer", read(stem))
    answer = parse(end.answer())
    check_answer_form(parse(read(stem)), answer)
    assert all(media.port != 0 for media in answer.media)


@pytest.mark.parametrize("stem", BROWSER_OFFERS)
def test_our_answers_are_taken_by_whoever_made_the_offer(stem: str) -> None:
    end = answerer(stem)
    end.set_remote("offer", read(stem))
    answer = end.answer()
    peer = offerer(stem, read(stem))
    peer.set_remote("answer", answer)
    assert peer.state.wiring.sections.keys() == end.state.wiring.sections.keys()
    assert peer.state.groups == end.state.groups


@pytest.mark.parametrize("stem", SYNTHETIC_OFFERS)
def test_odd_offers_fare_as_in_browsers(stem: str) -> None:
    scenario = stem.replace("synthetic-in-offer-", "answer-")
    end = answerer(stem)
    before = end.state
    accepted = accepts(end.set_remote, "offer", read(stem))
    assert accepted in outcome_of(scenario)
    if not accepted:
        assert end.state is before
        return
    answer = end.answer()
    check_answer_form(parse(read(stem)), parse(answer))
    kinds = {media.kind for media in parse(read(stem)).media}
    if kinds <= {"audio", "video", "application"}:
        offerer(stem, read(stem)).set_remote("answer", answer)


def check_answer_form(offer: Description, answer: Description) -> None:
    """RFC 3264 §6 and RFC 9429 §5.3.1: what every answer has in common with its offer."""
    assert [(m.kind, m.protocol) for m in answer.media] == [
        (m.kind, m.protocol) for m in offer.media
    ]
    for offered, answered in zip(offer.media, answer.media, strict=True):
        assert answered.mid == offered.mid
        assert not answered.bundle_only
        assert set(answered.formats) <= set(offered.formats)
        if answered.port:
            assert answered.ice.ufrag
            assert answered.ice.pwd
            assert answered.dtls.fingerprints
            assert answered.dtls.setup is not None
            assert answered.rtcp.mux == offered.rtcp.mux or not offered.rtcp.mux


ANSWERED = [
    (stem, answer)
    for stem in SYNTHETIC_OFFERS
    for browser in ("chromium-156", "firefox-153")
    if (
        CORPUS / f"{(answer := stem.replace('synthetic-in-offer', f'{browser}-answer'))}.sdp"
    ).exists()
]


@pytest.mark.parametrize(("stem", "answer"), ANSWERED)
def test_answers_of_browsers_are_taken(stem: str, answer: str) -> None:
    scenario = stem.removeprefix("synthetic-in-offer-")
    if scenario in NOT_TAKEN:
        if scenario not in ("dup-mid", "extmap-conflict"):
            assert not accepts(offerer(stem, read(stem)).set_remote, "answer", read(answer))
        return
    end = offerer(stem, read(stem))
    end.set_remote("answer", read(answer))
    live = [section for section in end.remote.sections if not section.rejected]
    assert len(end.state.wiring.sections) == len(live)


OFFER_FOR = {
    ("audio", "video"): "offer-audio-video-created",
    ("application",): "offer-data-created",
    ("audio", "video", "application"): "offer-audio-video-data-created",
    ("audio", "audio", "video", "video"): "offer-2a2v-default-created",
    ("audio", "audio", "video", "video", "application"): "offer-2a2v-data-max-compat-created",
}


def offer_of(browser: str, kinds: tuple[str, ...]) -> str:
    """The browser's own offer with these sections."""
    if kinds in OFFER_FOR:
        return read(f"{browser}-{OFFER_FOR[kinds]}")
    whole = parse(read(f"{browser}-offer-audio-video-created"))
    return serialize(replace(whole, groups=(Group("BUNDLE", ("0",)),), media=whole.media[:1]))


@pytest.mark.parametrize("stem", stems("*-in-answer-*"))
def test_odd_answers_fare_as_in_browsers(stem: str) -> None:
    browser, scenario = stem.split("-in-answer-")
    answer = read(stem)
    offer = offer_of(browser, tuple(media.kind for media in parse(answer).media))
    if "direction-mismatch" in stem:
        offer = offer.replace("a=sendrecv\r\n", "a=recvonly\r\n")
    end = offerer(stem, offer)
    before = end.state
    accepted = accepts(end.set_remote, "answer", answer)
    assert accepted in outcome_of(f"reply-{scenario}")
    if not accepted:
        assert end.state is before


@pytest.mark.parametrize("stem", stems("*-reply-*-reoffer"))
def test_next_offers_after_odd_answers_are_answered(stem: str) -> None:
    """A late comer gets the second offer as its first one (RFC 9143 §7.6)."""
    end = answerer(stem)
    end.set_remote("offer", read(stem))
    check_answer_form(parse(read(stem)), parse(end.answer()))


@pytest.mark.parametrize("stem", stems("synthetic-in-reoffer-*"))
def test_second_offers_fare_as_in_browsers(stem: str) -> None:
    scenario = stem.replace("synthetic-in-reoffer-", "reoffer-")
    end = answerer(stem)
    end.set_remote("offer", read("synthetic-in-offer-bundle-av-data"))
    first = parse(end.answer())
    before = end.state
    accepted = accepts(end.set_remote, "offer", read(stem))
    assert accepted in outcome_of(scenario)
    if not accepted:
        assert end.state is before
        return
    second = parse(end.answer())
    check_answer_form(parse(read(stem)), second)
    restarted = "icerestart" in stem
    assert (second.media[0].ice.ufrag != first.media[0].ice.ufrag) is restarted


def sessions() -> list[list[str]]:
    """Offers of one connection in the order of their numbers."""
    found: defaultdict[tuple[str, int], list[str]] = defaultdict(list)
    for stem in stems("*-session-av-*offer*"):
        browser = stem.split("-session")[0]
        found[browser, parse(read(stem)).origin.session_id].append(stem)
    return [
        sorted(names, key=lambda name: int(name.split("session-av-")[1].split("-")[0]))
        for names in found.values()
    ]


@pytest.mark.parametrize("names", sessions(), ids=lambda names: names[0])
def test_sessions_of_browsers_are_followed(names: list[str]) -> None:
    """Adding, stopping, recycling, an ICE restart, the tagged section stopped."""
    end = answerer(names[0])
    for name in names:
        end.set_remote("offer", read(name))
        answer = parse(end.answer())
        check_answer_form(parse(read(name)), answer)
        ports = [media.port for media in parse(read(name)).media]
        bundle_only = [media.bundle_only for media in parse(read(name)).media]
        alive = [bool(port or only) for port, only in zip(ports, bundle_only, strict=True)]
        assert [bool(media.port) for media in answer.media] == alive
