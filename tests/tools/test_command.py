"""The command `aiopeer`."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import aiopeer_tools
from peer.explain import explain
from peer.testing import run
from peer.trace import ICE, VERDICT, DumpWriter, read_trace
from tests.contract.source_tree import ROOT
from tests.session.test_tracing import a_call
from tests.trace.support import VECTORS
from tools.command.main import main


def out(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 0
    return capsys.readouterr().out


def test_without_arguments_it_says_what_it_can_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert "what happened in a call, and why" in out(capsys)


def test_it_is_installed_under_a_name_of_its_own() -> None:
    assert Path(aiopeer_tools.__file__).resolve() == ROOT / "tools" / "command" / "__init__.py"


def test_a_call_of_chromium_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    text = out(capsys, "trace", str(VECTORS / "chromium156_failed_rtcstats.gz"))
    assert "RTCStats dump by an unknown program: 89 entries" in text
    assert "> setRemoteDescription answer (application)" in text
    assert "! onicecandidateerror turn:127.0.0.1:34790?transport=udp 401 Unauthorized." in text
    assert "< oniceconnectionstatechange checking" in text
    assert "It was never connected: " in text
    assert "turn:127.0.0.1:34790?transport=udp refuses the credentials." in text


def test_one_connection(capsys: pytest.CaptureFixture[str]) -> None:
    text = out(
        capsys, "trace", "--connection", "9-2", str(VECTORS / "chromium156_failed_internals.gz")
    )
    assert "\n== 9-2\n" in text
    assert "\n== 9-1\n" not in text


def test_what_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x"
    path.write_text("nothing")
    assert main(["trace", str(path)]) == 1
    assert capsys.readouterr().err.startswith("aiopeer trace: no RTCStats dump")
    assert main(["trace", str(tmp_path / "none")]) == 1
    example = str(VECTORS / "example.jsonl")
    assert main(["trace", example, "--connection", "PC_9"]) == 1
    assert "there are: PC_0" in capsys.readouterr().err


@pytest.mark.parametrize("sign", ["\x1b[2J", "\r", "\x9b1m", "\x00", "\udc80"], ids=repr)
def test_no_trace_commands_the_terminal(
    sign: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [["create", sign, {}, 1], ["onconnectionstatechange", sign, sign, 2]]
    head = DumpWriter.head(userAgent=sign)
    path = tmp_path / "x"
    path.write_text(head + "".join(json.dumps(line) + "\n" for line in lines))
    for arguments in (["trace"], ["trace", "--ladder"], ["trace", "--json"], ["stats"]):
        text = out(capsys, *arguments, str(path))
        assert sign not in text
        assert repr(sign)[1:-1] in text or json.dumps(sign)[1:-1] in text
    assert main(["trace", str(path), "--connection", "none"]) == 1
    assert sign not in capsys.readouterr().err


def test_a_trace_that_is_nested_deeply_ends_with_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x"
    for depth in (100, 300, 900, 20_000):
        value = "[" * depth + "]" * depth
        path.write_text(f'{DumpWriter.head()}["x","PC_0",{value},1]\n["y","PC_0",null,1]\n')
        assert main(["trace", str(path)]) in (0, 1)
        told = capsys.readouterr()
        assert told.err.startswith("aiopeer trace: ") or "> y" in told.out


def test_a_dump_to_pass_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a trace of ours without its addresses, and of webrtc-internals in the other format."""
    trace, dump = tmp_path / "trace", tmp_path / "dump"
    run(a_call(trace, None))
    out(capsys, "trace", str(trace), "--dump", str(dump))
    text = dump.read_text()
    assert re.findall(r"\b(?:60|192|203)\.\d+\.\d+\.\d+\b", text) == []
    assert "ice-pwd:***" in text
    before, after = (read_trace(path.read_bytes()) for path in (trace, dump))
    assert after.skipped == ()
    assert [e.method for e in after.entries if e.method != ICE] == [
        e.method for e in before.entries if e.method != ICE
    ]
    assert explain(after.entries).words == explain(before.entries).words
    internals = VECTORS / "chromium156_failed_internals.gz"
    out(capsys, "trace", str(internals), "--dump", str(dump), "--connection", "9-1")
    found = read_trace(dump.read_bytes())
    assert (found.format, found.connections) == ("RTCStats dump", ["9-1"])
    assert "turn-credentials" in explain(found.of("9-1")).causes
    (verdict,) = [entry for entry in found.entries if entry.method == VERDICT]
    assert verdict.value["findings"][0]["cause"] == "turn-credentials"
    # It goes with the dump from then on, and is not given twice.
    out(capsys, "trace", str(dump), "--dump", str(trace))
    again = read_trace(trace.read_bytes())
    assert [e.value for e in again.entries if e.method == VERDICT] == [verdict.value]


def test_a_connection_needs_none_of_it() -> None:
    """What reads, writes and explains traces is imported when it is asked for."""
    program = (
        "import sys; from peer import RTCPeerConnection; RTCPeerConnection();"
        "print([n for n in sys.modules if n.startswith(('peer.trace.', 'aiopeer', 'tools'))])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, cwd=ROOT
    )
    assert ended.stdout.strip() == "['peer.trace.entry', 'peer.trace.ring']"
