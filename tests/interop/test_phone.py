"""A call with a SIP endpoint of the RFC 5245 era: no BUNDLE, no rtcp-mux, no trickle."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sdp import parse
from tests.interop.caller import FREQUENCY
from tests.interop.peer import missing

pytestmark = pytest.mark.interop

ROOT = Path(__file__).parents[2]
# A namespace of processes too: all of them end with the first, however the tests end.
NAMESPACE = ["unshare", "--net", "--pid", "--fork", "--kill-child"]


def require_phone() -> None:
    """Skip the test where there is no phone, or nobody may make a network for it."""
    if shutil.which("baresip") is None:
        missing("baresip", "Debian: apt install baresip-core")
    if os.geteuid() != 0 or subprocess.run([*NAMESPACE, "true"], capture_output=True).returncode:
        pytest.skip("a network namespace takes root")


def test_a_call_over_two_components(tmp_path: Path) -> None:
    """What we say comes back from the phone, and hanging up ends the call there."""
    require_phone()
    ended = subprocess.run(
        [*NAMESPACE, sys.executable, "-m", "tests.interop.caller", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert ended.returncode == 0, ended.stderr
    outcome = json.loads(ended.stdout)
    (audio,) = parse(outcome["answer"]).media
    assert not audio.rtcp.mux
    assert sorted(candidate.component for candidate in audio.ice.candidates) == [1, 2]
    assert parse(outcome["answer"]).groups == ()
    assert outcome["state"] == "connected"
    assert 0.8 * FREQUENCY < outcome["frequency"] < 1.1 * FREQUENCY
    assert outcome["loudness"] > 1000
    assert "terminated (duration:" in outcome["log"]
