from itertools import product

import pytest

from peer.ice import DropReason, IceRole, TransportAddress, stun
from peer.ice.responder import (
    Accepted,
    Conflict,
    Rejected,
    judge,
    resolve_conflict,
    role_conflict,
    success,
)

from .builders import binding_request

KEY = b"secret"
KEYS = {"ours": KEY, "older": b"older secret"}
TID = b"transaction!"


def judged(data: bytes, *, strict: bool = False) -> Accepted | Rejected:
    return judge(stun.parse(data), KEYS, strict_fingerprint=strict)


def rejected(data: bytes, *, strict: bool = False) -> Rejected:
    verdict = judged(data, strict=strict)
    assert isinstance(verdict, Rejected)
    return verdict


def accepted(data: bytes, *, strict: bool = False) -> Accepted:
    verdict = judged(data, strict=strict)
    assert isinstance(verdict, Accepted)
    return verdict


def error_of(verdict: Rejected) -> tuple[stun.Message, int]:
    """The error response: what all of them have in common is checked here."""
    assert verdict.response is not None
    message = stun.parse(verdict.response)
    assert message.message_class is stun.MessageClass.ERROR
    assert message.method == stun.Method.BINDING
    assert message.transaction_id == TID
    assert message.has_fingerprint
    assert message.get(stun.USERNAME) is None
    error = message.get(stun.ERROR_CODE)
    assert error is not None
    return message, error.code


def raw_attribute(kind: int) -> stun.Attribute[bytes]:
    """An attribute of any type with any bytes."""
    return stun.Attribute(kind, "X", lambda value, _: value, lambda value, _: value)


class TestRefused:
    """RFC 8489 §9.1.3: which error, and authenticated only when the secret is known."""

    @pytest.mark.parametrize(("username", "key"), [(None, KEY), ("ours:peer", None), (None, None)])
    def test_without_credentials(self, username: str | None, key: bytes | None) -> None:
        verdict = rejected(binding_request(username, key))
        message, code = error_of(verdict)
        assert code == 400
        assert not message.has_integrity
        assert verdict.reason is DropReason.REQUEST_WITHOUT_CREDENTIALS

    @pytest.mark.parametrize("username", ["other:peer", "peer:ours", "", ":peer", "Ours:peer"])
    def test_unknown_username(self, username: str) -> None:
        verdict = rejected(binding_request(username))
        message, code = error_of(verdict)
        assert code == 401
        assert not message.has_integrity
        assert verdict.reason is DropReason.REQUEST_UNKNOWN_USERNAME

    @pytest.mark.parametrize("key", [b"wrong", b"older secret", b""])
    def test_wrong_password(self, key: bytes) -> None:
        verdict = rejected(binding_request(key=key))
        message, code = error_of(verdict)
        assert code == 401
        assert not message.has_integrity
        assert verdict.reason is DropReason.REQUEST_BAD_INTEGRITY

    def test_unknown_attributes(self) -> None:
        """RFC 8489 §6.3.1: 420 names them all; it comes after authentication."""
        unknown = [(raw_attribute(kind), b"") for kind in (0x7ABC, 0x0042)]
        verdict = rejected(binding_request(extra=unknown))
        message, code = error_of(verdict)
        assert code == 420
        assert message.get(stun.UNKNOWN_ATTRIBUTES) == (0x7ABC, 0x0042)
        assert stun.verify_integrity(message, KEY)
        assert verdict.reason is DropReason.UNKNOWN_ATTRIBUTES
        assert error_of(rejected(binding_request(key=b"wrong", extra=unknown)))[1] == 401

    def test_unknown_optional_attributes_do_no_harm(self) -> None:
        assert accepted(binding_request(extra=[(raw_attribute(0xC0DE), b"?")]))

    def test_no_priority(self) -> None:
        """RFC 8445 §7.1.1: a check has one; the sender is known, so the answer is signed."""
        message, code = error_of(rejected(binding_request(priority=None)))
        assert code == 400
        assert stun.verify_integrity(message, KEY)

    @pytest.mark.parametrize(
        "attribute", [stun.PRIORITY, stun.ICE_CONTROLLING, stun.ICE_CONTROLLED]
    )
    def test_malformed_attributes(self, attribute: stun.Attribute[int]) -> None:
        broken = raw_attribute(attribute.type)
        priority = None if attribute is stun.PRIORITY else 1
        message, code = error_of(
            rejected(binding_request(priority=priority, extra=[(broken, b"\1")]))
        )
        assert code == 400
        assert stun.verify_integrity(message, KEY)

    def test_username_that_is_no_text(self) -> None:
        broken = raw_attribute(stun.USERNAME.type)
        verdict = rejected(binding_request(None, extra=[(broken, b"\xff\xfe")]))
        message, code = error_of(verdict)
        assert code in (400, 401)
        assert not message.has_integrity


class TestFingerprint:
    """RFC 8445 §7.2.4: a check MUST have one."""

    def test_accepted_when_authentic(self) -> None:
        assert accepted(binding_request(fingerprint=False))

    def test_strict(self) -> None:
        verdict = rejected(binding_request(fingerprint=False), strict=True)
        assert verdict.reason is DropReason.REQUEST_NO_FINGERPRINT
        assert verdict.response is None
        assert accepted(binding_request(), strict=True)

    def test_strict_refuses_bad_credentials_as_ever(self) -> None:
        assert error_of(rejected(binding_request("other:peer"), strict=True))[1] == 401


class TestAccepted:
    def test_both_fragments(self) -> None:
        """RFC 8445 §7.3: ours is before the first colon; §7.3.1.4: the peer's after it."""
        check = accepted(binding_request("ours:peer:more"))
        assert (check.local_fragment, check.remote_fragment) == ("ours", "peer:more")

    def test_any_live_generation(self) -> None:
        """RFC 8445 §9: during a restart the older credentials still count."""
        check = accepted(binding_request("older:peer", b"older secret"))
        assert check.key == b"older secret"

    def test_priority(self) -> None:
        assert accepted(binding_request(priority=1853824767)).priority == 1853824767

    @pytest.mark.parametrize(("sent", "taken"), [(0, 1), (2**32 - 1, 2**31 - 1)])
    def test_priority_outside_the_range(self, sent: int, taken: int) -> None:
        """RFC 8445 §5.1.2.1: 1..2^31-1."""
        assert accepted(binding_request(priority=sent)).priority == taken

    def test_nothing_claimed(self) -> None:
        check = accepted(binding_request())
        assert check.claims is None
        assert not check.use_candidate
        assert check.nomination is None
        assert not check.follows_latest

    @pytest.mark.parametrize(
        ("attribute", "role"),
        [
            (stun.ICE_CONTROLLING, IceRole.CONTROLLING),
            (stun.ICE_CONTROLLED, IceRole.CONTROLLED),
        ],
    )
    def test_claimed_role(self, attribute: stun.Attribute[int], role: IceRole) -> None:
        check = accepted(binding_request(extra=[(attribute, 2**64 - 1)]))
        assert check.claims is role
        assert check.tie_breaker == 2**64 - 1

    def test_nomination(self) -> None:
        check = accepted(binding_request(extra=[(stun.USE_CANDIDATE, True), (stun.NOMINATION, 7)]))
        assert check.use_candidate
        assert check.nomination == 7

    def test_peers_that_move_their_selection(self) -> None:
        """libwebrtc's attribute tells an agent that nominates more than once."""
        network = stun.NetworkInfo(1, 10)
        assert accepted(binding_request(extra=[(stun.GOOG_NETWORK_INFO, network)])).follows_latest


OURS = 1000


@pytest.mark.parametrize(
    ("role", "claims", "theirs", "expected"),
    [
        (IceRole.CONTROLLING, IceRole.CONTROLLING, OURS - 1, Conflict.REJECT),
        (IceRole.CONTROLLING, IceRole.CONTROLLING, OURS, Conflict.REJECT),
        (IceRole.CONTROLLING, IceRole.CONTROLLING, OURS + 1, Conflict.SWITCH),
        (IceRole.CONTROLLED, IceRole.CONTROLLED, OURS - 1, Conflict.SWITCH),
        (IceRole.CONTROLLED, IceRole.CONTROLLED, OURS, Conflict.SWITCH),
        (IceRole.CONTROLLED, IceRole.CONTROLLED, OURS + 1, Conflict.REJECT),
    ],
)
def test_role_conflicts(role: IceRole, claims: IceRole, theirs: int, expected: Conflict) -> None:
    """RFC 8445 §7.3.1.1."""
    attribute = stun.ICE_CONTROLLING if claims is IceRole.CONTROLLING else stun.ICE_CONTROLLED
    check = accepted(binding_request(extra=[(attribute, theirs)]))
    assert resolve_conflict(role, OURS, check) is expected


@pytest.mark.parametrize(("role", "theirs"), list(product(IceRole, (0, OURS, 2**64 - 1))))
def test_no_conflict(role: IceRole, theirs: int) -> None:
    """RFC 8445 §7.3.1.1: different roles, or no role at all (an RFC 3489 sort of client)."""
    opposite = stun.ICE_CONTROLLED if role is IceRole.CONTROLLING else stun.ICE_CONTROLLING
    check = accepted(binding_request(extra=[(opposite, theirs)]))
    assert resolve_conflict(role, OURS, check) is Conflict.NONE
    assert resolve_conflict(role, OURS, accepted(binding_request())) is Conflict.NONE


def test_exactly_one_gives_way() -> None:
    """Whatever the tie-breakers, of two agents in one role one switches and one stays."""
    for role, (ours, theirs) in product(IceRole, ((1, 2), (2, 1))):
        attribute = stun.ICE_CONTROLLING if role is IceRole.CONTROLLING else stun.ICE_CONTROLLED
        here = resolve_conflict(role, ours, accepted(binding_request(extra=[(attribute, theirs)])))
        there = resolve_conflict(role, theirs, accepted(binding_request(extra=[(attribute, ours)])))
        assert {here, there} == {Conflict.REJECT, Conflict.SWITCH}


@pytest.mark.parametrize("host", ["192.0.2.7", "2001:db8::7"])
def test_success_response(host: str) -> None:
    """RFC 8445 §7.3.1.2, RFC 8489 §9.1.3: the source, signed with our password, no USERNAME."""
    source = TransportAddress(host, 4321)
    mapped = [(stun.XOR_MAPPED_ADDRESS, source)]
    message = stun.parse(success(stun.parse(binding_request()), mapped, KEY))
    assert message.message_class is stun.MessageClass.SUCCESS
    assert message.transaction_id == TID
    assert message.get(stun.XOR_MAPPED_ADDRESS) == source
    assert message.get(stun.USERNAME) is None
    assert message.has_fingerprint
    assert stun.verify_integrity(message, KEY)


def test_role_conflict_response() -> None:
    """RFC 8445 §7.3.1.1: 487; the request was authentic, so the response is signed."""
    message = stun.parse(role_conflict(stun.parse(binding_request()), KEY))
    error = message.get(stun.ERROR_CODE)
    assert error is not None
    assert error.code == 487
    assert message.message_class is stun.MessageClass.ERROR
    assert stun.verify_integrity(message, KEY)
    assert message.has_fingerprint
