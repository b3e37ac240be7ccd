"""The command, against its own endpoint."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web

from peer.signaling import HttpEndpoint
from tests.contract.source_tree import ROOT
from tests.signaling.support import ALONE, serving
from tools.command.load import crowd, echo
from tools.command.load.bots import Call
from tools.command.load.command import Dialer, text
from tools.command.load.crowd import Outcome, Plan
from tools.command.main import main

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.mark.slow
def test_bots_call_and_leave_dumps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowd, "SET_UP_TIMEOUT", 60.0)
    dumps = tmp_path / "dumps"
    arguments = ["load", "--bots", "2", "--seconds", "1", "--json", "--dump", str(dumps)]
    assert main(arguments) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["bots"], told["failed"]) == (2, 0)
    assert all(call["setUp"] > 0 and call["received"] for call in told["calls"])
    assert sorted(path.name for path in dumps.iterdir()) == ["bot-0000.jsonl", "bot-0001.jsonl"]
    assert main(["stats", str(dumps / "bot-0001.jsonl")]) == 0


def test_an_endpoint_that_does_not_start_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(echo, "STARTING", 0.001)
    assert main(["load"]) == 1
    assert "did not start" in capsys.readouterr().err


def test_it_needs_no_module_of_unix() -> None:
    """Where one is missing the command would say that the extra is not installed."""
    program = "import sys; sys.modules['resource'] = None; import tools.command.load.command"
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, timeout=60)


def test_sessions_are_ended_however_long_the_endpoint_takes() -> None:
    async def story() -> list[str]:
        ended: list[str] = []

        @web.middleware
        async def slow(request: web.Request, handler: Handler) -> web.StreamResponse:
            response = await handler(request)
            if request.method == "DELETE":
                await asyncio.sleep(0.3)
                ended.append(request.method)
            return response

        app = web.Application(middlewares=[slow])
        HttpEndpoint(lambda pc, request: None, configuration=ALONE).add_to(app, "/echo")
        async with serving(app) as url:
            async with Dialer(f"{url}/echo", None, [], None) as dial:
                for number in range(2):
                    pc, join = dial(number)
                    pc.createDataChannel("chat")
                    await join(pc)
                    await pc.close()
            return list(ended)

    assert asyncio.run(story()) == ["DELETE", "DELETE"]


def test_the_worst_calls_have_a_line_each() -> None:
    calls = [Call(n, set_up=0.1, delays=[(1.0, 0.01 * (n + 1))]) for n in range(8)]
    calls[2].failure = "SignalingError: 503"
    shown = text(Outcome(Plan(bots=8), calls, began=0.0, seconds=2.0, cpu=0.1))
    lines = [line.split("│")[1].strip() for line in shown.splitlines() if line.startswith("│")]
    assert lines[-5:] == ["2", "7", "6", "5", "4"]
    assert "SignalingError: 503" in shown
    assert shown.endswith("1 of 8 calls failed.")


@pytest.mark.parametrize(
    "wrong",
    [
        ["--bots", "0"],
        ["--rate", "0"],
        ["--seconds", "0"],
        ["http://127.0.0.1:9/", "--ice-server", "nonsense"],
        ["http://127.0.0.1:9/", "--ice-server", "turn:turn.example"],
    ],
)
def test_nonsense_is_refused(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["load", *wrong]) == 1
    assert "aiopeer load:" in capsys.readouterr().err
