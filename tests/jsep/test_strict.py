"""The form RFC 9143 §7.1.3 gives bundled sections, written on demand and always read."""

from sdp import parse
from tests.jsep.agreement import check_agreement
from tests.jsep.ends import exchange, make_ends


def test_a_section_without_its_own_attributes_has_those_of_the_tag() -> None:
    """RFC 9143 §7.1.3, both as written by us on demand and as read."""
    one, other = make_ends(strict_bundle_attributes=True)
    for kind in ("audio", "video", "video"):
        one.add_track(kind, "stream")
    one.add_data()
    offer, answer = exchange(one, other)
    assert offer.count("a=ice-ufrag") == 3
    assert offer.count("a=fingerprint") == 3
    assert answer.count("a=ice-ufrag") == 1
    assert answer.count("a=rtcp-mux\r\n") == 1
    assert len(set(one.state.wiring.sections.values())) == 1
    reoffer, _ = exchange(other, one)
    assert reoffer.count("a=ice-ufrag") == 1
    assert reoffer.count("a=setup") == 1


def test_a_tagged_data_section_speaks_for_the_media_in_it() -> None:
    """RFC 9429 §5.2.2: a=rtcp-mux is then found in the data section."""
    one, other = make_ends(strict_bundle_attributes=True)
    one.add_data()
    exchange(one, other)
    one.add("audio")
    offer, answer = exchange(one, other)
    for text in (offer, answer):
        data, audio = parse(text).media
        assert data.rtcp.mux
        assert not audio.rtcp.mux
        assert audio.ice.ufrag is None
    check_agreement(one, other, {})


def test_only_what_is_bundled_for_certain_is_stripped() -> None:
    """Sections that may end up alone keep their own attributes (RFC 9143 §7.2)."""
    one, _ = make_ends(strict_bundle_attributes=True)
    for kind in ("audio", "audio", "video"):
        one.add(kind)
    media = parse(one.offer()).media
    assert [section.ice.ufrag is not None for section in media] == [True, False, True]
    assert [section.rtcp.mux for section in media] == [True, False, True]
