from typing import Any

import pytest

from peer.ice import stun
from peer.ice.stun import KeyAlgorithm, MessageClass, Method, PasswordAlgorithm
from peer.ice.turn import (
    LongTermCredential,
    SecurityFeatures,
    Signature,
    Verdict,
    security_features,
)

ID = bytes(12)
MD5 = PasswordAlgorithm(KeyAlgorithm.MD5)
SHA256 = PasswordAlgorithm(KeyAlgorithm.SHA256)
UNKNOWN = PasswordAlgorithm(0x7777)
COOKIE = "obMatJos2"


def response(
    code: int = 0, *attributes: tuple[stun.Attribute[Any], Any], **options: Any
) -> stun.Message:
    """A response; an error when `code` is given."""
    listed = list(attributes)
    message_class = MessageClass.SUCCESS
    if code:
        message_class = MessageClass.ERROR
        listed.insert(0, (stun.ERROR_CODE, stun.ErrorCode(code)))
    return stun.parse(stun.build(Method.ALLOCATE, message_class, ID, listed, **options))


def challenge(
    code: int = 401,
    nonce: str = "n1",
    realm: str | None = "r",
    algorithms: tuple[PasswordAlgorithm, ...] | None = None,
) -> stun.Message:
    listed: list[tuple[stun.Attribute[Any], Any]] = [(stun.NONCE, nonce)]
    if realm is not None:
        listed.append((stun.REALM, realm))
    if algorithms is not None:
        listed.append((stun.PASSWORD_ALGORITHMS, algorithms))
    return response(code, *listed)


def challenged(message: stun.Message | None = None) -> tuple[LongTermCredential, Signature]:
    credential = LongTermCredential("user", "pass")
    assert credential.judge(message or challenge(), None) is Verdict.RETRY
    signature = credential.signature()
    assert signature is not None
    return credential, signature


@pytest.mark.parametrize(
    ("nonce", "algorithms", "anonymity"),
    [
        (COOKIE + "gAAArest", True, False),
        (COOKIE + "QAAArest", False, True),
        (COOKIE + "wAAArest", True, True),
        (COOKIE + "AAAArest", False, False),
        (COOKIE + "AAAB", False, False),
        (COOKIE + "gAA", False, False),
        (COOKIE + "g!AA", False, False),
        (COOKIE + "g\u00e9AA", False, False),
        (COOKIE, False, False),
        ("obmatjos2gAAA", False, False),
        ("", False, False),
    ],
)
def test_nonce_cookie(nonce: str, algorithms: bool, anonymity: bool) -> None:
    """RFC 8489 §9.2, §18.1: bit 0 password algorithms, bit 1 username anonymity."""
    assert security_features(nonce) == SecurityFeatures(algorithms, anonymity)


def test_first_request_is_bare() -> None:
    """RFC 8489 §9.2.3.1."""
    assert LongTermCredential("user", "pass").signature() is None


def test_retry_after_401_names_user_realm_and_nonce() -> None:
    """RFC 8489 §9.2.5."""
    _, signature = challenged()
    assert signature.attributes == ((stun.USERNAME, "user"), (stun.REALM, "r"), (stun.NONCE, "n1"))
    assert signature.key == stun.long_term_key("user", "r", "pass")
    assert not signature.sha256


def test_401_to_the_same_credentials_is_final() -> None:
    """RFC 8489 §9.2.5: no retry that changes nothing, a new nonce is not a change."""
    credential, signature = challenged()
    assert credential.judge(challenge(nonce="n2"), signature) is Verdict.REFUSED


def test_401_with_another_realm_is_answered() -> None:
    credential, signature = challenged()
    assert credential.judge(challenge(realm="other"), signature) is Verdict.RETRY
    fresh = credential.signature()
    assert fresh is not None
    assert fresh.realm == "other"


@pytest.mark.parametrize("realm", ["r", None])
def test_438_is_answered_with_the_new_nonce(realm: str | None) -> None:
    """RFC 8489 §9.2.5: MUST retry with the new nonce."""
    credential, signature = challenged()
    assert credential.judge(challenge(438, "n2", realm), signature) is Verdict.RETRY
    fresh = credential.signature()
    assert fresh is not None
    assert (fresh.nonce, fresh.realm) == ("n2", "r")


def test_challenge_without_nonce_or_realm_is_of_no_use() -> None:
    credential = LongTermCredential("user", "pass")
    assert credential.judge(response(401), None) is Verdict.REFUSED
    assert credential.judge(challenge(realm=None), None) is Verdict.REFUSED


def test_malformed_challenge_is_discarded() -> None:
    credential = LongTermCredential("user", "pass")
    damaged = response(401, (stun.NONCE, "n"), (stun.USERHASH, b"\xff" * 32))
    damaged.values[stun.REALM.type] = b"\xff"
    assert credential.judge(damaged, None) is Verdict.DISCARD


def test_realm_that_is_no_opaque_string_is_refused() -> None:
    """RFC 8265 §4.2: there is no key for it."""
    credential = LongTermCredential("user", "pass")
    assert credential.judge(challenge(realm="\u00ad"), None) is Verdict.REFUSED
    assert credential.signature() is None


@pytest.mark.parametrize("code", [401, 438])
def test_bid_down_of_password_algorithms_stops_the_retry(code: int) -> None:
    """RFC 8489 §9.2.5: announced in the nonce, absent from the message: MUST NOT retry."""
    credential = LongTermCredential("user", "pass")
    assert credential.judge(challenge(code, COOKIE + "gAAAx"), None) is Verdict.REFUSED
    assert credential.signature() is None


def test_bid_down_in_other_responses_is_ignored() -> None:
    """RFC 8489 §9.2.5."""
    credential, signature = challenged()
    for code in (0, 486):
        message = response(code, (stun.NONCE, COOKIE + "gAAAx"), key=signature.key)
        assert credential.judge(message, signature) is Verdict.DISCARD


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        ((MD5,), KeyAlgorithm.MD5),
        ((SHA256,), KeyAlgorithm.SHA256),
        ((MD5, SHA256), KeyAlgorithm.SHA256),
        ((SHA256, MD5), KeyAlgorithm.SHA256),
        ((UNKNOWN, MD5), KeyAlgorithm.MD5),
    ],
)
def test_password_algorithm(offered: tuple[PasswordAlgorithm, ...], chosen: KeyAlgorithm) -> None:
    """RFC 8489 §9.2.5, RFC 8656 §5: SHA-256 when both are offered; the list is echoed."""
    _, signature = challenged(challenge(nonce=COOKIE + "gAAAx", algorithms=offered))
    assert signature.attributes[3:] == (
        (stun.PASSWORD_ALGORITHMS, offered),
        (stun.PASSWORD_ALGORITHM, (chosen, b"")),
    )
    assert signature.sha256
    assert signature.key == stun.long_term_key("user", "r", "pass", chosen)


@pytest.mark.parametrize("offered", [(), (UNKNOWN,)])
def test_only_unknown_algorithms_stop_the_retry(offered: tuple[PasswordAlgorithm, ...]) -> None:
    """RFC 8489 §9.2.5."""
    credential = LongTermCredential("user", "pass")
    assert credential.judge(challenge(algorithms=offered), None) is Verdict.REFUSED


def test_username_anonymity_sends_userhash_instead() -> None:
    """RFC 8489 §9.2.5."""
    _, signature = challenged(challenge(nonce=COOKIE + "QAAAx"))
    assert signature.attributes[0] == (stun.USERHASH, stun.userhash("user", "r"))
    assert stun.USERNAME not in dict(signature.attributes)


def test_response_to_a_bare_request_needs_no_integrity() -> None:
    credential = LongTermCredential("user", "pass")
    assert credential.judge(response(), None) is Verdict.ACCEPT
    assert credential.judge(response(486), None) is Verdict.ACCEPT


@pytest.mark.parametrize("code", [0, 486])
def test_response_to_a_signed_request_must_verify(code: int) -> None:
    """RFC 8489 §9.2.5."""
    credential, signature = challenged()
    assert credential.judge(response(code), signature) is Verdict.DISCARD
    assert credential.judge(response(code, key=b"wrong"), signature) is Verdict.DISCARD
    assert credential.judge(response(code, key=signature.key), signature) is Verdict.ACCEPT


def test_sha1_answer_to_a_sha256_request_is_discarded() -> None:
    """RFC 8489 §9.2.5: the algorithm of the answer may not be weaker than the request's."""
    credential, signature = challenged(challenge(algorithms=(SHA256,)))
    sha1 = response(key=signature.key)
    assert credential.judge(sha1, signature) is Verdict.DISCARD
    sha256 = response(key=signature.key, sha256=True)
    assert credential.judge(sha256, signature) is Verdict.ACCEPT


def test_sha256_answer_to_a_sha1_request_verifies() -> None:
    credential, signature = challenged()
    assert credential.judge(response(key=signature.key, sha256=True), signature) is Verdict.ACCEPT


def test_400_without_integrity_is_discarded_even_for_a_bare_request() -> None:
    """RFC 8489 §9.2.5."""
    credential, signature = challenged()
    assert credential.judge(response(400), None) is Verdict.DISCARD
    assert credential.judge(response(400), signature) is Verdict.DISCARD
    assert credential.judge(response(400, key=signature.key), signature) is Verdict.ACCEPT


def test_error_code_in_a_success_response_means_nothing() -> None:
    credential, signature = challenged()
    odd = response(0, (stun.ERROR_CODE, stun.ErrorCode(401)), key=signature.key)
    assert credential.judge(odd, signature) is Verdict.ACCEPT


def test_new_password_of_the_same_user_is_used_at_once() -> None:
    credential, _ = challenged()
    credential.update("user", "new")
    fresh = credential.signature()
    assert fresh is not None
    assert fresh.key == stun.long_term_key("user", "r", "new")
    assert fresh.nonce == "n1"


def test_new_username_waits_for_the_old_one_to_be_refused() -> None:
    """RFC 8656 §5: every request after Allocate with the username that made it."""
    credential, signature = challenged()
    credential.update("next", "word")
    kept = credential.signature()
    assert kept is not None
    assert kept.username == "user"
    assert credential.judge(challenge(nonce="n2"), signature) is Verdict.RETRY
    fresh = credential.signature()
    assert fresh is not None
    assert (fresh.username, fresh.password, fresh.nonce) == ("next", "word", "n2")
    assert credential.judge(challenge(nonce="n3"), fresh) is Verdict.REFUSED


def test_new_username_before_any_challenge_is_used_at_once() -> None:
    credential = LongTermCredential("user", "pass")
    credential.update("next", "word")
    assert credential.judge(challenge(), None) is Verdict.RETRY
    signature = credential.signature()
    assert signature is not None
    assert signature.username == "next"


def test_another_server_gets_a_bare_request_and_the_newest_credentials() -> None:
    credential, _ = challenged()
    credential.update("next", "word")
    credential.forget_challenge()
    assert credential.signature() is None
    assert credential.judge(challenge(), None) is Verdict.RETRY
    signature = credential.signature()
    assert signature is not None
    assert signature.username == "next"
