"""What the two sides of a transfer say to each other on a reliable, ordered data channel.

The sender says ``{"file": name, "size": octets, "transfer": number}``. The receiver answers how
much of it is there already and the digest of that, ``{"have": octets, "digest": ...}``, or
``{"refused": why}``. The sender begins where both have the same, ``{"from": octets}``, and the
octets follow as binary messages that end where blocks do. Whenever a block is kept the receiver
says ``{"have": octets}``; the sender is never more than `AHEAD` beyond that, so that neither a slow
line nor a slow disk makes anybody hold more. ``{"digest": ...}`` of the whole ends it;
``{"kept": true}``, or a refusal, answers. Each answer names its ``"transfer"``: what comes late, of
one that was given up, is told apart from what is meant for the next.

A digest is the SHA-256 of the SHA-256s of the blocks: what a web page can compute of a file that
it does not hold whole.
"""

import hashlib
import json
from pathlib import PurePosixPath, PureWindowsPath

BLOCK = 1 << 20
"""Octets that are hashed, kept and told together; a transfer resumes at a multiple of them."""
PIECE = 32 * 1024
"""Octets of a binary message, which every implementation takes."""
AHEAD = 8 * BLOCK
"""Octets that may be under way: sent, and not yet said to be kept."""
MAX_NAME = 200
"""Octets of a name in UTF-8: file systems take 255, and a part's name is longer."""
MAX_TEXT = 4096
"""Characters of a message that is no part of the file."""
MAX_REASON = 200
"""Characters of a refusal that are shown."""

Fields = dict[str, object]


class TransferError(Exception):
    """A file that was refused, or did not arrive as it was sent; the channel can go on."""


class Digest:
    """The digest of what it was given so far."""

    def __init__(self) -> None:
        self._whole = hashlib.sha256()
        self._block = hashlib.sha256()
        self._filled = 0

    def update(self, data: bytes) -> None:
        """Add octets of the file, in order."""
        rest = memoryview(data)
        while rest:
            taken = rest[: BLOCK - self._filled]
            rest = rest[len(taken) :]
            self._block.update(taken)
            self._filled += len(taken)
            if self._filled == BLOCK:
                self._whole.update(self._block.digest())
                self._block = hashlib.sha256()
                self._filled = 0

    def hexdigest(self) -> str:
        """Give it in hexadecimal; more may be added afterwards."""
        whole = self._whole.copy()
        if self._filled:
            whole.update(self._block.digest())
        return whole.hexdigest()


def write_fields(**fields: object) -> str:
    """Write a message."""
    return json.dumps(fields)


def read_fields(message: str | bytes) -> Fields:
    """Read a message that is no part of the file; raises TransferError for nonsense."""
    if isinstance(message, bytes):
        raise TransferError("octets of a file came where none were due")
    if len(message) > MAX_TEXT:
        raise TransferError("a message is too long")
    try:
        fields = json.loads(message)
    except (ValueError, RecursionError):
        raise TransferError("a message is no JSON") from None
    if not isinstance(fields, dict):
        raise TransferError("a message is no object")
    return fields


def read_count(fields: Fields, name: str, most: int) -> int:
    """Give a number of octets of a message; raises TransferError unless it is 0 to `most`."""
    value = fields.get(name)
    if type(value) is not int or not 0 <= value <= most:
        raise TransferError(f"{name!r} is no number of octets up to {most}")
    return value


def read_name(fields: Fields) -> str:
    """Give the name of a file; raises TransferError for one that could lead out of a folder."""
    name = fields.get("file")
    if not isinstance(name, str) or not name or not name.isprintable() or name[0] == ".":
        raise TransferError("the file has no name that can be shown")
    if name != PurePosixPath(name).name or name != PureWindowsPath(name).name:
        raise TransferError("the name of the file has folders")
    if len(name.encode(errors="replace")) > MAX_NAME:
        raise TransferError(f"the name of the file is longer than {MAX_NAME} octets")
    return name


def read_transfer(fields: Fields) -> object:
    """Give what an offer calls its transfer; raises TransferError for what no answer can carry."""
    name = fields.get("transfer")
    if name is not None and not isinstance(name, int | str):
        raise TransferError("the transfer has no number")
    return name


def refusal(fields: Fields) -> TransferError:
    """Give the other side's reason as an error."""
    reason = str(fields.get("refused"))[:MAX_REASON]
    return TransferError(f"refused: {''.join(c for c in reason if c.isprintable())}")
