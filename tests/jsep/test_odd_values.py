"""Values that nobody needs, written oddly: they cost themselves and nothing else.

What is needed stays needed: versions, m-lines, credentials, fingerprints, mids and their groups.
"""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdp import parse
from tests.jsep.ends import End, make_end
from tests.jsep.test_corpus import answerer, read
from tests.jsep.test_legacy import read as read_legacy

OFFERS = {
    "chromium": read("chromium-156-offer-audio-video-data-gathered"),
    "firefox": read("firefox-153-offer-2a2v-default-gathered"),
    "asterisk": read_legacy("asterisk"),
    "janus": read_legacy("janus"),
}

# What each kind of line may turn into, whoever wrote it.
ODD_LINES = [
    "i=",
    "c=IN",
    "c=IN IP4 300.0.0.1",
    "c=IN IP4 host.example",
    "b=",
    "b=AS",
    "b=AS:-1",
    "b=X-what:1",
    "k=prompt",
    "t=0 0",
    "s=late",
    "r=7d",
    "a=",
    "a= : ",
    "a=ä",
    "a=mid :",
    "a=candidate:",
    "a=candidate:1 1 udp 0 192.0.2.1 9 typ host",
    "a=candidate:1 1 udp 4294967295 192.0.2.1 9 typ host",
    "a=candidate:1 1 udp 99999999999 192.0.2.1 9 typ host",
    "a=candidate:1 0 udp 1 192.0.2.1 9 typ host",
    "a=candidate:1 3 udp 1 192.0.2.1 9 typ host",
    "a=candidate:1 1 sctp 1 192.0.2.1 9 typ host",
    "a=candidate:1 1 udp 1 192.0.2.1 0 typ host",
    "a=candidate:1 1 udp 1 0.0.0.0 9 typ host",
    "a=candidate:1 1 udp 1 192.0.2.1 9 typ moon raddr",
    "a=candidate:" + "f" * 40 + " 1 UDP 1 192.0.2.1 9 typ srflx raddr x rport y",
    "a=remote-candidates:1 192.0.2.1",
    "a=end-of-candidates:yes",
    "a=ice-options",
    "a=ice-options:",
    "a=ice-options:renomination unknown",
    "a=ice-pacing:soon",
    "a=ice-lite:maybe",
    "a=fingerprint:sha-256 AB",
    "a=setup:perhaps",
    "a=tls-id:",
    "a=connection:old",
    "a=extmap:0 urn:x",
    "a=extmap:5000 urn:x",
    "a=extmap:15 urn:x",
    "a=extmap:200/sideways urn:x",
    "a=extmap:x",
    "a=extmap-allow-mixed:no",
    "a=rtcp:x",
    "a=rtcp:99999 IN IP4 0.0.0.0",
    "a=rtcp:9 IN",
    "a=rtcp-mux:please",
    "a=rtcp-rsize:1",
    "a=rtpmap:",
    "a=rtpmap:111",
    "a=rtpmap:120 x/0",
    "a=rtpmap:300 VP8/90000",
    "a=rtpmap:nine VP8/90000",
    "a=fmtp:",
    "a=fmtp:125",
    "a=fmtp:125 apt=x;;=;y",
    "a=rtcp-fb:",
    "a=rtcp-fb:125 nack",
    "a=rtcp-fb:* what ever",
    "a=rtcp-fb:x nack",
    "a=ptime:0",
    "a=ptime:-20",
    "a=ptime:20.5.5",
    "a=maxptime:x",
    "a=msid:",
    "a=ssrc:",
    "a=ssrc:1",
    "a=ssrc:x cname:y",
    "a=ssrc:99999999999 cname:y",
    "a=ssrc-group:",
    "a=ssrc-group:FID x",
    "a=rid:",
    "a=rid:1 up",
    "a=rid:1 recv max-dreams=1",
    "a=simulcast:",
    "a=simulcast:send nobody",
    "a=simulcast:both 1",
    "a=simulcast: send rid=nobody",
    "a=sctp-port:x",
    "a=sctp-port:99999",
    "a=sctpmap:5000",
    "a=sctpmap:x y z",
    "a=max-message-size:-1",
    "a=max-message-size:" + "9" * 30,
    "a=group:",
    "a=group:LS nobody",
    "a=group:BUNDLE",
    "a=msid-semantic:",
    "a=crypto:1 x",
    "a=bundle-only:0",
]
NEEDED = re.compile(r"(v=|m=|a=(ice-ufrag|ice-pwd|fingerprint|mid|group|bundle-only)\b)")
TEXT = st.text(
    st.characters(codec="utf-8", exclude_characters="\r\n\0") | st.sampled_from("0 1:;=/,-"),
    max_size=30,
)


def taken(text: str) -> End:
    """Take an offer and answer it."""
    end = answerer("negotiate")
    end.set_remote("offer", text)
    end.answer()
    return end


def inserted(text: str, line: str, at: int) -> str:
    """Put a line behind one of the lines of a text, never in front of v=."""
    lines = text.splitlines()
    place = 1 + at % len(lines)
    return "".join(f"{one}\r\n" for one in [*lines[:place], line, *lines[place:]])


@pytest.mark.parametrize("line", ODD_LINES)
@pytest.mark.parametrize("name", OFFERS)
def test_an_odd_value_that_nobody_needs_costs_nothing(name: str, line: str) -> None:
    """At the session level, inside the first section and at the end of the last."""
    offer = OFFERS[name]
    plain = taken(offer).state.wiring
    last = len(offer.splitlines()) - 1
    first = next(n for n, one in enumerate(offer.splitlines()) if one.startswith("m="))
    for place in (first - 1, first + 1, last):
        wiring = taken(inserted(offer, line, place)).state.wiring
        assert wiring.sections == plain.sections
        assert wiring.receivers.keys() == plain.receivers.keys()


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sampled_from(sorted(OFFERS)), st.integers(0, 10**6), TEXT)
def test_no_single_value_that_is_not_needed_refuses_an_offer(
    name: str, position: int, value: str
) -> None:
    offer = OFFERS[name]
    lines = offer.splitlines()
    free = [number for number, line in enumerate(lines) if not NEEDED.match(line)]
    number = free[position % len(free)]
    head = re.match(r"a=[^:]*:?|.=", lines[number])
    assert head is not None
    lines[number] = head[0] + value
    taken("".join(f"{line}\r\n" for line in lines))


@pytest.mark.parametrize("line", ODD_LINES)
def test_odd_values_in_an_answer(line: str) -> None:
    offerer = make_end(0)
    for kind in ("audio", "video"):
        offerer.add(kind)
    offerer.add_data()
    other = make_end(1)
    other.set_remote("offer", offerer.offer())
    answer = other.answer()
    offerer.set_remote("answer", inserted(answer, line, len(answer.splitlines()) - 1))
    assert offerer.state.wiring.sections == {"0": 0, "1": 0, "2": 0}


@pytest.mark.parametrize("line", ODD_LINES)
def test_what_is_kept_of_an_odd_line_can_be_written(line: str) -> None:
    """A description is written anew once candidates trickle in."""
    end = taken(inserted(OFFERS["chromium"], line, 10**6))
    end.add_candidate("candidate:9 1 udp 1 192.0.2.77 9 typ host", sdp_mid="0")
    assert "192.0.2.77" in end.remote.text
    assert len(parse(end.remote.text).media) == 3
