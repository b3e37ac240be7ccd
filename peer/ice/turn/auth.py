"""The long-term credential mechanism, client side (RFC 8489 §9.2), without any sending."""

import base64
import binascii
import enum
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from ..stun import (
    ERROR_CODE,
    NONCE,
    PASSWORD_ALGORITHM,
    PASSWORD_ALGORITHMS,
    REALM,
    USERHASH,
    USERNAME,
    Attribute,
    KeyAlgorithm,
    Message,
    MessageClass,
    PasswordAlgorithm,
    StunError,
    long_term_key,
    userhash,
    verify_integrity,
    verify_integrity_sha256,
)

NONCE_COOKIE = "obMatJos2"
_PASSWORD_ALGORITHMS_BIT = 1 << 23
_USERNAME_ANONYMITY_BIT = 1 << 22
# RFC 8656 §5: SHA-256 wherever it is offered, whatever the order of the server's list.
_PREFERENCE = (KeyAlgorithm.SHA256, KeyAlgorithm.MD5)


@dataclass(frozen=True, slots=True)
class SecurityFeatures:
    """The features a nonce cookie announces (RFC 8489 §18.1)."""

    password_algorithms: bool = False
    username_anonymity: bool = False


def security_features(nonce: str) -> SecurityFeatures:
    """Read the nonce cookie; a nonce without one announces nothing (RFC 8489 §9.2)."""
    encoded = nonce[len(NONCE_COOKIE) : len(NONCE_COOKIE) + 4]
    if not nonce.startswith(NONCE_COOKIE) or len(encoded) < 4 or not encoded.isascii():
        return SecurityFeatures()
    try:
        bits = int.from_bytes(base64.b64decode(encoded, validate=True), "big")
    except binascii.Error:
        return SecurityFeatures()
    return SecurityFeatures(
        password_algorithms=bool(bits & _PASSWORD_ALGORITHMS_BIT),
        username_anonymity=bool(bits & _USERNAME_ANONYMITY_BIT),
    )


class Verdict(enum.Enum):
    """What to do with a response, as far as authentication is concerned."""

    ACCEPT = "accept"
    """It may be believed."""
    RETRY = "retry"
    """The request is to be sent again, signed anew, as a new transaction."""
    REFUSED = "refused"
    """The server does not take our credentials, or must not be given them."""
    DISCARD = "discard"
    """As if it had never been received."""


@dataclass(frozen=True)
class Signature:
    """How one request is authenticated: `attributes` to add, then integrity with `key`."""

    username: str
    realm: str
    nonce: str
    password: str = field(repr=False)
    algorithm: KeyAlgorithm
    offered: tuple[PasswordAlgorithm, ...] | None
    anonymous: bool
    sha256: bool

    @cached_property
    def key(self) -> bytes:
        """The key of MESSAGE-INTEGRITY or MESSAGE-INTEGRITY-SHA256."""
        return long_term_key(self.username, self.realm, self.password, self.algorithm)

    @cached_property
    def attributes(self) -> tuple[tuple[Attribute[Any], Any], ...]:
        """USERNAME or USERHASH, REALM, NONCE and, if offered, the password algorithms."""
        named: tuple[Attribute[Any], Any] = (USERNAME, self.username)
        if self.anonymous:
            named = (USERHASH, userhash(self.username, self.realm))
        attributes = (named, (REALM, self.realm), (NONCE, self.nonce))
        if self.offered is None:
            return attributes
        chosen = PasswordAlgorithm(self.algorithm)
        algorithms = ((PASSWORD_ALGORITHMS, self.offered), (PASSWORD_ALGORITHM, chosen))
        return attributes + algorithms

    @property
    def identity(self) -> tuple[object, ...]:
        """What a 401 answer complains about; a retry must change some of it (§9.2.5)."""
        return (self.username, self.realm, self.password, self.algorithm, self.anonymous)

    def verifies(self, message: Message) -> bool:
        """Check a response. No SHA-1 code is taken where SHA-256 was spoken (bid-down)."""
        if self.sha256 or message.has_integrity_sha256:
            return verify_integrity_sha256(message, self.key)
        return verify_integrity(message, self.key)


class LongTermCredential:
    """Username and password, and what the server's challenges made of them."""

    def __init__(self, username: str, password: str) -> None:
        self._username = username
        self._password = password
        self._pending: tuple[str, str] | None = None
        self._signature: Signature | None = None

    def signature(self) -> Signature | None:
        """How to sign the next request; None, bare, before the first challenge (§9.2.3.1)."""
        return self._signature

    def forget_challenge(self) -> None:
        """Start anew with another server, with the newest credentials."""
        self._signature = None
        if self._pending is not None:
            self._username, self._password = self._pending
            self._pending = None

    def update(self, username: str, password: str) -> None:
        """Use other credentials from now on.

        Another username waits until the server refuses the present one, or for
        `forget_challenge`: an allocation must be used with the username that made it (441).
        """
        if self._signature is not None and username != self._username:
            self._pending = (username, password)
            return
        self._username, self._password = username, password
        self._pending = None
        if self._signature is not None:
            self._sign_like(self._signature)

    def judge(self, message: Message, signature: Signature | None) -> Verdict:
        """Judge a response to a request that was signed with `signature` (§9.2.5)."""
        try:
            failed = message.message_class is MessageClass.ERROR
            error = message.get(ERROR_CODE) if failed else None
            if error is not None and error.code in (401, 438):
                return self._take_challenge(message, error.code, signature)
            offered = message.get(PASSWORD_ALGORITHMS)
            nonce = message.get(NONCE)
        except StunError:
            return Verdict.DISCARD
        if nonce is not None and offered is None and security_features(nonce).password_algorithms:
            return Verdict.DISCARD
        unsigned = not (message.has_integrity or message.has_integrity_sha256)
        if error is not None and error.code == 400 and unsigned:
            return Verdict.DISCARD
        if signature is not None and not signature.verifies(message):
            return Verdict.DISCARD
        return Verdict.ACCEPT

    def _take_challenge(self, message: Message, code: int, used: Signature | None) -> Verdict:
        nonce = message.get(NONCE)
        realm = message.get(REALM)
        if realm is None and used is not None:
            realm = used.realm
        if nonce is None or realm is None:
            return Verdict.REFUSED
        features = security_features(nonce)
        offered = message.get(PASSWORD_ALGORITHMS)
        algorithm = _choose(offered)
        if algorithm is None or (features.password_algorithms and offered is None):
            return Verdict.REFUSED
        fresh = Signature(
            username=self._username,
            realm=realm,
            nonce=nonce,
            password=self._password,
            algorithm=algorithm,
            offered=offered,
            anonymous=features.username_anonymity,
            sha256=offered is not None,
        )
        if code == 401 and used is not None and fresh.identity == used.identity:
            if self._pending is None:
                return Verdict.REFUSED
            self._username, self._password = self._pending
            self._pending = None
        return self._sign_like(fresh)

    def _sign_like(self, model: Signature) -> Verdict:
        fresh = replace(model, username=self._username, password=self._password)
        try:
            _ = fresh.key, fresh.attributes
        except ValueError:
            # The realm is not an OpaqueString: there is no key for it.
            return Verdict.REFUSED
        self._signature = fresh
        return Verdict.RETRY


def _choose(offered: tuple[PasswordAlgorithm, ...] | None) -> KeyAlgorithm | None:
    """The algorithm to use; None when the server offers only unknown ones."""
    if offered is None:
        return KeyAlgorithm.MD5
    numbers = {algorithm.number for algorithm in offered}
    return next((algorithm for algorithm in _PREFERENCE if algorithm in numbers), None)
