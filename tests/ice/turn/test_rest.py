import base64
import hashlib
import hmac

from peer.ice.turn import rest_credentials


def test_username_is_expiry_and_name() -> None:
    """draft-uberti-behave-turn-rest §2.2."""
    made = rest_credentials("secret", "alice", now=1700000000.9, lifetime=3600)
    assert made.username == "1700003600:alice"
    code = hmac.new(b"secret", b"1700003600:alice", hashlib.sha1).digest()
    assert made.credential == base64.b64encode(code).decode()


def test_name_may_be_left_out() -> None:
    assert rest_credentials("secret", now=0.0).username == "86400"
