"""State cookies."""

from peer.sctp.cookie import MAKER, Cookie, open_cookie
from peer.sctp.initiation import Initiation

KEY = bytes(range(32))
REMOTE = Initiation(9, 65536, 300, 400, 0xFFFFFFFF, resets=False, zero_checksum=True)
COOKIE = Cookie(12.5, 3, 4, REMOTE, (5, 6))


def test_what_is_sealed_can_be_opened() -> None:
    sealed = COOKIE.seal(KEY)
    assert sealed.startswith(MAKER)
    assert open_cookie(sealed, KEY) == COOKIE


def test_nothing_else_can() -> None:
    sealed = COOKIE.seal(KEY)
    for at in range(len(sealed)):
        changed = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        assert open_cookie(changed, KEY) is None
    assert open_cookie(sealed + b"x", KEY) is None
    assert open_cookie(b"", KEY) is None
    assert open_cookie(sealed, bytes(32)) is None
