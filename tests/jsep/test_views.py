"""What a section runs over, as an application sees it (W3C RTCRtpSender.transport)."""

import pytest

from peer.jsep import BundlePolicy, transport_of_section
from tests.jsep.ends import make_ends


@pytest.mark.parametrize("policy", list(BundlePolicy))
def test_the_transport_of_a_section_that_is_offered(policy: BundlePolicy) -> None:
    """W3C "set a session description": its own, else that of the group it is offered in."""
    one, other = make_ends(bundle_policy=policy)
    for kind in ("audio", "video"):
        one.add(kind)
    assert transport_of_section(one.state, "0") is None
    other.set_remote("offer", one.offer())
    assert transport_of_section(other.state, "0") is None
    audio, video = (transport_of_section(one.state, mid) for mid in "01")
    assert audio is not None
    assert video is not None
    assert (audio.id == video.id) is (policy is BundlePolicy.MAX_BUNDLE)
    one.set_remote("answer", other.answer())
    assert transport_of_section(one.state, "1") == one.state.wiring.transport_of("0")


def test_a_section_that_joins_a_group_is_offered_on_its_transport() -> None:
    one, other = make_ends()
    one.add("audio")
    other.set_remote("offer", one.offer())
    one.set_remote("answer", other.answer())
    one.add_data()
    one.offer()
    assert transport_of_section(one.state, "1") == one.state.wiring.transport_of("0")
    one.set_local("rollback")
    assert transport_of_section(one.state, "1") is None
