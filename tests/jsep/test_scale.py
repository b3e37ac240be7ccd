"""Large sessions take work in proportion to their size."""

import pytest

from peer.jsep import BundlePolicy
from tests.jsep.ends import make_ends
from tests.jsep.texts import with_groups
from tests.work import calls


def exchange(sections: int, *, bundled: bool) -> None:
    """Make an exchange of this many sections, and a second offer."""
    one, other = make_ends(bundle_policy=BundlePolicy.MAX_COMPAT)
    for index in range(sections):
        one.add_track("video" if index % 2 else "audio", "stream")
    offer = one.offer()
    other.set_remote("offer", offer if bundled else with_groups(offer))
    one.set_remote("answer", other.answer())
    one.offer()
    assert len(one.state.wiring.sections) == sections
    assert len(one.state.wiring.transports) == (1 if bundled else sections)


@pytest.mark.slow
@pytest.mark.parametrize("bundled", [True, False])
def test_three_hundred_sections_take_work_in_proportion(bundled: bool) -> None:
    """Four times the sections: four times the calls and a little more, not sixteen times."""
    small = calls(lambda: exchange(75, bundled=bundled))
    assert calls(lambda: exchange(300, bundled=bundled)) < 5 * small
