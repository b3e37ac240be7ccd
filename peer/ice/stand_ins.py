"""Traces without a password in them that replay all the same.

Each password and credential is replaced by a stand-in, and what was signed with it is signed anew
with the stand-in's key: the messages have the same length and everything else in them is as it
was. A signature that was wrong stays wrong. Addresses, user names and data are not touched.

A message that came over TCP in several pieces keeps its signature, and does not replay.
"""

import hmac
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from .records import REDACTED, Record, Secret
from .stun import (
    MAGIC_COOKIE,
    REALM,
    USERNAME,
    KeyAlgorithm,
    Message,
    StunError,
    long_term_key,
    parse,
    short_term_key,
    verify_integrity,
    verify_integrity_sha256,
)

_COOKIE = MAGIC_COOKIE.to_bytes(4, "big")
_HEADER = 20
_FINGERPRINT_XOR = 0x5354554E
_MAKERS = ("add_stream", "restart")
"""The inputs that make credentials themselves, unless they are given some."""
MAX_KEYS = 1024
"""Keys that are known at once; further ones sign nothing anew."""


class StandIns:
    """Replaces what is secret in the records of one agent, which are to come in order.

    `salt` is random, and to be forgotten: with it a weak password could be guessed.
    """

    def __init__(self, salt: bytes) -> None:
        self._salt = salt
        self._keys: dict[bytes, bytes] = {}
        self._accounts: dict[tuple[str, str], None] = {}
        self._realms: dict[tuple[str, str], None] = {}
        self._making = False

    def convert(self, record: Record) -> Record:
        """Return a record that is plain JSON and has nothing secret in it."""
        kind = record["kind"]
        if kind == "entropy":
            # What passwords are made of is left out; the rest can be read in the messages.
            data = record["data"]
            shown = REDACTED if self._making else _plain(data)
            return {**record, "data": shown}
        if kind == "input":
            given = record["arguments"].get("parameters")
            self._making = record["method"] in _MAKERS and given is None
        converted: Record = self._value(record)
        return converted

    def _value(self, value: Any) -> Any:
        if isinstance(value, dict):
            self._note_account(value)
            return {name: self._member(name, item) for name, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._value(item) for item in value]
        return value

    def _member(self, name: str, item: Any) -> Any:
        if name in ("password", "credential") and isinstance(item, str | Secret):
            return self._stand_in(_plain(item))
        if name == "data" and isinstance(item, str):
            return self._data(item)
        return self._value(item)

    def _note_account(self, value: dict[str, Any]) -> None:
        credential = value.get("credential")
        if isinstance(credential, str | Secret) and len(self._accounts) < MAX_KEYS:
            self._accounts[str(value.get("username", "")), _plain(credential)] = None
            self._learn_long_term()

    def _stand_in(self, text: str) -> str:
        made = hmac.digest(self._salt, text.encode(), "sha256").hex()[:32]
        if len(self._keys) < MAX_KEYS:
            with suppress(ValueError):  # nothing can be signed with such a password
                self._keys.setdefault(short_term_key(text), short_term_key(made))
        return made

    def _learn_long_term(self) -> None:
        for username, credential in self._accounts:
            made = hmac.digest(self._salt, credential.encode(), "sha256").hex()[:32]
            for user, realm in self._realms:
                if user != username or len(self._keys) >= MAX_KEYS:
                    continue
                for algorithm in KeyAlgorithm:
                    try:
                        real = long_term_key(username, realm, credential, algorithm)
                    except ValueError:
                        continue
                    if real not in self._keys:
                        self._keys[real] = long_term_key(username, realm, made, algorithm)

    # Messages

    def _data(self, text: str) -> str:
        try:
            data = bytes.fromhex(text)
        except ValueError:
            return text
        return text if _COOKIE not in data else self.sign_anew(data).hex()

    def sign_anew(self, data: bytes) -> bytes:
        """Sign all messages in a datagram or a piece of a stream anew, those in others too."""
        written = bytearray(data)
        for start, message in reversed(list(_messages(data))):
            self._note_realm(message)
            self._sign(written, start, message)
        return bytes(written)

    def _note_realm(self, message: Message) -> None:
        realm, username = message.get_valid(REALM), message.get_valid(USERNAME)
        for user in (username,) if username else {user for user, _ in self._accounts}:
            if realm and len(self._realms) < MAX_KEYS and (user, realm) not in self._realms:
                self._realms[user, realm] = None
                self._learn_long_term()

    def _sign(self, written: bytearray, start: int, message: Message) -> None:
        for offset, size, verify, digest in (
            (message.integrity_offset, 20, verify_integrity, "sha1"),
            (message.sha256_offset, 32, verify_integrity_sha256, "sha256"),
        ):
            if not offset:
                continue
            at = start + offset
            length = offset + 4 + size - _HEADER
            head = written[start : start + 2] + length.to_bytes(2, "big")
            covered = bytes(head + written[start + 4 : at])
            key = next((new for old, new in self._keys.items() if verify(message, old)), None)
            size = int.from_bytes(message.raw[offset + 2 : offset + 4], "big")
            code = hmac.digest(key or self._salt, covered, digest)[:size]
            written[at + 4 : at + 4 + size] = code
        if message.has_fingerprint:
            end = start + len(message.raw)
            crc = zlib.crc32(written[start : end - 8]) ^ _FINGERPRINT_XOR
            written[end - 4 : end] = crc.to_bytes(4, "big")


def _plain(text: str | Secret) -> str:
    return text.reveal() if isinstance(text, Secret) else text


def _messages(data: bytes) -> Iterator[tuple[int, Message]]:
    """Give the messages in data, however they are framed, and those inside of others."""
    found = data.find(_COOKIE)
    while found >= 0:
        start = found - 4
        if start >= 0:
            length = int.from_bytes(data[start + 2 : start + 4], "big")
            with suppress(StunError):  # four bytes that look like it
                yield start, parse(data[start : start + _HEADER + length])
        found = data.find(_COOKIE, found + 1)
