"""`aiopeer interop`: what becomes of a cell, and how it is told. The calls are in tests/interop."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from io import StringIO
from pathlib import Path
from unittest.mock import Mock, patch

import pytest
from rich.console import Console

from peer import RTCConfiguration
from peer.trace import Dump, TraceEntry, read_trace
from tests.interop.matrix import cells, limits, report
from tests.interop.matrix.cells import Outcome, Result, judge, play
from tests.interop.matrix.command import chosen_scenarios
from tests.interop.matrix.limits import Limit, deaf, refused, same_credentials
from tests.interop.matrix.party import Party, Side, Signalling, Talk
from tests.interop.matrix.scenarios import Scenario
from tests.tools.test_page import HOSTILE, read
from tests.trace.support import FAILED
from tools.command import interop
from tools.command.main import main

LIMIT = Limit("them", "data", "RFC 1 §2", "says nothing", lambda _entries, error: error or None)


class Them(Party):
    """A party whose calls end as they are told to."""

    name = "them"

    def __init__(self, begin: Callable[[], object]) -> None:
        self.lacks = {"video": "it is blind", "audio, they offer": "it is shy"}
        self._begin = begin

    @asynccontextmanager
    async def call(
        self, configuration: RTCConfiguration, signalling: Signalling
    ) -> AsyncIterator[Talk]:
        self._begin()
        yield Mock(spec=Talk)


async def nothing(_talk: Talk, _offerer: Side) -> None:
    """Do nothing."""


def fail(error: BaseException) -> Callable[[], object]:
    def raise_it() -> None:
        raise error

    return raise_it


def outcome(tmp_path: Path, name: str, begin: Callable[[], object]) -> Outcome:
    return asyncio.run(play(Them(begin), Scenario(name, "", nothing), Side.OURS, tmp_path))


@pytest.mark.parametrize(
    ("begin", "result", "why"),
    [
        (lambda: None, Result.WORKS, ""),
        (fail(AssertionError("no pictures")), Result.FAILS, "AssertionError: no pictures"),
        (fail(TimeoutError()), Result.FAILS, "it took too long"),
        (
            fail(ExceptionGroup("both", [ValueError("one"), ValueError("two")])),
            Result.FAILS,
            "ValueError: one",
        ),
        (lambda: pytest.skip("not here"), Result.MISSING, "not here"),
        (lambda: pytest.fail("not in CI"), Result.MISSING, "not in CI"),
    ],
)
def test_what_becomes_of_a_call(
    begin: Callable[[], object], result: Result, why: str, tmp_path: Path
) -> None:
    found = outcome(tmp_path, "data", begin)
    assert (found.result, found.why) == (result, why)


def test_a_call_that_does_not_end_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "BOUND", 0.01)

    async def wait(_talk: Talk, _offerer: Side) -> None:
        await asyncio.Event().wait()

    them = Them(lambda: None)
    found = asyncio.run(play(them, Scenario("data", "", wait), Side.OURS, tmp_path))
    assert (found.result, found.why) == (Result.FAILS, "it took too long")


def test_what_a_party_is_not_there_for_is_not_asked(tmp_path: Path) -> None:
    unreached = fail(RuntimeError("it was asked"))
    assert outcome(tmp_path, "video", unreached).result is Result.UNASKED
    them = Them(unreached)
    assert them.why_not("audio", Side.THEIRS) == "it is shy"
    assert them.why_not("audio", Side.OURS) is None


def test_a_limit_counts_where_its_evidence_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LIMITS", (LIMIT,))
    dump = Dump("", {}, ())
    settings = {"seconds": 1.0, "dump": dump}
    found = judge("them", "data", Side.OURS, why="silence", **settings)  # type: ignore[arg-type]
    assert (found.result, found.evidence) == (Result.CANNOT, "silence")
    # It works: the limit has to go.
    stale = judge("them", "data", Side.OURS, why="", **settings)  # type: ignore[arg-type]
    assert stale.result is Result.STALE
    # Nothing shows it: somebody else's fault.
    other = Limit("them", "data", "RFC 1", "says nothing", lambda _entries, _error: None)
    monkeypatch.setattr(limits, "LIMITS", (other,))
    failed = judge("them", "data", Side.OURS, why="silence", **settings)  # type: ignore[arg-type]
    assert (failed.result, failed.limit) == (Result.FAILS, None)


def set_remote(time: float, fragment: str, method: str = "setRemoteDescription") -> TraceEntry:
    return TraceEntry(time, "PC_0", method, {"type": "answer", "sdp": f"a=ice-ufrag:{fragment}\n"})


def test_credentials_that_stay() -> None:
    same = [set_remote(1, "one"), set_remote(2, "one")]
    assert same_credentials(same, "") == "both answers have a=ice-ufrag:one"
    assert same_credentials([set_remote(1, "one"), set_remote(2, "two")], "") is None
    assert same_credentials([set_remote(1, "one")], "") is None


def test_a_restart_that_is_refused() -> None:
    done = "setLocalDescriptionOnSuccess"
    offers = [set_remote(1, "one", done), set_remote(2, "one"), set_remote(3, "two", done)]
    shown = refused("Invalid")
    assert "a=ice-ufrag:two" in str(shown(offers, "Invalid ICE settings"))
    assert shown(offers, "something else") is None
    assert shown([*offers, set_remote(4, "two")], "Invalid") is None
    assert shown(offers[:2], "Invalid") is None


@pytest.mark.parametrize(
    ("state", "received", "found"),
    [("connected", (5, 5), True), ("connected", (5, 6), False), ("disconnected", (5, 5), False)],
)
def test_a_restart_after_which_nothing_comes(
    state: str, received: tuple[int, int], found: bool
) -> None:
    entries = [set_remote(1, "one"), set_remote(2, "two")]
    for second, count in enumerate(received):
        item = {"type": "transport", "iceState": state, "packetsSent": second}
        report_ = {"T": item | {"packetsReceived": count}}
        entries.append(TraceEntry(4.0 + second, "PC_0", "getStats", report_))
    assert (deaf(entries, "") is not None) is found


def outcomes() -> list[Outcome]:
    dump = read_trace(FAILED)
    return [
        Outcome("them", "data", Side.OURS, Result.WORKS, seconds=1.23456),
        Outcome("them", "data", Side.THEIRS, Result.FAILS, HOSTILE, dump=dump),
        Outcome("them", "audio", Side.OURS, Result.CANNOT, "silence", 1.0, LIMIT, "none at all"),
        Outcome("them", "audio", Side.THEIRS, Result.UNASKED, "it is shy"),
        Outcome(HOSTILE, "data", Side.OURS, Result.STALE, limit=LIMIT),
        Outcome(HOSTILE, "data", Side.THEIRS, Result.MISSING, "not here"),
    ]


def test_the_table_has_two_marks_for_each_party_and_scenario() -> None:
    console = Console(width=100, record=True, file=StringIO())
    console.print(report.table(outcomes()))
    text = console.export_text()
    assert "✓ ✗" in text
    assert "⊘ ·" in text
    assert "! ?" in text
    assert "✗ fails" in text


def test_what_does_not_work_is_told_with_the_standard() -> None:
    failed, cannot, stale = report.notes(outcomes())
    assert failed == f"them, data, they offer: {HOSTILE}"
    assert cannot == "them, audio, we offer: them says nothing (RFC 1 §2): none at all"
    assert "is said not to (RFC 1 §2)" in stale


def test_json_has_every_cell() -> None:
    found = json.loads(report.as_json(outcomes()))
    assert len(found) == 6
    assert found[0] == {
        "party": "them",
        "scenario": "data",
        "offerer": "we offer",
        "result": "works",
        "seconds": 1.235,
    }
    assert (found[2]["standard"], found[2]["evidence"]) == ("RFC 1 §2", "none at all")


def test_the_page_has_descriptions_and_traces_of_what_failed() -> None:
    text = report.page(outcomes())
    words = " ".join(read(text).words)
    assert "1 of 4 calls work" in words
    assert "2 fail; 1 cannot" in words
    assert "a=ice-ufrag:" in words
    assert "ladder" in words
    assert "turn:127.0.0.1:34790?transport=udp refuses the credentials." in words
    assert "it is shy" in words
    assert HOSTILE not in text
    assert "script" not in read(text).tags
    assert "default-src 'none'" in text


def test_addresses_are_blurred_on_the_page() -> None:
    made = Outcome("them", "data", Side.OURS, Result.FAILS, "nothing from 198.51.100.7")
    assert "198.51.100.7" not in report.page([made])
    limit = Limit("them", "data", "RFC 8839 §4.4.2.1", "says nothing", LIMIT.shown)
    cannot = Outcome("them", "data", Side.OURS, Result.CANNOT, "", limit=limit)
    assert "RFC 8839 §4.4.2.1" in report.page([cannot])
    assert "198.51.100.7" in report.page([made], addresses=True)


def test_names_that_are_not_known(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["interop", "--scenario", "everything at once"]) == 1
    assert "there is no scenario 'everything at once'; there are: data" in capsys.readouterr().err
    assert [each.name for each in chosen_scenarios(["audio"])] == ["audio"]


def test_it_needs_a_checkout(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with patch.object(interop, "CHECKOUT", tmp_path):
        assert main(["interop"]) == 1
    assert "it needs a checkout" in capsys.readouterr().err


@pytest.mark.parametrize("fine", [True, False])
def test_it_ends_with_an_error_where_something_fails(fine: bool) -> None:
    with patch("tests.interop.matrix.command.run", return_value=fine) as run:
        if fine:
            assert main(["interop", "pion", "--json", "x"]) == 0
        else:
            with pytest.raises(SystemExit) as ended:
                main(["interop", "pion", "--json", "x"])
            assert ended.value.code == 1
    run.assert_called_once_with(["pion"], [], json="x", html=None)
