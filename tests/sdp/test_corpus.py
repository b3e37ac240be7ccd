"""Recorded descriptions: what browsers and older peers wrote is understood, and survives."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from sdp import Description, Direction, Sctpmap, SdpError, parse, serialize
from tests.sdp.support import BROWSER_FILES, CORPUS, LEGACY_FILES

BY_BROWSERS = [
    path
    for path in BROWSER_FILES
    if "-in-" not in path.name and not path.name.startswith("synthetic")
]
BY_HAND = [path for path in BROWSER_FILES if path not in BY_BROWSERS]
REFUSED = {"answer-cr-only": 1, "answer-no-v-line": 1}
TOLERATED = {
    "answer-blank-lines": 2,
    "answer-cand-badlines": 3,
    "answer-lf-only": 1,
    "answer-no-final-eol": 1,
    "answer-no-o-line": 1,
    "answer-no-s-line": 1,
    "answer-sdes-crypto": 1,
}


def scenario(path: Path) -> str:
    return path.stem.replace("synthetic-in-offer-", "answer-")


def legacy(name: str) -> Description:
    return parse((CORPUS / "legacy" / f"{name}.sdp").read_bytes())


def test_the_corpus_is_complete() -> None:
    assert (len(BY_BROWSERS), len(BY_HAND), len(LEGACY_FILES)) == (449, 150, 17)


@pytest.mark.parametrize("path", BY_BROWSERS, ids=lambda path: path.stem)
def test_what_a_browser_wrote(path: Path) -> None:
    description = parse(path.read_bytes())
    assert description.tolerated == ()
    assert parse(serialize(description)) == description
    resolved = description.with_inherited_bundle_attributes()
    for index, section in enumerate(resolved.media):
        assert section.mid is not None
        assert section.connection is not None
        if not description.is_rejected(index):
            assert section.ice.ufrag
            assert section.dtls.fingerprints
            assert section.dtls.setup
        if section.is_rtp:
            assert [str(codec.payload_type) for codec in section.codecs] == list(section.formats)
        else:
            assert section.sctp_port in (5000, 0)


@pytest.mark.parametrize("path", BY_HAND, ids=lambda path: path.stem)
def test_what_was_put_before_browsers(path: Path) -> None:
    name = scenario(path)
    if name in REFUSED:
        with pytest.raises(SdpError) as caught:
            parse(path.read_bytes())
        assert caught.value.line_number == REFUSED[name]
        return
    description = parse(path.read_bytes())
    assert len(description.tolerated) == TOLERATED.get(name, 0)
    assert parse(serialize(description)) == description


def test_we_refuse_no_syntax_that_a_browser_takes() -> None:
    outcomes = json.loads((CORPUS / "browser_sdp" / "outcomes.json").read_text())
    accepted = {
        name
        for name, browsers in outcomes.items()
        if any(outcome.get("accepted") for outcome in browsers.values())
    }
    assert accepted.isdisjoint(REFUSED)


@pytest.mark.parametrize("path", LEGACY_FILES, ids=lambda path: path.stem)
def test_legacy_descriptions_round_trip(path: Path) -> None:
    description = parse(path.read_bytes())
    assert parse(serialize(description)) == description


def test_component_2_and_mux_in_a_non_mux_offer() -> None:
    path = next(path for path in BY_BROWSERS if "chromium-156-offer-mux-negotiate-g" in path.name)
    section = parse(path.read_bytes()).media[0]
    assert {candidate.component for candidate in section.ice.candidates} == {1, 2}
    assert section.rtcp.address is not None


def test_chromium_plan_b() -> None:
    description = legacy("chrome-2014-plan-b")
    audio, video, data = description.media
    assert audio.stream_ids == ("stream0", "stream1")
    assert [group.semantics for group in video.ssrc_groups] == ["FID", "SIM"]
    assert data.sctp.sctpmap == Sctpmap(5000, "webrtc-datachannel", 1024)
    # a TCP candidate without tcptype, and the SDES keys
    assert [one.tcp_type for one in audio.ice.candidates] == [None, None, "active"]
    assert [entry.line_number for entry in description.tolerated] == [12, 23]
    assert [attribute.name for attribute in video.other] == ["x-google-flag"]


def test_firefox_without_bundle_and_mid() -> None:
    description = legacy("firefox-2014")
    assert description.groups == ()
    assert [section.mid for section in description.media] == [None] * 3
    assert {description.effective(index).ice.ufrag for index in range(3)} == {"9b5c2f01"}
    assert description.media[2].sctp_port == 5000


def test_softphones() -> None:
    description = legacy("linphone")
    audio = description.effective(0)
    assert (audio.ice.ufrag, audio.rtcp.mux) == ("0e1f2a3b", False)
    assert audio.rtcp.address is not None
    assert (audio.rtcp.address.port, audio.rtcp.address.connection) == (7079, None)
    assert audio.codecs[5].name == "G729"
    assert [str(feedback) for feedback in audio.codecs[0].feedback] == [
        "trr-int 5000",
        "ccm tmmbr",
    ]
    assert legacy("baresip").media[0].ssrcs[0].cname == "sip:bob@example.com"
    freeswitch = legacy("freeswitch").media[0]
    assert freeswitch.codecs[0].parameter("maxplaybackrate") == "48000"
    assert freeswitch.stream_ids == ("8wHz1vY0dR",)


def test_hold_and_room_systems() -> None:
    phone = legacy("hard-phone-on-hold").effective(0)
    assert phone.direction is Direction.SENDONLY
    assert phone.connection is not None
    assert phone.connection.address == "0.0.0.0"
    assert phone.ice.ufrag is None
    room = legacy("room-system")
    assert [section.is_rtp for section in room.media] == [True, True, False, True, True]
    assert room.media[2].formats == ("*",)
    assert not room.media[2].is_sctp


def test_servers_with_many_sections() -> None:
    mediasoup = legacy("mediasoup-many-sections")
    assert mediasoup.ice_lite
    dead = [n for n in range(25) if mediasoup.is_rejected(n)]
    assert dead == [4, 9]
    assert mediasoup.effective(24).dtls.fingerprints == mediasoup.dtls.fingerprints
    pion = legacy("pion-many-sections")
    assert len(pion.media) == 40
    assert pion.tolerated == ()
    assert pion.media[0].is_sctp
    assert pion.media[1].codecs[0].feedback[0].parameter is None


def test_jitsi_and_kurento() -> None:
    bridge = legacy("jitsi-videobridge")
    assert bridge.media[0].dtls.fingerprints[0].algorithm == "sha-1"
    assert [entry.reason for entry in bridge.tolerated] == ["unknown transport ssltcp"]
    kurento = legacy("kurento")
    assert [c.tcp_type for c in kurento.media[0].ice.candidates] == [
        None,
        "active",
        "passive",
        None,
    ]
    assert kurento.effective(1).connection == kurento.connection


def test_asterisk_answers_can_be_built_from_records() -> None:
    description = legacy("asterisk")
    section = description.media[0]
    changed = replace(description, media=(section.with_codecs(section.codecs[:1]),))
    assert "m=audio 14562 UDP/TLS/RTP/SAVPF 107\r\n" in serialize(changed)
