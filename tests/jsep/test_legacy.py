"""Offers of older and other peers: what is made of them, without a special case for any."""

from dataclasses import replace
from pathlib import Path

import pytest

from peer.jsep import BundlePolicy, DtlsRole, InvalidAccessError, RtcpMuxPolicy, StartDtls
from sdp import Direction, MediaSection, Setup, parse
from tests.jsep.ends import End, host_candidate, make_end, steps
from tests.jsep.texts import altered, with_setup

LEGACY = Path(__file__).parents[1] / "corpus" / "legacy"

# Name -> accepted sections of each kind, transports, and components of the first.
ANSWERED = {
    "asterisk": ({"audio": 1}, 1, 1),
    "baresip": ({"audio": 1}, 1, 2),
    "firefox-2014": ({"audio": 1, "video": 1, "application": 1}, 3, 1),
    "freeswitch": ({"audio": 1}, 1, 1),
    "gstreamer-trickle": ({"audio": 1, "video": 1, "application": 1}, 1, 1),
    "janus": ({"audio": 1, "video": 1, "application": 1}, 1, 1),
    "jitsi-videobridge": ({"audio": 1, "video": 1, "application": 1}, 1, 1),
    "kurento": ({"audio": 1, "video": 1}, 1, 1),
    "libdatachannel-trickle": ({"application": 1}, 1, 1),
    "linphone": ({"audio": 1, "video": 1}, 2, 2),
    "mediasoup-many-sections": ({"audio": 11, "video": 11, "application": 1}, 1, 1),
    "pion-many-sections": ({"audio": 19, "video": 20, "application": 1}, 1, 1),
    "pion-trickle": ({"audio": 1, "application": 1}, 1, 1),
}
REANSWER = "gstreamer-trickle-reanswer"
"""An answer, to our offer after that of the same peer."""
REFUSED = {
    "chrome-2014-plan-b": "Plan B",
    "hard-phone-on-hold": "ice-ufrag",
    "room-system": "ice-ufrag",
}
NEEDS_NEGOTIATION = {"baresip", "linphone"}


def read(name: str) -> str:
    return (LEGACY / f"{name}.sdp").read_bytes().decode()


def answerer(policy: RtcpMuxPolicy = RtcpMuxPolicy.NEGOTIATE) -> End:
    end = make_end(1, rtcp_mux_policy=policy)
    end.add_track("audio", "s")
    end.add_track("video", "s")
    return end


def test_every_recorded_peer_is_judged() -> None:
    assert {path.stem for path in LEGACY.glob("*.sdp")} == ANSWERED.keys() | REFUSED.keys() | {
        REANSWER
    }


@pytest.mark.parametrize("name", ANSWERED)
def test_answered(name: str) -> None:
    kinds, transports, components = ANSWERED[name]
    end = answerer()
    end.set_remote("offer", read(name))
    answer = parse(end.answer())
    alive = [media.kind for media in answer.media if media.port]
    assert {kind: alive.count(kind) for kind in set(alive)} == kinds
    assert len(end.state.wiring.transports) == transports
    first = next(iter(end.state.wiring.transports.values()))
    assert first.components == components
    for media, offered in zip(answer.media, parse(read(name)).media, strict=True):
        assert media.protocol == offered.protocol
        assert media.mid == offered.mid


@pytest.mark.parametrize("name", ANSWERED)
def test_the_answer_fits_the_offer(name: str) -> None:
    """An engine that takes the recorded offer for its own agrees with ours."""
    end = answerer()
    end.set_remote("offer", read(name))
    answer = end.answer()
    peer = make_end(
        0,
        lenient_munging=True,
        rtcp_mux_policy=RtcpMuxPolicy.NEGOTIATE,
        bundle_policy=BundlePolicy.MAX_COMPAT,
    )
    for media in parse(read(name)).media:
        if media.kind == "application":
            peer.add_data()
        else:
            peer.add(media.kind)
    peer.offer()
    order = [section.media.kind for section in peer.local.sections]
    if order != [media.kind for media in parse(read(name)).media]:
        # Data that is not last: this engine would never write such an offer.
        assert name == "pion-many-sections"
        return
    peer.set_local("offer", read(name))
    peer.set_remote("answer", answer)
    assert len(peer.state.wiring.sections) == len(end.state.wiring.sections)
    assert len(peer.state.wiring.transports) == len(end.state.wiring.transports)


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_a_reason(name: str) -> None:
    end = answerer()
    before = end.state
    with pytest.raises(InvalidAccessError, match=REFUSED[name]):
        end.set_remote("offer", read(name))
    assert end.state is before


@pytest.mark.parametrize("name", ANSWERED)
def test_who_needs_two_components(name: str) -> None:
    """Under "require" only peers that multiplex RTCP are taken (RFC 9429 §4.1.1)."""
    end = answerer(RtcpMuxPolicy.REQUIRE)
    if name in NEEDS_NEGOTIATION:
        with pytest.raises(InvalidAccessError, match="rtcp-mux"):
            end.set_remote("offer", read(name))
        return
    end.set_remote("offer", read(name))
    end.answer()


def test_a_lite_peer_is_checked_by_us() -> None:
    """RFC 8445 §6.1.1."""
    end = answerer()
    end.set_remote("offer", read("mediasoup-many-sections"))
    end.answer()
    assert end.state.wiring.controlling is True


def test_all_candidates_of_a_peer_that_does_not_trickle_are_there() -> None:
    """RFC 8838 §14: and there will be no more."""
    end = answerer()
    end.set_remote("offer", read("asterisk"))
    end.answer()
    (transport,) = end.state.wiring.transports.values()
    assert [candidate.component for candidate in transport.remote_candidates] == [1, 1]
    assert transport.end_of_remote_candidates
    assert end.state.can_trickle_ice_candidates is False


@pytest.mark.parametrize(
    ("name", "announced"), [("pion-trickle", False), ("libdatachannel-trickle", True)]
)
def test_an_offer_without_candidates_ends_none(name: str, announced: bool) -> None:
    """Whether or not it announces trickle, they come later."""
    end = answerer()
    end.set_remote("offer", read(name))
    end.answer()
    assert end.state.can_trickle_ice_candidates is announced
    (transport,) = end.state.wiring.transports.values()
    assert not transport.end_of_remote_candidates
    end.add_candidate(str(host_candidate(4001)), sdp_mid="0")
    (transport,) = end.state.wiring.transports.values()
    assert len(transport.remote_candidates) == 1
    assert not transport.end_of_remote_candidates


def as_of(offer: str, answer: str) -> str:
    """Put the credentials and fingerprints of a recorded peer into an answer."""
    recorded = parse(offer).effective(0)

    def change(media: MediaSection) -> MediaSection:
        ice = replace(media.ice, ufrag=recorded.ice.ufrag, pwd=recorded.ice.pwd)
        return replace(
            media, ice=ice, dtls=replace(media.dtls, fingerprints=recorded.dtls.fingerprints)
        )

    return altered(answer, change)


@pytest.mark.parametrize("name", ["pion-trickle", "libdatachannel-trickle"])
def test_whoever_answers_every_offer_as_active(name: str) -> None:
    """The roles of the first exchange go on in all others, whatever is said."""
    end = answerer()
    end.set_remote("offer", read(name))
    assert parse(end.answer()).media[0].dtls.setup is Setup.ACTIVE
    for _ in range(2):
        ours = end.offer()
        peer = make_end(0)
        peer.set_remote("offer", ours)
        answer = with_setup(as_of(read(name), peer.answer()), Setup.ACTIVE)
        assert not steps(end.set_remote("answer", answer), StartDtls)
        (transport,) = end.state.wiring.transports.values()
        assert transport.dtls is not None
        assert transport.dtls.association == 0


def test_the_next_answer_of_gstreamer() -> None:
    """Bundled sections disagree about the DTLS role: the tag counts (RFC 9143 §7.1.3)."""
    end = answerer()
    end.set_remote("offer", read("gstreamer-trickle"))
    end.answer()
    end.offer()
    answer = read(REANSWER)
    assert {one.dtls.setup for one in parse(answer).media} == {Setup.ACTIVE, Setup.PASSIVE}
    assert not steps(end.set_remote("answer", answer), StartDtls)
    (transport,) = end.state.wiring.transports.values()
    assert transport.dtls is not None
    assert (transport.dtls.role, transport.dtls.association) == (DtlsRole.CLIENT, 0)


def test_a_janus_room_only_sends() -> None:
    end = answerer()
    end.set_remote("offer", read("janus"))
    end.answer()
    directions = [one.current_direction for one in end.state.transceivers if one.mid is not None]
    assert directions == [Direction.RECVONLY, Direction.RECVONLY]
