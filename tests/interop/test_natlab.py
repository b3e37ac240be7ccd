"""Calls in emulated networks of the system: a third of the lab's topologies and events."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.interop.lab_browser import ChromiumPeer
from tools.natlab.events import REPRESENTATIVE as EVENTS
from tools.natlab.lab import Lab
from tools.natlab.matrix import EventOutcome, Outcome
from tools.natlab.namespace import NAMED, sweep
from tools.natlab.peers import ours, wrtc
from tools.natlab.topologies import REPRESENTATIVE as TOPOLOGIES
from tools.natlab.topologies import TOPOLOGIES as ALL

pytest_plugins = ["tools.natlab.fixtures"]
pytestmark = pytest.mark.interop

WITH_OTHERS = (
    "public - public",
    "port-restricted - port-restricted",
    "symmetric - symmetric",
)
"""One for each kind of path."""
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
    assert outcome.outage is not None, "nothing came any more"
    assert outcome.outage < outcome.inevitable + BEARABLE


@pytest.mark.parametrize("topology", WITH_OTHERS)
@pytest.mark.parametrize("offers", ["ours", "theirs"])
def test_ours_with_chromium(
    natlab_call: Callable[..., Outcome], offers: str, topology: str
) -> None:
    sides = (ours, ChromiumPeer) if offers == "ours" else (ChromiumPeer, ours)
    outcome = natlab_call(topology, *sides)
    assert outcome.problems == ()
    assert outcome.path is outcome.best


@pytest.mark.parametrize("topology", WITH_OTHERS)
@pytest.mark.parametrize("offers", ["ours", "theirs"])
def test_ours_with_libwebrtc(
    natlab_call: Callable[..., Outcome], offers: str, topology: str
) -> None:
    if find_spec("webrtc") is None and "NATLAB_WRTC_PYTHON" not in os.environ:
        pytest.skip("libwebrtc is not installed (pip install wrtc)")
    outcome = natlab_call(topology, *((ours, wrtc) if offers == "ours" else (wrtc, ours)))
    assert outcome.problems == ()
    assert outcome.path is outcome.best


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
