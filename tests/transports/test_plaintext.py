"""Records that nothing protects."""

import random

import pytest

from peer.transports.dtls import DtlsRole
from peer.transports.plaintext import MAX_RECORDS, Verdict, alert_code, cut_records, judge
from tests.attacks.test_dtls import FORGED, MISDIRECTED, fragment, record
from tests.transports.test_dtls import run
from tests.transports.wire import RSA_CERTIFICATE, Pair


def test_every_record_of_a_real_handshake_passes() -> None:
    async def scenario() -> None:
        pair = Pair(left=RSA_CERTIFICATE)
        pair.connect()
        await pair.connected()
        sides = ((pair.link.to_right.sent, True), (pair.link.to_left.sent, False))
        for sent, from_client in sides:
            for datagram in sent:
                records = cut_records(datagram)
                assert b"".join(records) == datagram
                assert {judge(one, from_client=from_client) for one in records} == {Verdict.GOOD}
        await pair.close()

    run(scenario)


@pytest.mark.parametrize("name", FORGED)
def test_what_is_of_no_handshake(name: str) -> None:
    alerts = ("fatal-alert", "close-notify")
    both = {
        judge(one, from_client=side) for one in cut_records(FORGED[name]) for side in (True, False)
    }
    assert both <= {Verdict.ALERT if name in alerts else Verdict.NONSENSE}


@pytest.mark.parametrize("role", MISDIRECTED)
def test_what_only_the_other_role_gets(role: DtlsRole) -> None:
    from_client = role is DtlsRole.SERVER
    assert judge(MISDIRECTED[role], from_client=from_client) is Verdict.NONSENSE
    assert judge(MISDIRECTED[role], from_client=not from_client) is Verdict.GOOD


def test_several_fragments_may_share_a_record() -> None:
    both = fragment(11, 8, 0, 4, bytes(4)) + fragment(11, 8, 4, 4, bytes(4))
    assert judge(record(22, both), from_client=True) is Verdict.GOOD
    assert judge(record(22, both + b"\x0b"), from_client=True) is Verdict.NONSENSE


def test_the_code_of_an_alert() -> None:
    assert alert_code(FORGED["fatal-alert"]) == 40


def test_any_datagram_is_cut_within_bounds() -> None:
    noise = random.Random(2)
    for _ in range(2000):
        datagram = noise.randbytes(noise.randrange(80))
        records = cut_records(datagram)
        assert datagram.startswith(b"".join(records))
        for one in records:
            judge(one, from_client=True)
    assert len(cut_records(record(23, b"") * 50)) == MAX_RECORDS
