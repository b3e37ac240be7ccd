"""`aiopeer doctor` from its arguments to its output."""

import argparse
import getpass
import json
from pathlib import Path

import pytest

from peer.testing import Network, run
from tools.command.doctor import command
from tools.command.doctor.report import report_json, report_text
from tools.command.main import main

from .support import DISCOVERY, servers, with_discovery
from .test_examination import asked


def test_servers_of_an_application(tmp_path: Path) -> None:
    path = tmp_path / "servers.json"
    turn = {"urls": ["turn:t.example"], "username": "me", "credential": "secret"}
    for told in ([{"urls": "stun:s.example"}, turn], {"iceServers": [turn]}, turn):
        path.write_text(json.dumps(told))
        found = list(command.read_servers(str(path)))
        assert (found[-1].urls, found[-1].credential) == (("turn:t.example",), "secret")


@pytest.mark.parametrize("text", ["", "3", '[{"urls": 3}]', "[3]", "[{}]"])
def test_what_has_no_servers(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "servers.json"
    path.write_text(text)
    assert main(["doctor", "--servers", str(path)]) == 1
    assert capsys.readouterr().err.startswith("aiopeer doctor: ")


@pytest.mark.parametrize("url", ["http://example.org", "turn:example.org"])
def test_what_cannot_be_asked(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", url]) == 1
    assert capsys.readouterr().err.startswith("aiopeer doctor: ")


def test_a_password_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getpass", lambda prompt: "typed")
    given = argparse.Namespace(url=["turn:t.example"], username="me", credential=None)
    assert command.named(given).credential == "typed"
    given.credential = "told"
    assert command.named(given).credential == "told"
    given = argparse.Namespace(url=["stun:s.example"], username="", credential=None)
    assert command.named(given).credential == ""


def test_a_password_that_nobody_can_type(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def ended(prompt: str) -> str:
        raise EOFError

    monkeypatch.setattr(getpass, "getpass", ended)
    assert main(["doctor", "turn:t.example", "--username", "me"]) == 1
    assert "--credential" in capsys.readouterr().err


def test_both_reports_say_the_same() -> None:
    async def story() -> None:
        network = Network()
        with_discovery(network)
        host = network.host("alice", nat="symmetric")
        found = await asked(host, servers(f"stun:{DISCOVERY}"))
        text = report_text(found.checks, found.prospects)
        told = json.loads(report_json(found.checks, found.prospects))
        assert [check["topic"] for check in told["checks"]] == [c.topic for c in found.checks]
        for check in told["checks"]:
            assert f"{check['topic']}: {check['words']}" in text
        for prospect in told["prospects"]:
            assert prospect["with"] in text
        assert "not at all: a TURN server is needed" in text

    run(story())
