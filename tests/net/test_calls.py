"""The username fragments by which a driver is called."""

from typing import cast
from unittest.mock import Mock

from peer.net.calls import MAX_FRAGMENTS, Calls
from peer.net.shared_udp import UdpShare


class Recorder:
    """A share that notes the fragments it is told."""

    def __init__(self) -> None:
        self.fragments: set[str] = set()

    def call(self, fragments: set[str]) -> None:
        self.fragments = fragments


def test_every_share_hears_of_every_stream() -> None:
    calls = Calls()
    calls.call("0", "one")
    early, late = Recorder(), Recorder()
    calls.add(cast("UdpShare", early))
    calls.call("1", "other")
    assert calls.add(cast("UdpShare", late)) is cast("UdpShare", late)
    assert early.fragments == late.fragments == {"one", "other"}
    calls.remove(cast("UdpShare", late))
    calls.remove(Mock())
    calls.call_no_more("0")
    assert (early.fragments, late.fragments) == ({"other"}, {"one", "other"})


def test_a_few_fragments_before_are_remembered() -> None:
    """Checks for the session before a restart are answered until that has a pair."""
    calls, share = Calls(), Recorder()
    calls.add(cast("UdpShare", share))
    for number in range(10):
        calls.call("0", f"f{number}")
        calls.call("0", "kept")
    assert share.fragments == {"f8", "f9", "kept"}
    assert len(share.fragments) == MAX_FRAGMENTS
