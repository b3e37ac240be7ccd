"""`aiopeer sdp`: lines in words, what is wrong, what differs; no password in any of it."""

import io
import json
import sys
from pathlib import Path

import pytest

from tests.contract.source_tree import ROOT
from tools.command.main import main
from tools.command.sdp import judge
from tools.command.sdp_words import words_of_line

CORPUS = sorted((ROOT / "tests" / "corpus").rglob("*.sdp"))
OFFER = """v=0
o=- 1 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0
m=audio 9 UDP/TLS/RTP/SAVPF 111 0
c=IN IP4 0.0.0.0
a=mid:0
a=ice-ufrag:abcd
a=ice-pwd:hushhushhushhushhushhush
a=fingerprint:sha-256 {}
a=setup:actpass
a=rtcp-mux
a=rtpmap:111 opus/48000/2
""".format(":".join(["AB"] * 32)).replace("\n", "\r\n")

LATER = "with a port that candidates tell later"
OFF = "rejected, or bundle-only, over UDP/DTLS/SCTP"
SEEN = "192.0.2.1 9 typ srflx raddr 10.0.0.1 rport 8"


def told(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert main(["sdp", *map(str, arguments)]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("v=0", "version of SDP"),
        ("m=audio 9 RTP/AVP 111 0", f"a section for audio, {LATER}, over RTP/AVP: 2 payload types"),
        ("m=application 0 UDP/DTLS/SCTP x", f"a section for application, {OFF}: data channels"),
        ("a=rtpmap:111 opus/48000/2", "111 is opus at 48000 Hz, 2 channels"),
        ("a=fmtp:111 minptime=10", "settings of 111: minptime=10"),
        ("a=setup:passive", "the other side begins the DTLS handshake"),
        ("a=setup:x", "an unknown role in DTLS: x"),
        (f"a=candidate:1 1 udp 1 {SEEN}", "an address as a STUN server sees it: 192.0.2.1:9 over udp, seen from 10.0.0.1"),  # noqa: E501
        ("a=candidate:1", "a candidate that cannot be read: 1 tokens instead of 8 or more"),
        ("a=x-own:1", "unknown here"),
        ("x", "no line of SDP: a letter and = are missing"),
        ("m=", "a section for , at port , over : 0 payload types"),
    ],
)  # fmt: skip
def test_lines(line: str, words: str) -> None:
    if "cannot be read" in words:
        assert words_of_line(line).startswith("a candidate that cannot be read: ")
    else:
        assert words_of_line(line) == words


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_every_line_that_browsers_write_is_known(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    words = [words_of_line(line) for line in lines if line.startswith(("a=", "m=", "o="))]
    assert "legacy" in path.parts or [word for word in words if word.startswith("unknown")] == []


def test_a_description(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "offer"
    path.write_bytes(OFFER.encode())
    text = told(capsys, path)
    assert text.startswith("nothing is wrong with it\n")
    assert "  12  a=setup:actpass" in text
    assert "hush" not in text


def test_json_and_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = json.dumps({"type": "offer", "sdp": OFFER}).encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert "111 is opus" in told(capsys, "-")


@pytest.mark.parametrize(
    ("old", "new", "judgement"),
    [
        ("v=0", "x=0", "wrong: line 1: a description starts with v=; no connection would take it"),
        ("a=fingerprint", "a=x", "missing: section 0 (audio) has no fingerprint (a=fingerprint)"),
        ("a=ice-pwd", "a=x", "missing: section 0 (audio) has no ICE credentials"),
        ("a=ice-ufrag:abcd", "a=ice-ufrag:a-cd", "let pass in line 9: "),
        ("a=fingerprint", "a=x", "as an offer a connection refuses it: "),
    ],
)  # fmt: skip
def test_what_is_wrong(old: str, new: str, judgement: str) -> None:
    assert [line for line in judge("offer", OFFER.replace(old, new)) if line.startswith(judgement)]


def test_two_descriptions(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(OFFER.encode())
    changed = OFFER.replace("abcd", "efgh").replace("opus/48000/2", "L16/48000")
    changed = changed.replace("actpass", "active").replace("hushhush", "shhhshhh")
    other.write_bytes((changed + "a=recvonly\r\n").encode())
    text = told(capsys, one, other)
    assert text.splitlines()[:5] == [
        "section 0 (audio 0): direction sendrecv, then recvonly",
        "section 0 (audio 0): ICE abcd, then efgh: another side, or a restart",
        "section 0 (audio 0): setup actpass, then active",
        "section 0 (audio 0): then without opus",
        "section 0 (audio 0): then with L16",
    ]
    assert "-a=setup:actpass" in text
    assert "hush" not in text
    assert "shhh" not in text


def test_what_is_no_description(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x"
    path.write_text('{"sdp": 3}')
    assert main(["sdp", str(path)]) == 1
    assert capsys.readouterr().err == "aiopeer sdp: the JSON has no sdp\n"
