"""`aiopeer stats`: the figures of a trace, whoever wrote it."""

from pathlib import Path

import pytest

from peer.testing import run
from tests.session.test_tracing import a_call
from tests.trace.support import VECTORS
from tools.command import stats
from tools.command.main import main
from tools.command.stats import CLEAR, follow, stats_text


def test_a_trace_of_ours(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    run(a_call(trace, trace))
    first, pair, sends, channel, second, *_ = stats_text(str(trace)).splitlines()
    assert first.endswith("  closed, 1 s")
    assert " to " in pair
    assert sends.startswith("  sends audio 0: ")
    assert sends.endswith(" kbit/s")
    assert channel == "  channel 'chat' open: 0 messages sent, 0 received"
    assert second.endswith("  closed, 1 s")


def test_a_dump_of_chromium(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stats", str(VECTORS / "chromium156_call_rtcstats.gz")]) == 0
    text = capsys.readouterr().out
    assert "  sends video 1: 582 packets, " in text
    assert ", 640x480 at 20" in text


def test_nothing_yet(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    trace.write_text('RTCStatsDump\n{"fileFormat":3}\n')
    assert stats_text(str(trace)) == "There is no connection in it yet."


def test_following_ends_when_it_is_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    looks = []

    def sleep(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(stats, "sleep", sleep)
    follow(str(VECTORS / "example.jsonl"))
    assert looks == [stats.INTERVAL] * 3
    assert capsys.readouterr().out.count(CLEAR) == 3
