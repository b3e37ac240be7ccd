"""The page: one file, everything escaped, bounded, blurred unless asked otherwise."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from peer.testing import run
from peer.trace import STALL, Dump, TraceEntry, read_trace
from tests.session.test_tracing import a_call
from tests.trace.support import CALL, CALL_INTERNALS, FAILED, VECTORS
from tools.command.main import main
from tools.command.page import MAX_ROWS, page
from tools.command.page_style import SCRIPT
from tools.command.svg import MAX_POINTS, Lane, Mark, lanes, thinned

HOSTILE = "<script>hacked = 1</script>\"'&"


class Words(HTMLParser):
    """Takes the words of a page, as who has no script and no colours reads them."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            assert name not in ("src", "onclick", "onload"), (tag, name)
            assert name != "href" or value is None or value[:1] == "#" or value == "data:,"

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def read(text: str) -> Words:
    words = Words()
    words.feed(text)
    return words


def made(data: bytes) -> str:
    dump = read_trace(data)
    return page(dump, dump.connections)


@pytest.mark.parametrize(
    "data", [CALL, CALL_INTERNALS, FAILED], ids=["call", "internals", "failed"]
)
def test_dumps_of_chromium(data: bytes) -> None:
    text = made(data)
    words = read(text)
    assert words.tags.count("script") == 1
    assert "svg" in words.tags
    assert "It was " in " ".join(words.words)
    assert len(text) < 300_000
    assert "url(" not in text
    assert 'http-equiv="Content-Security-Policy" content="default-src \'none\';' in text


def test_verdict_evidence_and_advice_are_text() -> None:
    words = " ".join(read(made(FAILED)).words)
    assert "turn:127.0.0.1:34790?transport=udp refuses the credentials." in words
    assert "401 Unauthorized." in words
    assert "Check user name and credential" in words


def test_what_a_trace_has_is_never_markup() -> None:
    """Whatever is written into a trace, by whoever."""
    values = {HOSTILE: HOSTILE, "candidate": HOSTILE, "sdp": HOSTILE, "type": HOSTILE}
    report = {HOSTILE: {"type": "candidate-pair", "state": HOSTILE, "reason": HOSTILE}}
    report["x"] = {"type": "transport", "selectedCandidatePairId": HOSTILE}
    methods = ["create", "setLocalDescription", "onicecandidateerror", "addIceCandidateOnFailure"]
    entries = [TraceEntry(1.0, HOSTILE, method, values) for method in (HOSTILE, *methods)]
    entries.append(TraceEntry(2.0, HOSTILE, "getStats", report))
    entries.append(TraceEntry(2.0, HOSTILE, "onconnectionstatechange", HOSTILE))
    dump = Dump(HOSTILE, {"userAgent": HOSTILE}, tuple(entries))
    text = page(dump, dump.connections)
    assert read(text).tags.count("script") == 1
    assert HOSTILE not in text


def test_addresses_are_blurred_unless_they_are_asked_for(tmp_path: Path) -> None:
    trace, told = tmp_path / "trace", tmp_path / "page.html"
    run(a_call(trace, None))
    assert main(["trace", str(trace), "--html", str(told)]) == 0
    pattern = r"\b(?:60|192|203)\.\d+\.\d+\.\d+\b"
    assert re.findall(pattern, told.read_text()) == []
    assert "binding request" in told.read_text()
    assert main(["trace", str(trace), "--html", str(told), "--addresses"]) == 0
    assert len(set(re.findall(pattern, told.read_text()))) > 4


@pytest.mark.parametrize("odd", [[], {}, 5, None, "noon"], ids=repr)
def test_no_member_of_a_pair_has_to_be_of_its_kind(odd: object) -> None:
    changes = [odd, {"timestamp": odd, "state": odd}, {"timestamp": 1500, "state": "waiting"}]
    pair = {"type": "candidate-pair", "changes": changes, "priority": odd, "state": odd}
    transport = {"type": "transport", "selectedCandidatePairId": odd}
    entries = [
        TraceEntry(1.0, "PC_0", "create", {}),
        TraceEntry(2.0, "PC_0", "getStats", {"P": pair, "Q": {**pair, "changes": odd}}),
        TraceEntry(3.0, "PC_0", "getStats", {"P": pair, "T": transport}),
    ]
    assert "0.500 s: waiting" in page(Dump("RTCStats dump", {}, tuple(entries)), ["PC_0"])


def test_a_browsers_trace_has_nothing_to_replay(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    run(a_call(trace, None))
    assert "peer.testing.replay" in made(trace.read_bytes())
    assert "peer.testing.replay" not in made(FAILED)


def test_there_is_no_table_of_nothing() -> None:
    entries = (TraceEntry(1.0, "PC_0", "create", {}),)
    assert read(page(Dump("RTCStats dump", {}, entries), ["PC_0"])).tags.count("table") == 1


def test_a_long_trace_makes_no_long_page() -> None:
    entries = [TraceEntry(1.0, "PC_0", "create", {})]
    for number in range(20_000):
        stats = {"type": "outbound-rtp", "bytesSent": number * number % 1000, "ssrc": 1}
        entries.append(TraceEntry(2.0 + number, "PC_0", "getStats", {"O": stats}))
        entries.append(TraceEntry(2.5 + number, "PC_0", "onnegotiationneeded"))
    text = page(Dump("RTCStats dump", {}, tuple(entries)), ["PC_0"])
    assert len(text) < 600_000
    assert text.count("<tr data-t") == MAX_ROWS + 1
    assert "more are not shown" in text


def test_curves_keep_what_stands_out() -> None:
    points = [(float(n), 100.0 if n == 1234 else -5.0 if n == 77 else 1.0) for n in range(5000)]
    kept = thinned(points)
    assert len(kept) <= MAX_POINTS
    assert {(1234.0, 100.0), (77.0, -5.0)} <= set(kept)
    assert kept == sorted(kept)


def test_the_script_is_small() -> None:
    assert len(SCRIPT) < 30_000


def test_no_connection() -> None:
    assert "There is no connection in it." in page(Dump("RTCStats dump", {}, ()), [])


def test_a_ladder_and_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    run(a_call(trace, None))
    assert main(["trace", str(trace), "--ladder"]) == 0
    text = capsys.readouterr().out
    offer, answer = (
        next(line for line in text.splitlines() if f"- {name} -" in line)
        for name in ("offer", "answer")
    )
    assert offer.endswith("->|  signalling")
    assert "|<-" in answer
    assert "allocate error 401" in text
    assert "send indication (binding request)" in text
    assert main(["trace", str(VECTORS / "example.jsonl"), "--json"]) == 0
    assert '"connection": "PC_0"' in capsys.readouterr().out


def test_what_sets_a_long_call_up_has_a_picture_of_its_own() -> None:
    """In that of the whole call it would be a dot."""
    entries = [
        TraceEntry(10.0, "PC_0", "create", {}),
        TraceEntry(10.5, "PC_0", "setLocalDescription", {"type": "offer", "sdp": ""}),
        TraceEntry(11.0, "PC_0", "onconnectionstatechange", "connected"),
    ]
    ended = TraceEntry(100.0, "PC_0", "close")
    long = page(Dump("RTCStats dump", {}, (*entries, ended)), ["PC_0"])
    assert "<title>Set-up of PC_0</title>" in long
    (close, whole) = re.findall(r'data-span="([\d.]+)"', long)
    assert float(close) == pytest.approx(1.1)
    assert float(whole) == 90.0
    assert "Set-up of" not in page(Dump("RTCStats dump", {}, tuple(entries)), ["PC_0"])


def test_moments_have_their_words_where_there_is_room() -> None:
    marks = [Mark(0.0, "one that is long"), Mark(0.1, "two"), Mark(9.0, "three three three three")]
    drawn = re.sub(r"<title>.*?</title>", "", lanes([Lane("x", marks)], 10.0, "title"))
    assert "one that" not in drawn
    assert ">two<" in drawn
    assert ">three th…<" in drawn


def test_who_held_the_loop_up_is_in_the_time_line() -> None:
    entries = (
        TraceEntry(1.0, "PC_0", "create", {}),
        TraceEntry(5.0, "PC_0", STALL, {"duration": 2.0, "blamed": "read (bot:7)"}),
    )
    text = page(Dump("RTCStats dump", {}, entries), ["PC_0"])
    assert "2.000 s: the event loop stood still for 2.000 s, in read (bot:7)" in text


def test_when_media_was_first_told_of() -> None:
    def report(sent: int) -> dict[str, object]:
        return {"O": {"type": "outbound-rtp", "kind": "audio", "mid": "0", "packetsSent": sent}}

    entries = (
        TraceEntry(1.0, "PC_0", "create", {}),
        *(TraceEntry(2.0 + n, "PC_0", "getStats", report(50 * n)) for n in range(4)),
    )
    text = page(Dump("RTCStats dump", {}, entries), ["PC_0"])
    assert text.count("audio (mid 0): packets are sent</title>") == 1
    assert "2.000 s: audio (mid 0): packets are sent" in text
