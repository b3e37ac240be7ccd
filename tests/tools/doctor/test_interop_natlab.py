"""The doctor in emulated networks, as the command it is, and the calls that are made there then."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tools.command.doctor.behaviour import KINDS
from tools.natlab.lab import Lab
from tools.natlab.matrix import Outcome
from tools.natlab.oracle import PathKind
from tools.natlab.topologies import TOPOLOGIES

pytest_plugins = ["tools.natlab.fixtures"]
pytestmark = [pytest.mark.interop, pytest.mark.timeout(300)]

PUBLIC, HOME, SYMMETRIC, BLOCKED = KINDS
COMMAND = "import sys; from tools.command.main import main; sys.exit(main(sys.argv[1:]))"
BOUND = 120
"""Seconds that an examination may take, which takes ten."""


def examined(lab: Lab, topology: str, folder: Path) -> dict[str, Any]:
    """Have the first host examined, and give what is told."""
    servers = folder / "servers.json"
    with lab.build(TOPOLOGIES[topology]) as place:
        servers.write_text(json.dumps(place.configuration["iceServers"]))
        doctor = [sys.executable, "-c", COMMAND, "doctor", "--json", "--servers", str(servers)]
        ended = subprocess.run(
            place.a.namespace.command(doctor),
            capture_output=True,
            text=True,
            timeout=BOUND,
            check=True,
        )
    told: dict[str, Any] = json.loads(ended.stdout)
    return told


@pytest.mark.parametrize(
    ("topology", "kind", "outcome"),
    [
        ("symmetric - public", PUBLIC, "direct"),
        ("symmetric - symmetric", SYMMETRIC, "relay"),
        ("UDP blocked - port-restricted", HOME, "relay"),
    ],
)
def test_a_prediction_is_held_against_the_call(
    natlab: Lab,
    natlab_call: Callable[..., Outcome],
    tmp_path: Path,
    topology: str,
    kind: str,
    outcome: str,
) -> None:
    told = examined(natlab, topology, tmp_path)
    (prospect,) = [each for each in told["prospects"] if each["with"] == kind]
    assert prospect["outcome"] == outcome, told
    call = natlab_call(topology)
    assert call.problems == ()
    assert (call.path is PathKind.RELAY) is (outcome == "relay")
