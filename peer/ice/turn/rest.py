"""Time-limited TURN credentials (draft-uberti-behave-turn-rest)."""

import base64
import hmac
from typing import NamedTuple


class RestCredentials(NamedTuple):
    """What a web service hands to its clients for a TURN server that shares its secret."""

    username: str
    credential: str

    def __repr__(self) -> str:
        return f"RestCredentials(username={self.username!r})"


def rest_credentials(
    secret: str, name: str = "", *, now: float, lifetime: int = 86400
) -> RestCredentials:
    """Make credentials that expire `lifetime` seconds after `now`, a Unix time in seconds.

    `name` may tell users apart; the server does not look at it.
    """
    expiry = str(int(now) + lifetime)
    username = f"{expiry}:{name}" if name else expiry
    code = hmac.digest(secret.encode(), username.encode(), "sha1")
    return RestCredentials(username, base64.b64encode(code).decode())
