"""Large sessions take time in proportion to their size."""

import time

import pytest

from peer.jsep import BundlePolicy
from tests.jsep.ends import make_ends
from tests.jsep.texts import with_groups


def measure(sections: int, *, bundled: bool) -> float:
    """Processor seconds for an exchange of this many sections, and a second offer."""
    one, other = make_ends(bundle_policy=BundlePolicy.MAX_COMPAT)
    for index in range(sections):
        one.add_track("video" if index % 2 else "audio", "stream")
    start = time.process_time()
    offer = one.offer()
    other.set_remote("offer", offer if bundled else with_groups(offer))
    one.set_remote("answer", other.answer())
    one.offer()
    assert len(one.state.wiring.sections) == sections
    assert len(one.state.wiring.transports) == (1 if bundled else sections)
    return time.process_time() - start


@pytest.mark.parametrize("bundled", [True, False])
def test_three_hundred_sections_in_linear_time(bundled: bool) -> None:
    """Four times the sections may take eight times as long, not sixteen."""
    small = min(measure(75, bundled=bundled) for _ in range(2))
    assert measure(300, bundled=bundled) < 8 * small
