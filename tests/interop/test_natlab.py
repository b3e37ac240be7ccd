"""Calls in emulated networks of the system: a third of the lab's topologies and events."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.natlab.events import REPRESENTATIVE as EVENTS
from tools.natlab.lab import Lab
from tools.natlab.matrix import EventOutcome, Outcome
from tools.natlab.namespace import NAMED, sweep
from tools.natlab.topologies import REPRESENTATIVE as TOPOLOGIES
from tools.natlab.topologies import TOPOLOGIES as ALL

pytest_plugins = ["tools.natlab.fixtures"]
pytestmark = pytest.mark.interop

ROOT = Path(__file__).parents[2]
BEARABLE = 20.0
"""Seconds beyond the inevitable that a test allows; what is meant is told in docs/natlab.md."""
KILLED = """
import time
from tools.natlab.lab import Lab
lab = Lab()
print(lab.core.name, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_ours_with_ours(natlab_call: Callable[..., Outcome], topology: str) -> None:
    outcome = natlab_call(topology)
    assert outcome.problems == ()
    assert (outcome.seconds is None) is (outcome.best is None)
    assert outcome.path is outcome.best


@pytest.mark.parametrize("event", EVENTS)
def test_what_happens_during_a_call(natlab_event: Callable[..., EventOutcome], event: str) -> None:
    outcome = natlab_event(event)
    assert outcome.problems == ()
    assert outcome.outage is not None
    assert outcome.outage < outcome.inevitable + BEARABLE


def test_what_a_killed_lab_leaves_is_swept(natlab: Lab) -> None:
    started = subprocess.Popen(
        [sys.executable, "-c", KILLED], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert started.stdout is not None
    name = started.stdout.readline().strip()
    started.send_signal(signal.SIGKILL)
    started.wait()
    started.stdout.close()
    assert (NAMED / name).exists()
    assert name in sweep()
    assert not (NAMED / name).exists()
    assert natlab.core.path.exists(), "those of processes that run are left alone"


def test_nothing_is_left(natlab: Lab) -> None:
    with natlab.build(ALL[TOPOLOGIES[0]]) as place:
        names = [host.namespace.name for host in place.hosts]
        assert all((NAMED / name).exists() for name in names)
    assert not any((NAMED / name).exists() for name in names)
