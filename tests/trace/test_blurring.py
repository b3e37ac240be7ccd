"""Addresses are blurred wherever they are."""

import re

import pytest

from peer.testing import run
from peer.trace import ICE, TraceEntry, read_trace, shareable
from peer.trace.blurring import blurred
from tests.session.test_tracing import a_call
from tests.trace.support import CALL


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("192.0.2.17", "192.0.2.x"),
        ("o=- 1 1 IN IP4 192.0.2.17\r\n", "o=- 1 1 IN IP4 192.0.2.x\r\n"),
        ("192.0.2.17:5000 to 198.51.100.4:1", "192.0.2.x:5000 to 198.51.100.x:1"),
        ("c=IN IP4 0.0.0.0", "c=IN IP4 0.0.0.0"),
        ("127.0.0.1", "127.0.0.1"),
        ("2001:db8::17", "2001:db8:0:x:x:x:x:x"),
        ("[2001:db8:1:2::17]:5000", "[2001:db8:1:x:x:x:x:x]:5000"),
        ("candidate:1 1 udp 1 fe80::1%eth0 9", "candidate:1 1 udp 1 fe80:0:0:x:x:x:x:x%eth0 9"),
        ("::1", "::1"),
        ("fd00::2:34793", "fd00:0:0:x:x:x:x:x:34793"),
        ("0b35c8a1.local 12:30:00 a:b", "0b35c8a1.local 12:30:00 a:b"),
        ("sha-256 AB:CD:EF:01:23:45:67:89:AB", "sha-256 AB:CD:EF:01:23:45:67:89:AB"),
        ("stun:stun.example:3478", "stun:stun.example:3478"),
        ("a=rtpmap:96 VP8/90000", "a=rtpmap:96 VP8/90000"),
    ],
)
def test_texts(text: str, seen: str) -> None:
    assert blurred(text) == seen


def test_no_address_of_a_call_is_left() -> None:
    entries: list[TraceEntry] = []
    run(a_call(entries.append, None))
    text = str(entries)
    addresses = set(re.findall(r"\b(?:60|192|203)\.\d+\.\d+\.\d+\b", text))
    assert len(addresses) > 4
    blurry = shareable(entries)
    assert re.findall(r"\b(?:60|192|203)\.\d+\.\d+\.\d+\b", str(blurry)) == []
    kinds = {entry.value["kind"] for entry in blurry if entry.method == ICE}
    assert kinds == {"decision", "event"}
    assert [e.time for e in blurry] == sorted(e.time for e in blurry)


def test_passwords_of_browsers_are_left_out_in_any_case() -> None:
    for addresses in (True, False):
        text = str(shareable(read_trace(CALL).entries, addresses=addresses))
        passwords = re.findall(r"a=ice-pwd:([^\\]*)", text)
        assert set(passwords) == {"***"}
