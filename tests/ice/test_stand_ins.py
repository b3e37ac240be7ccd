"""Traces without what is secret in them: they replay, and a wrong signature stays wrong."""

import json
from random import Random
from typing import Any

import pytest

from peer.ice import Record, StandIns
from peer.ice.stand_ins import MAX_KEYS
from peer.ice.stun import (
    DATA,
    PRIORITY,
    REALM,
    USERNAME,
    KeyAlgorithm,
    MessageClass,
    Method,
    build,
    long_term_key,
    parse,
    short_term_key,
    verify_integrity,
    verify_integrity_sha256,
)
from tests.ice.test_replay import Run

PASSWORD = "a-password-of-twenty-two"
TID = bytes(range(12))


def known(*secrets: dict[str, Any]) -> tuple[StandIns, list[str]]:
    """Stand-ins that know some secrets, and what stands for them."""
    stand_ins = StandIns(b"salt" * 8)
    made = []
    for secret in secrets:
        record = {"time": 0, "kind": "result", "value": secret}
        value = stand_ins.convert(record)["value"]
        made.append(value.get("password") or value.get("credential"))
    return stand_ins, made


def test_what_was_signed_is_signed_by_the_stand_in() -> None:
    stand_ins, (made,) = known({"password": PASSWORD})
    assert made != PASSWORD
    check = build(
        Method.BINDING,
        MessageClass.REQUEST,
        TID,
        [(USERNAME, "a:b"), (PRIORITY, 7)],
        key=short_term_key(PASSWORD),
    )
    anew = parse(stand_ins.sign_anew(check))  # its FINGERPRINT is right
    assert verify_integrity(anew, short_term_key(made))
    assert anew.values == parse(check).values
    assert len(anew.raw) == len(check)


def test_a_wrong_signature_stays_wrong_and_is_another() -> None:
    stand_ins, (made,) = known({"password": PASSWORD})
    key = short_term_key("another password of its kind")
    forged = build(Method.BINDING, MessageClass.REQUEST, TID, [(USERNAME, "a:b")], key=key)
    anew = parse(stand_ins.sign_anew(forged))
    assert not verify_integrity(anew, short_term_key(made))
    assert not verify_integrity(anew, key)
    assert anew.values == parse(forged).values


@pytest.mark.parametrize("algorithm", KeyAlgorithm)
@pytest.mark.parametrize("framing", [b"%b", b"\x00\x10%b", b"\x40\x00\x00\x10%b\x01\x01"])
def test_credentials_of_relays_in_whatever_framing(algorithm: KeyAlgorithm, framing: bytes) -> None:
    account = {"username": "user", "credential": "secret"}
    stand_ins, (made,) = known(account)
    sha256 = algorithm is KeyAlgorithm.SHA256
    request = build(
        Method.ALLOCATE,
        MessageClass.REQUEST,
        TID,
        [(USERNAME, "user"), (REALM, "example.org")],
        key=long_term_key("user", "example.org", "secret", algorithm),
        sha256=sha256,
    )
    # Its answer does not name the realm.
    key = long_term_key("user", "example.org", "secret", algorithm)
    answer = build(Method.ALLOCATE, MessageClass.SUCCESS, TID, key=key, sha256=sha256)
    verify = verify_integrity_sha256 if sha256 else verify_integrity
    for message in (request, answer):
        framed = framing % message
        start = framed.index(message)
        anew = stand_ins.sign_anew(framed)
        assert anew[:start] == framed[:start]
        got = parse(anew[start : start + len(message)])
        assert verify(got, long_term_key("user", "example.org", made, algorithm))


def test_a_check_that_went_through_a_relay() -> None:
    stand_ins, (made,) = known({"password": PASSWORD})
    key = short_term_key(PASSWORD)
    inner = build(Method.BINDING, MessageClass.REQUEST, TID, [(USERNAME, "a:b")], key=key)
    outer = build(Method.SEND, MessageClass.INDICATION, TID, [(DATA, inner)])
    got = parse(stand_ins.sign_anew(outer)).get(DATA)
    assert got is not None
    assert verify_integrity(parse(got), short_term_key(made))


def test_what_passwords_are_made_of_is_left_out_and_other_entropy_is_not() -> None:
    stand_ins = StandIns(b"salt" * 8)
    own: Record = {
        "time": 0,
        "kind": "input",
        "method": "add_stream",
        "arguments": {"stream_id": "0", "components": [1]},
    }
    entropy: Record = {"time": 0, "kind": "entropy", "data": "00ff"}
    assert stand_ins.convert(entropy)["data"] == "00ff"
    stand_ins.convert(own)
    assert stand_ins.convert(entropy)["data"] == "***"
    given = own["arguments"] | {"parameters": {"username_fragment": "a", "password": PASSWORD}}
    converted = stand_ins.convert(own | {"arguments": given})
    assert PASSWORD not in json.dumps(converted)
    assert stand_ins.convert(entropy)["data"] == "00ff"


def test_agents_that_make_their_own_passwords_show_none() -> None:
    run = Run()
    run.wire.introduce(run.left, run.right)
    run.wire.run(5)
    for records in run.records:
        results = [r["value"] for r in records if r["kind"] == "result"]
        secrets = [v["password"].reveal() for v in results if isinstance(v, dict)]
        text = "".join(json.dumps(StandIns(b"salt").convert(record)) for record in records)
        assert secrets
        assert [secret for secret in secrets if secret in text] == []


def test_any_bytes() -> None:
    stand_ins, _ = known({"password": PASSWORD})
    source = Random(1)
    cookie = bytes.fromhex("2112a442")
    for _ in range(500):
        data = source.randbytes(source.randrange(40)) + cookie + source.randbytes(30)
        assert len(stand_ins.sign_anew(data)) == len(data)


def test_odd_secrets_and_too_many_of_them() -> None:
    secrets = [{"password": f"password {number}"} for number in range(MAX_KEYS + 10)]
    stand_ins, made = known({"password": ""}, {"credential": "\0", "username": "x"}, *secrets)
    assert len(set(made)) == len(made)
    check = build(Method.BINDING, MessageClass.REQUEST, TID, key=b"key")
    assert stand_ins.sign_anew(check) != check
