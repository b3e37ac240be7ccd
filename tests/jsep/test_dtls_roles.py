"""DTLS roles and certificates, and which of their changes are another association (RFC 8842)."""

from dataclasses import replace

import pytest

from peer.jsep import (
    DtlsRole,
    InvalidAccessError,
    StartDtls,
)
from peer.jsep.wiring import same_certificate
from sdp import Fingerprint, Setup, parse
from tests.jsep.ends import (
    FINGERPRINT,
    OTHER_FINGERPRINT,
    bundled_pair,
    exchange,
    make_ends,
    steps,
    transport_of,
)
from tests.jsep.texts import altered, with_setup


def test_roles_stay_whoever_offers() -> None:
    """RFC 8842 §5.5, RFC 8445 §6.1.1: the answerer of the first exchange stays DTLS client."""
    one, other = bundled_pair()
    for offerer, answerer in ((other, one), (one, other), (other, one)):
        exchange(offerer, answerer)
        assert all(s.media.dtls.setup is Setup.ACTPASS for s in offerer.local.sections)
        for end, role, controlling in (
            (one, DtlsRole.SERVER, True),
            (other, DtlsRole.CLIENT, False),
        ):
            dtls = transport_of(end, "0").dtls
            assert dtls is not None
            assert dtls.role is role
            assert dtls.association == 0
            assert end.state.wiring.controlling is controlling


@pytest.mark.parametrize(
    ("offered", "answered"),
    [
        (Setup.ACTPASS, Setup.ACTIVE),
        (Setup.ACTIVE, Setup.PASSIVE),
        (Setup.PASSIVE, Setup.ACTIVE),
        (None, Setup.ACTIVE),
    ],
)
def test_setup_is_answered(offered: Setup | None, answered: Setup) -> None:
    """RFC 5763 §5; without a=setup we act, since such peers wait for a ClientHello."""
    one, other = make_ends()
    one.add("audio")
    other.set_remote("offer", with_setup(one.offer(), offered))
    other.answer()
    assert other.local.sections[0].media.dtls.setup is answered


def test_an_answer_without_setup_is_passive() -> None:
    """RFC 4145 §4.1."""
    one, other = make_ends()
    one.add("audio")
    other.set_remote("offer", one.offer())
    one.set_remote("answer", with_setup(other.answer(), None))
    dtls = transport_of(one, "0").dtls
    assert dtls is not None
    assert dtls.role is DtlsRole.CLIENT


@pytest.mark.parametrize("setup", [Setup.ACTPASS, Setup.HOLDCONN])
def test_setups_that_do_not_answer(setup: Setup) -> None:
    one, other = make_ends()
    one.add("audio")
    other.set_remote("offer", one.offer())
    with pytest.raises(InvalidAccessError, match="setup"):
        one.set_remote("answer", with_setup(other.answer(), setup))


@pytest.mark.parametrize("setup", [Setup.ACTIVE, Setup.PASSIVE])
def test_a_role_that_turns_round_without_a_restart_changes_nothing(setup: Setup) -> None:
    """RFC 8842 §4 makes it a new association; Pion answers every offer as active and keeps it."""
    one, other = bundled_pair()
    for offerer, answerer in ((one, other), (other, one), (one, other)):
        answerer.set_remote("offer", offerer.offer())
        plan = offerer.set_remote("answer", with_setup(answerer.answer(), setup))
        assert not steps(plan, StartDtls)
        dtls = transport_of(offerer, "0").dtls
        assert dtls is not None
        role = DtlsRole.SERVER if setup is Setup.ACTIVE else DtlsRole.CLIENT
        assert (dtls.role, dtls.association) == (role, 0)


@pytest.mark.parametrize("setup", [Setup.ACTIVE, Setup.PASSIVE])
def test_so_does_one_that_an_offer_turns_round(setup: Setup) -> None:
    one, other = bundled_pair()
    for offerer, answerer in ((one, other), (other, one)):
        answerer.set_remote("offer", with_setup(offerer.offer(), setup))
        answer = answerer.answer()
        answered = Setup.PASSIVE if setup is Setup.ACTIVE else Setup.ACTIVE
        assert parse(answer).media[0].dtls.setup is answered
        assert not steps(answerer.plans[-1], StartDtls)
        offerer.set_remote("answer", answer)
        assert not steps(offerer.plans[-1], StartDtls)


def test_a_role_that_an_offer_turns_round_in_a_restart_is_a_new_association() -> None:
    """RFC 8842 §5.5."""
    one, other = bundled_pair()
    other.set_remote("offer", with_setup(one.offer(ice_restart=True), Setup.ACTIVE))
    other.answer()
    dtls = transport_of(other, "0").dtls
    assert dtls is not None
    assert (dtls.role, dtls.association) == (DtlsRole.SERVER, 1)


def test_an_answer_to_a_restart_may_turn_the_role_round() -> None:
    """RFC 8842 §4 makes that a new association; Firefox says it and keeps the old one."""
    one, other = bundled_pair()
    for expected in (DtlsRole.SERVER, DtlsRole.CLIENT):
        other.set_remote("offer", one.offer(ice_restart=True))
        text = with_setup(
            other.answer(), Setup.ACTIVE if expected is DtlsRole.SERVER else Setup.PASSIVE
        )
        plan = one.set_remote("answer", text)
        assert not steps(plan, StartDtls)
        dtls = transport_of(one, "0").dtls
        assert dtls is not None
        assert (dtls.role, dtls.association) == (expected, 0)


def test_a_role_turned_round_is_the_one_of_later_exchanges() -> None:
    """RFC 8842 §5.5: later answers repeat what was signalled last."""
    one, other = bundled_pair()
    other.set_remote("offer", one.offer())
    other.answer()
    one.set_local("rollback")
    offer = other.offer(ice_restart=True)
    one.set_remote("offer", offer)
    other.set_remote("answer", with_setup(one.answer(), Setup.ACTIVE))
    one.set_remote("offer", other.offer())
    plan = other.set_remote("answer", with_setup(one.answer(), Setup.ACTIVE))
    assert not steps(plan, StartDtls)
    other.set_remote("offer", one.offer())
    assert parse(other.answer()).media[0].dtls.setup is Setup.PASSIVE


def with_fingerprint(text: str, fingerprint: Fingerprint) -> str:
    return altered(
        text,
        lambda media: replace(media, dtls=replace(media.dtls, fingerprints=(fingerprint,))),
    )


def test_another_certificate_needs_a_restart() -> None:
    """RFC 9429 §5.11: it means another DTLS association."""
    third = Fingerprint("sha-256", ":".join(["EF"] * 32))
    one, other = bundled_pair()
    with pytest.raises(InvalidAccessError, match="fingerprint"):
        other.set_remote("offer", with_fingerprint(one.offer(), third))
    one.set_local("rollback")
    other.set_remote("offer", with_fingerprint(one.offer(ice_restart=True), third))
    answer = other.answer()
    assert steps(other.plans[-1], StartDtls)
    dtls = transport_of(other, "0").dtls
    assert dtls is not None
    assert (dtls.fingerprints, dtls.association) == ((third,), 1)
    one.set_remote("answer", answer)


def test_certificates_are_compared_by_the_hashes_in_common() -> None:
    long = Fingerprint("sha-512", ":".join(["AB"] * 64))
    assert same_certificate([FINGERPRINT], [FINGERPRINT, long])
    assert not same_certificate([FINGERPRINT], [OTHER_FINGERPRINT, long])
    assert not same_certificate([FINGERPRINT], [long])
