"""Networks that change under a call, by the system's own tools and notifications."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.interop

ROOT = Path(__file__).parents[2]
NAMESPACE = ["unshare", "--net"]
BOUND = 5.0
"""Seconds an outage may last on a machine that does a lot besides; 0.5 are meant."""


def test_uplinks_that_go_and_come() -> None:
    """The kernel tells of both, and data goes on over what is there."""
    if os.geteuid() != 0 or subprocess.run([*NAMESPACE, "true"], capture_output=True).returncode:
        pytest.skip("a network namespace takes root")
    ended = subprocess.run(
        [*NAMESPACE, sys.executable, "-m", "tests.interop.mover"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert ended.returncode == 0, ended.stderr
    outcome = json.loads(ended.stdout)
    assert outcome["down"] < BOUND
    assert outcome["switched"] < BOUND
    assert outcome["uses"] == "10.4.0.1"
    assert outcome["failed"] == []
