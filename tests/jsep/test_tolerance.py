"""What is told of odd remote descriptions that were taken."""

from peer.jsep import SdpType, set_remote_description
from sdp import Setup
from tests.jsep.ends import End, bundled_pair, exchange
from tests.jsep.texts import with_groups, with_setup, without_sections


def oddities(end: End, type_: str, text: str) -> tuple[str, ...]:
    made = set_remote_description(end.state, SdpType(type_), text, entropy=end.entropy)
    end.take(made)
    return made.oddities


def test_nothing_is_odd_about_ours() -> None:
    one, other = bundled_pair()
    for offerer, answerer in ((one, other), (other, one)):
        assert oddities(answerer, "offer", offerer.offer()) == ()
        assert oddities(offerer, "answer", answerer.answer()) == ()


def test_lines_of_an_odd_form() -> None:
    one, other = bundled_pair()
    text = one.offer().replace("\r\n", "\n")
    assert oddities(other, "offer", text) == ("line 1: lines end in LF",)


def test_a_role_that_turns_round() -> None:
    """The other end was the DTLS client."""
    told = ("section 0: a=setup turns the DTLS role of an association",)
    for setup, odd in ((Setup.ACTIVE, ()), (Setup.PASSIVE, told)):
        one, other = bundled_pair()
        assert oddities(other, "offer", with_setup(one.offer(), Setup.ACTIVE)) == told
        assert oddities(one, "answer", with_setup(other.answer(), setup)) == odd


def test_another_role_with_a_restart_is_in_order() -> None:
    one, other = bundled_pair()
    text = with_setup(one.offer(ice_restart=True), Setup.ACTIVE)
    assert oddities(other, "offer", text) == ()


def test_a_rejected_section_in_a_group() -> None:
    one, other = bundled_pair()
    exchange(one, other)
    other.set_remote("offer", one.offer())
    mids = [section.mid for section in one.local.sections]
    answer = with_groups(without_sections(other.answer(), mids[-1]), " ".join(mids))
    assert oddities(one, "answer", answer) == (
        f"section {mids[-1]}: rejected, and yet in a BUNDLE group",
    )
