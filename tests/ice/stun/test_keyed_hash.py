import hmac

from hypothesis import given
from hypothesis import strategies as st

from peer.ice.stun.keyed_hash import hmac_sha1


@given(st.binary(max_size=130), st.binary(max_size=300))
def test_agrees_with_the_standard_library(key: bytes, data: bytes) -> None:
    """RFC 2104, keys shorter and longer than a block."""
    assert hmac_sha1(key, data) == hmac.digest(key, data, "sha1")
    assert hmac_sha1(key, data) == hmac.digest(key, data, "sha1")
