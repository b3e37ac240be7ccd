"""The long-term credential mechanism on the server's side (RFC 8489 §9.2.4)."""

from typing import Any, NamedTuple

from peer.ice.stun import (
    NONCE,
    PASSWORD_ALGORITHM,
    PASSWORD_ALGORITHMS,
    REALM,
    USERNAME,
    Attribute,
    KeyAlgorithm,
    Message,
    PasswordAlgorithm,
    long_term_key,
    verify_integrity,
    verify_integrity_sha256,
)

from .client_path import ClientPath
from .kernel import Kernel

_ALGORITHMS = (PasswordAlgorithm(KeyAlgorithm.SHA256), PasswordAlgorithm(KeyAlgorithm.MD5))
# "Nonce cookie" with the security feature bit "password algorithms" (RFC 8489 §9.2).
_ALGORITHMS_COOKIE = "obMatJos2gAAA"


class Credential(NamedTuple):
    """A request passed: who sent it and with what key to answer."""

    username: str
    key: bytes | None
    sha256: bool = False

    def __repr__(self) -> str:
        return f"Credential(username={self.username!r}, sha256={self.sha256})"


class Refusal(NamedTuple):
    """A request did not pass: the error code and whether to send a realm and a nonce."""

    code: int
    is_challenge: bool


class LongTermAuth:
    """Checks requests against `users` (name to password); nonces are per client and expire.

    With `sha256` the server offers password algorithms. `users` None means anyone may come
    without credentials.
    """

    def __init__(
        self, kernel: Kernel, realm: str, users: dict[str, str] | None, *, sha256: bool = False
    ) -> None:
        self.realm = realm
        self.users = users
        self.sha256 = sha256
        self.nonce_lifetime = 3600.0
        self._kernel = kernel
        self._nonces: dict[object, tuple[str, float]] = {}

    def expire_nonces(self) -> None:
        """Let every nonce given out so far be stale."""
        self._nonces.clear()

    def challenge(self, path: ClientPath) -> list[tuple[Attribute[Any], Any]]:
        """The attributes of a 401 or 438 response, with a fresh nonce for the client."""
        cookie = _ALGORITHMS_COOKIE if self.sha256 else ""
        nonce = cookie + self._kernel.entropy(8).hex()
        self._nonces[path.key] = (nonce, self._kernel.now + self.nonce_lifetime)
        attributes: list[tuple[Attribute[Any], Any]] = [(REALM, self.realm), (NONCE, nonce)]
        if self.sha256:
            attributes.append((PASSWORD_ALGORITHMS, _ALGORITHMS))
        return attributes

    def check(self, message: Message, path: ClientPath) -> Credential | Refusal:
        """Judge a request, in the order of RFC 8489 §9.2.4."""
        if self.users is None:
            return Credential("", None)
        if not (message.has_integrity or message.has_integrity_sha256):
            return Refusal(401, is_challenge=True)
        username, nonce = message.get(USERNAME), message.get(NONCE)
        realm = message.get(REALM)
        if username is None or realm is None or nonce is None:
            return Refusal(400, is_challenge=False)
        algorithm = self._algorithm(message, nonce)
        if algorithm is None:
            return Refusal(400, is_challenge=False)
        password = self.users.get(username)
        if password is None or realm != self.realm:
            return Refusal(401, is_challenge=True)
        key = long_term_key(username, realm, password, algorithm)
        is_sha256 = message.has_integrity_sha256
        verify = verify_integrity_sha256 if is_sha256 else verify_integrity
        if not verify(message, key):
            return Refusal(401, is_challenge=True)
        known, expires = self._nonces.get(path.key, ("", 0.0))
        if nonce != known or self._kernel.now >= expires:
            return Refusal(438, is_challenge=True)
        return Credential(username, key, is_sha256)

    def _algorithm(self, message: Message, nonce: str) -> KeyAlgorithm | None:
        chosen, offered = message.get(PASSWORD_ALGORITHM), message.get(PASSWORD_ALGORITHMS)
        if not nonce.startswith(_ALGORITHMS_COOKIE) or (chosen is None and offered is None):
            return KeyAlgorithm.MD5
        if chosen is None or offered != _ALGORITHMS or chosen not in _ALGORITHMS:
            return None
        return KeyAlgorithm(chosen.number)
